"""Mistakes planted one at a time in a copy of deploytool, and which test finds each: `python -m tests.planted [word]`.

A test that cannot fail proves nothing. Every mistake here is one that a release must not make.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

HOUSE = Path(__file__).parents[1]
RELEASE = ("tests/release/test_found.py", "tests/release/test_writing.py", "tests/release/test_machine.py")


@dataclass(frozen=True)
class Mistake:
    """`right` stands once in the file below deploytool/, and becomes `wrong`."""

    name: str
    file: str
    right: str
    wrong: str
    tests: tuple[str, ...] = RELEASE


MISTAKES = (
    Mistake(
        "a lease is given back whoever has it",
        "domain/lease_book.py",
        "def released(book: Book, lease_id: str, now: datetime) -> Book:",
        "def released(book: Book, lease_id: str, now: datetime) -> Book:\n    lease_id = book.held.id if book.held else ''",  # noqa: E501
        ("tests/adapters/leases/test_contract.py",),
    ),
    Mistake(
        "an undo asks for LATEST, not for the saved map",
        "release/undo.py",
        "rows = with_tags(plan.before.named, asked,",
        "rows = with_tags(LATEST, asked,",
    ),
    Mistake(
        "an inconclusive step is taken for a pass",
        "domain/rollout.py",
        "if judgement is not None and judgement.word is Word.PASS:",
        "if judgement is not None and judgement.word is not Word.FAIL:",
        ("tests/domain/test_rollout.py", *RELEASE),
    ),
    Mistake(
        "a check that could not tell does not stop",
        "domain/check.py",
        "return self.standing in (Standing.FAIL, Standing.COULD_NOT_TELL)",
        "return self.standing is Standing.FAIL",
        ("tests/domain/test_check.py", *RELEASE),
    ),
    Mistake(
        "a change is written without the etag",
        "adapters/cloudrun/edits.py",
        'body: Json = {"name": raw["name"], "etag": etag_of(raw)}\n    mask: list[str] = []',
        'body: Json = {"name": raw["name"]}\n    mask: list[str] = []',
        ("tests/adapters/test_edits.py", *RELEASE),
    ),
    Mistake(
        "the ledger hears of a step after it was done",
        "release/runner.py",
        "self.journal.intent(name, **meant)\n        try:\n            evidence: Mapping[str, Any] = work(*given)\n",
        "try:\n            evidence: Mapping[str, Any] = work(*given)\n            self.journal.intent(name, **meant)\n",  # noqa: E501
    ),
    Mistake(
        "an undo takes everything for its own",
        "release/undo.py",
        "    if is_ours(plan, seen.service, reached):\n",
        "    if True:\n",
    ),
    Mistake(
        "a step is written over what others asked for",
        "release/shifting.py",
        "    if not same_wish(asked, expected) or not kept or",
        "    if",
    ),
    Mistake(
        "the candidate gets all traffic at once",
        "release/candidate.py",
        "rows = with_tags(plan.before.named, seen.service.desired, plan.tag, plan.revision)",
        "rows = with_tags((TrafficTarget(plan.revision, 100),), seen.service.desired, plan.tag, plan.revision)",
    ),
    Mistake(
        "the same program under another commit is not held back",
        "domain/release.py",
        "            held |= dict.fromkeys(filter(None, (release.commit, release.scope)), why)",
        "            held |= dict.fromkeys(filter(None, (release.commit,)), why)",
        ("tests/domain/test_release.py",),
    ),
    Mistake(
        "the variables are replaced",
        "adapters/cloudrun/edits.py",
        '        container.setdefault("env", []).extend({',
        '        container["env"] = list({',
        ("tests/adapters/test_edits.py",),
    ),
    Mistake(
        "a variable from a secret is written over",
        "adapters/cloudrun/edits.py",
        '            if "valueSource" not in entry:\n                entry["value"] = value',
        '            entry["value"] = value',
        ("tests/adapters/test_edits.py",),
    ),
    Mistake(
        "a resumed release does every step again",
        "release/journal.py",
        "                self.done[event.step] = event.data\n            elif",
        "                pass\n            elif",
    ),
    Mistake(
        "the tag stays at the end",
        "release/shifting.py",
        "tag_on = None if last else plan.revision",
        "tag_on = plan.revision",
    ),
    Mistake(
        "a hand-over puts the saved map back",
        "release/runner.py",
        "undo.drop_marks(self.plan, self.tools, self.hold)",
        "undo._restore(self.plan, self.tools, self.tools.editor.read(self.plan.place))",
    ),
    Mistake(
        "traffic that does not become effective is waited for without an end",
        "release/writing.py",
        "        if clock.monotonic() >= deadline:\n            if trouble is not None:",
        "        if False:\n            if trouble is not None:",
    ),
    Mistake(
        "a change that is refused is tried without an end",
        "release/writing.py",
        "            if clock.monotonic() > deadline:\n                raise StepFailed",
        "            if False:\n                raise StepFailed",
    ),
    Mistake(
        "who needs a person ends like who put back",
        "errors.py",
        "    NEEDS_HUMAN = 6",
        "    NEEDS_HUMAN = 7",
        ("tests/domain/test_release.py", *RELEASE),
    ),
    Mistake(
        "a hand-over ends with 5",
        "release/runner.py",
        "return Ending(Outcome.NEEDS_HUMAN, said, ExitCode.NEEDS_HUMAN, moved.hint)",
        "return Ending(Outcome.NEEDS_HUMAN, said, ExitCode.FAILED_SAFE, moved.hint)",
    ),
    Mistake(
        "without a tag nothing is verified",
        "release/runner.py",
        'self._step("verify", self._verify)',
        'self._step("verify", self._verify) if plan.tag else None',
    ),
    Mistake(
        "the image of the ready revision is not compared",
        "release/candidate.py",
        "    if found.revision.image != image:\n",
        "    if False:\n",
    ),
    Mistake(
        "nobody asks for the lease before a write",
        "release/writing.py",
        "            may()\n",
        "",
    ),
    Mistake(
        "a lapsed lease is used all the same",
        "release/runner.py",
        "        except LeaseLost:\n            self.hold.retake()\n",
        "        except LeaseLost:\n            return\n",
    ),
    Mistake(
        "a change that is on its way is not ended",
        "release/undo.py",
        "looks[-1] if plan.first or Look.WRITE in looks else fence.judged(seen)",
        "looks[-1]",
    ),
    Mistake(
        "what LATEST means by now is not asked",
        "release/candidate.py",
        "if not same_wish(now_meant(asked, service), before.named):",
        "if not (same_wish(asked, before.asked) or same_wish(asked, before.named)):",
    ),
    Mistake(
        "what serves at the end is not read back",
        "release/proving.py",
        "    if not is_served(service, wanted):\n",
        "    if False:\n",
    ),
    Mistake(
        "other people's tags are dropped",
        "domain/traffic_plan.py",
        "*tag_rows(live, but=tag), *ours)",
        "*ours)",
        ("tests/domain/test_traffic_plan.py", *RELEASE),
    ),
    Mistake(
        "the rest of a step is given to one revision",
        "domain/traffic_plan.py",
        "    for name in by_remainder[:short]:\n        floor[name] += 1\n",
        "    for name in by_remainder[:1]:\n        floor[name] += short\n",
        ("tests/domain/test_traffic_plan.py",),
    ),
)


def planted(mistake: Mistake, copy: Path) -> str:
    """The first test that found it; "" when none did."""
    file = copy / "deploytool" / mistake.file
    text = file.read_text()
    if text.count(mistake.right) != 1:
        return f"? {mistake.file} has it {text.count(mistake.right)} times: this list is out of date"
    file.write_text(text.replace(mistake.right, mistake.wrong))
    try:
        command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *mistake.tests]
        done = subprocess.run(command, cwd=copy, capture_output=True, text=True, check=False, env=_environment(copy))
    finally:
        file.write_text(text)
    found = [line.split(" ")[1] for line in done.stdout.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return "" if done.returncode == 0 else next(iter(found), f"? pytest ended with {done.returncode}")


def _environment(copy: Path) -> dict[str, str]:
    """The copy is what is imported, also where deploytool is installed."""
    return {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}


def main(words: list[str]) -> int:
    missed = 0
    with tempfile.TemporaryDirectory(prefix="planted-") as folder:
        copy = Path(folder)
        for name in ("deploytool", "tests", "pyproject.toml"):
            there = HOUSE / name
            if there.is_dir():
                shutil.copytree(there, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(there, copy / name)
        for mistake in MISTAKES:
            if words and not any(word in mistake.name for word in words):
                continue
            found = planted(mistake, copy)
            missed += not found or found.startswith("?")
            print(f"{'FOUND ' if found and found[0] != '?' else 'MISSED'} {mistake.name}\n         {found}", flush=True)
    print(f"{missed} missed")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
