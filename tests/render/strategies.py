"""Reports with anything in them, for properties that must hold whatever the cloud and git say."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from deploytool.domain.doubt import Doubt, DoubtKind
from deploytool.domain.ledger_report import LedgerReport
from deploytool.domain.model import Kind, Place, TrafficTarget
from deploytool.domain.plan import Before, Plan
from deploytool.domain.preflight import CheckLine, Word
from deploytool.domain.proof import (
    CommitProof,
    Importer,
    MissingLevel,
    MissingRow,
    PathProof,
    ProofReport,
    ServiceProof,
    ThirdParty,
)
from deploytool.domain.release import Event, EventKind, Outcome, Release, StepRecord
from deploytool.domain.release import Kind as ReleaseKind
from deploytool.domain.release_report import PlanReport, ReleaseReport, ReleaseRow
from deploytool.domain.report import (
    CodeState,
    CommitNote,
    Contains,
    DriftReport,
    FileChange,
    LookError,
    Precision,
    Relevance,
    Remark,
    ServiceDrift,
    ServingRow,
    ServingState,
    Source,
    StatusReport,
    StatusRow,
    Unmanaged,
    Verdict,
    WhereAnswer,
    WhereReport,
    WhereRow,
)
from deploytool.errors import ExitCode

SAMPLES = (
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "a\rb",
    "line\nbreak",
    "tab\there",
    "\x9b2J",
    "\u202egnp.exe",
    "zero\u200bwidth\ufeff",
    "caf\udce9",
    "\ud800",
    "[/b] [bold]x",
    "src/[id].tsx",
    "[link=https://example.test]x[/link]",
    ":boom:",
    "a | b \\| c \\",
    "`tick` ``two``",
    "```",
    "`",
    " ",
    "@everyone fixes #1 GH-2",
    "![x](https://example.test/a.png)",
    "[x](https://example.test)",
    "<script>alert(1)</script>",
    "<!-- x",
    "https://example.test www.example.test",
    "::error::x",
    "  \u00a0::set-output name=x::y",
    "a ##[error]x",
    "##vso[task.complete]",
    "##",
    "[group]x",
    "%0A::error::x%0D",
    "a:b,c=d::e",
    "section_start:1:a\r\x1b[0K",
    "# title",
    "- item",
    "名前",
    "\u2028next",
)
text = st.one_of(
    st.sampled_from(SAMPLES),
    st.lists(st.sampled_from(SAMPLES), max_size=3).map("".join),
    st.text(st.characters(), max_size=30),
    st.text(st.characters(categories=["Cc", "Cf", "Cs", "Zl", "Zp", "Mn"]), max_size=8),
)
moments = st.datetimes(datetime(1970, 1, 2), datetime(2100, 1, 1), timezones=st.just(UTC))
shas = st.text("0123456789abcdef", min_size=40, max_size=40)
percents = st.integers(0, 100)


def tuples(of: st.SearchStrategy) -> st.SearchStrategy:  # type: ignore[type-arg]
    return st.lists(of, max_size=3).map(tuple)


chains = st.lists(st.sampled_from(["main.py", "a.py", "b.py", *SAMPLES]), max_size=14).map(tuple)
files = st.builds(FileChange, text, st.sampled_from(Relevance), tuples(text) | chains, st.just("") | text)
doubts = st.builds(Doubt, text, st.integers(0, 10**6), text, st.sampled_from(DoubtKind))
commits = st.builds(CommitNote, shas, text, moments, text, st.sampled_from(Relevance), tuples(files))
rows = st.builds(
    ServingRow,
    st.none() | text,
    st.none() | shas,
    percents,
    st.none() | moments,
    text,
    tuples(text),
    st.sampled_from(Source),
    st.none() | text,
)
services = st.builds(
    ServiceDrift,
    name=text,
    kind=st.sampled_from(Kind),
    project=text,
    region=text,
    verdict=st.sampled_from(Verdict),
    code=st.sampled_from(CodeState),
    serving=st.sampled_from(ServingState),
    precision=st.sampled_from(Precision),
    reason=text,
    hint=text,
    provenance=st.sampled_from(Source),
    conflicts=tuples(text),
    revisions=tuples(rows),
    behind=st.none() | st.integers(0, 10**6),
    ahead=st.none() | st.integers(0, 10**6),
    at_least=st.booleans(),
    stale_since=st.none() | moments,
    commits=tuples(commits),
    files=tuples(files),
    scope=st.none() | text,
    doubts=tuples(doubts),
)
unmanaged = tuples(st.builds(Unmanaged, text, text, st.sampled_from(Kind)))
errors = tuples(st.builds(LookError, text, text))
drift_reports = st.builds(
    DriftReport, moments, text, shas, tuples(services), unmanaged, errors, tuples(st.builds(Remark, text, text))
)
status_rows = st.builds(
    StatusRow,
    text,
    st.sampled_from(Kind),
    text,
    st.sampled_from(ServingState),
    st.none() | rows,
    tuples(text),
    text,
)
status_reports = st.builds(StatusReport, moments, tuples(status_rows), unmanaged, errors)
where_rows = st.builds(
    WhereRow, text, text, st.sampled_from(Contains), percents, st.none() | moments, st.none() | shas, text
)
where_reports = st.builds(
    WhereReport,
    moments,
    text,
    st.sampled_from(["commit", "path", "text"]),
    tuples(st.builds(WhereAnswer, shas, text, text, moments, tuples(where_rows))),
    errors,
)
lines = st.integers(0, 10**6)
proofs = st.builds(
    ServiceProof,
    services,
    text,
    tuples(text),
    tuples(files),
    tuples(st.builds(ThirdParty, text, st.none() | text, text, text, lines)),
    tuples(st.builds(MissingRow, text, text, lines, st.sampled_from(MissingLevel), text, text)),
    tuples(doubts),
    tuples(text),
)
path_proofs = st.builds(
    PathProof,
    text,
    text,
    files,
    tuples(text),
    tuples(st.builds(Importer, text, lines, st.booleans())),
    st.none() | files,
    st.none() | commits,
    st.sampled_from(Contains),
    tuples(files),
    st.booleans(),
)
proof_reports = st.builds(
    ProofReport,
    moments,
    text,
    shas,
    tuples(proofs),
    text,
    st.none() | path_proofs,
    st.none() | st.builds(CommitProof, commits, text, st.sampled_from(Contains)),
    errors,
    tuples(st.builds(Remark, text, text)),
)
reports = st.one_of(drift_reports, status_reports, where_reports, proof_reports)

places = st.builds(Place, text, text, text)
targets = st.builds(TrafficTarget, st.none() | text, percents, st.booleans(), st.none() | text)
maps = tuples(targets)
plans = st.builds(
    Plan,
    id=text,
    kind=st.sampled_from(ReleaseKind),
    place=places,
    commit=shas,
    ref=text,
    revision=text,
    by=text,
    reason=text,
    builder=text,
    image=text,
    steps=st.sampled_from([(100,), (5, 50, 100)]),
    before=st.none() | st.builds(Before, maps, maps, st.booleans()),
    goal=maps,
    from_commit=st.just("") | shas,
    hold=st.booleans(),
    commits=tuples(commits),
    reaching=st.integers(0, 20),
    authors=tuples(text),
    settings=tuples(text),
    checks=tuples(text),
    notes=tuples(text),
)
check_lines = tuples(st.builds(CheckLine, text, st.sampled_from(Word), text, text, st.booleans()))
plan_reports = st.lists(st.tuples(plans, check_lines), max_size=3).flatmap(
    lambda found: st.builds(
        PlanReport,
        moments,
        st.just(tuple(plan for plan, _ in found)),
        st.just({plan.place: lines for plan, lines in found}),
    )
)
ended_rows = st.builds(
    ReleaseRow,
    text,
    places,
    st.sampled_from(ReleaseKind),
    shas,
    text,
    st.none() | st.sampled_from(Outcome),
    text,
    st.sampled_from(ExitCode),
    text,
    maps,
    maps,
    st.floats(0, 10**6),
)
release_reports = st.builds(ReleaseReport, moments, tuples(ended_rows))
data = st.dictionaries(
    text,
    st.none() | st.booleans() | st.integers() | text | st.lists(text, max_size=2) | st.dictionaries(text, text)
    | st.just([{"revision": "a", "percent": 100}]) | st.lists(st.fixed_dictionaries({"percent": text, "tag": text})),
    max_size=4,
)  # fmt: skip
events = st.builds(Event, lines, text, moments, st.sampled_from(EventKind), text, data, st.integers(0, 9), text, text)
releases = st.builds(
    Release,
    id=text,
    kind=st.sampled_from(ReleaseKind),
    place=places,
    plan=st.fixed_dictionaries({"commit": shas, "revision": text}),
    started_at=moments,
    by=text,
    ended_at=st.none() | moments,
    outcome=st.none() | st.sampled_from(Outcome),
    reason=text,
    steps=tuples(st.builds(StepRecord, text, moments, st.none() | moments, st.none() | st.booleans(), data)),
    events=tuples(events),
)
ledger_reports = st.one_of(
    st.builds(LedgerReport, moments, tuples(releases), left_out=st.integers(0, 9)),
    st.builds(LedgerReport, moments, st.tuples(releases), one=st.just(True)),
    st.builds(LedgerReport, moments, st.just(()), verified=st.booleans(), breaks=tuples(text), events=lines),
)
told_reports = st.one_of(plan_reports, release_reports, ledger_reports)
