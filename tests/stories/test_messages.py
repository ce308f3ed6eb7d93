"""Messages: ten runners say it once, who is killed is followed by the next, and a Slack that fails stops nobody."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.adapters.fake_slack import SECRET, Double, slack
from tests.adapters.fake_storage import BUCKET, Storage, storage
from tests.adapters.shapes import v2_revision, v2_service
from tests.stories.conftest import NOW, SERVICES, Project, Ran, Shop, labelled
from tests.stories.release_files import crashing, program
from tests.stories.release_shop import ReleaseShop

NOTIFY = '\n[notify]\nslack_webhook_env = "SLACK_URL"\n'
BOTH = f'{NOTIFY}webhook_env = "HOOK_URL"\n'
MIRROR = f'\n[locks]\nbackend = "gcs"\nbucket = "team-locks"\n[ledger]\nmirror = "gs://{BUCKET}/runs"\n'
DRIFT = ("drift", "--notify", "--fleet", "fleet.json")


@pytest.fixture
def double() -> Iterator[Double]:
    with slack() as server:
        yield server


@pytest.fixture
def watched(project: Project, double: Double) -> Project:
    """Its Slack is ours, and both services are current."""
    project.services(SERVICES + NOTIFY)
    project.environ["SLACK_URL"] = double.url
    runs(project, api="main", web="main")
    return project


def runs(project: Project, **commits: str) -> None:
    """What serves from now on, by the names of the shop's commits."""
    named = {name: project.shop.commits[commit] for name, commit in commits.items()}
    services = [v2_service(name, template=labelled(commit)) for name, commit in named.items()]
    revisions = [v2_revision("api-00007-abc", labels={"commit-sha": named["api"]})] if "api" in named else []
    project.file("fleet.json", {"services": services, "revisions": revisions})


def titles(double: Double) -> list[str]:
    return [message["blocks"][0]["text"]["text"] for message in double.got]


def shown(double: Double) -> str:
    texts = [block.get("text", {}).get("text", "") for block in double.got[-1]["blocks"]]
    return "\n".join(
        [*texts, *(field["text"] for block in double.got[-1]["blocks"] for field in block.get("fields", []))]
    )


def later(project: Project, by: timedelta) -> None:
    """Time goes on where it is kept what was said."""
    with closing(sqlite3.connect(project.folder / ".deploytool" / "said.sqlite")) as db, db:
        db.execute("UPDATE clock SET ahead = ahead + ?, latest = latest + ?", (by.total_seconds(),) * 2)


def is_silent(project: Project, said: str) -> None:
    """The address of the webhook is nowhere but in Slack's own hands."""
    assert SECRET not in said
    assert "SECRET" not in said
    folders = (project.folder, Path(os.environ["XDG_CACHE_HOME"]))
    for file in (one for folder in folders for one in folder.rglob("*") if one.is_file()):
        assert SECRET.encode() not in file.read_bytes(), file


def test_drift_speaks_when_something_changes_once_a_day_and_when_it_is_over(watched: Project, double: Double) -> None:
    def look(code: int, *, heard: str | None) -> None:
        before = len(double.got)
        ran = watched.run(*DRIFT)
        assert ran.code == code, ran.said
        assert ran.err == ""
        assert [title.partition(" 1 ")[0] for title in titles(double)[before:]] == ([heard] if heard else [])
        is_silent(watched, ran.said)

    look(0, heard=None)  # the first good look
    runs(watched, api="first", web="main")
    look(1, heard="❌ shop-prod:")
    assert "api (europe-west1) is stale" in shown(double)
    assert "next: deploytool drift --verbose" in shown(double)
    look(1, heard=None)
    later(watched, timedelta(hours=22))
    look(1, heard=None)
    later(watched, timedelta(hours=1, minutes=1))
    look(1, heard="❌ still: shop-prod:")
    assert "For: 23h" in shown(double)
    runs(watched, api="main", web="first")
    look(1, heard="❌ changed: shop-prod:")
    runs(watched, api="main", web="main")
    look(0, heard="✅ all clear: shop-prod: all services run what git says they should")
    look(0, heard=None)


