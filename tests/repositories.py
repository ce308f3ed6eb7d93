"""Tiny real git repositories: a builder on `git fast-import`, with fixed dates and no outside configuration.

Nothing here reads the user's configuration, home, clock or time zone, so the same calls give the same ids everywhere.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

ENVIRONMENT: Mapping[str, str] = {
    "PATH": os.environ.get("PATH", os.defpath),
    "HOME": "/nonexistent",
    "XDG_CONFIG_HOME": "/nonexistent",
    "LC_ALL": "C",
    "TZ": "UTC",
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    "GIT_ATTR_NOSYSTEM": "1",
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "Somebody",
    "GIT_AUTHOR_EMAIL": "somebody@example.com",
    "GIT_COMMITTER_NAME": "Somebody",
    "GIT_COMMITTER_EMAIL": "somebody@example.com",
}
FIRST_DAY = 1_750_000_000  # 2025-06-15: the first commit, when nobody says otherwise; each next one is a minute later
AUTHOR = "Somebody <somebody@example.com>"
CONFIG = """[gc]
\tauto = 0
[uploadpack]
\tallowFilter = true
\tallowAnySHA1InWant = true
"""


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link, with the text it holds."""

    text: str


@dataclass(frozen=True, slots=True)
class Submodule:
    """A gitlink: the id of a commit of another repository, which need not exist anywhere."""

    commit: str


@dataclass(frozen=True, slots=True)
class Executable:
    data: bytes


Value = bytes | Link | Submodule | Executable


def run_git(repository: Path, *arguments: str, stdin: bytes = b"", check: bool = True) -> bytes:
    """What plain git prints, in an environment of its own."""
    command = ["git", "-C", os.fspath(repository), *arguments]
    done = subprocess.run(command, input=stdin, capture_output=True, env=dict(ENVIRONMENT), check=False)
    if check and done.returncode:
        raise AssertionError(f"{command} ended with {done.returncode}: {done.stderr.decode('utf-8', 'replace')}")
    return done.stdout


def raw(text: str) -> bytes:
    """The bytes of a name: the inverse of decoding with surrogateescape."""
    return text.encode("utf-8", "surrogateescape")


def quoted(path: str) -> bytes:
    """A path as fast-import reads it whatever is in it: every byte that is not plain, in octal."""
    plain = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./"
    return b'"%s"' % b"".join(bytes([byte]) if byte in plain else b"\\%03o" % byte for byte in raw(path))


def _data(content: bytes) -> bytes:
    return b"data %d\n%s\n" % (len(content), content)


def _change(path: str, value: Value | None) -> bytes:
    match value:
        case None:
            return b"D %s\n" % quoted(path)
        case Submodule(commit):
            return b"M 160000 %s %s\n" % (commit.encode(), quoted(path))
        case Link(text):
            return b"M 120000 inline %s\n" % quoted(path) + _data(raw(text))
        case Executable(data):
            return b"M 100755 inline %s\n" % quoted(path) + _data(data)
        case bytes():
            return b"M 100644 inline %s\n" % quoted(path) + _data(value)


