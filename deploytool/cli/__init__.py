"""The front door: every command with its options. A command's own module is loaded when it is typed."""

from deploytool.cli import checking, handing_over, local, looking, reading, reconciling, releasing, watching
from deploytool.cli.door import door

__all__ = ["checking", "door", "handing_over", "local", "looking", "reading", "reconciling", "releasing", "watching"]
