"""What a commit would bring if it were made now: what is staged, against HEAD or where the branch left another one."""

from __future__ import annotations

from collections.abc import Mapping

from deploytool.adapters.git import Repository
from deploytool.adapters.git.staged import staged_tree
from deploytool.detect.ends import Ends
from deploytool.detect.sides import Sides, since
from deploytool.domain.check_report import Compared
from deploytool.domain.ci import System
from deploytool.domain.tree import Tree


def staged_sides(repository: Repository, *, base: str | None, environ: Mapping[str, str]) -> tuple[Sides, Tree]:
    """The sides, and the tree of the head, which git does not have: ask the tree itself.

    Of the variables of git only GIT_INDEX_FILE is read, by which `git commit` tells a hook what it commits.
    """
    tree = staged_tree(repository, environ.get("GIT_INDEX_FILE"))
    ends = Ends(repository, System.NONE)
    here = repository.named("HEAD")
    head = Compared("what is staged", tree.oid)
    if base is None:
        return Sides(Compared("HEAD", here) if here else ends.nothing(), head), tree
    begin = ends.named(base, here or "")
    if here is None:
        return Sides(begin, head), tree
    sides = since(ends, begin, Compared("HEAD", here))
    remarks = sides.remarks if sides.base.commit != here else ()  # what is staged may be new all the same
    return Sides(sides.base, head, remarks), tree
