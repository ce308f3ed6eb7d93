"""Every mistake in one run, each with file, line, key and what was probably meant."""

# ruff: noqa: E501 -- a mistake is one row, however long
from __future__ import annotations

from pathlib import Path

import pytest

from deploytool.config import load
from deploytool.errors import ConfigurationError

PROJECT = '[project]\ncloud = "google"\nproject = "game-notes"\nregions = ["us-west2"]\n'  # lines 1 to 4
WORKER = PROJECT + '[services.worker]\npaths = ["worker"]\n'  # lines 5 and 6
CHECK = WORKER + '[[services.worker.checks]]\nname = "one"\n'  # lines 7 and 8


def mistakes(tmp_path: Path, text: str) -> list[str]:
    """The mistakes without the file's name; none when the file is good."""
    file = tmp_path / "services.toml"
    file.write_text(text)
    try:
        load(file)
        return []
    except ConfigurationError as problem:
        refusal = problem
    assert refusal.exit_code == 2
    assert refusal.hint
    assert all(line.startswith(f"{file}:") for line in refusal.mistakes)
    return [line.removeprefix(f"{file}:") for line in refusal.mistakes]


GOOD = {
    "as small as can be": WORKER,
    "a job's longer name": PROJECT + f'[services.{"j" * 63}]\nkind = "job"\npaths = ["j"]\n',
    "a service's longest name": PROJECT + f'[services.{"s" * 49}]\npaths = ["j"]\n',
    "a project of a domain": WORKER.replace("game-notes", "example.com:game-notes"),
    "a commit as target": WORKER.replace("[services", f'target = "{"a" * 40}"\n[services'),
    "names of other alphabets": WORKER.replace('"worker"', '"wörker/:x/-y [a]"'),
    "docker's patterns": WORKER + 'ignore = ["/a", "!b", "[a-z]*", "[^x]", "**", "a/../b", "\\\\["]\n',
    "a local registry": WORKER + 'image = "localhost:5000/a/b_c/d-e"\n',
    "an address of a declared host": WORKER + 'hosts = ["api.example.com:8443"]\n'
    + CHECK.removeprefix(WORKER) + 'http = "https://API.example.com:8443/h"\n',
    "a group named commit among others": WORKER + 'commit.tag_regex = "v(\\\\d+)-(?P<commit>[0-9a-f]{40})"\n',
    "a ledger that is shared as the leases are": WORKER
    + '[locks]\nbackend = "gcs"\nbucket = "abc"\n[ledger]\nmirror = "gs://abc/x"\n',
    "a service without a table of its own keys": WORKER + "[services.worker.release]\n",
}  # fmt: skip


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_nothing_is_said_of_what_is_right(tmp_path: Path, text: str) -> None:
    assert mistakes(tmp_path, text) == []


