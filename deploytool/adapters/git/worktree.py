"""What lies in the work tree and is in no commit: the one question that looks at files instead of objects.

Asked through the same folder of our own as everything else, so that no filter, hook or monitor of the repository runs.
"""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

from deploytool.adapters.git.process import Git

MOST_FILE = 256 * 1024 * 1024  # bytes; a larger one that looks changed is called changed


def changes_in(top: Path, git_dir: Path, view: Path, context: str) -> tuple[str, ...]:
    """Tracked files that differ from HEAD, and files below `context` that git neither tracks nor ignores, by path."""
    index = view / "index"
    if not index.is_symlink() or index.readlink() != git_dir / "index":
        index.unlink(missing_ok=True)
        index.symlink_to(git_dir / "index")
    git, where = Git(top), [f"--git-dir={view}", f"--work-tree={top}"]
    quiet = ["--raw", "-z", "--no-renames", "--no-abbrev", "--ignore-submodules=dirty"]
    staged = git.run([*where, "diff-index", "--cached", *quiet, "HEAD", "--"])
    changed = git.run([*where, "diff-files", *quiet])
    exclude = git_dir / "info" / "exclude"
    rules = ["--exclude-standard", *([f"--exclude-from={exclude}"] if exclude.is_file() else [])]
    others = git.run([*where, "ls-files", "--others", "-z", *rules, "--", *([context] if context else [])])
    found = {path for _, _, path in _rows(staged)}
    found |= {path for same, oid, path in _rows(changed) if not (same and _equals(top / os.fsdecode(path), oid))}
    found |= set(filter(None, others.split(b"\0")))
    return tuple(sorted(os.fsdecode(path) for path in found))


def _rows(raw: bytes) -> Iterator[tuple[bool, str, bytes]]:
    """(equal modes, blob id on the old side, path) of `--raw -z` output."""
    parts = raw.split(b"\0")
    for head, path in zip(parts[::2], parts[1::2], strict=False):
        before, after, oid, *_ = head.lstrip(b":").split(b" ")
        yield before == after, oid.decode("ascii"), path


def _equals(file: Path, oid: str) -> bool:
    """Does the file have this content all the same? Its times may have changed, and nothing else."""
    try:
        found = file.lstat()
        if stat.S_ISLNK(found.st_mode):
            content = os.fsencode(file.readlink())
        elif stat.S_ISREG(found.st_mode) and found.st_size <= MOST_FILE:
            content = file.read_bytes()
        else:
            return False
    except OSError:
        return False
    digest = hashlib.sha1(usedforsecurity=False) if len(oid) == 40 else hashlib.sha256()
    digest.update(b"blob %d\0" % len(content) + content)
    return digest.hexdigest() == oid
