"""Each rule of `check` on a tiny shop: what a branch introduces, what was there before, and what is fine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from deploytool.domain.check_report import CheckVerdict, Policy
from tests.branches import API, DOCKERFILE, SHOP, TOML, brief, checked, only


def with_toml(*tables: str) -> dict[str, str]:
    return {"services.toml": TOML + "".join(tables)}


# nothing to say


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"README.md": "A better shop.\n"},
        {"shared/unused.py": "x = 1\n"},
        {"api/main.py": "import shared.names  # the name\n"},
        {"services.toml": "# services\n" + SHOP["services.toml"]},
    ],
    ids=["nothing", "a document", "a module nobody imports", "a comment", "a comment in services.toml"],
)
def test_a_branch_that_changes_nothing_of_a_service_passes(tmp_path: Path, changes: Mapping[str, str]) -> None:
    report = checked(tmp_path, changes)
    assert brief(report) == []
    assert (report.verdict, report.stale) == (CheckVerdict.PASS, ())


# DT1xx


def test_every_mistake_in_services_toml_has_its_line(tmp_path: Path) -> None:
    text = SHOP["services.toml"].replace("paths", "pathz").replace("europe-west1", "Europe West")
    report = checked(tmp_path, {"services.toml": text})
    assert [(one.rule, one.line) for one in report.findings] == [("DT101", 4), ("DT101", 7)]
    assert 'did you mean "paths"?' in report.findings[1].message
    assert report.verdict is CheckVerdict.FAIL


def test_mistakes_that_were_there_before_do_not_fail_the_branch_and_do_not_pass_it(tmp_path: Path) -> None:
    base = {**SHOP, "services.toml": SHOP["services.toml"].replace("paths", "pathz")}
    report = checked(tmp_path, {"README.md": "x"}, base)
    assert [one.existing for one in report.findings] == [True]
    assert report.verdict is CheckVerdict.UNKNOWN


def test_services_toml_that_is_gone(tmp_path: Path) -> None:
    report = checked(tmp_path, {"services.toml": None})
    assert [(one.rule, one.subject) for one in report.findings] == [("DT101", "the file")]
    assert report.verdict is CheckVerdict.FAIL


def test_a_services_toml_that_is_new_is_judged_and_what_it_describes_was_there_before(tmp_path: Path) -> None:
    base = {path: text for path, text in SHOP.items() if path != "services.toml"}
    base["api/main.py"] = "import shared.names, absent_module\n"
    report = checked(tmp_path, {"services.toml": SHOP["services.toml"]}, base)
    assert [one.existing for one in report.findings if one.rule == "DT203"] == [True]
    assert report.verdict is CheckVerdict.PASS


def test_a_path_that_no_longer_matches(tmp_path: Path) -> None:
    base = {**SHOP, "services.toml": TOML + API.replace('["api"]', '["api", "shared"]')}
    moved = {path.replace("shared/", "common/"): text for path, text in SHOP.items() if path.startswith("shared/")}
    changes = {
        **{path: None for path in SHOP if path.startswith("shared/")},
        **moved,
        "api/main.py": "import common.names\n",
        "api/Dockerfile": DOCKERFILE.replace("shared", "common"),
    }
    report = checked(tmp_path, changes, base)
    found = only(report, "DT102")
    assert (found.service, found.path, found.line, found.existing) == ("api", "services.toml", 7, False)
    assert '"shared" does not exist' in found.message


def test_a_dockerfile_that_moved_says_where_it_went(tmp_path: Path) -> None:
    report = checked(tmp_path, {"api/Dockerfile": None, "docker/api/Dockerfile": DOCKERFILE})
    found = only(report, "DT103")
    assert found.hint == 'Is this where it went? Write: dockerfile = "docker/api/Dockerfile"'
    assert report.verdict is CheckVerdict.FAIL


def test_a_service_that_is_removed_is_a_warning_without_a_fleet(tmp_path: Path) -> None:
    other = '[services.web]\npaths = ["shared"]\n'
    report = checked(tmp_path, with_toml(API), {**SHOP, **with_toml(API, other)})
    assert brief(report) == [("DT104", "warning", "web", "web")]


def test_an_accepted_finding_is_accepted_until_its_day(tmp_path: Path) -> None:
    def entry(day: str) -> str:
        return f'[[ignore]]\nrule = "DT302"\npath = "tools/**"\nreason = "not deployed"\nuntil = {day}\n'

    new = {"tools/Dockerfile": "FROM scratch\n"}
    accepted = checked(tmp_path / "a", {**new, **with_toml(entry("2026-02-06"), API)})
    assert brief(accepted) == []
    assert [(one.finding.rule, one.reason) for one in accepted.accepted] == [("DT302", "not deployed")]
    lapsed = checked(tmp_path / "b", {**new, **with_toml(entry("2026-02-05"), API)})
    assert [row[0] for row in brief(lapsed)] == ["DT105", "DT302"]


def test_a_pattern_of_ignore_that_hides_an_import_is_said(tmp_path: Path) -> None:
    report = checked(tmp_path, with_toml(API, 'ignore = ["shared/**"]\n'))
    assert only(report, "DT106").subject.startswith("shared/")
    changed = checked(tmp_path / "b", {**with_toml(API, 'ignore = ["shared/**"]\n'), "shared/names.py": "NAME = 1\n"})
    assert changed.stale == ("api",)


# DT2xx

UNSHARED = DOCKERFILE.replace("COPY shared/ /app/shared/\n", "")
LOCKED = "# This file is autogenerated by pip-compile with Python 3.11\nrequests==2.31.0\n    # via -r in.txt\n"
SCRIPT = DOCKERFILE.replace('["python", "-m", "api.main"]', '["python", "api/main.py"]')


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"api/main.py": "import shared.names, lib.tool\n", "lib/tool.py": ""}, ("DT201", "error", "api", "lib.tool")),
        (
            {"api/main.py": "def f():\n    import lib.tool\n", "lib/tool.py": ""},
            ("DT201", "error", "api", "lib.tool"),
        ),
        ({"api/main.py": "import shared.gone\n"}, ("DT201", "error", "api", "shared.gone")),
        ({"shared/names.py": None}, ("DT201", "error", "api", "shared.names")),
        (
            {"api/main.py": "try:\n    import shared.gone\nexcept ImportError:\n    pass\n"},
            ("DT201", "warning", "api", "shared.gone"),
        ),
        ({"api/Dockerfile": UNSHARED}, ("DT201", "error", "api", "shared.names")),
        ({"api/requirements.txt": LOCKED, "api/main.py": "import yaml\n"}, ("DT203", "error", "api", "yaml")),
        ({"api/main.py": "import yaml, shared.names\n"}, ("DT203", "warning", "api", "yaml")),
        ({"api/Dockerfile": DOCKERFILE + "COPY model.bin /app/\n"}, ("DT204", "warning", "api", "model.bin")),
        ({".dockerignore": "shared/names.py\n"}, ("DT205", "error", "api", "shared.names")),
        ({"api/main.py": None}, ("DT201", "error", "api", "api.main")),
        ({"shared/names.py": "def broken(:\n"}, ("DT207", "warning", "api", "shared/names.py")),
        (
            {"api/main.py": "import importlib, os\nimportlib.import_module(os.environ['X'])\n"},
            ("DT208", "warning", "api", "unbounded-import api/main.py"),
        ),
    ],
    ids=[
        "not copied", "not copied, in a function", "exists nowhere", "deleted", "exists nowhere, guarded",
        "COPY taken out", "not installed, locked", "not installed, not locked", "a source that git never had",
        "ignored", "the module that is started is gone", "no Python", "an import nobody can follow",
    ],
)  # fmt: skip
def test_what_breaks_the_image(
    tmp_path: Path, changes: Mapping[str, str | None], expected: tuple[str, str, str, str]
) -> None:
    report = checked(tmp_path, changes)
    assert expected in brief(report)
    errors = [one for one in brief(report) if one[1] == "error"]
    assert errors == ([expected] if expected[1] == "error" else [])
    assert report.verdict is (CheckVerdict.FAIL if expected[1] == "error" else CheckVerdict.PASS)


def test_a_missing_module_has_its_line_its_chain_and_the_line_to_write(tmp_path: Path) -> None:
    report = checked(tmp_path, {"shared/names.py": "\nimport lib.tool\n", "lib/__init__.py": "", "lib/tool.py": ""})
    found = only(report, "DT201")
    assert (found.path, found.line) == ("shared/names.py", 2)
    assert found.detail["chain"] == ["api/main.py", "shared/names.py"]
    assert found.hint == "Add to api/Dockerfile: COPY lib/ /app/lib/"


def test_what_was_missing_before_does_not_fail_the_branch(tmp_path: Path) -> None:
    base = {**SHOP, "api/main.py": "import shared.gone\n"}
    report = checked(tmp_path, {"shared/names.py": "NAME = 2\n"}, base)
    assert only(report, "DT201").existing
    assert report.verdict is CheckVerdict.PASS
    assert checked(tmp_path / "all", {}, base, policy=Policy(everything=True)).verdict is CheckVerdict.FAIL


def test_what_was_guarded_before_and_is_not_any_more_is_introduced(tmp_path: Path) -> None:
    base = {**SHOP, "api/main.py": "try:\n    import shared.gone\nexcept ImportError:\n    pass\n"}
    report = checked(tmp_path, {"api/main.py": "import shared.gone\n"}, base)
    assert brief(report) == [("DT201", "error", "api", "shared.gone")]


def test_what_was_imported_in_a_function_and_is_now_at_startup_is_introduced(tmp_path: Path) -> None:
    base = {**SHOP, "api/main.py": "def f():\n    import lib.tool\n", "lib/tool.py": ""}
    report = checked(tmp_path, {"api/main.py": "import lib.tool\n"}, base)
    assert brief(report) == [("DT201", "error", "api", "lib.tool")]


def test_a_copy_source_that_the_branch_takes_away_fails(tmp_path: Path) -> None:
    base = {**SHOP, "api/Dockerfile": DOCKERFILE + "COPY model.bin /app/\n", "model.bin": "1"}
    report = checked(tmp_path, {"model.bin": None}, base)
    assert brief(report) == [("DT204", "error", "api", "model.bin")]


def test_a_script_that_is_started_and_gone(tmp_path: Path) -> None:
    base = {**SHOP, "api/Dockerfile": SCRIPT, "api/main.py": ""}
    report = checked(tmp_path, {"api/main.py": None}, base)
    assert ("DT206", "error", "api", "api/main.py") in brief(report)
    assert report.verdict is CheckVerdict.FAIL


def test_a_script_that_is_started_and_not_copied(tmp_path: Path) -> None:
    base = {**SHOP, "api/Dockerfile": SCRIPT, "api/main.py": ""}
    report = checked(tmp_path, {"api/Dockerfile": SCRIPT.replace("COPY api/ /app/api/", "COPY api/ /srv/api/")}, base)
    assert [row for row in brief(report) if row[1] == "error"] == [("DT206", "error", "api", "api/main.py")]


def test_a_service_that_is_renamed_keeps_what_it_had(tmp_path: Path) -> None:
    base = {**SHOP, "api/main.py": "import shared.gone\n"}
    report = checked(tmp_path, with_toml(API.replace("services.api", "services.shop")), base)
    assert [(one.service, one.existing) for one in report.findings if one.rule == "DT201"] == [("shop", True)]
    assert brief(report) == [("DT104", "warning", "api", "api")]


def test_a_whole_package_that_the_branch_takes_away_is_no_missing_distribution(tmp_path: Path) -> None:
    changes = {path: None for path in SHOP if path.startswith("shared/")}
    report = checked(tmp_path, {**changes, "api/Dockerfile": UNSHARED})
    assert [row for row in brief(report) if row[1] == "error"] == [("DT201", "error", "api", "shared.names")]
    assert "the branch deletes shared/names.py" in only(report, "DT201").message


def test_a_module_that_the_dockerfile_itself_holds(tmp_path: Path) -> None:
    def held(text: str) -> dict[str, str]:
        dockerfile = DOCKERFILE + f"COPY <<EOF /app/api/version.py\n{text}\nEOF\n"
        return {"api/main.py": "import shared.names, api.version\n", "api/Dockerfile": dockerfile}

    assert brief(checked(tmp_path / "a", held("V = 1"))) == []
    found = only(checked(tmp_path / "b", held("import shared.gone")), "DT201")
    assert (found.path, found.line) == ("api/Dockerfile", None)
    assert only(checked(tmp_path / "c", held("import (")), "DT207").path == "api/Dockerfile"


# DT3xx


def test_a_changed_file_that_nobody_owns(tmp_path: Path) -> None:
    base = {**SHOP, "api/main.py": "import shared.names, shared.tool\n", "shared/tool.py": ""}
    report = checked(tmp_path, {"shared/tool.py": "x = 1\n"}, base)
    found = only(report, "DT301")
    assert (found.path, found.detail["chain"]) == ("shared/tool.py", ["api/main.py", "shared/tool.py"])


def test_a_new_dockerfile_that_no_service_names(tmp_path: Path) -> None:
    report = checked(tmp_path, {"jobs/nightly/Dockerfile": "FROM scratch\n"})
    assert brief(report) == [("DT302", "warning", None, "jobs/nightly/Dockerfile")]


def test_paths_that_are_too_narrow_come_with_the_line_to_write(tmp_path: Path) -> None:
    found = only(checked(tmp_path, {}), "DT303")
    assert found.existing
    assert found.detail["lines"] == ['paths = ["api", "shared"]']
    assert (found.path, found.line) == ("services.toml", 7)


def test_paths_that_are_too_wide(tmp_path: Path) -> None:
    toml = with_toml(API.replace('["api"]', '["api", "docs", "shared"]'))
    report = checked(tmp_path, {**toml, "docs/a.md": "a"})
    found = only(report, "DT304")
    assert (found.subject, found.detail["lines"]) == ("docs", ['paths = ["api", "shared"]'])
    assert not [one for one in report.findings if one.rule == "DT303"]


# DT4xx


def test_what_the_merge_makes_stale_is_a_note_with_its_chain(tmp_path: Path) -> None:
    report = checked(tmp_path, {"shared/names.py": "NAME = 'shop'\n"})
    found = only(report, "DT401")
    assert report.stale == ("api",)
    assert found.detail["files"][0]["chain"] == ["api/main.py", "shared/names.py"]
    assert report.verdict is CheckVerdict.PASS


ENV = '[services.api.release]\nenv = { required = ["KNOWN"] }\n'


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import os\nos.environ['NEW']\n", ["NEW"]),
        ("import os\nos.getenv('KNOWN'), os.getenv('PORT')\n", []),
        ("import os\nos.getenv('NEW', '1')\n", ["NEW"]),
    ],
)
def test_a_variable_that_the_service_does_not_have(tmp_path: Path, source: str, names: list[str]) -> None:
    report = checked(tmp_path, {"api/main.py": source}, {**SHOP, **with_toml(API, ENV)})
    assert [one.subject for one in report.findings if one.rule == "DT403"] == names
    undeclared = checked(tmp_path / "b", {"api/main.py": source})
    assert not [one for one in undeclared.findings if one.rule == "DT403"]


def test_a_variable_that_was_read_before_is_not_new(tmp_path: Path) -> None:
    base = {**SHOP, **with_toml(API, ENV), "shared/names.py": "import os\nos.getenv('OLD')\n"}
    changes = {"shared/names.py": "", "api/main.py": "import shared.names, os\nos.getenv('OLD')\n"}
    assert not [one for one in checked(tmp_path, changes, base).findings if one.rule == "DT403"]


# policy


def test_fail_on_takes_rules_and_families(tmp_path: Path) -> None:
    new = {"jobs/nightly/Dockerfile": "FROM scratch\n"}
    for number, (wanted, verdict) in enumerate(
        {"DT302": "fail", "DT3": "fail", "DT3xx": "fail", "DT301": "pass", "DT4": "pass"}.items()
    ):
        report = checked(tmp_path / str(number), new, policy=Policy(fail_on=(wanted,)))
        assert report.verdict == verdict
