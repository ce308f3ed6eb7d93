"""Does what services.toml says of the repository hold there: paths that exist, Dockerfiles that somebody owns?

A path that exists neither at the target nor at any serving commit is a mistake of the configuration. One that exists
on one side only is a difference: the service gained or lost it, and the comparison of contents will say so as well.
"""

from __future__ import annotations

import difflib
import posixpath
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from deploytool.domain.links import resolve
from deploytool.domain.report import Remark
from deploytool.domain.tree import FOLDER, LINK, SUBMODULE, Tree


@dataclass(frozen=True, slots=True)
class Claim:
    """What one service says it is made of, in repository paths; "" is the root."""

    service: str
    paths: tuple[str, ...] = ()
    dockerfile: str | None = None
    context: str = ""
    entrypoint: str | None = None
    source: str | None = None  # folder that is built without a Dockerfile

    @property
    def named(self) -> Iterator[tuple[str, str]]:
        """(key of services.toml, path) of everything it names."""
        yield from ((f"paths[{index}]", path) for index, path in enumerate(self.paths))
        if self.dockerfile is not None:
            yield "dockerfile", self.dockerfile
        if self.source is not None or self.context:
            yield "context", self.context if self.source is None else self.source
        if self.entrypoint is not None:
            yield "entrypoint", self.entrypoint


@dataclass(frozen=True, slots=True)
class Mistake:
    """A path that exists nowhere: an error of services.toml."""

    service: str
    key: str  # below the service's table: `paths[1]`, `dockerfile`, `context`, `entrypoint`
    path: str
    message: str
    nearest: str | None = None  # a path that does exist at the target


@dataclass(frozen=True, slots=True)
class Difference:
    """A path that exists on one side only, or of which one side could not be looked at."""

    service: str
    key: str
    path: str
    message: str

    @property
    def remark(self) -> Remark:
        return Remark(self.message, f"If that is not meant, correct services.{self.service}.{self.key}.")


@dataclass(frozen=True, slots=True)
class Unowned:
    """A folder with a Dockerfile that no service says is its own."""

    dockerfile: str

    @property
    def remark(self) -> Remark:
        where = posixpath.dirname(self.dockerfile) or "the repository's root"
        hint = f'If it is deployed, write a service with dockerfile = "{self.dockerfile}".'
        return Remark(f"{where} has a Dockerfile ({self.dockerfile}) that no service owns.", hint)


def named_paths_of(
    claim: Claim, target: Tree, serving: Sequence[Tree] = ()
) -> tuple[tuple[Mistake, ...], tuple[Difference, ...]]:
    """Judge every path that a service names at the target and at the commits it serves, as far as they are known.

    Raises KeyError when git lacks objects of the target; a serving commit that it lacks is an unknown, said as such.
    """
    mistakes: list[Mistake] = []
    differences: list[Difference] = []
    for key, path in claim.named:
        there = resolve(target, path) is not None
        before = [_exists(tree, path) for tree in serving]
        if there and False not in before:
            continue  # an unknown side changes nothing about a path that is there
        if there or True in before or None in before:
            differences.append(Difference(claim.service, key, path, _difference(claim.service, path, there, before)))
        else:
            nearest = nearest_path(target, path)
            mistakes.append(Mistake(claim.service, key, path, _mistake(path, len(before), nearest), nearest))
    return tuple(mistakes), tuple(differences)


def unowned_dockerfiles(
    claims: Iterable[Claim], target: Tree, dockerfiles: Iterable[str] | None = None
) -> tuple[Unowned, ...]:
    """Dockerfiles at the target that no service names or has below its paths; not told of all, it walks the tree.

    Links are not followed, so a Dockerfile is found where it lies and not once more wherever a link leads to it.
    """
    owned = {path for claim in claims for path in owned_by(claim, target)}
    if "" in owned:
        return ()
    if dockerfiles is None:
        files = (path for path, entry in target.walk() if entry.mode not in (LINK, SUBMODULE))
        dockerfiles = filter(is_dockerfile, files)
    alone = (path for path in sorted(dockerfiles) if not any(above in owned for above in with_parents(path)))
    return tuple(map(Unowned, alone))


def is_dockerfile(path: str) -> bool:
    """`Dockerfile`, `Dockerfile.prod`, `api.Dockerfile`; not the ignore file that may lie beside one."""
    name = posixpath.basename(path)
    if name.endswith(".dockerignore"):
        return False
    return name == "Dockerfile" or name.startswith("Dockerfile.") or name.endswith(".Dockerfile")


def nearest_path(tree: Tree, path: str) -> str | None:
    """The existing path that was probably meant: a likely spelling, else the same last name somewhere else."""
    found: list[str] = []
    for part in path.split("/"):
        names = _names_in(tree, "/".join(found))
        near = [part] if part in names else difflib.get_close_matches(part, names, n=1, cutoff=0.6)
        if not near:
            return _moved(tree, path)
        found.extend(near)
    return "/".join(found)


def _moved(tree: Tree, path: str) -> str | None:
    """The only, or the most alike, path with the same last name as `path`."""
    name = posixpath.basename(path)
    places: set[str] = set()
    for file, _ in tree.walk():
        places.update(above for above in with_parents(file) if posixpath.basename(above) == name)
    if len(places) < 2:
        return next(iter(places), None)
    near = difflib.get_close_matches(path, sorted(places), n=1, cutoff=0.0)
    return near[0] if near else None


def _names_in(tree: Tree, folder: str) -> list[str]:
    real = resolve(tree, folder)
    entry = None if real is None else tree.entry(real)
    return sorted(tree.objects.listing(entry.oid)) if entry is not None and entry.mode == FOLDER else []


def _exists(tree: Tree, path: str) -> bool | None:
    """None when git lacks the objects that would tell."""
    try:
        return resolve(tree, path) is not None
    except KeyError:
        return None


def owned_by(claim: Claim, target: Tree) -> Iterator[str]:
    """What is spoken for, as written and as links lead."""
    for path in (*claim.paths, claim.source, claim.dockerfile):
        if path is not None:
            yield path
            real = resolve(target, path)
            if real is not None:
                yield real


def with_parents(path: str) -> Iterator[str]:
    """The path itself and every folder above it, less the root."""
    while path.strip("/"):
        yield path
        path = posixpath.dirname(path)


def _mistake(path: str, serving: int, nearest: str | None) -> str:
    also = f" and at none of the {serving} commits that serve" if serving > 1 else ""
    also = " nor at the commit that serves" if serving == 1 else also
    meant = f'; did you mean "{nearest}"?' if nearest else ""
    return f'"{path}" does not exist at the target{also}{meant}'


def _difference(service: str, path: str, there: bool, before: Sequence[bool | None]) -> str:
    if there:
        return f'"{path}" of {service} exists at the target and not at every commit that serves.'
    if True in before:
        return f'"{path}" of {service} exists at a commit that serves and no longer at the target.'
    return f'"{path}" of {service} does not exist at the target, and what serves could not be looked at.'
