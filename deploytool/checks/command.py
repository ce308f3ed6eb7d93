"""A program of the person's own: exit 0 passes, 1 fails, anything else could not tell."""

from __future__ import annotations

from deploytool.checks.asked import Asking, Told
from deploytool.config.checks import CommandCheck
from deploytool.domain.check_program import judged_end


def told(check: CommandCheck, asking: Asking) -> Told:
    return judged_end(asking.neighbours.programs.run(check.command, check.timeout.seconds))
