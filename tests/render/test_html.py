"""A page that loads nothing and runs nothing, with everything of the report on it."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element

import html5lib
import pytest

from deploytool.domain.ledger_report import LedgerReport
from deploytool.domain.report import DriftReport, StatusReport, Verdict
from deploytool.domain.validate_report import ValidateReport
from deploytool.render import html as page
from deploytool.render.html import html
from deploytool.render.html_check import MOST_FINDINGS
from tests.render.checks import (
    MODULE,
    NARROW,
    SERVICES,
    SHADOWED,
    blind_check,
    check_report,
    many_findings,
    passing_check,
    strict_check,
)
from tests.render.mornings import validate_report
from tests.render.releases import broken_report, ledger_report, one_report, release_report
from tests.render.reports import DOCS, NOW, drift_report, service, status_report

PAGES = {
    "drift": drift_report(),
    "nothing judged": DriftReport(NOW, "main", "0" * 40, ()),
    "check": check_report(),
    "passing": passing_check(),
    "blind": blind_check(),
    "strict": strict_check(),
    "300 findings": many_findings(300),
    "status": status_report(),
    "no status": StatusReport(NOW, ()),
    "ledger": ledger_report(),
    "one release": one_report(),
    "broken ledger": broken_report(),
    "no ledger": LedgerReport(NOW, ()),
    "releases": release_report(),
    "validate": validate_report(),
    "no validate": ValidateReport(NOW, "p", ()),
}
TAGS = (
    "html head meta title style body header main footer nav section h1 h2 h3 p ul ol li dl div dt dd table caption"
    " thead tbody tr th td code span strong time a details summary figure figcaption br"
)
TEMPLATES = Path(page.__file__).parent / "templates"


def tree_of(report: Any) -> Element:
    """What a browser makes of it; raises on anything that the standard calls an error."""
    said = html(report, now=NOW)
    assert said.isascii()
    parser = html5lib.HTMLParser(
        html5lib.treebuilders.getTreeBuilder("etree"), strict=True, namespaceHTMLElements=False
    )
    return parser.parse(said)  # type: ignore[no-any-return]


def text_of(element: Element) -> str:
    return " ".join("".join(element.itertext()).split())


def rows_of(report: Any) -> list[list[str]]:
    return [[text_of(cell) for cell in row] for row in tree_of(report).iter("tr")]


def folds_of(report: Any) -> list[str]:
    return [text_of(one) for one in tree_of(report).iter("details")]


@pytest.mark.parametrize("name", PAGES)
def test_a_page_loads_nothing_and_runs_nothing(name: str) -> None:
    tree = tree_of(PAGES[name])
    allowed = {*TAGS.split()}
    svg = {f"{{http://www.w3.org/2000/svg}}{tag}" for tag in ("svg", "line", "text")}
    elements = [*tree.iter()]
    assert {str(element.tag) for element in elements} <= allowed | svg
    keys = {key for element in elements for key in element.attrib}
    assert not [key for key in keys if key.startswith("on") or key in ("style", "src", "srcset", "action", "data")]
    ids = [element.get("id") for element in elements if element.get("id")]
    assert len(ids) == len(set(ids))
    links = [element.get("href", "") for element in elements if element.get("href")]
    assert all(link.startswith("#") and link[1:] in ids for link in links)
    named = [element.get("aria-labelledby") for element in elements if element.get("aria-labelledby")]
    assert set(named) <= set(ids)


@pytest.mark.parametrize("name", ["drift", "check"])
def test_the_policy_lets_in_our_style_and_nothing_else(name: str) -> None:
    tree = tree_of(PAGES[name])
    [policy] = [one.get("content", "") for one in tree.iter("meta") if one.get("http-equiv")]
    [style] = [one.text or "" for one in tree.iter("style")]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert "url(" not in style
    assert "@import" not in style
    assert "prefers-color-scheme: dark" in style


@pytest.mark.parametrize("name", PAGES)
def test_a_page_can_be_found_one_s_way_in(name: str) -> None:
    """Landmarks, one headline, headings without a gap, tables with a caption and scopes, pictures with words."""
    tree = tree_of(PAGES[name])
    assert [len([*tree.iter(tag)]) for tag in ("h1", "main", "title")] == [1, 1, 1]
    levels = [int(str(element.tag)[1]) for element in tree.iter() if str(element.tag) in ("h1", "h2", "h3")]
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    for table in tree.iter("table"):
        assert text_of(next(table.iter("caption")))
        assert all(cell.get("scope") in ("row", "col") for cell in table.iter("th"))
    for picture in tree.iter("{http://www.w3.org/2000/svg}svg"):
        assert picture.get("aria-hidden") == "true" or (picture.get("role") == "img" and picture.get("aria-label"))
    assert all(text_of(summary) for summary in tree.iter("summary"))


@pytest.mark.parametrize("name", PAGES)
def test_the_same_report_is_the_same_bytes(name: str) -> None:
    assert html(PAGES[name], now=NOW) == html(PAGES[name], now=NOW)


def test_no_template_lets_text_through_unescaped() -> None:
    for file in TEMPLATES.glob("*.html"):
        assert not re.search(r"\|\s*safe|autoescape|Markup", file.read_text(encoding="utf-8")), file.name


def test_our_colours_can_be_read() -> None:
    """WCAG 2: text needs a contrast of 4.5 against what is behind it."""
    style = (TEMPLATES / "style.css").read_text(encoding="utf-8")
    light, dark = (dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6})", block)) for block in style.split("@media", 2)[:2])
    for colours in (light, dark):
        for name in ("ink", "dim", "link", "bad", "odd", "unsure", "good", "note"):
            assert min(contrast(colours[name], colours[behind]) for behind in ("page", "soft")) >= 4.5, name


def contrast(one: str, other: str) -> float:
    def light(colour: str) -> float:
        parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    bright, dim = sorted((light(one), light(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def test_drift_has_a_row_for_each_service_the_worst_first() -> None:
    rows = [row for row in rows_of(drift_report())[1:] if len(row) > 1]
    assert [(row[0], row[1]) for row in rows] == [
        ("prediction-coordinator", "✗ stale"),
        ("nba-phase4-precompute-processors", "✗ stale"),
        ("api", "≠ misrouted"),
        ("nba-grading-service", "∅ missing"),
        ("web", "? unknown"),
        ("prediction-worker", "✓ current"),
    ]
    assert rows[0][2:] == ["c0c74715 100%", "1 of 3 commits reaches it, 21h behind"]
    assert rows[4][2:] == [
        "unknown 90% c0c74715 10%",
        "commit 0badc0de is not in this repository hint: git fetch origin 0badc0de",
    ]
    assert rows[3][2] == "nothing"


def test_drift_says_in_its_headline_how_it_stands() -> None:
    def headline(*services: Any) -> str:
        [said] = tree_of(replace(drift_report(), services=services)).iter("h1")
        return text_of(said)

    stale, current, unknown = (service(f"{verdict}", verdict, "") for verdict in ("stale", "current", "unknown"))
    assert headline(stale, current) == "1 of 2 services does not run what main says"
    assert headline(stale, stale, unknown) == "2 of 3 services do not run what main says; 1 could not be judged"
    assert headline(unknown, current) == "1 could not be judged, of 2 services"
    assert headline(current, current) == "All 2 services run what main says"
    assert headline(current) == "The service runs what main says"
    assert headline() == "No service was judged"


def test_chains_and_commits_are_behind_a_fold() -> None:
    folds = folds_of(drift_report())
    assert folds[0].startswith("1 commit, 2 files differ of prediction-coordinator serves c0c74715 100%,")
    assert "predictions/coordinator/coordinator.py shared/x.py imported" in folds[0]
    assert DOCS.subject in folds[0]
    assert "changed by history rewriting: shared/x.py" in folds[0]
    assert not any(fold.endswith("of nba-grading-service") for fold in folds)  # nothing to unfold


def test_what_could_not_be_looked_at_comes_before_what_could() -> None:
    said = text_of(tree_of(drift_report()))
    assert said.index("europe-west1: 403 Forbidden") < said.index("Why prediction-coordinator")
    assert "2 not in services.toml: playground (us-west2), nightly (us-west2, job)" in said
    assert "hint: deploytool config check" in said


def test_a_region_is_shown_where_it_tells_rows_apart() -> None:
    both = replace(drift_report(), services=(drift_report().services[0], service("x", Verdict.STALE, "", region="eu")))
    assert rows_of(both)[0][:2] == ["Service", "Region"]
    assert rows_of(both)[1][1] == "eu"


def test_check_says_what_stops_the_merge_and_what_it_changes() -> None:
    said = text_of(tree_of(check_report()))
    assert "2 findings stop this merge" in said
    assert "The merge makes 2 services stale: deploy them after it." in said
    assert "Nothing to say about 1 other service: web." in said
    assert rows_of(check_report())[1:5] == [
        ["prediction-worker", "✗ 2 findings", "2 errors, 1 note", "nothing", "stale"],
        ["prediction-coordinator", "no", "1 warning", "nothing", "stale"],
        ["The repository", "no", "1 warning", "nothing", ""],
        ["nba-phase4-precompute-processors", "no", "nothing", "1 finding", "as it is"],
    ]
    assert "✗ error DT201 predictions/worker/worker.py:41 stops the merge" in said
    assert f"{MODULE.message} hint: {MODULE.hint} Why" in said


def test_what_was_there_before_is_folded_unless_it_counts() -> None:
    [fold] = [fold for fold in folds_of(check_report()) if SHADOWED.message in fold]
    assert fold.startswith("1 finding that was there before")
    assert not [fold for fold in folds_of(strict_check()) if SHADOWED.message in fold]
    assert "stops the merge was there before" in text_of(tree_of(strict_check()))


def test_a_chain_and_the_lines_to_write_are_behind_a_fold() -> None:
    folds = folds_of(check_report())
    assert [fold for fold in folds if "predictions/worker/worker.py shared/state.py shared/lock.py" in fold]
    [lines] = [fold for fold in folds if '# "shared" is new' in fold]
    assert NARROW.detail["lines"][0] in lines


def test_what_is_accepted_says_why_and_until_when() -> None:
    rows = rows_of(check_report())[-2:]
    assert rows[0][2:] == ["scripts/once.py", "one-off scripts", "2027-01-01"]
    assert rows[1][2:] == ["scripts/twice.py", "asked for", "this run only"]


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (passing_check(), f"Nothing to say about 4 services: {', '.join(SERVICES)}."),
        (passing_check(), "Nothing stops this merge"),
        (blind_check(), "The merge makes no service stale, as far as could be seen."),
        (blind_check(), "Not everything could be looked at, and nothing was found in the rest"),
        (status_report(), "2 of 3 services serving"),
        (ledger_report(), "3 older releases not shown."),
        (one_report(), "Release of prediction-worker: rolled-back"),
        (one_report(), "Next: deploytool drift prediction-worker --verbose"),
        (broken_report(), "The chain of 12 events does not hold in 1 place"),
        (broken_report(), "event 2 was changed after it was written"),
        (release_report(), "1 succeeded, 1 refused"),
    ],
)
def test_every_page_says_what_matters(report: Any, said: str) -> None:
    assert said in text_of(tree_of(report))


def test_status_and_releases_are_tables() -> None:
    assert rows_of(status_report())[2] == [
        "web", "00001-aaa", "unknown", "90%", "2026-02-04 03:47Z (20h 58m ago)", "not known; split"
    ]  # fmt: skip
    assert rows_of(ledger_report())[3][-4:] == [
        "2026-02-04 19:45Z (5h ago)", "6m 15s", "✗ rolled-back", "5xx 12 % > 1 % at 5 % of traffic"
    ]  # fmt: skip
    assert rows_of(release_report())[1][-2:] == [
        "95 % prediction-worker-00012 + 5 % prediction-worker-00013 → 100 % LATEST",
        "deploytool rollback prediction-worker",
    ]
    assert ["19:46:11", "bake 5", "✗ failed", "5m", "reason 5xx 12 % > 1 % requests 61"] in rows_of(one_report())


def test_very_many_findings_are_cut_and_counted() -> None:
    findings = tuple(replace(MODULE, subject=f"{number}") for number in range(MOST_FINDINGS + 7))
    tree = tree_of(replace(check_report(), findings=findings))
    assert len([one for one in tree.iter("li") if one.get("class") == "bad"]) == MOST_FINDINGS
    assert "and 7 more findings: --format json lists them all" in text_of(tree)
