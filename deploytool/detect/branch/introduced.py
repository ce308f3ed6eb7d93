"""What a branch introduces: findings of its head that its base does not have, or not as gravely."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from deploytool.domain.finding import Finding, Severity

NOT_FOUND = frozenset(("DT201", "DT202", "DT203", "DT205"))  # a module that Python does not find, whatever the reason
Key = tuple[str, str, str]


class Before:
    """The findings of the base. A finding of the head was there before when one of these is about the same and no
    less grave: at startup it is graver than in a function that may never be called, and in one place more it is a
    new outage, unless the program did not even start before."""

    def __init__(self, findings: Iterable[Finding], renamed: Collection[str] = ()) -> None:
        """`renamed`: services that only the base has; what is new at the head may be one of them."""
        self._renamed = tuple(renamed)
        self._by_key: dict[Key, list[Finding]] = {}
        for finding in findings:
            for key in _keys(finding, finding.service):
                self._by_key.setdefault(key, []).append(finding)

    def has(self, finding: Finding, *, new_service: bool = False) -> bool:
        services = (finding.service, *(self._renamed if new_service else ()))
        alike = (old for service in services for key in _keys(finding, service) for old in self._by_key.get(key, ()))
        return any(not _worse(finding, old) for old in alike)


def _keys(finding: Finding, service: str | None) -> Iterator[Key]:
    yield finding.rule, service or "", finding.subject
    if finding.rule in NOT_FOUND and "module" in finding.detail:
        yield "not found", service or "", finding.detail["module"]


def _worse(finding: Finding, old: Finding) -> bool:
    if finding.severity is not old.severity:
        return finding.severity.rank > old.severity.rank
    if finding.severity is not Severity.ERROR or _fatal(old):
        return False
    return any(new > was for new, was in zip(_places(finding), _places(old), strict=True))


def _fatal(finding: Finding) -> bool:
    return _places(finding)[0] > 0


def _places(finding: Finding) -> tuple[int, int, int]:
    """In how many places it hits: at startup; or at a call; or where the program is prepared for it, too."""
    hits = finding.detail.get("hits", {})
    startup, call, caught = (hits.get(name, 0) for name in ("startup", "call", "caught"))
    return startup, startup + call, startup + call + caught
