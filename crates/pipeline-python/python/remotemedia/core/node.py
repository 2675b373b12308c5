"""Where the original has the base class of nodes."""

from remotemedia.core import Node

__all__ = ["Node"]
