"""Images by docker on this machine: built from an export in a folder of its own, pushed, and known by digest."""

from __future__ import annotations

import json
import re
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from deploytool.adapters.builds.export import export_to_folder, notes_of
from deploytool.adapters.builds.running import Ended, run
from deploytool.adapters.builds.sources import Source, Sources
from deploytool.adapters.git import Repository
from deploytool.domain.build import DIGEST, Built, Wanted
from deploytool.domain.build_doubts import Refusal, unnamed
from deploytool.domain.ignorepattern import cleaned
from deploytool.errors import BuildFailed, CouldNotLook

BUILD = 3600.0  # seconds
PUSH = 1800.0
ASK = 60.0
PUSHED = re.compile(r"\bdigest: (sha256:[0-9a-f]{64})\b")
GONE = re.compile(r"no such manifest|manifest unknown|not found|name unknown", re.IGNORECASE)
Tell = Callable[[str], None]


class DockerBuilder:
    """`environ` is read for PATH, HOME, DOCKER_* and the program's name; docker sees nothing else of it."""

    name = "docker"

    def __init__(self, repository: Repository, environ: Mapping[str, str]) -> None:
        self.sources = Sources(repository)
        self.program = environ.get("DEPLOYTOOL_DOCKER") or "docker"
        self._environ = {
            name: value for name, value in environ.items() if name in ("PATH", "HOME") or name.startswith("DOCKER_")
        }

    def reachable(self) -> str:
        try:
            ended = self._run("version", "--format", "{{.Server.Version}}", deadline=ASK)
        except BuildFailed as failed:
            return failed.message
        return "" if ended.code == 0 else f"docker does not answer: {_last(ended)}"

    def refusal(self, wanted: Wanted) -> Refusal | None:
        source = self.sources.of(wanted)
        if not isinstance(source, Source):
            return source
        return unnamed(wanted) or self.sources.pointers(source)

    def has(self, image: str) -> bool:
        """Does the registry still hold it? Raises CouldNotLook."""
        if not DIGEST.fullmatch(image.rpartition("@")[2]) or image.startswith("-"):
            raise CouldNotLook(f"{image[:200]!r} names no digest.", hint="Name the image as NAME@sha256:DIGEST.")
        try:
            ended = self._run("manifest", "inspect", image, deadline=ASK)
        except BuildFailed as failed:
            raise CouldNotLook(failed.message, hint=failed.hint) from failed
        if ended.code and not GONE.search("\n".join(ended.tail)):
            raise CouldNotLook(
                f"docker could not ask the registry for {image}: {_last(ended)}",
                hint="Sign in to the registry: gcloud auth configure-docker REGION-docker.pkg.dev",
            )
        return ended.code == 0

    def build(self, wanted: Wanted, tell: Tell) -> Built:
        began = time.monotonic()
        source = self.sources.checked(wanted)
        refused = unnamed(wanted)
        if refused is not None:
            raise BuildFailed(refused[0], hint=refused[1])
        tag = f"{wanted.image}:{wanted.commit}"
        with tempfile.TemporaryDirectory(prefix="deploytool-build-") as made:
            folder = Path(made)
            export_to_folder(self.sources, source, wanted, folder)
            built = self._run(*_build_words(wanted, source, folder, tag), deadline=BUILD, tell=tell)
        if built.code:
            raise _failed(f"docker could not build {wanted.service}", built, "Read the last lines of its log above.")
        self._same_labels(wanted, tag)
        pushed = self._run("push", tag, deadline=PUSH, tell=tell)
        if pushed.code:
            hint = "May you push there? gcloud auth configure-docker REGION-docker.pkg.dev"
            raise _failed(f"docker could not push {tag}", pushed, hint)
        digest = self._digest(wanted, tag, pushed)
        return Built(f"{wanted.image}@{digest}", digest, False, time.monotonic() - began, notes_of(source))

    def _same_labels(self, wanted: Wanted, tag: str) -> None:
        """Is the image under this tag ours? Another build may have moved it, and a cache may have kept an old one."""
        found = self._inspect(tag, "{{json .Config.Labels}}")
        labels = found if isinstance(found, dict) else {}
        wrong = next((name for name, value in wanted.labels.items() if labels.get(name) != value), None)
        if wrong is not None:
            raise BuildFailed(
                f"The image under {tag} is not the one that was built: its label {wrong} differs.",
                hint="Does somebody else build it on this machine? Run it again when they are done.",
            )

    def _digest(self, wanted: Wanted, tag: str, pushed: Ended) -> str:
        """What the registry was told and what docker remembers must be one digest."""
        said = [match[1] for line in pushed.tail if (match := PUSHED.search(line))]
        found = self._inspect(tag, "{{json .RepoDigests}}")
        known = {str(one).partition("@")[2] for one in found or () if str(one).partition("@")[0] == wanted.image}
        if len(set(said)) == 1 and said[0] in known:
            return said[0]
        raise BuildFailed(
            f"docker does not agree with itself about the digest of {tag}: "
            f"pushed {', '.join(said) or 'none'}, remembers {', '.join(sorted(known)) or 'none'}.",
            hint="Nothing was deployed. Run it again; if it stays, look with: docker image inspect",
            tail=pushed.tail,
        )

    def _inspect(self, tag: str, format: str) -> Any:
        ended = self._run("image", "inspect", "--format", format, tag, deadline=ASK)
        if ended.code == 0:
            for line in reversed(ended.tail):
                try:
                    return json.loads(line)
                except ValueError:
                    continue  # a warning that docker says beside it
        raise _failed(f"docker does not know {tag} after it was built", ended, "Is another docker running meanwhile?")

    def _run(self, *words: str, deadline: float, tell: Tell | None = None) -> Ended:
        return run([self.program, *words], environ=self._environ, deadline=deadline, tell=tell)


def _build_words(wanted: Wanted, source: Source, folder: Path, tag: str) -> list[str]:
    words = ["build", "--platform", "linux/amd64"]  # what Cloud Run runs, whatever machine builds
    words += [part for name, value in wanted.arguments.items() for part in ("--build-arg", f"{name}={value}")]
    words += [part for name, value in wanted.labels.items() for part in ("--label", f"{name}={value}")]
    words += ["--tag", tag, "--file", str(folder / cleaned(wanted.dockerfile or ""))]
    return [*words, str(folder / source.made.context)]


def _last(ended: Ended) -> str:
    return next((line.strip() for line in reversed(ended.tail) if line.strip()), f"exit status {ended.code}")[:300]


def _failed(what: str, ended: Ended, hint: str) -> BuildFailed:
    """The reason is kept for ever and sent around; what the build said may hold a secret, and was shown already."""
    return BuildFailed(f"{what}: exit status {ended.code}.", hint=hint, tail=ended.tail)
