"""A folder stands for `/`: the program sees `/app/main.py` where FOLDER/app/main.py lies, and writes nowhere else."""

from __future__ import annotations

import _io
import builtins
import functools
import io
import os
import posix
import sys
import sysconfig
from collections.abc import Callable
from typing import Any

ONE_PATH = "stat lstat listdir scandir open access mkdir rmdir unlink remove chmod chown utime chdir statvfs truncate"
TWO_PATHS = "rename replace link symlink"
OPENED_AS_SOURCE = (".py", ".pyc", ".so", ".zip", ".pyz", ".egg", ".whl", ".pth")
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND


class Folder:
    """The image's root on this machine, and what the program opened below it."""

    def __init__(self, root: str) -> None:
        self.root = os.path.realpath(root)
        stdlib = {sysconfig.get_path("stdlib"), sysconfig.get_path("platstdlib"), os.path.dirname(os.__file__)}
        self.passed = (*(os.path.realpath(each) for each in stdlib), *stdlib, "/dev", "/proc", "/usr/share/zoneinfo")
        self.loaded: dict[str, None] = {}  # image paths, as they were opened, in order
        self.read: dict[str, None] = {}
        self.recording = True

    def real(self, path: Any) -> Any:
        """Where a path of the program lies on this machine; what is no absolute path stays as it is."""
        text = os.fspath(path) if isinstance(path, os.PathLike) else path
        if not isinstance(text, str) or not text.startswith("/") or self.is_below(text, self.root):
            return text
        return text if any(self.is_below(text, each) for each in self.passed) else self.root + text

    def seen(self, path: str) -> str:
        """How the program calls a path of this machine."""
        return (path[len(self.root) :] or "/") if self.is_below(path, self.root) else path

    @staticmethod
    def is_below(path: str, folder: str) -> bool:
        return path == folder or path.startswith(folder + "/")

    def opened(self, path: Any, flags: int, *, as_code: bool = False) -> None:
        """Note a file of the image; refuse to write anywhere else."""
        text = os.fsdecode(path) if isinstance(path, (str, bytes)) else None
        if text is None:
            return
        full = text if text.startswith("/") else f"{_getcwd()}/{text}"
        below = self.is_below(full, self.root)
        if isinstance(flags, int) and flags & WRITING and not below and not full.startswith("/dev/"):
            raise PermissionError(f"writes outside of the image: {text}")
        if below and self.recording:
            name = full[len(self.root) :]
            (self.loaded if as_code or name.endswith(OPENED_AS_SOURCE) else self.read).setdefault(name)

    def pretend(self) -> None:
        """From now on every path of the program is a path in the image."""
        for name in ONE_PATH.split():
            self._replace(name, self._one(getattr(posix, name)))
        for name in TWO_PATHS.split():
            self._replace(name, self._two(getattr(posix, name)))
        self._replace("getcwd", lambda: self.seen(_getcwd()))
        readlink = posix.readlink
        self._replace("readlink", lambda path, **more: self.seen(readlink(self.real(path), **more)))
        opens, open_code = io.open, _io.open_code
        builtins.open = io.open = _io.open = self._one(opens)  # type: ignore[assignment]

        def code(path: str) -> Any:
            self.opened(self.real(path), 0, as_code=True)
            return open_code(self.real(path))

        io.open_code = _io.open_code = code
        sys.addaudithook(self._hears)

    def _hears(self, event: str, args: tuple[Any, ...]) -> None:
        if event == "open":
            self.opened(args[0], args[2])

    @staticmethod
    def _replace(name: str, function: Callable[..., Any]) -> None:
        setattr(posix, name, function)
        setattr(os, name, function)

    def _one(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def mapped(*args: Any, **more: Any) -> Any:
            if args:
                args = (self.real(args[0]), *args[1:])
            if "path" in more:
                more["path"] = self.real(more["path"])
            return function(*args, **more)

        return mapped

    def _two(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return lambda one, two, **more: function(self.real(one), self.real(two), **more)


_getcwd = os.getcwd