def test_a_failure_to_look_is_a_message_too(watched: Project, double: Double) -> None:
    (watched.folder / "fleet.json").write_text("{")
    first = watched.run(*DRIFT)
    assert first.code not in (0, 1)
    assert watched.run(*DRIFT).code == first.code
    assert titles(double) == ["❔ shop-prod: could not look"]
    assert "fleet.json" in shown(double)
    runs(watched, api="main", web="main")
    assert watched.run(*DRIFT).code == 0
    assert titles(double)[1:] == ["✅ all clear: shop-prod: all services run what git says they should"]


def test_a_service_that_services_toml_does_not_know_is_a_failure_to_look(watched: Project, double: Double) -> None:
    assert watched.run(*DRIFT, "gone").code == 2
    assert titles(double) == ["❔ shop-prod: could not look"]


def test_another_question_has_a_standing_of_its_own(watched: Project, double: Double) -> None:
    runs(watched, api="first", web="main")
    for _ in range(2):
        assert watched.run(*DRIFT, "web").code == 0
        assert watched.run(*DRIFT).code == 1
    assert len(double.got) == 1


def test_nobody_to_tell_is_a_mistake_that_is_said(project: Project) -> None:
    runs(project, api="main", web="main")
    ran = project.run(*DRIFT)
    assert ran.code == 2
    assert "names nobody to tell" in ran.err


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ("", "Slack is not told: SLACK_URL is not set."),
        (
            f"https://evil.example.test/{SECRET}",
            "Slack is not told: SLACK_URL is no address of https://hooks.slack.com.",
        ),
        (SECRET, "Slack is not told: SLACK_URL is no address that may be written to."),
    ],
)
def test_an_address_that_is_none_is_said_without_repeating_it(watched: Project, value: str, said: str) -> None:
    runs(watched, api="first", web="main")
    ran = watched.run(*DRIFT, SLACK_URL=value)
    assert ran.code == 1
    assert said in ran.err
    is_silent(watched, ran.said)


def closed() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{free.getsockname()[1]}/services/{SECRET}"


TROUBLE: dict[str, dict[str, Any]] = {
    "403": {"status": 403, "body": b"action_prohibited"},
    "404": {"status": 404, "body": b"no_service"},
    "429": {"status": 429, "headers": {"retry-after": "3600"}},
    "malformed": {"body": b"<html>"},
    "hangs up": {"hang_up": True},
    "refused": {},
}


@pytest.mark.parametrize("how", TROUBLE)
def test_a_slack_that_fails_changes_no_exit_code_and_hears_it_next_time(
    watched: Project, double: Double, how: str
) -> None:
    runs(watched, api="first", web="main")
    vars(double.mood).update(TROUBLE[how])
    ran = watched.run(*DRIFT, **({"SLACK_URL": closed()} if how == "refused" else {}))
    assert ran.code == 1
    assert len([line for line in ran.err.splitlines() if line.startswith("Slack was not told: ")]) == 1, ran.err
    is_silent(watched, ran.said)
    double.got.clear()
    double.mood.__init__()  # type: ignore[misc]
    assert watched.run(*DRIFT).err == ""
    assert len(double.got) == 1, "what was not heard is said again"
    assert watched.run(*DRIFT).code == 1
    assert len(double.got) == 1


def test_each_who_is_told_has_a_memory_of_its_own(watched: Project, double: Double) -> None:
    watched.services(SERVICES + BOTH)
    runs(watched, api="first", web="main")
    with slack() as hook:
        watched.environ["HOOK_URL"] = hook.url
        hook.mood.status = 404
        assert "the webhook was not told: it answered 404." in watched.run(*DRIFT).err
        hook.mood.status = 204
        assert watched.run(*DRIFT).code == 1
        assert (len(double.got), len(hook.got)) == (1, 2)
        assert hook.got[-1]["schema"] == "deploytool/message/1"
        assert hook.got[-1]["state"] == "bad"


