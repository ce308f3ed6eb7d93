"""Does services.toml fit the repository? A path that exists nowhere ends the run; a difference is a remark."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from deploytool.config import Config, ServiceTable
from deploytool.domain.ownership import Claim, named_paths_of, unowned_dockerfiles
from deploytool.domain.report import Remark
from deploytool.domain.tree import Tree
from deploytool.errors import ConfigurationError

NOT_HERE = "its content is not in this clone"
FETCH = "deploytool drift --fetch"


def coverage_of(
    config: Config,
    tables: Sequence[ServiceTable],
    target: Tree,
    serving: Mapping[str, Sequence[Tree]],
    *,
    doubtful: frozenset[str] = frozenset(),
) -> tuple[Remark, ...]:
    """Remarks about declared paths; `serving` holds the trees of the commits that serve, by service name.

    A path that exists neither at the target nor at any serving commit raises ConfigurationError with all of
    them, unless a serving commit of that service is unknown (`doubtful`): then it may exist there.
    """
    mistakes: list[str] = []
    remarks: list[Remark] = []
    for table in tables:
        try:
            wrong, differing = named_paths_of(claim_of(table), target, serving.get(table.name, ()))
        except KeyError:  # not in this clone: whether the paths exist cannot be told
            remarks.append(Remark(f"The paths of {table.name} could not be looked at: {NOT_HERE}.", hint=FETCH))
            continue
        remarks.extend(difference.remark for difference in differing)
        for mistake in wrong:
            line = config.line_of("services", table.name, *key_of_path(mistake.key))
            said = f"{config.file.name}:{line}: services.{table.name}.{mistake.key}: {mistake.message}"
            if table.name in doubtful:
                remarks.append(Remark(said))
            else:
                mistakes.append(said)
    if mistakes:
        count = "1 path" if len(mistakes) == 1 else f"{len(mistakes)} paths"
        raise ConfigurationError(
            f"{config.file.name} names {count} that the repository does not have.",
            hint="Correct them, then: deploytool config check",
            mistakes=tuple(mistakes),
        )
    return tuple(remarks)


def ignored_but_imported(table: ServiceTable, paths: Iterable[str]) -> Remark:
    """`ignore` cannot hide what the program loads: those files are judged all the same."""
    named = sorted(paths)
    more = f" and {len(named) - 1} more" if len(named) > 1 else ""
    return Remark(
        f"services.{table.name}.ignore leaves out {named[0]}{more}, which the program imports: judged all the same.",
        hint="Make the pattern narrower.",
    )


def unfollowed(service: str, unread: Sequence[str]) -> Remark:
    """Content that is not here leaves imports unknown: the service is judged by all that is in its image."""
    files = unread[0] if unread else "a file that says what it is"
    verb = "are" if len(unread) > 1 else "is"
    more = f" and {len(unread) - 1} more" if len(unread) > 1 else ""
    return Remark(
        f"What {service} imports could not be followed: {files}{more} {verb} not in this clone."
        " Judged by everything in its image.",
        hint=FETCH,
    )


def unowned_in(config: Config, target: Tree) -> tuple[Remark, ...]:
    """Folders with a Dockerfile that no service owns. Walks the whole tree."""
    return tuple(found.remark for found in unowned_dockerfiles(map(claim_of, config.services.values()), target))


def claim_of(table: ServiceTable) -> Claim:
    """What a service says it is made of; without a Dockerfile and paths, its context is the source folder."""
    return Claim(
        service=table.name,
        paths=table.roots if table.paths else (),
        dockerfile=table.dockerfile,
        context=table.context_path,
        entrypoint=table.entrypoint,
        source=table.source if not table.paths else None,
    )


def key_of_path(key: str) -> tuple[str | int, ...]:
    """`paths[1]` as the parts of a TOML key."""
    name, _, index = key.rstrip("]").partition("[")
    return (name, int(index)) if index else (name,)
