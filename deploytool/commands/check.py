"""`deploytool check`: what this branch will do to production, before it is merged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from deploytool.commands.check_sides import Found, Wishes, found_by
from deploytool.config import Config
from deploytool.detect.branch.accepted import Acceptance
from deploytool.detect.branch.check import Asked, Inspection, Live
from deploytool.detect.coverage import NOT_HERE, claim_of
from deploytool.detect.drift import Detection
from deploytool.domain.check_report import Policy
from deploytool.domain.check_rules import is_known
from deploytool.domain.ci_fetch import EVERYTHING
from deploytool.domain.ignorefile import rules_of
from deploytool.domain.ignorepattern import MalformedPattern
from deploytool.domain.links import resolve
from deploytool.domain.report import DriftReport
from deploytool.errors import ExitCode, RepositoryError, UsageError

if TYPE_CHECKING:
    from deploytool.app import App
    from deploytool.render.outputs import Output


def run(app: App, wishes: Wishes, outputs: Sequence[Output], *, verbose: bool) -> ExitCode:
    """Read both sides, judge, report; nothing of the branch is run."""
    policy, acceptances = _policy(wishes), tuple(map(_acceptance, wishes.ignore))
    found = found_by(app, wishes)
    live = _live(app, found, wishes) if wishes.live or wishes.fleet else None
    asked = Asked(
        base=found.sides.base,
        head=found.sides.head,
        trees=found.sides.trees,
        told=found.told,
        file=found.file,
        now=app.now(),
        live=live,
        committed=found.sides.committed,
        policy=policy,
        acceptances=acceptances,
        remarks=found.sides.remarks,
    )
    try:
        report = Inspection(found.repository).check(asked)
    except KeyError as absent:
        raise RepositoryError(f"The branch could not be read: {NOT_HERE}.", hint=f"Fetch it: {EVERYTHING}") from absent
    app.say(report, outputs, verbose=verbose)
    return report.exit_code


def _policy(wishes: Wishes) -> Policy:
    fail_on = tuple(word.strip() for text in wishes.fail_on for word in text.split(",") if word.strip())
    unknown = [word for word in fail_on if not is_known(word)]
    if unknown:
        raise UsageError(f"No rule is called {unknown[0]}.", hint="A rule such as DT301, or a family such as DT3.")
    return Policy(wishes.everything, fail_on)


def _acceptance(text: str) -> Acceptance:
    rule, colon, path = text.partition(":")
    if not colon or not is_known(rule) or len(rule) != len("DT000") or not path:
        raise UsageError(f"--ignore {text} is not RULE:PATH.", hint="Such as --ignore 'DT302:scripts/**'")
    try:
        return Acceptance(rule, rules_of([path]), "accepted on the command line")
    except MalformedPattern as wrong:
        raise UsageError(f"--ignore {text}: {wrong}.", hint="The patterns are those of .dockerignore.") from None


def _live(app: App, found: Found, wishes: Wishes) -> Live:
    """Ask what runs, as services.toml of the base says; the branch decides nothing of it."""
    deciding = found.deciding
    if deciding is None:
        raise UsageError(
            "The base has no services.toml without mistakes, and that one decides whom to ask.",
            hint="Check without --live and --fleet.",
        )
    app.config = deciding
    reader = app.fleet_reader(wishes.fleet)
    fleet = reader.fleet(dated=True)

    def drift(commit: str, config: Config) -> DriftReport:
        config = replace(config, project=deciding.project)
        tree = found.repository.trees([commit])[commit]
        tables = [
            table
            for table in config.services.values()
            if all(resolve(tree, path) is not None for _, path in claim_of(table).named)
        ]
        detection = Detection(config, tables, found.repository, None).aim(commit[:8], commit)
        return detection.report(fleet, reader.history, app.now())

    return Live(fleet, drift, deciding.project.project)