# name -> (text, what one of the lines must begin with, what it must contain)
BAD = {
    "no cloud": (WORKER.replace('cloud = "google"', ""), "1: project.cloud: is missing", '"local"'),
    "misspelled value": (WORKER.replace('"google"', '"gogle"'), "2: project.cloud:", 'did you mean "google"?'),
    "misspelled key": (WORKER + 'pahts = ["a"]\n', "7: services.worker.pahts:", 'did you mean "paths"?'),
    "another tool's key": (WORKER + 'depends_on = ["a"]\n', "7: services.worker.depends_on:", '"after"'),
    "misplaced key": (WORKER + "steps = [100]\n", "7: services.worker.steps:", "[services.NAME.release]"),
    "misspelled table": (WORKER + "[lock]\n", "7: lock:", 'did you mean "locks"?'),
    "no table at all": ("", "1: project: is missing", ""),
    "no services": (PROJECT, "1: services: is missing", "[services.NAME]"),
    "empty services": (PROJECT + "[services]\n", "5: services: is empty", ""),
    "text for a list": (WORKER.replace('["us-west2"]', '"us-west2"'), "4: project.regions:", '["us-west2"]'),
    "text for a flag": (CHECK + 'http = "/"\nrequired = "true"\n', "10: services.worker.checks[0].required:", "without"),
    "number for text": (WORKER.replace('"game-notes"', "5"), "3: project.project: must be text", "the number 5"),
    "flag for a number": (CHECK + 'logs = "x"\nmin = true\n', "10: services.worker.checks[0].min:", "not true"),
    "inf": (WORKER + "release.judge.max_p95_ratio = inf\n", "7: services.worker.release.judge.max_p95_ratio:", "inf"),
    "table for text": (WORKER + "max_age = {}\n", "7: services.worker.max_age:", '"5m"'),
    "bad project": (WORKER.replace("game-notes", "Game"), "3: project.project:", "project id"),
    "zone for a region": (WORKER.replace("us-west2", "us-west2-a"), "4: project.regions[0]:", "region"),
    "region twice": (WORKER + 'regions = ["us-west2", "us-west2"]\n', "7: services.worker.regions[1]:", "twice"),
    "service name": (WORKER + '[services."Big One"]\npaths = ["a"]\n', '7: services."Big One":', '"big-one"'),
    "service name of 50": (PROJECT + f'[services.{"s" * 50}]\npaths = ["a"]\n', "5: services.sss", "up to 49"),
    "job name of 64": (PROJECT + f'[services.{"s" * 64}]\nkind = "job"\npaths = ["a"]\n', "5: services.sss", "63"),
    "nothing it is made of": (PROJECT + "[services.a]\n", "5: services.a:", "paths = ["),
    "function without source": (PROJECT + '[services.a]\nkind = "function"\n', "5: services.a:", "context = "),
    "empty paths": (WORKER.replace('["worker"]', "[]"), "6: services.worker.paths: is empty", ""),
    "empty path": (WORKER.replace('"worker"', '""'), "6: services.worker.paths[0]:", "empty"),
    "absolute path": (WORKER.replace('"worker"', '"/etc"'), "6: services.worker.paths[0]:", "absolute"),
    "path of a drive": (WORKER.replace('"worker"', "'C:\\x'"), "6: services.worker.paths[0]:", "absolute"),
    "path upwards": (WORKER.replace('"worker"', '"a/../../b"'), "6: services.worker.paths[0]:", '".."'),
    "path with NUL": (WORKER.replace('"worker"', '"a\\u0000b"'), "6: services.worker.paths[0]:", "NUL"),
    "path into git": (WORKER.replace('"worker"', '"a/.GIT/hooks"'), "6: services.worker.paths[0]:", "git's own"),
    "dockerfile upwards": (WORKER + 'dockerfile = "../D"\n', "7: services.worker.dockerfile:", '".."'),
    "dockerfile is the root": (WORKER + 'dockerfile = "./"\n', "7: services.worker.dockerfile:", "name a file"),
    "context outside": (WORKER + 'context = "../.."\n', "7: services.worker.context:", '".."'),
    "dynamic outside": (WORKER + 'dynamic = ["../*.py"]\n', "7: services.worker.dynamic[0]:", '".."'),
    "open bracket": (WORKER + 'ignore = ["[a"]\n', "7: services.worker.ignore[0]:", "no"),
    "escape at the end": (WORKER + "ignore = ['a\\']\n", "7: services.worker.ignore[0]:", "ends with"),
    "bang alone": (WORKER + 'ignore = ["!"]\n', "7: services.worker.ignore[0]:", "alone"),
    "image in capitals": (WORKER + 'image = "Gcr.io/A"\n', "7: services.worker.image:", "not an image"),
    "image with an option": (WORKER + 'image = "--push"\n', "7: services.worker.image:", "not an image"),
    "image with a tag": (WORKER + 'image = "gcr.io/a/b:latest"\n', "7: services.worker.image:", "tag"),
    "option as target": (WORKER.replace("[serv", 'target = "--output=x"\n[serv'), "5: project.target:", "branch"),
    "unknown in after": (WORKER + 'after = ["wroker"]\n', "7: services.worker.after[0]:", '"worker"?'),
    "waits for itself": (WORKER + 'after = ["worker"]\n', "7: services.worker.after:", "itself"),
    "two ways to the commit": (WORKER + 'commit = {env="A", label="b"}\n', "7: services.worker.commit:", "exactly one"),
    "no way to the commit": (WORKER + "commit = {}\n", "7: services.worker.commit:", "exactly one"),
    "label grammar": (WORKER + 'commit.label = "A b"\n', "7: services.worker.commit.label:", "label key"),
    "no regex": (WORKER + 'commit.tag_regex = "("\n', "7: services.worker.commit.tag_regex:", "regular expression"),
    "regex without group": (WORKER + 'commit.tag_regex = "a"\n', "7: services.worker.commit.tag_regex:", "0 groups"),
    "regex with two": (WORKER + 'commit.tag_regex = "(a)(b)"\n', "7: services.worker.commit.tag_regex:", "2 groups"),
    "long regex": (WORKER + f'commit.tag_regex = "({"a" * 200})"\n', "7: services.worker.commit.tag_regex:", "200"),
    "regex that explodes": (WORKER + 'commit.tag_regex = "(a+)+$"\n', "7: services.worker.commit.tag_regex:", "repeat"),
    "host with a scheme": (WORKER + 'hosts = ["https://a"]\n', "7: services.worker.hosts[0]:", "no scheme"),
    "metadata host": (WORKER + 'hosts = ["169.254.169.254"]\n', "7: services.worker.hosts[0]:", "metadata"),
    "duration": (WORKER + 'max_age = "2 days"\n', "7: services.worker.max_age:", '"5m"'),
    "zero duration": (WORKER + 'max_age = "0s"\n', "7: services.worker.max_age:", '"5m"'),
    "steps fall": (WORKER + "release.steps = [50, 5, 100]\n", "7: services.worker.release.steps:", "rise"),
    "steps end early": (WORKER + "release.steps = [5, 50]\n", "7: services.worker.release.steps:", "end with 100"),
    "step zero": (WORKER + "release.steps = [0, 100]\n", "7: services.worker.release.steps[0]:", "at least 1"),
    "step of text": (WORKER + 'release.steps = ["5", 100]\n', "7: services.worker.release.steps[0]:", "without quotes"),
    "required env": (WORKER + 'release.env.required = ["A-B"]\n', "7: services.worker.release.env.required[0]:", "env"),
    "builder": (WORKER + 'release.build = "dokcer"\n', "7: services.worker.release.build:", 'did you mean "docker"?'),
    "two kinds": (CHECK + 'http = "/"\nlogs = "x"\n', "7: services.worker.checks[0]: is a check of 2 kinds", "logs"),
    "no kind": (CHECK + 'htpp = "/"\n', "7: services.worker.checks[0]: is a check of no kind", "http?"),
    "another kind's key": (CHECK + 'http = "/"\nmax = 1\n', "10: services.worker.checks[0].max:", "this kind"),
    "a check that is none": (WORKER + "checks = [5]\n", "7: services.worker.checks[0]: must be a table", "5"),
    "same name": (CHECK + 'http = "/"\n' + CHECK.removeprefix(WORKER) + 'http = "/"\n', "11: services.worker.checks[1].name:", "ear"),
    "other host": (CHECK + 'http = "http://evil.example/"\n', "9: services.worker.checks[0].http:", "evil.example"),
    "user in address": (CHECK + 'http = "http://worker@evil/"\n', "9: services.worker.checks[0].http:", "address"),
    "no slash": (CHECK + 'http = "health"\n', "9: services.worker.checks[0].http:", '"/health"'),
    "status": (CHECK + 'http = "/"\nexpect.status = 99\n', "10: services.worker.checks[0].expect.status:", "at least 100"),
    "date in JSON": (CHECK + 'http = "/"\nexpect.json.a = 2027-01-01\n', "10: services.worker.checks[0].expect.json.a:", "date"),
    "logs without bounds": (CHECK + 'logs = "x"\n', "7: services.worker.checks[0]:", '"min" or "max"'),
    "min over max": (CHECK + 'logs = "x"\nmin = 2\nmax = 1\n', "10: services.worker.checks[0].min:", "larger"),
    "negative": (CHECK + 'logs = "x"\nmin = -1\n', "10: services.worker.checks[0].min:", "at least 0"),
    "since": (CHECK + 'logs = "x"\nmin = 1\nsince = "deply"\n', "11: services.worker.checks[0].since:", '"5m"'),
    "empty query": (CHECK + 'query = " "\nmax_rows = 0\n', "9: services.worker.checks[0].query:", "empty"),
    "row and rows": (CHECK + 'query = "q"\nmax_rows = 0\nrow.a.min = 1\n', "11: services.worker.checks[0].row:", "one row"),
    "row without bounds": (CHECK + 'query = "q"\nrow.a = {}\n', "10: services.worker.checks[0].row.a:", '"min"'),
    "firestore path": (CHECK + 'firestore = "a//b"\nmax_age = "5m"\n', "9: services.worker.checks[0].firestore:", "Fire"),
    "firestore brace": (CHECK + 'firestore = "a/{day}"\nmax_age = "5m"\n', "9: services.worker.checks[0].firestore:", "today"),
    "freshness of two": (CHECK + 'max_age = "1h"\nfreshness = {logs="a", query="b"}\n', "10: services.worker.checks[0].freshness:", "one"),
    "freshness without age": (CHECK + 'freshness.logs = "a"\n', "7: services.worker.checks[0].max_age: is missing", ""),
    "empty command": (CHECK + "command = []\n", "9: services.worker.checks[0].command: is empty", ""),
    "when": (CHECK + 'http = "/"\nwhen = ["lives"]\n', "10: services.worker.checks[0].when[0]:", 'did you mean "live"?'),
    "rule id": (WORKER + '[[ignore]]\nrule = "D1"\npath = "a"\nreason = "r"\nuntil = 2027-01-01\n', "8: ignore[0].rule:", "DT301"),
    "until in quotes": (WORKER + '[[ignore]]\nrule = "DT101"\npath = "a"\nreason = "r"\nuntil = "2027-01-01"\n', "11: ignore[0].until:", "without quotes"),
    "until with a time": (WORKER + '[[ignore]]\nrule = "DT101"\npath = "a"\nreason = "r"\nuntil = 2027-01-01T00:00:00Z\n', "11: ignore[0].until:", "date"),
    "no reason": (WORKER + '[[ignore]]\nrule = "DT101"\npath = "a"\nuntil = 2027-01-01\n', "7: ignore[0].reason: is missing", ""),
    "firestore locks": (WORKER + '[locks]\nbackend = "firestore"\n', "7: locks.collection: is missing", ""),
    "gcs locks": (WORKER + '[locks]\nbackend = "gcs"\n', "7: locks.bucket: is missing", ""),
    "bucket for sqlite": (WORKER + '[locks]\nbucket = "abc"\n', "8: locks.bucket:", '"gcs"'),
    "mirror of leases that nobody shares": (WORKER + '[ledger]\nmirror = "gs://bucket/x"\n', "8: ledger.mirror: goes only with", '"sqlite"'),
    "mirror with a word for it": (WORKER + '[locks]\nbackend = "sqlite"\n[ledger]\nmirror = "gs://bucket/x"\n', "10: ledger.mirror: goes only with", '"gcs"'),
    "mirror": (WORKER + '[locks]\nbackend = "gcs"\nbucket = "b-1"\n[ledger]\nmirror = "s3://b"\n', "11: ledger.mirror:", "gs://"),
    "bucket with a scheme": (WORKER + '[build]\nbucket = "gs://b"\n', "8: build.bucket:", "without"),
    "unknown check": (CHECK + 'http = "/"\n[[targets]]\nmetric = "m"\ntarget = 0\ncheck = "worker/oen"\n', "13: targets[0].check:", '"one"?'),
    "unknown service of a target": (CHECK + 'http = "/"\n[[targets]]\nmetric = "m"\ntarget = 0\ncheck = "workr/one"\n', "13: targets[0].check:", '"worker"?'),
    "target of text": (CHECK + 'http = "/"\n[[targets]]\nmetric = "m"\ntarget = "0"\ncheck = "worker/one"\n', "12: targets[0].target:", "number"),
    "sandbox in the cloud": (WORKER + '[sandbox]\nstory = "platform"\n', "7: sandbox:", '"local"'),
}  # fmt: skip