class Builder:
    """A repository that grows commit by commit through one fast-import.

    Commits become visible to other programs at `close`, at the end of a `with`, and before each call of `git`;
    building may go on afterwards.
    """

    def __init__(self, path: Path, *, bare: bool = False) -> None:
        self.path = path
        self.tips: dict[str, str] = {}  # branch -> sha
        self._made = 0
        self._marks: dict[str, str] = {}  # sha -> how the running fast-import calls it: it finds no others of its own
        self._importer: subprocess.Popen[bytes] | None = None
        path.mkdir(parents=True, exist_ok=True)
        run_git(path, "init", "--quiet", "--template=", "--initial-branch=main", *(["--bare"] if bare else []))
        with (path / ("config" if bare else ".git/config")).open("a") as file:
            file.write(CONFIG)

    def commit(
        self,
        files: Mapping[str, Value | None] | None = None,
        parents: Sequence[str] | None = None,
        subject: str = "",
        when: int | None = None,
        author: str = AUTHOR,
        *,
        branch: str = "main",
    ) -> str:
        """Commit the first parent's files with these changes (None deletes) and move `branch` there; the new id.

        Without `parents` it follows the branch; with `[]` it is a root. `when` is seconds since 1970.
        """
        self._made += 1
        if parents is None:
            parents = [self.tips[branch]] if branch in self.tips else []
        person = raw(author) + b" %d +0000" % (FIRST_DAY + 60 * self._made if when is None else when)
        ref = f"refs/heads/{branch}".encode()
        lines = [b"reset %s\n" % ref] if not parents else []
        lines += [b"commit %s\nmark :%d\nauthor %s\ncommitter %s\n" % (ref, self._made, person, person)]
        lines += [_data(raw(subject or f"Change {self._made}"))]
        lines += [b"%s %s\n" % (b"merge" if nth else b"from", self._name(parent)) for nth, parent in enumerate(parents)]
        # Deletions first: a file may give way to a folder of its name within one commit.
        changes = sorted((files or {}).items(), key=lambda change: change[1] is not None)
        lines += [_change(path, value) for path, value in changes]
        sha = self._tell(b"".join(lines) + b"\nget-mark :%d\n" % self._made, answers=True)
        self._marks[sha] = f":{self._made}"
        self.tips[branch] = sha
        return sha

    def merge_ours(self, *others: str, subject: str = "Merge, keeping ours", branch: str = "main") -> str:
        """What `git merge -s ours` records: the others become parents, their content does not."""
        return self.commit({}, [self.tips[branch], *others], subject, branch=branch)

    def branch(self, name: str, sha: str) -> None:
        self.tips[name] = sha
        self._tell(b"reset refs/heads/%s\nfrom %s\n\n" % (raw(name), self._name(sha)))

    def tag(self, name: str, sha: str, message: str | None = None) -> None:
        """A light tag, or with a message an annotated one."""
        if message is None:
            self._tell(b"reset refs/tags/%s\nfrom %s\n\n" % (raw(name), self._name(sha)))
            return
        tagger = raw(AUTHOR) + b" %d +0000" % FIRST_DAY
        self._tell(b"tag %s\nfrom %s\ntagger %s\n" % (raw(name), self._name(sha), tagger) + _data(raw(message)))

    def git(self, *arguments: str, stdin: bytes = b"", check: bool = True) -> str:
        """Run plain git on what was built so far; its output without the last line end."""
        self.close()
        return run_git(self.path, *arguments, stdin=stdin, check=check).decode("utf-8", "surrogateescape").rstrip("\n")

    def checkout(self, revision: str = "main") -> None:
        self.git("checkout", "--quiet", "--force", revision)

    def close(self) -> None:
        importer, self._importer = self._importer, None
        self._marks = {}
        if importer is not None:
            _, said = importer.communicate()
            if importer.returncode:
                raise AssertionError(f"fast-import: {said.decode('utf-8', 'replace')}")

    def __enter__(self) -> Builder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _name(self, sha: str) -> bytes:
        return self._marks.get(sha, sha).encode()

    def _tell(self, commands: bytes, *, answers: bool = False) -> str:
        if self._importer is None:
            options = ["--quiet", "--force", "--date-format=raw"]  # --force: a branch may be moved anywhere
            self._importer = subprocess.Popen(
                # A pack for every import: turning it into loose objects would double the time.
                ["git", "-c", "fastimport.unpackLimit=0", "-C", os.fspath(self.path), "fast-import", *options],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                env=dict(ENVIRONMENT),
            )
        stdin, stdout = self._importer.stdin, self._importer.stdout
        assert stdin is not None
        assert stdout is not None
        stdin.write(commands)
        if not answers:
            return ""
        stdin.flush()
        answer = stdout.readline().decode().strip()
        if not answer:
            self.close()
            raise AssertionError("fast-import ended without an answer")
        return answer


def _clone(source: Path, path: Path, *options: str) -> Path:
    # file:// and not a plain path: only then git speaks the protocol that knows depth and filters.
    run_git(
        source, "clone", "--quiet", "--no-checkout", *options, f"file://{source.resolve()}", os.fspath(path.resolve())
    )
    return path


def shallow_clone(source: Path, path: Path, depth: int = 1, branch: str = "main") -> Path:
    """A clone that knows the last `depth` commits only, of one branch."""
    return _clone(source, path, f"--depth={depth}", f"--branch={branch}", "--single-branch")


def blobless_clone(source: Path, path: Path) -> Path:
    """All commits and trees; blobs come when they are asked for."""
    return _clone(source, path, "--filter=blob:none")


def treeless_clone(source: Path, path: Path) -> Path:
    """All commits; trees and blobs come when they are asked for."""
    return _clone(source, path, "--filter=tree:0")
