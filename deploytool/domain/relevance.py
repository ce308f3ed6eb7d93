"""What a changed file can do to a service, as far as it can be told without reading imports."""

from __future__ import annotations

from collections.abc import Iterable

from deploytool.domain.report import FileChange, Relevance

LOCK_FILES = frozenset(
    (
        "Pipfile", "Pipfile.lock", "poetry.lock", "uv.lock", "pdm.lock", "pyproject.toml", "setup.py", "setup.cfg",
        "package.json", "package-lock.json", "yarn.lock", "pnpm-lock.yaml", "go.mod", "go.sum", "Gemfile",
        "Gemfile.lock", "Cargo.lock", "Cargo.toml", "composer.lock", "pom.xml", "Procfile", "constraints.txt",
    )
)  # fmt: skip

# Languages whose files are programs: without an import analysis nothing proves that they are not loaded.
PROGRAMS = (
    ".py", ".pyi", ".pyx", ".js", ".mjs", ".cjs", ".ts", ".tsx", ".jsx", ".go", ".rb", ".java", ".kt", ".rs",
    ".php", ".c", ".cc", ".cpp", ".h", ".cs", ".sh", ".bash", ".so",
)  # fmt: skip

# Sources, and settings that say what is started.
TELLING = (".py", ".sh", ".bash", ".dockerignore", ".toml", ".ini", ".conf", ".cfg", ".yaml", ".yml", ".json")


def relevance_of(path: str, inputs: Iterable[str] = ()) -> Relevance:
    """At path and image precision every taken file counts; this says in which way.

    `inputs` are the Dockerfile and the ignore file of the service.
    """
    if path in inputs or is_build_input(path):
        return Relevance.BUILD_INPUT
    return Relevance.CANNOT_PROVE if path.endswith(PROGRAMS) else Relevance.DATA


def is_build_input(path: str) -> bool:
    """Does a package installer read a file of this name?"""
    name = path.rpartition("/")[2]
    return name in LOCK_FILES or ("requirements" in name and name.endswith((".txt", ".in", ".lock")))


def tells_of_a_program(path: str) -> bool:
    """Is it a file that may be read to tell what a service is made of: how it is built and started, what it imports?"""
    name = path.rpartition("/")[2]
    if name.endswith(TELLING) or "dockerfile" in name.lower() or is_build_input(path):
        return True
    return "." not in name  # start scripts often have no suffix


def worst_relevance(files: Iterable[FileChange]) -> Relevance:
    """The finest word that any of the files deserves; `outside` when there is none."""
    order = list(Relevance)
    return max((file.relevance for file in files), key=order.index, default=Relevance.OUTSIDE)
