"""The facts of the day, and a page that believes something else: real git, real program."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.asking import PROJECT, REGION, ROOT, Ended, Shop
from tests.render.hostile import HOSTILE
from tests.repositories import Builder

NOW = {"DEPLOYTOOL_NOW": "2026-02-05T00:45:00Z"}
DOCKERFILE = """FROM python:3.12
WORKDIR /app
ENV PYTHONPATH=/app
COPY {0}/ /app/{0}/
COPY shared/ /app/shared/
CMD python {0}/main.py
"""
MAIN = b"from {0}.base.worker import work\nwork()\n"
LOCK = b"def acquire_lock():\n    return 'lock'\n"


class Story:
    """phase3 gets a lock where its program finds it; phase4 gets one in a file that nothing loads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        with Builder(path) as builder:
            files: dict[str, Any] = {"shared/__init__.py": b"", "README.md": b"A pipeline\n"}
            for name in ("phase3", "phase4"):
                files[f"{name}/Dockerfile"] = DOCKERFILE.format(name).encode()
                files[f"{name}/main.py"] = MAIN.replace(b"{0}", name.encode())
                files[f"{name}/base/worker.py"] = b"def work(): ...\n"
                files[f"{name}/__init__.py"] = files[f"{name}/base/__init__.py"] = b""
                files[f"{name}/worker.py"] = b"def work(): ...\n"
            self.first = builder.commit(files, subject="Begin")
            three = {"phase3/base/worker.py": LOCK + b"def work(): ...\n"}
            self.phase3 = builder.commit(three, subject="feat: a processing lock for phase 3")
            self.noise = builder.commit({"phase4/worker.py": b"BLOCK = 1\n"}, subject="fix: a block is no clock")
            self.deployed = builder.commit({"README.md": b"All deployed\n"}, subject="docs: all deployed")
            four = {"phase4/worker.py": LOCK + b"def work(): ...\n"}
            self.phase4 = builder.commit(four, subject="feat: a processing lock for phase 4")
            self.tip = builder.commit({"phase4/base/worker.py": b"def work(): 1\n"}, subject="fix: phase 4 works")


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return Story(tmp_path_factory.mktemp("story"))


@pytest.fixture
def shop(tmp_path: Path, story: Story) -> Shop:
    found = Shop(tmp_path / "shop", story.path)
    found.environment |= {"XDG_CACHE_HOME": str(tmp_path / "cache"), **NOW}
    for name in ("phase3", "phase4"):
        found.service(name, story.deployed, dockerfile=f"{name}/Dockerfile")
    (found.folder / "dated.json").write_text(
        json.dumps({"revisions": [dated(name, story.deployed) for name in ("phase3", "phase4")]})
    )
    return found


def dated(name: str, commit: str) -> dict[str, Any]:
    """The revision that serves, as the API lists it."""
    revision = f"projects/{PROJECT}/locations/{REGION}/services/{name}/revisions/{name}-00001-abc"
    told = {"labels": {"commit-sha": commit}, "containers": [{"image": f"eu.gcr.io/p/{name}:1"}]}
    return {"name": revision, "createTime": "2026-02-04T03:07:00Z", **told}


def handoff(shop: Shop, *argv: str) -> Ended:
    return shop.ask("handoff", "--fleet", "dated.json", *argv)


def checked(shop: Shop, page: str, *argv: str) -> Ended:
    (shop.folder / "page.md").write_text(page, encoding="utf-8", errors="surrogatepass")
    ended = handoff(shop, "--check", "page.md", "--format", "json", *argv)
    schema = json.loads((ROOT / "deploytool/schemas/handoff-check.json").read_text())
    if ended.stdout:
        Draft202012Validator(schema).validate(ended.report)
    return ended


def page(story: Story, *more: str) -> str:
    rows = [
        f"| {name} | 00001-abc | {story.deployed[:8]} | 2026-02-03 19:07 (UTC-8) |" for name in ("phase3", "phase4")
    ]
    return "\n".join(["| Service | Revision | Commit | Deployed |", "|---|---|---|---|", *rows, "", *more])


def test_the_page_of_the_tool_is_true(shop: Shop) -> None:
    written = handoff(shop)
    assert written.code == 0, written.stderr
    ended = checked(shop, written.stdout)
    assert ended.code == 0, ended.stdout
    assert ended.report["counts"] == {"true": 2, "not-true": 0, "could-not-tell": 0}


def test_the_page_says_what_waits_and_what_to_type(shop: Shop) -> None:
    said = handoff(shop).stdout
    assert "| `phase4` | `00001-abc` |" in said
    assert "fix: phase 4 works" in said
    assert "- `deploytool deploy phase4` (" in said
    assert "deploytool deploy phase3" not in said
    assert "Nobody is releasing." in said


def test_the_page_as_json_keeps_its_schema(shop: Shop) -> None:
    ended = handoff(shop, "--format", "json")
    Draft202012Validator(json.loads((ROOT / "deploytool/schemas/handoff.json").read_text())).validate(ended.report)
    assert ended.report["next"][0]["command"] == "deploytool deploy phase4"