def begun(project: Project) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", "-m", "deploytool", *DRIFT]
    return subprocess.Popen(
        command,
        cwd=project.folder,
        env={**project.environment(), "DEPLOYTOOL_NOW": NOW},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )


def at_once(projects: Sequence[Project]) -> list[Ran]:
    made = [begun(project) for project in projects]
    ended = [(one.communicate(timeout=120)[1], one.returncode) for one in made]
    return [Ran(code, "", err.decode()) for err, code in ended]


@pytest.fixture
def team(watched: Project, tmp_path: Path, shop: Shop) -> Iterator[tuple[list[Project], Storage]]:
    """Two machines whose ledgers have a copy in one bucket."""
    with storage() as server:
        other = Project(tmp_path / "other", shop, watched.environ)
        other.folder.mkdir()
        watched.environ["STORAGE_EMULATOR_HOST"] = server.url.removeprefix("http://")
        for project in (watched, other):
            project.services(SERVICES + NOTIFY + MIRROR)
            runs(project, api="first", web="main")
        yield [watched, other], server


def test_ten_at_once_on_one_machine_send_one_message(watched: Project, double: Double) -> None:
    runs(watched, api="first", web="main")
    double.mood.slow = 1.0
    ended = at_once([watched] * 10)
    assert [ran.code for ran in ended] == [1] * 10, ended
    assert [ran.err for ran in ended] == [""] * 10
    assert len(double.got) == 1
    runs(watched, api="main", web="main")
    assert [ran.code for ran in at_once([watched] * 10)] == [0] * 10
    assert len(double.got) == 2


def test_ten_at_once_on_two_machines_send_one_message(team: tuple[list[Project], Storage], double: Double) -> None:
    projects, server = team
    double.mood.slow = 1.0
    ended = at_once(projects * 5)
    assert [(ran.code, ran.err) for ran in ended] == [(1, "")] * 10
    assert len(double.got) == 1
    assert len([name for name in server.objects if name.startswith("runs/said/")]) == 1


def heard(double: Double, count: int = 1) -> None:
    end = time.monotonic() + 60
    while len(double.got) < count and time.monotonic() < end:
        time.sleep(0.01)
    assert len(double.got) == count


def test_who_is_killed_between_sending_and_writing_down_is_repeated_once(watched: Project, double: Double) -> None:
    runs(watched, api="first", web="main")
    watched.run(*DRIFT, SLACK_URL=closed())  # the file and its clock are there
    double.mood.slow = 60.0
    victim = begun(watched)
    heard(double)
    os.kill(victim.pid, signal.SIGKILL)
    victim.communicate()
    double.mood.slow = 0.0
    assert watched.run(*DRIFT).code == 1
    assert len(double.got) == 1, "while the claim lasts somebody may be sending"
    later(watched, timedelta(minutes=2, seconds=1))
    for _ in range(3):
        assert watched.run(*DRIFT).code == 1
        assert len(double.got) == 2, "said once more, and never again"


def test_who_is_killed_before_sending_is_followed_by_the_next(watched: Project, double: Double) -> None:
    """Wherever it is killed: at its beginning, with the claim written, after the message went out."""
    runs(watched, api="first", web="main")
    for pause in (0.2, 0.6, 0.9, 1.2, 1.5):
        victim = begun(watched)
        with suppress(subprocess.TimeoutExpired):
            victim.wait(pause)
        victim.kill()
        victim.communicate()
    killed = len(double.got)
    watched.run(*DRIFT)
    later(watched, timedelta(minutes=2, seconds=1))
    watched.run(*DRIFT)
    assert 1 <= len(double.got) <= killed + 1
    watched.run(*DRIFT)
    assert len(double.got) <= killed + 1


