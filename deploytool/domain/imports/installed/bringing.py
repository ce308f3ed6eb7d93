"""Which listed distribution brings a module?"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from deploytool.domain.image_layout import Layout
from deploytool.domain.imports.closure import Closure, Needed
from deploytool.domain.imports.facts import When
from deploytool.domain.imports.installed.distributions import Distribution, Requirements, normalised
from deploytool.domain.imports.installed.known_dependencies import needs_of
from deploytool.domain.imports.installed.known_names import SHARED, claims

# Modules that some supported Python still has, or had until lately: an image may run any of them.
_FORMER = """
    aifc asynchat asyncore audioop binhex cgi cgitb chunk compression crypt distutils formatter imghdr imp lib2to3
    mailcap msilib nis nntplib ossaudiodev parser pipes smtpd sndhdr spwd sunau symbol telnetlib tomllib uu xdrlib
"""
STANDARD = sys.stdlib_module_names | frozenset(_FORMER.split())

_VERSION = re.compile(r"_v\d+[a-z0-9]*\Z")


def is_standard(name: str) -> bool:
    return name.partition(".")[0] in STANDARD


def provides(name: str, requirements: Requirements) -> bool | None:
    """Does a distribution of these bring this dotted module? None when that cannot be told."""
    if is_standard(name):
        return True
    if bringing(name, requirements):
        return True
    if not requirements.complete or name in SHARED or _loosely(name, requirements):
        return None
    return False


def bringing(name: str, requirements: Requirements) -> tuple[str, ...]:
    """The listed distributions that bring a module: those that are it, else those that it comes in behind."""
    known = _claimed(name)
    own = _listed(known or _spellings(name.partition(".")[0]), requirements)
    if own or requirements.locked:
        return own
    wanted = frozenset(known) | frozenset(_spellings(name.partition(".")[0]))
    return tuple(dict.fromkeys(each.name for each in requirements.distributions if _behind(each) & wanted))


@lru_cache(maxsize=4096)
def _needs(name: str, extras: tuple[str, ...]) -> frozenset[str]:
    return needs_of(name, extras)


def _behind(each: Distribution) -> frozenset[str]:
    return _needs(each.name, each.extras)


MOST_PARTS = 20  # of a dotted name; what is known has fewer


def _claimed(name: str) -> tuple[str, ...]:
    """The longest known name that this one is or lies below."""
    table = claims()
    parts = name.split(".")[:MOST_PARTS]
    for length in range(len(parts), 0, -1):
        if ".".join(parts[:length]) in SHARED and length < len(parts) and len(parts) > 1:
            last = [*parts[:length], _VERSION.sub("", parts[length])]
            return table.get(".".join(last), ()) or _in_shared([*last, *parts[length + 1 :]], length)
        found = table.get(".".join(parts[:length]))
        if found is not None:
            return found
    return ()


def _in_shared(parts: list[str], length: int) -> tuple[str, ...]:
    """By the custom of such folders: `azure.storage.blob` comes from azure-storage-blob."""
    return tuple(normalised("-".join(parts[:end])) for end in range(len(parts), length, -1))


def _spellings(top: str) -> Iterator[str]:
    plain = normalised(top)
    yield plain
    yield from (f"python-{plain}", f"py-{plain}", f"py{plain}", f"{plain}-python", f"{plain}-py", f"{plain}-sdk")
    yield from (f"{plain}-client", f"{plain}-binary", f"django-{plain}", f"{plain}-headless")


def _listed(names: Iterable[str], requirements: Requirements) -> tuple[str, ...]:
    """Those that are listed, as they are listed; dashes aside."""
    wanted = {_squeezed(name) for name in names}
    return tuple(dict.fromkeys(each.name for each in requirements.distributions if _squeezed(each.name) in wanted))


def _squeezed(name: str) -> str:
    return normalised(name).replace("-", "")


def _loosely(name: str, requirements: Requirements) -> bool:
    """Could one of them bring it after all? Its name is part of a listed one, or both begin a shared folder."""
    parts = name.split(".")
    if parts[0] in SHARED and parts[0] != "google":
        return any(one.startswith(normalised(parts[0]) + "-") for one in requirements.names)
    if _claimed(name):
        return False
    top = normalised(parts[0])
    return any(f"-{top}-" in f"-{one}-" for one in requirements.names)


def likely_name(name: str) -> str | None:
    """The distribution that a known module comes from; None for a name that nobody here knows."""
    return next(iter(_claimed(name)), None)


def shown_name(name: str) -> str:
    """As much of a dotted name as tells the distribution."""
    parts = name.split(".")
    length = 1
    while length < len(parts) and ".".join(parts[:length]) in SHARED:
        length += 1
    return ".".join(parts[:length])


def modules_of(needed: Needed) -> tuple[str, ...]:
    """The modules that one import asks for: below a shared folder the names count, for they tell which."""
    if needed.name in SHARED and needed.names and needed.names != ("*",):
        return tuple(f"{needed.name}.{name}" for name in needed.names)
    return (needed.name,)


def imported_distributions(closure: Closure, layout: Layout, requirements: Requirements) -> Mapping[str, str]:
    """Each listed distribution that the program imports -> the repository path of a file that does."""
    found: dict[str, str] = {}
    for needed in closure.needed:
        placed = layout.files.get(needed.by)
        if needed.when is When.TYPE_CHECKING or placed is None:
            continue
        for module in modules_of(needed):
            if not is_standard(module):
                for name in bringing(module, requirements):
                    found.setdefault(name, placed.path or needed.by)
    return found
