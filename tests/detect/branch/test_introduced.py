"""What counts as introduced: not what was there before, however it is called now; and nothing that hides behind it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from deploytool.domain.check_report import CheckVerdict
from tests.branches import API, DOCKERFILE, SHOP, TOML, brief, checked

TOOL = {"lib/__init__.py": "", "lib/tool.py": ""}
LATE = "def f():\n    import lib.tool\n"
GUARDED = "try:\n    import lib.tool\nexcept ImportError:\n    pass\n"
ERROR = ("DT201", "error", "api", "lib.tool")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"api/main.py": GUARDED}, {"api/main.py": "import lib.tool\n"}),
        ({"api/main.py": GUARDED}, {"api/main.py": LATE}),
        ({"api/main.py": "if DEBUG:\n    import lib.tool\n"}, {"api/main.py": "import lib.tool\n"}),
        (
            {"api/main.py": "def f():\n    import api.admin\n", "api/admin.py": "import lib.tool\n"},
            {"api/main.py": "import api.admin\n"},
        ),
        ({"api/main.py": LATE}, {"api/main.py": "import api.handler\n" + LATE, "api/handler.py": LATE}),
        ({"api/main.py": GUARDED}, {"api/main.py": "import api.handler\n" + GUARDED, "api/handler.py": GUARDED}),
    ],
    ids=[
        "a handler goes", "a handler goes, in a function", "a condition goes", "what was loaded late is loaded at once",
        "one more function fails", "one more file does without",
    ],
)  # fmt: skip
def test_an_outage_does_not_hide_behind_a_lesser_one(
    tmp_path: Path, before: Mapping[str, str], after: Mapping[str, str]
) -> None:
    report = checked(tmp_path, after, {**SHOP, **TOOL, **before})
    assert [row for row in brief(report) if row[1] == "error"] == [ERROR]
    assert report.verdict is CheckVerdict.FAIL


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({"api/main.py": "import lib.tool\n"}, {"api/main.py": "import os\nimport lib.tool as tool\n"}),
        (
            {"api/main.py": "import api.one\n", "api/one.py": LATE},
            {"api/main.py": "import api.two\n", "api/one.py": None, "api/two.py": LATE},
        ),
        ({"api/main.py": "import lib.tool\n"}, {"api/main.py": "import api.one, lib.tool\n", "api/one.py": LATE}),
        ({"api/main.py": "import lib.tool\n"}, {"api/main.py": LATE}),
        ({"api/main.py": LATE}, {"api/main.py": GUARDED}),
        (
            {"api/main.py": "def f():\n    import api.one\nimport api.one\n", "api/one.py": "import lib.tool\n"},
            {"api/main.py": "import api.one\n"},
        ),
        ({"api/main.py": "import lib.tool\n"}, {"lib/tool.py": None}),
        (
            {"api/main.py": "import lib.tool\n"},
            {"api/Dockerfile": DOCKERFILE + "COPY lib/ /app/lib/\n", ".dockerignore": "lib/tool.py\n"},
        ),
    ],
    ids=[
        "another line", "another file", "the program did not start before", "into a function", "a handler is prepared",
        "one of two ways goes", "deleted, and never copied", "copied, and ignored",
    ],
)  # fmt: skip
def test_what_was_there_before_stays_so(
    tmp_path: Path, before: Mapping[str, str], after: Mapping[str, str | None]
) -> None:
    report = checked(tmp_path, after, {**SHOP, **TOOL, **before})
    assert [row for row in brief(report) if row[1] == "error"] == []
    assert "lib.tool" in {one.subject for one in report.findings if one.existing}
    assert report.verdict is CheckVerdict.PASS


def test_of_a_hidden_package_one_module_more_is_introduced(tmp_path: Path) -> None:
    base = {
        **SHOP,
        "api/Dockerfile": DOCKERFILE.replace('"-m", "api.main"', '"api/main.py"') + "ENV PYTHONPATH=/app\n",
        "api/utils/__init__.py": "",
        "utils/__init__.py": "",
        "utils/one.py": "",
        "utils/two.py": "",
        "api/main.py": "def f():\n    import utils.one\n",
    }
    base["api/Dockerfile"] += "COPY utils/ /app/utils/\n"
    report = checked(tmp_path / "a", {"api/main.py": "import os\ndef f():\n    import utils.one\n"}, base)
    assert brief(report) == []
    report = checked(tmp_path / "b", {"api/main.py": "import utils.two\ndef f():\n    import utils.one\n"}, base)
    assert brief(report) == [("DT202", "error", "api", "utils")]


# services of the head that the base does not describe

WEB = '\n[services.web]\npaths = ["web"]\ndockerfile = "web/Dockerfile"\n'
WEB_FILES = {
    "web/Dockerfile": 'FROM python:3.11\nWORKDIR /app\nCOPY web/ /app/web/\nCMD ["python", "-m", "web.main"]\n',
    "web/__init__.py": "",
    "web/main.py": "print(1)\n",
}
WITH_WEB = {"services.toml": TOML + API + WEB}
BROKEN = {**WEB_FILES, "web/main.py": "import shared.names\n"}


def test_a_service_that_is_new_is_judged(tmp_path: Path) -> None:
    report = checked(tmp_path / "a", {**WITH_WEB, **WEB_FILES})
    assert (brief(report), report.errors, report.stale) == ([], (), ("web",))
    assert report.verdict is CheckVerdict.PASS
    report = checked(tmp_path / "b", {**WITH_WEB, **BROKEN})
    assert brief(report) == [("DT201", "error", "web", "shared.names")]


def test_a_service_that_is_only_described_now_was_as_broken_before(tmp_path: Path) -> None:
    report = checked(tmp_path, WITH_WEB, {**SHOP, **BROKEN})
    assert [(one.service, one.existing) for one in report.findings if one.rule == "DT201"] == [("web", True)]
    assert report.verdict is CheckVerdict.PASS


def test_a_path_that_a_new_service_names_wrongly_is_introduced(tmp_path: Path) -> None:
    wrong = WEB.replace('["web"]', '["wbe"]')
    report = checked(tmp_path, {"services.toml": TOML + API + wrong}, {**SHOP, **WEB_FILES})
    assert [row for row in brief(report) if row[1] == "error"] == [("DT102", "error", "web", "paths wbe")]


def test_a_service_may_be_renamed_and_moved_with_what_is_wrong_with_it(tmp_path: Path) -> None:
    base = {**SHOP, "api/main.py": "import shared.gone\n"}
    renamed = {"services.toml": TOML + API.replace("services.api", "services.shop")}
    moved = {
        path.replace("api/", "shop/"): text.replace("api", "shop") for path, text in base.items() if "api/" in path
    }
    gone = dict.fromkeys(path for path in base if path.startswith("api/"))
    both = {"services.toml": TOML + API.replace("api", "shop"), **moved, **gone}
    for number, changes in enumerate((renamed, both)):
        report = checked(tmp_path / str(number), changes, base)
        assert brief(report) == [("DT104", "warning", "api", "api")]
        assert [one.service for one in report.findings if one.rule == "DT201"] == ["shop"]


# what services.toml says, and what is there


def test_what_is_seen_only_because_services_toml_says_more_was_there_before(tmp_path: Path) -> None:
    """The branch does as DT208 says."""
    unknown = DOCKERFILE.replace('CMD ["python", "-m", "api.main"]\n', "")
    base = {**SHOP, "api/Dockerfile": unknown, "api/main.py": "import shared.gone\n"}
    said = {"services.toml": TOML + API + 'entrypoint = "api/main.py"\n'}
    report = checked(tmp_path / "a", said, base)
    assert [(one.subject, one.existing) for one in report.findings if one.rule == "DT201"] == [("shared.gone", True)]
    report = checked(tmp_path / "b", {**said, "api/main.py": "import shared.lost\n"}, base)
    assert ("DT201", "error", "api", "shared.lost") in brief(report)


def test_another_program_of_the_image_is_not_seen_better_but_started_now(tmp_path: Path) -> None:
    base = {**SHOP, "api/admin.py": "import shared.gone\n"}
    changes = {
        "services.toml": TOML + API + 'entrypoint = "api/admin.py"\n',
        "api/Dockerfile": DOCKERFILE.replace("api.main", "api.admin"),
    }
    report = checked(tmp_path, changes, base)
    assert ("DT201", "error", "api", "shared.gone") in brief(report)


@pytest.mark.parametrize("said", ["base", "head"])
def test_an_image_is_looked_at_however_coarsely_drift_compares_it(tmp_path: Path, said: str) -> None:
    coarse = {"services.toml": TOML + API + 'precision = "path"\n'}
    breaks = {"api/main.py": "import shared.gone\n"}
    base = {**SHOP, **(coarse if said == "base" else {})}
    report = checked(tmp_path, {**breaks, **(coarse if said == "head" else {})}, base)
    assert ("DT201", "error", "api", "shared.gone") in brief(report)
