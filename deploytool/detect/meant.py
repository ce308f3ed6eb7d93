"""What a person may have meant by a name that no commit here has."""

from __future__ import annotations

import re

from deploytool.adapters.git import Repository
from deploytool.config.nearest import listed, nearest_of

PLAIN_REF = re.compile(r"(?!.*(\.\.|//|/\.))[A-Za-z0-9][A-Za-z0-9._/+-]{0,199}(?<![./])")


def meant_by(ref: str, repository: Repository) -> str:
    """What else it may be called, and a command only for what can be nothing but a name in one."""
    meant = near_to(ref, repository)
    fetched = f"git fetch origin {ref}" if PLAIN_REF.fullmatch(ref) and repository.has_origin() else ""
    if meant and fetched:
        return f"{meant} If it is new there: {fetched}"
    return meant or fetched or "See what there is: git branch --all; git tag"


def near_to(ref: str, repository: Repository) -> str:
    """A question that names what is spelled like it; "" when nothing is."""
    near = nearest_of(ref, repository.names(), 3)
    return f"Did you mean {listed(near)}?" if near else ""
