"""Functions and buildpack services: the source folder says what is started."""

from __future__ import annotations

import pytest

from tests.domain.imports.launching import launched_folder, shown

TOML = '[[build.env]]\nname = "{}"\nvalue = "{}"\n'


@pytest.mark.parametrize(
    ("files", "starts"),
    [
        ({"main.py": "", "other.py": ""}, ["script /workspace/main.py"]),
        (
            {"main.py": "", "fn.py": "", "project.toml": TOML.format("GOOGLE_FUNCTION_SOURCE", "fn.py")},
            ["script /workspace/fn.py"],
        ),
    ],
)
def test_a_function_is_its_main_file(files: dict[str, str], starts: list[str]) -> None:
    program = launched_folder(files, function=True)
    assert (shown(program), program.doubts, program.cwd) == (starts, (), "/workspace")


def test_a_function_without_its_file_is_a_doubt_and_of_another_language_is_none() -> None:
    assert [doubt.path for doubt in launched_folder({"x.py": ""}, function=True).doubts] == ["source"]
    program = launched_folder({"package.json": "{}", "index.js": ""}, function=True)
    assert (program.doubts, program.python) == ((), False)


@pytest.mark.parametrize(
    ("files", "starts", "roots"),
    [
        ({"main.py": ""}, ["module main"], ["/workspace"]),
        ({"app.py": "", "package.json": ""}, ["module app"], ["/workspace"]),
        ({"main.py": "", "app.py": ""}, ["module main"], ["/workspace"]),
        (
            {"main.py": "", "requirements.txt": "streamlit"},
            ["module main", "script /workspace/main.py"],
            ["/workspace"],
        ),
        (
            {"a/b.py": "", "Procfile": "# x\nworker: python no.py\nweb: gunicorn --bind :$PORT a.b:app\n"},
            ["module a.b"],
            ["/workspace"],
        ),
        (
            {"a/b.py": "", "project.toml": TOML.format("GOOGLE_ENTRYPOINT", "python a/b.py")},
            ["script /workspace/a/b.py"],
            [],
        ),
        (
            {"a.py": "", "Procfile": "web: cd . && PYTHONPATH=/workspace/lib python a.py"},
            ["script /workspace/a.py"],
            ["/workspace/lib"],
        ),
        (
            {
                "a.py": "",
                "b.py": "",
                "Procfile": 'web: if [ "$S" = a ]; then gunicorn a:app; elif [ $S ]; then python b.py; else echo; fi',
            },
            ["module a", "script /workspace/b.py"],
            ["/workspace"],
        ),
    ],
)
def test_a_service_is_what_its_files_say(files: dict[str, str], starts: list[str], roots: list[str]) -> None:
    program = launched_folder(files)
    assert (shown(program), list(program.roots), program.doubts) == (starts, roots, ())
    assert program.said


def test_a_service_that_says_nothing_is_a_doubt() -> None:
    assert [doubt.path for doubt in launched_folder({"lib.py": ""}).doubts] == ["source"]
    program = launched_folder({"lib.py": "", "Procfile": "worker: python lib.py"})
    assert [(doubt.path, doubt.why) for doubt in program.doubts] == [
        ("source/Procfile", "the Procfile has no web process")
    ]
    assert launched_folder({"go.mod": ""}).python is False


def test_a_doubt_about_the_procfile_names_it() -> None:
    program = launched_folder({"Procfile": "web: mystery"})
    assert [doubt.path for doubt in program.doubts] == ["source/Procfile"]


def test_a_given_entrypoint_is_a_repository_path() -> None:
    program = launched_folder({"lib.py": ""}, "source/lib.py")
    assert (shown(program), program.doubts) == (["script /workspace/lib.py"], ())
