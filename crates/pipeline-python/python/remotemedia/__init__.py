"""The Python side of pipelines: the base class of nodes, and the nodes that come with the executor."""
