"""Each cell of a hand-written table against what serves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from deploytool.domain.finding import Severity
from deploytool.domain.handoff_check_report import HandoffCheckReport, RowTruth, missing_of, rows_of
from deploytool.domain.handwritten import written_in
from deploytool.domain.report import LookError, ServiceDrift, Source, Verdict
from deploytool.domain.spoken_time import Truth
from deploytool.errors import ExitCode
from tests.render.reports import NOW, service, serving

COMMIT = "4def1124" + "8" * 32
TRUE, UNTRUE, UNKNOWN = Truth.TRUE, Truth.UNTRUE, Truth.UNKNOWN


def api(**changes: object) -> ServiceDrift:
    row = replace(serving("api-00192-nn7", COMMIT), deployed_at=datetime(2026, 2, 5, 0, 24, tzinfo=UTC))
    return service("api", Verdict.STALE, "1 commit behind", **{"revisions": (row,), **changes})


def judged(cells: str, *services: ServiceDrift, titles: str = "Service|Revision|Commit|Deployed") -> RowTruth:
    ruler = "|".join("-" for _ in titles.split("|"))
    (row,) = rows_of(written_in(f"{titles}\n{ruler}\n{cells}\n"), services or (api(),), ["api", "web"])
    return row


@pytest.mark.parametrize(
    ("cells", "truth"),
    [
        ("api|00192-nn7|4def1124|2026-02-04 16:24 (UTC-8)", TRUE),
        ("API|api-00192-nn7|4def112|16:24 PST", TRUE),
        ("api|`00192-nn7` (100%)|commit 4def1124|", TRUE),
        ("api|00191-abc|4def1124|", UNTRUE),
        ("api|nn7|4def1124|", UNTRUE),  # a suffix of a suffix names nothing
        ("api|the new one|4def1124|", UNKNOWN),
        ("api|00192-nn7|deadbeef|", UNTRUE),
        ("api|00192-nn7|see below|", UNKNOWN),
        ("api|00192-nn7|unknown|", UNTRUE),
        ("api|00192-nn7|4def1124|yesterday", UNKNOWN),
        ("api|00192-nn7|4def1124|2026-02-04 16:24", UNKNOWN),
        ("api|00192-nn7|4def1124|2026-02-04 16:36 PST", UNTRUE),
        ("ap|00192-nn7||", UNKNOWN),
        ("api|||", UNKNOWN),
    ],
)
def test_cells(cells: str, truth: Truth) -> None:
    assert judged(cells).truth is truth


def test_what_is_true_instead_is_said() -> None:
    row = judged("api|00191-abc|deadbeef|2026-02-04 16:36 PST")
    assert [cell.fact for cell in row.cells] == [
        "api-00192-nn7 (100%) serves",
        "4def1124 serves",
        "it was deployed 2026-02-05 00:24Z",
    ]
    assert "api is" in judged("apii|00192-nn7||").cells[0].fact


def test_an_unproven_commit_is_never_true() -> None:
    dark = replace(serving("api-00192-nn7", None, source=Source.NONE), deployed_at=None)
    unproven = service("api", Verdict.UNKNOWN, "no commit", revisions=(dark,))
    for cells in ("api|00192-nn7|4def1124|", "api|00192-nn7|unknown|", "api|00192-nn7||16:24 PST"):
        assert judged(cells, unproven).truth is UNKNOWN


def test_of_a_split_each_revision_has_its_own_row() -> None:
    new, old = serving("api-00002-new", COMMIT, 10), serving("api-00001-old", "c0c74715" + "0" * 32, 90)
    split = service("api", Verdict.MISROUTED, "split", revisions=(old, new))
    assert judged("api|00002-new|4def1124|", split).truth is TRUE
    assert judged("api|00001-old|4def1124|", split).truth is UNTRUE
    assert judged("api||4def1124|", split).truth is TRUE


def test_regions_are_told_apart() -> None:
    here, there = api(), api(region="europe-west1", revisions=(serving("api-00007-eur", "c" * 40),))
    titles = "Service|Region|Revision"
    assert judged("api|europe-west1|00007-eur", here, there, titles=titles).truth is TRUE
    assert judged("api|us-west2|00007-eur", here, there, titles=titles).truth is UNTRUE
    assert judged("api|asia-east1|00007-eur", here, there, titles=titles).truth is UNTRUE
    assert judged("api|-|00007-eur", here, there, titles=titles).truth is TRUE


def test_nothing_serves() -> None:
    gone = service("api", Verdict.MISSING, "not in Cloud Run", revisions=())
    assert judged("api|none||", gone).truth is TRUE
    assert judged("api|00192-nn7||", gone).truth is UNTRUE
    blind = service("api", Verdict.UNKNOWN, "403", revisions=())
    assert judged("api|00192-nn7||", blind).truth is judged("api|none||", blind).truth is UNKNOWN


def report(page: str, *services: ServiceDrift, **changes: object) -> HandoffCheckReport:
    written = written_in(page)
    rows = rows_of(written, services, [one.name for one in services])
    found = HandoffCheckReport(NOW, "page.md", written.tables, rows, missing=missing_of(written, services))
    return replace(found, **changes)  # type: ignore[arg-type]


def test_the_exit_code_and_the_findings() -> None:
    head = "Service|Revision\n-|-\n"
    good, web = report(f"{head}api|00192-nn7\n", api()), service("web", Verdict.CURRENT, "same content as the target")
    assert good.exit_code is ExitCode.CLEAN
    assert good.findings == ()
    assert report(f"{head}api|00191-abc\napi|soon maybe\n", api()).exit_code is ExitCode.FINDINGS
    assert report(f"{head}api|soon maybe\n", api()).exit_code is ExitCode.UNDETERMINED
    assert replace(good, cut=("cut",)).exit_code is ExitCode.UNDETERMINED
    assert replace(good, errors=(LookError("us-west2", "403"),)).exit_code is ExitCode.UNDETERMINED
    assert report("nothing", api()).exit_code is ExitCode.UNDETERMINED
    found = report(f"{head}api|soon maybe\napi|00191-abc\n", api(), web).findings
    assert [(one.rule, one.severity, one.line, one.path) for one in found] == [
        ("handoff-revision", Severity.ERROR, 4, "page.md"),
        ("handoff-revision", Severity.WARNING, 3, "page.md"),
        ("handoff-missing", Severity.NOTE, None, "page.md"),
    ]