@pytest.mark.parametrize(("text", "begins", "contains"), BAD.values(), ids=BAD)
def test_one_mistake_is_placed_and_named(tmp_path: Path, text: str, begins: str, contains: str) -> None:
    found = mistakes(tmp_path, text)
    assert any(line.startswith(begins) and contains in line for line in found), found


@pytest.mark.parametrize(("text", "begins", "contains"), BAD.values(), ids=BAD)
def test_a_mistake_is_said_once(tmp_path: Path, text: str, begins: str, contains: str) -> None:
    allowed = 2 if text in ("", BAD["firestore locks"][0]) else 1  # two tables, two keys are missing
    assert len(mistakes(tmp_path, text)) == allowed


def test_all_mistakes_come_in_one_run_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = (
        '[project]\ncloud = "lcal"\nproject = "p"\nregions = []\n'
        '[services.a]\npaths = ["/a"]\nafter = ["b"]\n'
        '[services.b]\nafter = ["a"]\nkidn = "job"\n'
        '[[services.b.checks]]\nlogs = "x"\n'
        "[locks]\nttl = 5\n"
    )
    found = mistakes(tmp_path, text)
    places = [line.split(": ")[:2] for line in found]
    assert places == [
        ["2", "project.cloud"],
        ["3", "project.project"],
        ["4", "project.regions"],
        ["6", "services.a.paths[0]"],
        ["7", "services.a.after"],
        ["8", "services.b"],
        ["10", "services.b.kidn"],
        ["11", "services.b.checks[0]"],
        ["11", "services.b.checks[0].name"],
        ["14", "locks.ttl"],
    ]


def test_a_secret_written_by_mistake_is_not_repeated(tmp_path: Path) -> None:
    text = WORKER + '[notify]\nslack_webhook_env = "https://hooks.example/T0KEN"\nwebhook_env = ["https://x/T0KEN"]\n'
    found = mistakes(tmp_path, text)
    assert len(found) == 2
    assert "T0KEN" not in "".join(found)


def test_what_the_file_says_reaches_no_terminal_as_control(tmp_path: Path) -> None:
    hostile = "\\u001b]0;x\\u0007\\u202e\\r\\n"
    text = WORKER.replace('"worker"', f'"/{hostile}"') + f'"{hostile}" = 1\ncommit.tag_regex = "{hostile}("\n'
    found = mistakes(tmp_path, text)
    assert len(found) == 3
    assert all(line.isprintable() for line in found)


def test_long_circles_are_found_without_running_out_of_stack(tmp_path: Path) -> None:
    ring = "".join(f'[services.s{n}]\npaths = ["a"]\nafter = ["s{(n + 1) % 2000}"]\n' for n in range(2000))
    found = mistakes(tmp_path, PROJECT + ring)
    assert len(found) == 1
    assert "could never be released" in found[0]
