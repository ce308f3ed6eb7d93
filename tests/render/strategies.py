"""Reports with anything in them, for properties that must hold whatever the cloud and git say."""

from __future__ import annotations

from datetime import UTC, datetime

from hypothesis import strategies as st

from deploytool.domain.doubt import Doubt, DoubtKind
from deploytool.domain.model import Kind
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
