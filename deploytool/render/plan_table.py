"""The plan of a release for people: what goes live, how, and whether anything speaks against it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.text import Text

from deploytool.domain.plan import Plan
from deploytool.domain.preflight import CheckLine, Word
from deploytool.domain.release import Kind
from deploytool.domain.release_report import PlanReport
from deploytool.domain.traffic_plan import said
from deploytool.render.age import age
from deploytool.render.history import AUTHOR_WIDTH, commit_lines, file_lines
from deploytool.render.release_wording import pin_of, size_of, steps_of
from deploytool.render.sheet import GAP, View, hanging, indented, joined, labelled, words
from deploytool.render.wording import MOST_COMMITS, counted, has_regions, short

COLOURS = {Word.OK: "green", Word.NG: "bold red", Word.SKIP: "dim"}


def plan_lines(report: PlanReport, view: View) -> list[Text]:
    regions = has_regions(plan.place.region for plan in report.plans)
    lines: list[Text] = []
    for plan in report.plans:
        lines += hanging(Text(), _title(plan, regions, view), view.width)
        lines += indented(_body(plan, report.lines.get(plan.place, ()), view.within))
        lines.append(Text())
    return [*lines, *hanging(Text(), words(_summary(report), "bold"), view.width)]


def _title(plan: Plan, regions: bool, view: View) -> Text:
    where = f" ({plan.place.region})" if regions else ""
    start = short(plan.from_commit) if plan.from_commit else "nothing" if plan.first else "unknown"
    ref = f" ({plan.ref})" if plan.ref and not plan.commit.startswith(plan.ref) else ""
    verb = "rollback " if plan.kind is Kind.ROLLBACK else ""
    move = words(f"{verb}{start}{view.arrow}{short(plan.commit)}{ref}", "cyan")
    return joined(words(f"{plan.place.name}{where}", "bold"), "  ", move)


def _body(plan: Plan, checks: Sequence[CheckLine], view: View) -> list[Text]:
    above = [("first", "the first deployment: there is nothing to go back to")] if plan.first else []
    if plan.reason:
        above.append(("because", plan.reason))
    if plan.kind is Kind.DEPLOY and (plan.commits or not plan.first):
        above.append(("goes live", size_of(plan)))
    lines = _labelled(above, view)
    lines += indented(_commits(plan, view.within))
    lines += _labelled(_means(plan, view), view)
    lines += _check_lines(checks, view)
    for note in plan.notes:
        lines += hanging(words("note: ", "bold"), words(note), view.width)
    return lines


def _means(plan: Plan, view: View) -> list[tuple[str, str]]:
    said_ = [
        ("image", plan.image),
        ("built by", plan.builder),
        ("revision", plan.revision),
        ("serves", said(plan.before.named) if plan.before else "nothing"),
        ("traffic", steps_of(plan, view.arrow)),
        ("", pin_of(plan)),
        ("checks", ", ".join(plan.checks) or ("none are configured" if plan.kind is Kind.DEPLOY else "")),
        *(("setting", setting) for setting in plan.settings),
    ]
    return [(label, text) for label, text in said_ if text]


def _labelled(said_: Sequence[tuple[str, str]], view: View) -> list[Text]:
    return labelled([(label, words(text)) for label, text in said_], view.width, narrowest=9)


def _commits(plan: Plan, view: View) -> list[Text]:
    """As `drift --verbose` lists them."""
    shown = plan.commits[:MOST_COMMITS]
    ages = max((len(age(commit.committed_at, view.now)) for commit in shown), default=0)
    authors = max((min(words(commit.author).cell_len, AUTHOR_WIDTH) for commit in shown), default=0)
    lines: list[Text] = []
    for commit in shown:
        lines += commit_lines(commit, view, ages, authors)
        lines += file_lines(commit.files, view)
    if len(plan.commits) > len(shown):
        more = counted(len(plan.commits) - len(shown), "more commit")
        lines.append(words(f"and {more}: --format json lists them all", "dim"))
    return lines


def _check_lines(checks: Sequence[CheckLine], view: View) -> list[Text]:
    widest = max((words(line.name).cell_len for line in checks), default=0)
    lines: list[Text] = []
    for line in checks:
        name = words(line.name)
        gap = " " * (widest - name.cell_len + GAP)
        prefix = joined(words(f"{line.word:<4}  ", COLOURS[line.word]), name, gap)
        lines += hanging(prefix, words(line.said, "dim" if line.word is Word.SKIP else ""), view.width)
        if line.word is Word.NG and line.hint:
            lines += hanging(words(" " * prefix.cell_len + "hint: ", "bold"), words(line.hint), view.width)
    return lines


def _summary(report: PlanReport) -> str:
    if not report.plans:
        return "Nothing to release."
    wrong = sum(any(line.word is Word.NG for line in report.lines.get(plan.place, ())) for plan in report.plans)
    ready = len(report.plans) - wrong
    against = f", {wrong:,} with something that speaks against it" if wrong else ""
    return f"{counted(len(report.plans), 'release')} planned: {ready:,} ready{against}"
