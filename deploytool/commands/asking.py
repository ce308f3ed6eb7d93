"""A question to a person in the middle of a release: it has an end, and no answer is a no."""

from __future__ import annotations

import select
import sys


def agreed(question: str, seconds: float) -> bool:
    """Yes only when a person says so within `seconds`. Ctrl-C is heard as anywhere else."""
    sys.stderr.write(f"{question} [y/N, within {seconds:.0f} s]: ")
    sys.stderr.flush()
    ready, _, _ = select.select([sys.stdin], [], [], seconds)
    if not ready:
        sys.stderr.write("\nNobody answered.\n")
        return False
    return sys.stdin.readline().strip().lower() in ("y", "yes")
