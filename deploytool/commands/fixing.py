"""Checks that services.toml has a `fix` for: asked of what serves, mended by that command, asked again."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from deploytool.commands.verify import verified
from deploytool.domain.check import Answer, CheckResult
from deploytool.domain.check_program import judged_end
from deploytool.domain.model import Place
from deploytool.domain.reconcile import FailedCheck
from deploytool.domain.report import LookError
from deploytool.release.writing import StepFailed

if TYPE_CHECKING:
    from deploytool.app import App

LONGEST = 900.0  # seconds that a fix may take; then it is ended


class FixableChecks:
    """What `verify` would say of these checks, and the commands beside them."""

    def __init__(self, app: App) -> None:
        self._app = app

    def failed(self, services: Sequence[str]) -> tuple[tuple[FailedCheck, ...], tuple[LookError, ...]]:
        """What could not be told is no failure, and no pass."""
        failed: list[FailedCheck] = []
        errors: list[LookError] = []
        for place, result in self._results(services):
            if result.answer is Answer.FAIL:
                failed.append(FailedCheck(place, result.name, result.said, fix=True, required=result.required))
            elif result.answer is Answer.COULD_NOT_TELL:
                message = f"{place.name}: the check {result.name} could not tell: {result.said}"
                errors.append(LookError(place.region, message))
        return tuple(failed), tuple(errors)

    def fix(self, place: Place, name: str) -> str:
        """One fix may mend several regions: what passes by now is left alone."""
        if self._result(place, name).answer is Answer.PASS:
            return f"the check {name} passes by now; its fix was not run"
        check = next(check for check in self._app.config.services[place.name].checks if check.name == name)
        answer, said = judged_end(self._app.asked.programs.run(check.fix or (), LONGEST))
        result = self._result(place, name)
        if result.answer is Answer.PASS:
            return f"the fix of {name} ran, and the check passes: {result.said}"
        word = "fails" if result.answer is Answer.FAIL else "could not tell"
        ran = "ran" if answer is Answer.PASS else f"did not end well ({said})"
        raise StepFailed(
            f"the fix of {name} {ran}, and the check {word}: {result.said}", hint=f"deploytool verify {place.name}"
        )

    def _results(self, services: Sequence[str], only: Sequence[str] = ()) -> list[tuple[Place, CheckResult]]:
        project = self._app.config.project.project
        fixable = {
            (name, check.name)
            for name in services
            for check in self._app.config.services[name].checks
            if check.fix and "live" in check.when and (not only or check.name in only)
        }
        if not fixable:
            return []
        names = list(dict.fromkeys(name for name, _ in fixable))
        report = verified(self._app, names, sorted({check for _, check in fixable}))
        return [
            (Place(project, row.region, row.name), result)
            for row in report.services
            for result in row.results
            if (row.name, result.name) in fixable
        ]

    def _result(self, place: Place, name: str) -> CheckResult:
        found = [result for where, result in self._results([place.name], [name]) if where == place]
        if not found:
            raise StepFailed(f"{name} is no check with a fix any more.", hint="deploytool config check")
        return found[0]
