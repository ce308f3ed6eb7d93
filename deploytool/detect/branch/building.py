"""What keeps an image from being built, or its container from being started, before a line of Python is read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from posixpath import basename

from deploytool.domain.doubt import REFUSED, Doubt, DoubtKind
from deploytool.domain.finding import Finding, Severity
from deploytool.domain.ignorepattern import cleaned
from deploytool.domain.image import Image
from deploytool.domain.imports.installed.distributions import INSTALLED_FROM, Requirements
from deploytool.domain.imports.lacking.hiding import hiding_in
from deploytool.domain.imports.program import NOT_THERE
from deploytool.domain.imports.study import Study
from deploytool.domain.tree import Tree

NOT_EXECUTABLE = 0o100644


def unbuilt(study: Study, image: Image, requirements: Requirements) -> Iterator[Finding]:
    """DT209: lines that Docker does not take, and lists that an installer is told to read and nobody puts there."""
    foreign = image.recipe is not None and any("is not Docker's own" in doubt.why for doubt in image.recipe.doubts)
    for doubt in study.doubts:
        if doubt.kind in REFUSED and not foreign:
            hint = "Correct it; what Docker says of it: docker build --check"
            yield _at(doubt, "DT209", f"{doubt.path} cannot be built: {doubt.why}.", hint, doubt.why)
    mounting = {run.line for run in image.runs if run.binds}  # whatever is mounted may have any name there
    for doubt in requirements.absent if image.dockerfile is not None else ():
        name = doubt.why.removesuffix(INSTALLED_FROM)
        said = any(basename(one.source) == name for one in image.outside)  # by DT204
        said |= any(one.kind is DoubtKind.IGNORED_SOURCE and name in one.why for one in study.doubts)  # by DT205
        if not said and not (doubt.path == image.dockerfile and doubt.line in mounting):
            hint = "Copy it before it is installed from, or correct the line."
            found = _at(doubt, "DT209", f"{doubt.path} cannot be built: {doubt.why}.", hint, f"{name} {doubt.path}")
            yield found if _surely(doubt, name, study, image, requirements) else _perhaps(found)


def _surely(doubt: Doubt, name: str, study: Study, image: Image, requirements: Requirements) -> bool:
    """Nothing else is known that could bring the list: neither another image nor a line that writes it."""
    if set(requirements.doubts) - set(requirements.absent) or hiding_in(study.doubts) is not None:
        return False
    stem = name.rpartition(".")[0] or name  # `pip-compile requirements.in`
    named = [(run.line, " ".join((run.text, *run.argv)).count(stem)) for run in image.runs]
    if doubt.path != image.dockerfile:
        return not any(count for _, count in named)
    return not any(count > (line == doubt.line) for line, count in named if line <= doubt.line)


def unstarted(study: Study, image: Image, tree: Tree) -> Iterator[Finding]:
    """DT206: what is started is not among the files that the Dockerfile puts where it is looked for, or cannot be."""
    hiding = hiding_in(study.doubts)
    for doubt in study.doubts:
        if doubt.kind is DoubtKind.ABSENT_PROGRAM:
            unless = "" if hiding is None else f"; unless {hiding.path}:{hiding.line} brings it ({hiding.why})"
            message = f"{image.dockerfile or doubt.path} starts a program that is not there: {doubt.why}{unless}."
            hint = "Correct what is started, or copy the file."
            found = _at(doubt, "DT206", message, hint, doubt.why.removesuffix(NOT_THERE))
            yield found if hiding is None else _perhaps(found)
    yield from _not_executable(study, image, tree)


def _not_executable(study: Study, image: Image, tree: Tree) -> Iterator[Finding]:
    command = image.command
    if command is None or image.dockerfile is None or not command.argv:
        return
    first = (command.shell.split() or [""])[0] if command.shell else command.argv[0]
    placed = study.layout.files.get(cleaned(first if first.startswith("/") else f"{image.workdir}/{first}"))
    if "/" not in first or placed is None or placed.path is None or placed.mode != NOT_EXECUTABLE:
        return
    if b"chmod" in (tree.read(image.dockerfile) or b""):
        return
    yield Finding(
        "DT206",
        Severity.ERROR,
        f"{first} is started, and {placed.path} is not executable.",
        hint="Make it so (git update-index --chmod=+x), or start it with its interpreter.",
        path=image.dockerfile,
        line=command.line or None,
        subject=f"mode of {placed.path}",
    )


def _at(doubt: Doubt, rule: str, message: str, hint: str, subject: str) -> Finding:
    return Finding(
        rule, Severity.ERROR, message, hint, path=doubt.path or None, line=doubt.line or None, subject=subject
    )


def _perhaps(finding: Finding) -> Finding:
    return replace(finding, severity=Severity.WARNING)
