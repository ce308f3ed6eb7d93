"""What is not fit to be released is refused before anything is changed, and looking changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from deploytool.domain.preflight import CheckLine, refusals
from deploytool.emulator import client
from tests.repositories import run_git
from tests.stories.release_files import dockerfile, program
from tests.stories.release_outside import V2
from tests.stories.release_shop import ReleaseShop


@contextmanager
def untouched(shop: ReleaseShop) -> Iterator[None]:
    """Nothing is written in Cloud Run, in the ledger or in the leases."""
    before = {name: shop.service(name) for name in ("api", "web")}, shop.job(), shop.releases()
    yield
    assert ({name: shop.service(name) for name in ("api", "web")}, shop.job(), shop.releases()) == before
    assert all(record.held is None for record in shop.leases.records())


def refused(shop: ReleaseShop, *argv: str) -> CheckLine:
    """The first line that keeps it from beginning, and `deploy` ends with 1 for it."""
    with untouched(shop):
        (lines,) = shop.plans(*argv).lines.values()
        done = shop.deploy(*argv)
        assert done.code == 1, done.said
        line = refusals(lines, force="--force" in argv)[0]
        assert line.said in done.said
    return line


def test_uncommitted_changes_are_not_what_goes_live(release_shop: ReleaseShop) -> None:
    shop = release_shop
    (shop.shop.repository / "api/main.py").write_bytes(program("api", 99))
    assert refused(shop, "api").name == "work tree"
    shop.ready("api", "--force")  # who knows it: the commit is what is built
    assert shop.health()["commit"] == shop.main


def test_an_untracked_file_in_the_context_is_not_either(release_shop: ReleaseShop) -> None:
    (release_shop.shop.repository / "api/forgotten.py").write_text("x = 1\n")
    line = refused(release_shop, "api")
    assert line.name == "work tree"
    assert "api/forgotten.py" in line.said


def test_a_commit_that_nobody_else_has_is_refused(release_shop: ReleaseShop) -> None:
    shop, remote = release_shop, release_shop.folder / "remote.git"
    for command in (("init", "--quiet", "--bare", str(remote)), ("remote", "add", "origin", str(remote))):
        run_git(shop.shop.repository, *command)
    run_git(shop.shop.repository, "push", "--quiet", "origin", "main")
    run_git(shop.shop.repository, "fetch", "--quiet", "origin")
    shop.commit({"api/main.py": program("api", 2)})
    assert refused(shop, "api").name == "pushed"
    run_git(shop.shop.repository, "push", "--quiet", "origin", "main")
    shop.ready("api")


def test_a_commit_beside_the_target_needs_a_word(release_shop: ReleaseShop) -> None:
    shop = release_shop
    topic = shop.builder.commit({"api/main.py": program("api", 7)}, [shop.main], "Try it", branch="topic")
    shop.builder.close()
    line = refused(shop, "api", "--commit", "topic")
    assert line.name == "merged"
    assert "--allow-unmerged" in line.hint
    assert refused(shop, "api", "--commit", "topic", "--force").name == "merged"
    shop.ready("api", "--commit", topic[:9], "--allow-unmerged")
    assert shop.health()["commit"] == topic
    hotfix = refused(shop, "api")  # main would undo what only the topic has
    assert hotfix.name == "hotfix"


def test_a_variable_that_would_be_missing_is_named(release_shop: ReleaseShop) -> None:
    shop = release_shop
    shop.configure('env = { required = ["TOKEN", "KEY", "MODEL_PATH"] }')
    line = refused(shop, "api")
    assert (line.name, line.said) == ("environment", "missing: MODEL_PATH")


def test_a_deploy_keeps_every_variable_and_says_the_new_commit(release_shop: ReleaseShop) -> None:
    """The list was replaced, and the service answered wrongly for a day (8)."""
    shop = release_shop
    before = shop.service()["template"]["containers"][0]["env"]
    shop.ready("api")
    after = shop.service()["template"]["containers"][0]["env"]
    assert after[1:] == before[1:]
    assert after[0] == {"name": "BUILD_COMMIT", "value": shop.main}
    assert shop.health()["commit"] == shop.main


def test_a_module_that_is_not_copied_is_found_before_anything_is_built(release_shop: ReleaseShop) -> None:
    shop = release_shop
    files = {"api/main.py": program("api", imports="import prices"), "lib/prices.py": b"TAX = 19\n"}
    shop.commit({**files, "api/Dockerfile": dockerfile("api") + b"ENV PYTHONPATH=/app:/app/lib\n"})
    before = shop.serving()
    line = refused(shop, "api")
    assert line.name == "modules"
    assert "prices" in line.said
    assert "api/main.py:4" in line.said
    done = shop.deploy("api", "--force")
    assert done.code == 5, done.said
    assert shop.outcomes() == ["failed-safe"]
    assert shop.serving() == before


@pytest.mark.parametrize(
    ("argv", "near"),
    [(["apii"], "api"), (["--commit", "0" * 40, "api"], "commit"), (["--commit", "--output=x", "api"], "commit")],
)
def test_what_does_not_exist_is_said_with_what_does(release_shop: ReleaseShop, argv: list[str], near: str) -> None:
    with untouched(release_shop):
        done = release_shop.deploy(*argv)
    assert done.code == 2, done.said
    assert near in done.err


def test_a_commit_that_is_not_here_may_be_called_otherwise(release_shop: ReleaseShop) -> None:
    shop = release_shop

    def hint(ref: str) -> str:
        done = shop.deploy("api", "--commit", ref)
        assert done.code == 2, done.said
        return done.err

    assert 'Did you mean "main"?' in hint("mian")
    assert "git fetch" not in hint("mian"), "there is nowhere to fetch it from"
    run_git(shop.shop.repository, "remote", "add", "origin", str(shop.folder / "remote.git"))
    assert "git fetch origin mian" in hint("mian")
    assert "git fetch origin release/2026-01" in hint("release/2026-01")
    for odd in ("--upload-pack=x", "a b", "$(id)", "x;id", "a..b", "HEAD^9", "/x", "x/", "refs/../x", "+x:y"):
        assert "git fetch" not in hint(odd), odd
    assert "git branch --all" in hint("a;b")


def test_nothing_named_is_nothing_released(release_shop: ReleaseShop) -> None:
    with untouched(release_shop):
        assert release_shop.deploy().code == 2


def test_already_current_is_0_and_nothing_is_written(release_shop: ReleaseShop) -> None:
    shop = release_shop
    shop.ready("api")
    client.clear_requests(shop.cloud.address)
    with untouched(shop):
        shop.ready("api")
        shop.ready("--stale", "--dry-run", "api")
    assert {one["method"] for one in client.requests(shop.cloud.address)} == {"GET"}


LOOKING = {
    "a dry run": ("deploy", "--stale", "--dry-run"),
    "a dry run that is refused": ("deploy", "api", "--commit", "topic", "--dry-run"),
    "a dry run of going back": ("rollback", "api", "--to", "NEWEST", "--dry-run"),
    "nobody to ask": ("deploy", "api"),
    "nothing to resume": ("deploy", "api", "--resume"),
    "nothing to abort": ("deploy", "--abort"),
    "the record": ("releases",),
    "what drifts": ("drift",),
}


@pytest.mark.parametrize("how", LOOKING)
def test_looking_changes_nothing(release_shop: ReleaseShop, how: str) -> None:
    """Not one request that could change something is even sent."""
    shop = release_shop
    shop.builder.commit({"api/main.py": program("api", 7)}, [shop.main], "Try it", branch="topic")
    shop.builder.close()
    argv = [shop.newest() if word == "NEWEST" else word for word in LOOKING[how]]
    client.clear_requests(shop.cloud.address)
    with untouched(shop):
        done = shop.run(*argv)
    assert done.code in (0, 1, 2), done.said
    sent = [one for one in client.requests(shop.cloud.address) if one["method"] not in ("GET", "HEAD")]
    assert [one for one in sent if not one["path"].endswith("entries:list")] == []
    assert not (shop.state / "ledger.sqlite").exists()


def test_a_broken_newest_revision_does_not_block_and_is_not_gone_back_to(release_shop: ReleaseShop) -> None:
    """Somebody broke the template by hand; LATEST still means the good one, and it is what is put back."""
    shop = release_shop
    first = shop.newest()
    broken = shop.service()["template"]["containers"][0] | {"args": ["does-not-exist.py"], "command": ["python"]}
    shop.patch({"template": {"containers": [broken]}}, "template.containers")
    shop.before["api"] = shop.service()
    assert shop.before["api"]["observedGeneration"] < shop.before["api"]["generation"]
    done = shop.deploy("api")
    assert done.code == 5, done.said  # the command is the service's own, and stays
    assert "did not become ready" in shop.last().reason
    assert shop.serving() == shop.asked() == {first: 100}


def test_a_deploy_mends_what_somebody_broke(release_shop: ReleaseShop) -> None:
    """The service says for good that its last wish failed: that is nobody at work."""
    shop = release_shop
    first = shop.newest()
    services = shop.folder / "services.toml"
    services.write_text(services.read_text().replace("[services.api]", '[services.api]\nimage = "local/api"'))
    broken = shop.service()["template"]["containers"][0] | {"image": "local/emulator-fail"}
    shop.patch({"template": {"containers": [broken]}}, "template.containers")
    shop.before["api"] = shop.service()
    assert shop.serving() == {first: 100}
    assert shop.service()["observedGeneration"] < shop.service()["generation"]
    (lines,) = shop.plans("api").lines.values()
    assert [line.said for line in refusals(lines, force=False)] == []
    shop.ready("api")
    assert shop.health()["commit"] == shop.main
    assert shop.service()["observedGeneration"] == shop.service()["generation"]


def test_traffic_that_is_not_what_was_asked_for_is_decided_by_a_person(release_shop: ReleaseShop) -> None:
    shop = release_shop
    body = {
        "traffic": [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": "api-00099-zzz", "percent": 100}]
    }
    status, value = shop.call("PATCH", f"{V2}/services/api?updateMask=traffic", body)
    if status == 200:
        shop.settled()
        assert refused(shop, "api").name == "traffic"
    else:
        assert "api-00099-zzz" in str(value)


def test_the_plan_says_what_else_goes_live_with_a_documents_commit(release_shop: ReleaseShop) -> None:
    """It only changed documents, and carried nine days of other people's work to production (15)."""
    shop = release_shop
    for number, who in enumerate(("Ada", "Bob", "Ada")):
        author = f"{who} <{who.lower()}@example.com>"
        shop.commit({"api/main.py": program("api", 10 + number)}, f"Count to {number}", author=author)
    shop.commit({"README.md": b"Words\n"}, "docs: Say it", author="Dora <dora@example.com>")
    (plan,) = shop.plans("api").plans
    assert plan.reaching == 4  # with the polite one of before
    assert {"Ada", "Bob"} <= {author.partition(" <")[0] for author in plan.authors}


def add_check(shop: ReleaseShop, check: str) -> None:
    services = shop.folder / "services.toml"
    services.write_text(f'{services.read_text()}\n[[services.api.checks]]\nname = "rows"\n{check}\n')


def test_a_required_check_that_nobody_can_be_asked_for_is_no_pass(release_shop: ReleaseShop) -> None:
    add_check(release_shop, 'query = "SELECT 1"\nmax_rows = 0')
    line = refused(release_shop, "api")
    assert line.name == "checks"
    assert line.said.startswith('cannot be asked: rows: BigQuery is not asked with cloud = "local"')


@pytest.mark.parametrize(("program", "code"), [("true", 0), ("false", 5), ("no-such-program-of-anybody", 5)])
def test_a_program_is_a_check_of_a_release_too(program: str, code: int, release_shop: ReleaseShop) -> None:
    add_check(release_shop, f'command = ["{program}"]')
    done = release_shop.deploy("api")
    assert done.code == code, done.said
