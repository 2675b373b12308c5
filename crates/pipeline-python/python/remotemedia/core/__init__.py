"""The base class of nodes, which a class may do without: only `process` is asked of it."""


class Node:
    """A node at work in one run of a pipeline.

    Parameters of the manifest that a class does not name itself are in `config`.
    """

    def __init__(self, name=None, **config):
        self.name = name or type(self).__name__
        self.config = config

    def initialize(self):
        """Called once, before the first item."""

    def process(self, data):
        """Takes an item and returns one, None for none, or yields any number."""
        raise NotImplementedError(f"{type(self).__name__} has no process(self, data)")

    def cleanup(self):
        """Called once, after the last item or an error."""