def test_who_is_killed_is_followed_on_another_machine(team: tuple[list[Project], Storage], double: Double) -> None:
    (first, second), server = team
    double.mood.slow = 60.0
    victim = begun(first)
    heard(double)
    os.kill(victim.pid, signal.SIGKILL)
    victim.communicate()
    double.mood.slow = 0.0
    assert second.run(*DRIFT).code == 1
    assert len(double.got) == 1
    (name,) = server.objects
    claim: Any = server.json(name)["claim"]
    past = (datetime.fromisoformat(claim["until"]) - timedelta(minutes=3)).isoformat()
    server.put(name, server.objects[name][1].replace(claim["until"].encode(), past.encode()))
    for project in (second, first, second):
        assert project.run(*DRIFT).code == 1
        assert len(double.got) == 2


def test_a_bucket_out_of_reach_silences_nobody(team: tuple[list[Project], Storage], double: Double) -> None:
    (first, _), server = team
    server.trouble.status = 403
    for _ in range(2):
        ran = first.run(*DRIFT)
        assert ran.code == 1
        assert "It may be said more than once." in ran.err
    assert len(double.got) == 1, "this machine remembers"


def told(shop: ReleaseShop, double: Double, name: str = "api") -> list[str]:
    with (shop.folder / "services.toml").open("a") as file:
        file.write(BOTH)
    shop.environ["SLACK_URL"] = double.url
    shop.environ["HOOK_URL"] = double.url
    return []


def test_a_release_tells_how_it_ended(release_shop: ReleaseShop, double: Double) -> None:
    shop = release_shop
    told(shop, double)
    assert shop.run("deploy", "api", "--dry-run").code == 0
    assert shop.deploy("api", "--no-traffic").code == 0
    assert double.got == []
    shop.run("deploy", "api", "--resume", "--yes")
    at_slack, at_hook = double.got
    release = shop.last()
    assert at_slack["blocks"][0]["text"]["text"] == f"✅ rehearsal: api is released ({shop.main[:8]})"
    assert at_hook["kind"] == "release"
    assert at_hook["state"] == "ok"
    assert at_hook["rehearsal"] is True
    assert at_hook["about"] == f"release {release.id}"
    assert shop.run("rollback", "api", "--yes").code == 0
    assert [one["title"].partition(" (")[0] for one in double.got if "title" in one] == ["api is released"] * 2
    shop.commit({"api/main.py": crashing("api")})
    assert shop.deploy("api").code == 5
    assert double.got[-1]["title"].startswith("api was not released: everything is as it was (")
    assert "did not become ready" in double.got[-1]["lines"][0]
    assert double.got[-1]["state"] == "bad"


@pytest.mark.parametrize("how", TROUBLE)
def test_a_slack_that_fails_never_fails_a_release(release_shop: ReleaseShop, double: Double, how: str) -> None:
    shop = release_shop
    told(shop, double)
    vars(double.mood).update(TROUBLE[how])
    if how == "refused":
        shop.environ["SLACK_URL"] = shop.environ["HOOK_URL"] = closed()
    shop.commit({"api/main.py": program("api", 2)})
    done = shop.deploy("api")
    assert done.code == 0, done.said
    assert shop.outcomes() == ["succeeded"]
    assert "Slack was not told: " in done.err
    assert "SECRET" not in done.said


def test_a_slack_that_never_answers_delays_a_release_by_its_deadline(
    release_shop: ReleaseShop, double: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = release_shop
    told(shop, double)
    monkeypatch.setattr("deploytool.app.notifying.DEADLINE", 1.0)
    double.mood.slow = 30.0
    begun = time.monotonic()
    done = shop.deploy("api")
    assert done.code == 0, done.said
    assert time.monotonic() - begun < 20
    assert "Slack was not told: no answer" in done.err  # within 1 s, or in the time that is left of it


def test_words_of_ours_that_fail_do_not_fail_a_release(
    release_shop: ReleaseShop, double: Double, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop = release_shop
    told(shop, double)
    monkeypatch.setattr("deploytool.render.slack.payload_of", lambda message: 1 / 0)
    done = shop.deploy("api")
    assert done.code == 0, done.said
    assert "Nobody was told how api ended (ZeroDivisionError)." in done.err
