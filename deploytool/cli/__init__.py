"""The front door: every command with its options. A command's own module is loaded when it is typed."""

from deploytool.cli import checking, local, looking, reading, reconciling, releasing, telling, watching
from deploytool.cli.door import door

__all__ = ["checking", "door", "local", "looking", "reading", "reconciling", "releasing", "telling", "watching"]
