"""The steps of a build: which `docker build` and `docker push` they ask for, and what comes of them."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from deploytool.emulator import imagestore
from deploytool.emulator.archive import Unbuildable, unpack
from deploytool.emulator.dockerfile import ignored_of
from deploytool.emulator.layout import Layout

SUBSTITUTION = re.compile(r"\$\$|\$(?:(?P<plain>[A-Z_][A-Z0-9_]*)|\{(?P<name>[A-Z_][A-Z0-9_]*)\})")
LONG = {"-f": "--file", "-t": "--tag", "-q": "--quiet"}
WITH_VALUE = frozenset({"--file", "--tag", "--build-arg", "--label"})
WITHOUT_EFFECT = frozenset({"--platform", "--cache-from", "--network", "--progress"})  # with a value
ALONE = frozenset({"--no-cache", "--pull", "--quiet", "--provenance", "--sbom", "--push", "--load"})


@dataclass
class Outcome:
    """What a build left: digests by image reference, the lines of its log, and why it failed (or None)."""

    built: dict[str, str] = field(default_factory=dict)
    pushed: set[str] = field(default_factory=set)
    log: list[str] = field(default_factory=list)
    steps: list[str] = field(default_factory=list)  # digest per step, empty for one that made no image
    error: str | None = None


@dataclass(frozen=True)
class Order:
    """One `docker build`: its options by long name, and the context."""

    options: dict[str, list[str]]
    context: str

    def one(self, option: str) -> str | None:
        given = self.options.get(option)
        return given[-1] if given else None

    def pairs(self, option: str) -> dict[str, str]:
        parted = [text.partition("=") for text in self.options.get(option, [])]
        return {key: value for key, _, value in parted}


def build(steps: list[dict[str, Any]], values: Mapping[str, str], source: bytes, images: Path) -> Outcome:
    """Run all steps over an archive. Whatever is wrong ends up in the outcome."""
    outcome = Outcome()
    images.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=".build-", dir=images)).resolve()
    workshop = _Workshop(scratch / "workspace", scratch, images, values, outcome)
    try:
        workshop.workspace.mkdir()
        count = unpack(source, workshop.workspace)
        outcome.log.append(f"Source unpacked: {count} entries.")
        for at, step in enumerate(steps):
            outcome.log.append(f"Starting Step #{at} - {step.get('name')}")
            outcome.steps.append(workshop.step(at, step))
            outcome.log.append(f"Finished Step #{at}")
    except (Unbuildable, OSError) as problem:
        outcome.error = str(problem) if isinstance(problem, Unbuildable) else f"It broke off: {problem.strerror}."
        outcome.log.append(f"ERROR: {outcome.error}")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return outcome


@dataclass(frozen=True)
class _Workshop:
    """Where the steps of one build work: the unpacked source, a scratch folder, the image store."""

    workspace: Path
    scratch: Path
    images: Path
    values: Mapping[str, str]
    outcome: Outcome

    def step(self, at: int, step: dict[str, Any]) -> str:
        """The digest of the image that the step made; empty for one that made none."""
        words = [substituted(str(word), self.values) for word in step.get("args") or []]
        tool = str(step.get("name", "")).partition(":")[0].rsplit("/", 1)[-1]
        words = words[1:] if words[:1] == ["buildx"] else words
        if tool == "docker" and step.get("entrypoint") in {None, "", "docker"}:
            if words[:1] == ["push"] and words[-1] in self.outcome.built:
                self.outcome.pushed.add(words[-1])
                return ""
            if words[:1] == ["build"]:
                return self._built(_order(words[1:], at), self._folder(self.workspace, str(step.get("dir") or ".")))
        raise Unbuildable(f"Step #{at}: only docker build, and docker push of what was built, are understood here.")

    def _built(self, order: Order, folder: Path) -> str:
        """Lay out and keep; a Dockerfile is looked for from where docker stands, or in the context."""
        context, named = self._folder(folder, order.context), order.one("--file")
        path = (folder / named if named else context / "Dockerfile").resolve()
        if not path.is_relative_to(self.workspace) or not path.is_file():
            raise Unbuildable(f"There is no Dockerfile {named or 'Dockerfile'!a} in the source.")
        stages, say = self.scratch / f"step-{len(self.outcome.steps)}", self.outcome.log.append
        layout = Layout(context, stages, order.pairs("--build-arg"), ignored_of(_ignore_text(path, context)), say)
        stage = layout.made(path.read_text("utf-8", "replace"))
        stage.labels |= order.pairs("--label")
        digest = imagestore.kept(self.images, stage.rootfs, stage.config())
        tags = order.options.get("--tag", [])
        self.outcome.built |= dict.fromkeys(tags, digest)
        self.outcome.pushed |= set(tags) if "--push" in order.options else set()
        say(f"Successfully built {digest}")
        return digest

    def _folder(self, folder: Path, path: str) -> Path:
        result = (folder / path).resolve()
        if not result.is_relative_to(self.workspace) or not result.is_dir():
            raise Unbuildable(f"There is no folder {path!a} in the source.")
        return result


def substituted(text: str, values: Mapping[str, str]) -> str:
    """`$PROJECT_ID`, `${_MINE}`; `$$` is a dollar, and what is not known is an error as in Cloud Build."""

    def value(found: re.Match[str]) -> str:
        name = found["plain"] or found["name"]
        if name is None:
            return "$"
        if name not in values:
            raise Unbuildable(f"The substitution ${name} is not known.")
        return values[name]

    return SUBSTITUTION.sub(value, text)


def _order(words: list[str], at: int) -> Order:
    options: dict[str, list[str]] = {}
    contexts = []
    rest = iter(words)
    for word in rest:
        name, mark, value = word.partition("=")
        name = LONG.get(name, name)
        if not word.startswith("-"):
            contexts.append(word)
        elif name in ALONE:
            options.setdefault(name, []).append(value)
        elif name in WITH_VALUE | WITHOUT_EFFECT:
            options.setdefault(name, []).append(value if mark else next(rest, ""))
        else:
            raise Unbuildable(f"Step #{at}: docker build {name!a} is not understood here.")
    if len(contexts) != 1:
        raise Unbuildable(f"Step #{at}: docker build needs one context, not {len(contexts)}.")
    return Order(options, contexts[0])


def _ignore_text(dockerfile: Path, context: Path) -> str:
    """A .dockerignore beside the Dockerfile, with its name, goes before that of the context."""
    for path in (dockerfile.with_name(f"{dockerfile.name}.dockerignore"), context / ".dockerignore"):
        if path.is_file():
            return path.read_text("utf-8", "replace")
    return ""