def test_a_true_table_and_a_lock_that_is_not_there(shop: Shop, story: Story) -> None:
    """Each row is true, and the lock of phase 4 is neither in what serves nor loaded by anything."""
    ended = checked(shop, page(story), "--claim", "lock")
    assert ended.code == 1
    assert [row["truth"] for row in ended.report["rows"]] == ["true", "true"]
    three, four = sorted(ended.report["claims"], key=lambda claim: claim["service"])
    assert (three["service"], three["truth"]) == ("phase3", "true")
    assert (four["service"], four["truth"]) == ("phase4", "not-true")
    assert [one["sha"] for one in four["evidence"]] == [story.phase4]  # "block" and "clock" are no locks
    assert four["evidence"][0]["files"] == [{"path": "phase4/worker.py", "relevance": "not-imported"}]
    assert "would load phase4/worker.py" in four["reason"]
    assert [one["rule"] for one in ended.report["findings"]] == ["handoff-claim"]


@pytest.mark.parametrize(
    ("said", "service", "truth"),
    [
        ("{phase3}", "phase3", "true"),
        ("{phase4}", "phase4", "not-true"),
        ("phase3/base/worker.py", "phase3", "true"),
        ("phase4/worker.py", "phase4", "not-true"),
        ("phase3/base/worker.py", "phase4", "not-true"),
        ("{phase3}", "phase4", "could-not-tell"),
        ("teleportation", "phase3", "could-not-tell"),
        ("{phase3}", "phase9", "could-not-tell"),
        ("deadbeef", "phase3", "could-not-tell"),
    ],
)
def test_claims_of_a_page(shop: Shop, story: Story, said: str, service: str, truth: str) -> None:
    said = said.format(phase3=story.phase3[:8], phase4=story.phase4[:8])
    ended = checked(shop, page(story, f"- claim: {said} in {service}"))
    (claim,) = ended.report["claims"]
    assert (claim["truth"], claim["line"]) == (truth, 6)
    assert ended.code == {"true": 0, "not-true": 1, "could-not-tell": 3}[truth]


def test_a_cell_that_is_not_true_has_its_line(shop: Shop, story: Story) -> None:
    ended = checked(shop, page(story).replace("2026-02-03 19:07", "2026-02-04 16:36", 1))
    (finding,) = ended.report["findings"]
    assert (finding["rule"], finding["line"], finding["service"]) == ("handoff-deployed", 3, "phase3")
    assert "2026-02-04 03:07Z" in finding["message"]
    assert ended.code == 1
    shown = handoff(shop, "--check", "page.md")
    assert "not true" in shown.stdout
    assert "| 3 | `phase3` | not true |" in handoff(shop, "--check", "page.md", "--format", "markdown").stdout


def test_a_service_that_no_row_names(shop: Shop, story: Story) -> None:
    ended = checked(shop, "\n".join(page(story).split("\n")[:3]))
    assert ended.code == 0
    assert [one["name"] for one in ended.report["missing"]] == ["phase4"]


@pytest.mark.parametrize("text", ["", "# A page\n\nAll is well.\n", "| a | b |\n|---|---|\n| c | d |\n"])
def test_a_page_that_says_nothing_is_no_pass(shop: Shop, text: str) -> None:
    ended = checked(shop, text)
    assert (ended.code, ended.stdout) == (2, "")
    assert "no table of services" in ended.stderr


def test_ways_to_ask_wrongly(shop: Shop) -> None:
    assert handoff(shop, "--check", "nowhere.md").code == 2
    assert handoff(shop, "--claim", "lock").code == 2
    assert handoff(shop, "--format", "html").code == 2


def test_bombs_are_cut_shown_and_fast(shop: Shop, story: Story) -> None:
    began = time.process_time()
    rows = checked(shop, page(story) + "| phase3 | 00001-abc | | |\n" * 10_000)
    assert rows.code == 1 or rows.report["cut"]
    big = checked(shop, page(story) + "x | y\n" * 1_700_000)
    assert big.code == 3
    assert "were read" in big.report["cut"][0]
    shown = handoff(shop, "--check", "page.md").stdout
    assert "Only the first 1,048,576 characters" in shown
    assert time.process_time() - began < 15


def test_hostile_text_only_stands_there(shop: Shop, story: Story) -> None:
    cells = [text.replace("\n", " ").replace("|", "\\|") for text in HOSTILE[::7]]
    rows = [f"| {text} | {text} | {text} | {text} |" for text in cells]
    checked(shop, page(story, "|Service|Revision|Commit|Deployed|", "|-|-|-|-|", *rows, f"claim: {cells[3]} in phase3"))
    for format in ("table", "markdown"):
        said = handoff(shop, "--check", "page.md", "--format", format).stdout
        assert said
        assert "\x1b" not in said
        assert not [line for line in said.splitlines() if line.lstrip().startswith(("::", "##["))]


def test_a_region_that_cannot_be_looked_at_is_said(shop: Shop) -> None:
    dark = {"services": [], "unreachable": [{"region": REGION, "message": "403 Forbidden"}]}
    (shop.folder / "dark.json").write_text(json.dumps(dark))
    ended = handoff(shop, "--fleet", "dark.json")
    assert ended.code == 3
    assert "403 Forbidden" in ended.stdout
    assert "it is unknown" in ended.stdout


def test_a_ledger_that_cannot_be_read_is_said(shop: Shop) -> None:
    (shop.folder / ".deploytool").mkdir()
    for name in ("ledger.sqlite", "leases.sqlite"):
        (shop.folder / ".deploytool" / name).write_bytes(b"no database at all" * 100)
    ended = handoff(shop)
    assert ended.code == 3
    assert ended.stdout.count("**Could not be told**") == 2
    report = handoff(shop, "--format", "json").report
    assert report["ended"] is report["locked"] is None
    assert len(report["errors"]) == 2
