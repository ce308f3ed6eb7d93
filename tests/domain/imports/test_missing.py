"""What a program imports and its image does not have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest

from deploytool.domain.dockerfile_recipe import Run
from deploytool.domain.doubt import Doubt, DoubtKind
from deploytool.domain.imports.closure import Closure, Needed, Reached
from deploytool.domain.imports.facts import When
from deploytool.domain.imports.installed.distributions import Requirements
from deploytool.domain.imports.installed.requirement_lines import listed_in
from deploytool.domain.imports.lacking.missing import missing_of
from deploytool.domain.imports.lacking.missing_module import Cause, Level, MissingModule
from tests.domain.imports.places import layout_of
from tests.domain.memory_tree import tree_of

REPOSITORY = {
    "svc/main.py": "",
    "svc/jobs.py": "",
    "shared/__init__.py": "",
    "shared/clock.py": "",
    "shared/config/__init__.py": "LIMIT = 3\n",
    "predictions/__init__.py": "",
    "predictions/shared/__init__.py": "",
    "predictions/shared/lock.py": "",
    "redis/docker.sh": "",
    "docker/build.py": "",
    "tools/jobs/clean.py": "",
    "top.py": "",
}
IMAGE = {
    "/app/svc/main.py": "svc/main.py",
    "/app/svc/jobs.py": "svc/jobs.py",
    "/app/shared/__init__.py": "shared/__init__.py",
    "/app/shared/config/__init__.py": "shared/config/__init__.py",
}
ROOTS = ("/app/svc", "/app")


def listing(text: str, *, locked: bool = False, complete: bool = True) -> Requirements:
    found = listed_in("\n".join(text.split()).encode(), "svc/requirements.txt").distributions
    return Requirements(found, locked, complete)


NONE = listing("")


def missing(
    *needed: Needed,
    requirements: Requirements | None = NONE,
    files: Mapping[str, str] | None = None,
    image: Mapping[str, str] | None = None,
    roots: Sequence[str] = ROOTS,
    any_root: bool = False,
    edited: bool = False,
    doubts: Sequence[Doubt] = (),
    reached: Mapping[str, Reached] | None = None,
    loaders: Mapping[str, tuple[tuple[str, int], ...]] | None = None,
    dockerfile: str | None = "Dockerfile",
    runs: Sequence[Run] = (),
) -> tuple[MissingModule, ...]:
    tree = tree_of({**REPOSITORY, **(files or {})})
    layout = layout_of({**IMAGE, **(image or {})}, tree)
    reached = {"/app/svc/main.py": Reached(None)} if reached is None else reached
    closure = Closure(
        reached=reached, needed=needed, roots=tuple(roots), any_root=any_root, edited=edited, loaders=loaders or {}
    )
    return missing_of(closure, layout, tree, requirements, doubts=doubts, dockerfile=dockerfile, runs=runs)


def need(
    name: str, *names: str, when: When = When.TOP, guarded: bool = False, line: int = 7, by: str = "/app/svc/main.py"
) -> Needed:
    return Needed(name, by, line, when, guarded, names)


def brief(found: Sequence[MissingModule]) -> list[tuple[str, str, str]]:
    return [(one.name, one.level.value, "third-party" if one.cause.third_party else "first-party") for one in found]


@pytest.mark.parametrize("when", [When.TOP, When.FUNCTION, When.MAIN])
@pytest.mark.parametrize("guarded", [False, True])
def test_in_the_repository_and_not_in_the_image_is_an_error_however_it_is_imported(when: When, guarded: bool) -> None:
    found = missing(need("predictions.shared.lock", "Lock", when=when, guarded=guarded))
    assert brief(found) == [("predictions.shared.lock", "error", "first-party")]
    assert (found[0].path, found[0].line) == ("svc/main.py", 7)
    assert "predictions/shared/lock.py is in the repository and not in the image" in found[0].why
    assert found[0].hint == "Add to Dockerfile: COPY predictions/shared/ /app/predictions/shared/"


@pytest.mark.parametrize(
    ("needed", "name"),
    [
        (need("predictions.shared.lock"), "predictions.shared.lock"),
        (need("predictions.shared", "lock"), "predictions.shared.lock"),
        (need("predictions", "shared"), "predictions.shared"),
        (need("predictions.shared.lock", "TTL"), "predictions.shared.lock"),
        (need("shared.clock", "now"), "shared.clock"),
        (need("shared", "clock"), "shared.clock"),
        (need("predictions.shared", "*"), "predictions.shared"),
        (need("top"), "top"),
        (need("tools.jobs.clean"), "tools.jobs.clean"),  # folders without __init__ are packages, too
    ],
)
def test_the_innermost_useful_name_is_reported(needed: Needed, name: str) -> None:
    assert brief(missing(needed)) == [(name, "error", "first-party")]


def test_two_modules_from_one_package() -> None:
    found = missing(need("predictions.shared", "lock", "other"), files={"predictions/shared/other.py": ""})
    assert [one.name for one in found] == ["predictions.shared.lock", "predictions.shared.other"]


@pytest.mark.parametrize(
    "needed",
    [
        need("os"),
        need("xml.etree.cElementTree"),
        need("predictions.shared.lock", when=When.TYPE_CHECKING),
        need("nowhere", when=When.TYPE_CHECKING),
        need("shared.config", "LIMIT"),  # an attribute
        need("shared.config", "*"),
        need("shared", "__version__"),
    ],
)
def test_nothing_is_missing(needed: Needed) -> None:
    assert missing(needed) == ()


def test_a_module_of_our_package_that_exists_nowhere() -> None:
    assert brief(missing(need("shared.nope"))) == [("shared.nope", "error", "first-party")]
    assert brief(missing(need("shared.nope", guarded=True))) == [("shared.nope", "warning", "first-party")]
    assert brief(missing(need("shared.nope"), any_root=True)) == [("shared.nope", "warning", "first-party")]


def test_a_folder_without_init_has_no_attributes() -> None:
    image = {"/app/predictions/shared/lock.py": "predictions/shared/lock.py"}
    (found,) = missing(need("predictions.shared", "connect", "lock"), image=image)
    assert (found.name, found.level) == ("predictions.shared.connect", Level.ERROR)
    assert "/app/predictions/shared has no __init__.py" in found.why


@pytest.mark.parametrize(
    ("needed", "requirements", "level"),
    [
        (need("yaml"), listing("flask==1", locked=True), "error"),
        (need("yaml"), listing("flask==1"), "warning"),
        (need("yaml", guarded=True), listing("flask==1", locked=True), "warning"),
        (need("yaml", when=When.FUNCTION), listing("flask==1", locked=True), "warning"),
        (need("google.cloud", "pubsub_v1"), listing("google-cloud-bigquery"), "warning"),
        (need("yaml"), listing("pyyaml"), None),
        (need("yaml"), listing("flask", complete=False), None),
        (need("yaml"), None, None),
        (need("google.cloud", "pubsub_v1"), listing("google-cloud-pubsub"), None),
    ],
)
def test_third_party(needed: Needed, requirements: Requirements | None, level: str | None) -> None:
    found = missing(needed, requirements=requirements)
    assert [one.level.value for one in found] == ([] if level is None else [level])
    assert all(one.cause.third_party for one in found)


def test_third_party_is_named_with_what_would_bring_it() -> None:
    names = need("google.cloud", "pubsub_v1", "bigquery")
    (found,) = missing(names, requirements=listing("google-cloud-bigquery==3"))
    assert found.name == "google.cloud.pubsub_v1"
    assert found.hint == "Add google-cloud-pubsub to svc/requirements.txt."


@pytest.mark.parametrize(
    ("source", "loading", "level", "hits"),
    [
        ("import jobs\n", (1,), "error", "startup"),
        ("def f():\n    import jobs\n", (), "warning", "call"),
        ("if f():\n    import jobs\n", (2,), "warning", "call"),
        ("def f():\n    import jobs\nif f():\n    import jobs\nimport jobs\n", (4, 5), "error", "startup"),
    ],
)
def test_only_what_is_loaded_at_startup_is_an_error(
    source: str, loading: tuple[int, ...], level: str, hits: str
) -> None:
    """`loading`: the lines that load jobs as main is loaded. However it was reached first, every way counts."""
    reached = {"/app/svc/main.py": Reached(None), "/app/svc/jobs.py": Reached("/app/svc/main.py", 2)}
    found = missing(
        need("yaml", by="/app/svc/jobs.py"),
        requirements=listing("flask==1", locked=True),
        reached=reached,
        loaders={"/app/svc/jobs.py": tuple(("/app/svc/main.py", line) for line in loading)},
        files={"svc/main.py": source},
    )
    assert brief(found) == [("yaml", level, "third-party")]
    assert found[0].hits == hits


def test_an_import_below_an_if_may_never_run() -> None:
    source = "import sys\nif sys.version_info < (3, 11):\n    import tomli\nelse:\n    import tomllib\n"
    found = missing(need("tomli", line=3), requirements=listing("a==1", locked=True), files={"svc/main.py": source})
    assert brief(found) == [("tomli", "warning", "third-party")]


FALLBACK = "try:\n    from svc.jobs import run\nexcept ImportError:\n    from lost import run\n"
BOTH_LOST = (
    "try:\n    from predictions.shared.lock import Lock\nexcept ImportError:\n    from shared.clock import Lock\n"
)
OPTIONAL = "try:\n    from predictions.shared.lock import Lock\nexcept ImportError:\n    Lock = None\n"


@pytest.mark.parametrize(
    ("source", "needed", "names"),
    [
        (FALLBACK, [need("lost", "run", line=4)], []),  # the handler never runs
        (FALLBACK, [need("svc.lost", "run", line=2, guarded=True)], []),  # the handler makes up for it
        (
            BOTH_LOST,
            [need("predictions.shared.lock", "Lock", line=2, guarded=True), need("shared.clock", "Lock", line=4)],
            ["predictions.shared.lock", "shared.clock"],
        ),
        (
            OPTIONAL.replace("Lock = None", "import logging"),
            [need("predictions.shared.lock", "Lock", line=2, guarded=True)],
            ["predictions.shared.lock"],
        ),
        (OPTIONAL, [need("predictions.shared.lock", "Lock", line=2, guarded=True)], ["predictions.shared.lock"]),
    ],
)
def test_imports_that_stand_in_for_one_another(source: str, needed: list[Needed], names: list[str]) -> None:
    assert [one.name for one in missing(*needed, files={"svc/main.py": source})] == names


@pytest.mark.parametrize("requirements", [listing("redis docker"), listing("celery[redis]", complete=False)])
def test_a_folder_that_is_called_like_a_distribution_is_not_ours(requirements: Requirements) -> None:
    assert missing(need("redis"), need("docker"), requirements=requirements) == ()


def test_an_installed_package_hides_a_mere_folder_of_its_name() -> None:
    image = {"/app/docker/build.py": "docker/build.py"}
    assert missing(need("docker", "from_env"), image=image, requirements=listing("docker")) == ()
    assert missing(need("docker", "from_env"), image=image, requirements=None) == ()
    assert [one.name for one in missing(need("docker", "from_env"), image=image)] == ["docker.from_env"]


def test_a_program_that_looks_whether_a_module_is_there_does_without_it() -> None:
    source = "from importlib.util import find_spec\nhas = find_spec('yaml') is not None\n"
    assert missing(need("yaml", line=2), files={"svc/main.py": source}) == ()


@pytest.mark.parametrize(
    ("test", "names"),
    [
        ("importlib.util.find_spec('svc.tool')", []),
        ("find_spec('svc.tool') is not None and ready()", []),
        ("find_spec('svc.tool') is None", ["svc.tool"]),
        ("not find_spec('svc.tool')", ["svc.tool"]),
        ("find_spec('svc.tool') or ready()", ["svc.tool"]),
    ],
)
def test_a_program_may_look_before_it_imports(test: str, names: list[str]) -> None:
    source = f"if {test}:\n    import svc.tool\n"
    found = missing(need("svc.tool", line=2), files={"svc/main.py": source, "svc/tool.py": ""})
    assert [one.name for one in found] == names


@pytest.mark.parametrize(
    ("run", "level"),
    [
        (Run(4, "echo 'V = 1' > /app/svc/version.py"), "warning"),
        (Run(4, "", ("touch", "svc/version.py")), "warning"),
        (Run(4, "mkdir svc/version && touch svc/version/__init__.py"), "warning"),
        (Run(4, "echo x > svc/subversion.py"), "error"),
        (Run(4, "echo x > svc/version.py.txt"), "error"),
    ],
)
def test_a_run_that_names_the_file_may_write_it(run: Run, level: str) -> None:
    (found,) = missing(need("svc.version"), runs=[run])
    assert found.level == level
    assert ("Dockerfile:4 writes it" in found.why) == (level == "warning")


def test_a_module_that_lies_in_the_image_out_of_sight() -> None:
    image = {"/app/worker/loaders.py": "worker/loaders.py"}
    files = {"worker/loaders.py": ""}
    (found,) = missing(need("loaders", when=When.FUNCTION), image=image, files=files)
    assert (found.level, found.cause) == (Level.ERROR, Cause.SHADOWED)
    assert "/app/worker/loaders.py is in the image" in found.why
    edited = missing(need("loaders"), image=image, files=files, any_root=True)
    assert [one.level for one in edited] == [Level.WARNING]


HIDDEN_FILES = {"svc/shared/__init__.py": "", "shared/clock.py": ""}
HIDDEN_IMAGE = {"/app/svc/shared/__init__.py": "svc/shared/__init__.py", "/app/shared/clock.py": "shared/clock.py"}


def test_one_package_hides_another_of_the_same_name() -> None:
    lost = need("shared.clock", "now")
    (found,) = missing(lost, image=HIDDEN_IMAGE, files=HIDDEN_FILES)
    assert (found.name, found.level) == ("shared.clock", Level.ERROR)
    assert "hides it" in found.why
    (found,) = missing(lost, image=HIDDEN_IMAGE, files=HIDDEN_FILES, edited=True)
    assert (found.name, found.level) == ("shared.clock", Level.WARNING)  # were /app first, it would be found
    assert found.why.startswith("shadowing: ")


def test_a_package_hides_a_folder_without_init_in_any_order() -> None:
    files = {"svc/kit/__init__.py": "", "kit/tool.py": ""}
    image = {"/app/svc/kit/__init__.py": "svc/kit/__init__.py", "/app/kit/tool.py": "kit/tool.py"}
    (found,) = missing(need("kit.tool", "use"), image=image, files=files)
    assert (found.name, found.level) == ("kit.tool", Level.ERROR)
    assert [one.level for one in missing(need("kit.tool"), image=image, files=files, any_root=True)] == [Level.WARNING]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("from shared import clock\n", [("shared.clock", "error")]),
        ("def f():\n    from shared import clock as c\n", [("shared.clock", "error")]),
        ("try:\n    from shared import clock\nexcept ImportError:\n    clock = None\n", [("shared.clock", "error")]),
        ("from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from shared import clock\n", []),
        ("from shared import config, clocks\n", []),
        ("clock = 1\n", []),
        ("from shared import (\n", []),
    ],
)
def test_a_module_left_behind_in_a_package_that_was_copied(source: str, expected: list[tuple[str, str]]) -> None:
    reached = {"/app/svc/main.py": Reached(None), "/app/shared/__init__.py": Reached("/app/svc/main.py", 1)}
    found = missing(files={"svc/main.py": source}, reached=reached)
    assert [(one.name, one.level.value) for one in found] == expected


def test_a_relative_import_of_a_module_left_behind() -> None:
    reached = {"/app/shared/config/__init__.py": Reached(None), "/app/shared/__init__.py": Reached(None)}
    found = missing(files={"shared/config/__init__.py": "from .. import clock\n"}, reached=reached)
    assert [(one.name, one.path) for one in found] == [("shared.clock", "shared/config/__init__.py")]


def test_a_name_that_the_package_binds_itself_is_no_module_left_behind() -> None:
    reached = {"/app/svc/main.py": Reached(None), "/app/shared/__init__.py": Reached("/app/svc/main.py", 1)}
    files = {"svc/main.py": "from shared import clock\n", "shared/__init__.py": "clock = object()\n"}
    assert missing(files=files, reached=reached) == ()


def test_a_relative_import_beyond_the_topmost_package() -> None:
    (found,) = missing(need("..lib.pool", "get"))
    assert (found.name, found.level) == ("..lib.pool", Level.ERROR)
    assert [one.level for one in missing(need("..lib", guarded=True))] == [Level.WARNING]


def test_what_is_started_was_not_copied() -> None:
    start = Needed("/app/svc/start.py", "", 0, When.TOP)
    (found,) = missing(start, files={"svc/start.py": ""}, reached={})
    assert (found.name, found.level, found.path) == ("/app/svc/start.py", Level.ERROR, "Dockerfile")
    assert found.hint == "Add to Dockerfile: COPY svc/start.py /app/svc/start.py"
    assert missing(start, reached={}) == ()  # it may come with the base image
    module = Needed("top", "", 0, When.TOP)
    assert brief(missing(module, reached={})) == [("top", "error", "first-party")]


def test_what_a_run_line_could_have_made_is_a_warning() -> None:
    doubt = Doubt("svc/Dockerfile", 12, "protoc --python_out=. x.proto", DoubtKind.RUN_CONSUMES)
    (found,) = missing(need("shared.clock"), doubts=[doubt])
    assert found.level is Level.WARNING
    assert "svc/Dockerfile:12" in found.why
    harmless = Doubt("svc/Dockerfile", 12, "npm run build", DoubtKind.RUN_CONSUMES)
    assert [one.level for one in missing(need("shared.clock"), doubts=[harmless])] == [Level.ERROR]


def test_a_source_folder_may_be_completed_by_the_deploy() -> None:
    (found,) = missing(need("shared.clock"), dockerfile=None)
    assert found.level is Level.WARNING
    assert found.why.endswith("; unless the deploy puts it into the source folder")
    assert found.hint.startswith("Put shared/clock.py into the source folder")


def test_an_installed_project_brings_its_own_modules() -> None:
    requirements = Requirements((), projects=("libs/kit",))
    files = {"libs/kit/pyproject.toml": "", "libs/kit/src/kit/__init__.py": "", "libs/kit/kit2.py": ""}
    image = {"/app/libs/kit/pyproject.toml": "libs/kit/pyproject.toml"}
    roots = ("/app/libs/kit", *ROOTS)
    assert missing(need("kit2"), files=files, image=image, roots=roots, requirements=requirements) == ()
    assert missing(need("kit"), files=files, image=image, requirements=requirements) == ()


def test_where_an_image_folder_came_from_decides_where_to_look() -> None:
    """`COPY services/api/ /srv/` mirrors services/api, not the root."""
    files = {"services/api/main.py": "", "services/api/routes/users.py": ""}
    found = missing(
        need("routes.users", by="/srv/main.py"),
        files=files,
        image={"/srv/main.py": "services/api/main.py"},
        roots=("/srv",),
    )
    assert brief(found) == [("routes.users", "error", "first-party")]
    assert found[0].hint == "Add to Dockerfile: COPY services/api/routes/ /srv/routes/"


def test_the_root_of_the_repository_is_looked_in_whatever_was_copied() -> None:
    tree = tree_of({**REPOSITORY, "services/api/main.py": ""})
    layout = layout_of({"/srv/main.py": "services/api/main.py"}, tree)
    closure = Closure(
        {"/srv/main.py": Reached(None)}, needed=(need("shared.clock", by="/srv/main.py"),), roots=("/srv",)
    )
    assert brief(missing_of(closure, layout, tree, NONE, dockerfile="Dockerfile")) == [
        ("shared.clock", "error", "first-party")
    ]


def test_a_package_that_was_left_behind_while_its_modules_were_copied() -> None:
    files = {
        "pkg/__init__.py": "import shared\n",
        "pkg/mod.py": "",
        "bare/__init__.py": '"""Only words."""\n',
        "bare/mod.py": "",
    }
    image = {"/app/pkg/mod.py": "pkg/mod.py", "/app/bare/mod.py": "bare/mod.py"}
    reached = {
        "/app/svc/main.py": Reached(None),
        "/app/pkg/mod.py": Reached("/app/svc/main.py", 3),
        "/app/bare/mod.py": Reached("/app/svc/main.py", 4),
    }
    found = missing(files=files, image=image, reached=reached)
    assert brief(found) == [("pkg", "warning", "first-party")]
    assert (found[0].path, found[0].line) == ("svc/main.py", 3)


def test_nothing_is_said_of_a_program_that_is_not_known() -> None:
    assert missing(need("shared.clock"), reached={}) == ()


def test_sorted_and_each_name_once_per_file_with_the_worse_level() -> None:
    found = missing(
        need("shared.nope", guarded=True, line=2),
        need("shared.nope", line=9),
        need("predictions.shared.lock", line=5),
        need("shared.nope", line=1, by="/app/svc/jobs.py"),
    )
    assert [(one.path, one.line, one.name) for one in found] == [
        ("svc/jobs.py", 1, "shared.nope"),
        ("svc/main.py", 5, "predictions.shared.lock"),
        ("svc/main.py", 9, "shared.nope"),
    ]


def test_a_name_that_may_never_be_imported_is_missed_only_where_the_repository_has_it() -> None:
    there, nowhere = need("lib.tool"), need("svc.gone", line=8)
    files = {"lib/__init__.py": "", "lib/tool.py": ""}
    assert len(missing(there, nowhere, files=files)) == 2
    found = missing(there._replace(perhaps=True), nowhere._replace(perhaps=True), files=files)
    assert [one.name for one in found] == ["lib.tool"]
