"""What is looked at before a release changes anything: each line is OK, NG or skipped, with the reason."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from deploytool.domain.model import Service
from deploytool.domain.report import CodeState
from deploytool.domain.traffic import in_flight
from deploytool.domain.traffic_plan import LATEST, named_rows, resolved, said, same_wish


class Word(StrEnum):
    OK = "OK"
    NG = "NG"
    SKIP = "SKIP"


@dataclass(frozen=True, slots=True)
class CheckLine:
    """`firm`: not even `--force` goes past it."""

    name: str
    word: Word
    said: str
    hint: str = ""
    firm: bool = False


def refusals(lines: Iterable[CheckLine], *, force: bool) -> tuple[CheckLine, ...]:
    """The lines that keep a release from beginning."""
    return tuple(line for line in lines if line.word is Word.NG and (line.firm or not force))


def good(name: str, said: str) -> CheckLine:
    return CheckLine(name, Word.OK, said)


def skipped(name: str, why: str) -> CheckLine:
    return CheckLine(name, Word.SKIP, why)


def bad(name: str, said: str, hint: str, *, firm: bool = False) -> CheckLine:
    return CheckLine(name, Word.NG, said, hint, firm)


def work_tree_line(uncommitted: Collection[str], *, bare: bool) -> CheckLine:
    """A build never takes the work tree; but who has uncommitted changes may believe that they go live."""
    if bare:
        return skipped("work tree", "a bare repository has none")
    if not uncommitted:
        return good("work tree", "clean")
    shown = ", ".join(sorted(uncommitted)[:3]) + (" …" if len(uncommitted) > 3 else "")
    return bad("work tree", f"{len(uncommitted)} uncommitted: {shown}", "Commit them or put them away: git stash -u")


def commit_lines(
    commit: str, ref: str, *, on_target: bool, unmerged: bool, remotes: int, pushed: bool
) -> Iterator[CheckLine]:
    """`unmerged`: a person said that the commit need not be on the target branch."""
    if on_target:
        yield good("merged", f"{commit[:8]} is on {ref}")
    elif unmerged:
        yield skipped("merged", f"{commit[:8]} is not on {ref}, as --allow-unmerged allows")
    else:
        yield bad("merged", f"{commit[:8]} is not on {ref}", "Merge it, or say: --allow-unmerged", firm=True)
    if not remotes:
        yield skipped("pushed", "the repository has no remote")
    elif pushed:
        yield good("pushed", "a remote has it")
    else:
        yield bad("pushed", f"no remote branch has {commit[:8]}", "git push")


def traffic_lines(service: Service | None) -> Iterator[CheckLine]:
    """Is what was asked for what serves, and is nobody else at work?"""
    if service is None:
        yield skipped("traffic", "the service does not exist yet")
        return
    if service.problems:
        yield bad("traffic", f"not understood: {service.problems[0]}", "deploytool status", firm=True)
        return
    yield (operation := operation_line(service))
    if operation.word is not Word.OK:
        return
    serving = named_rows(service)
    asked = service.desired or LATEST
    if not serving:
        hint = "Deploy one that becomes ready with gcloud, or delete the service."
        yield bad("traffic", "no revision serves, so nothing could be put back", hint, firm=True)
    elif not same_wish(resolved(asked, service), serving):
        hint = "Decide what should serve: gcloud run services update-traffic"
        yield bad("traffic", f"asked for {said(asked)}, but {said(serving)} serves", hint)
    else:
        yield good("traffic", said(asked))


def operation_line(service: Service | None) -> CheckLine:
    """Is nobody else at work, on a service or a job?"""
    if service is None:
        return skipped("operation", "it does not exist yet")
    if service.problems:
        return bad("operation", f"not understood: {service.problems[0]}", "deploytool status", firm=True)
    if in_flight(service):
        return bad("operation", "another change is being carried out", "Wait for it, then try again.", firm=True)
    return good("operation", "nothing is in flight")


def environment_line(required: Collection[str], there: Collection[str]) -> CheckLine:
    """Variables that must be present after the deploy; values are never looked at."""
    if not required:
        return skipped("environment", "no variable is required")
    lost = [name for name in required if name not in there]
    if lost:
        hint = "gcloud run services update SERVICE --update-env-vars NAME=VALUE, or correct env.required"
        return bad("environment", f"missing: {', '.join(lost)}", hint)
    return good("environment", f"{len(required)} required, all there")


def ancestry_line(code: CodeState) -> CheckLine | None:
    """A hotfix that serves and is not on the target would be undone."""
    if code not in (CodeState.AHEAD, CodeState.DIVERGED):
        return None
    hint = "Merge what serves into the target, or say: --force"
    return bad("hotfix", f"what serves is {code.value}: deploying would undo what only it has", hint)


def held_back(commit: str, scope: str, held: Mapping[str, str]) -> str | None:
    """Why this program must not go out by itself; None when nothing speaks against it."""
    return held.get(commit) or (held.get(scope) if scope else None)


def quarantine_line(commit: str, scope: str, held: Mapping[str, str]) -> CheckLine:
    why = held_back(commit, scope, held)
    if why is None:
        return good("quarantine", "never rolled back")
    return bad("quarantine", f"{commit[:8]}: {why}", "Fix it in a new commit, or say: --force")
