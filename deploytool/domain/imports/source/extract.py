"""The facts of one source file: what it imports, and whatever else in it can make Python load a file.

The file is parsed, never run. What cannot be read, or is too large to be read in a moment, is an error in the facts,
which means that it may ask for anything.
"""

from __future__ import annotations

import ast
import re
import warnings
from enum import StrEnum

from deploytool.domain.imports.facts import Dynamic, Facts, PathEdit
from deploytool.domain.imports.source.code import RUNNING
from deploytool.domain.imports.source.dynamics import TRIGGERS, Dynamics
from deploytool.domain.imports.source.elsewhere import alters_of, moves_of, words_in
from deploytool.domain.imports.source.evaluate import Evaluator
from deploytool.domain.imports.source.exports import exports_of
from deploytool.domain.imports.source.names import Conclusions
from deploytool.domain.imports.source.paths import PathEdits
from deploytool.domain.imports.source.processes import SERVERS, Processes
from deploytool.domain.imports.source.strings import names_in, names_in_data, names_in_shell, words_in_data
from deploytool.domain.imports.source.survey import Survey

CAP = 5 * 1024 * 1024  # bytes of a source file
SMALL = 128 * 1024  # bytes; no need to count
TOKENS = 200_000  # a syntax tree takes a kilobyte for each, and two seconds for all
SHELLS = {b"sh", b"bash", b"dash", b"ash", b"zsh", b"ksh", b"#!sh", b"#!bash"}
FOLDED = 3  # code in a text in a text

_LITERAL = re.compile(
    rb"([a-zA-Z]{0,2})(?:\"\"\"(?:[^\"\\]|\\.|\"(?!\"\"))*\"\"\"|'''(?:[^'\\]|\\.|'(?!''))*'''"
    rb"|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'|#[^\n]*)",
    re.DOTALL,
)
_TOKEN = re.compile(rb"\w+|[^\w\s]|\n")
DATA = (".json", ".yaml", ".yml", ".toml", ".ini", ".cfg", ".conf")
LISTING = {"iterdir", "listdir", "scandir", "walk", "fwalk", "glob", "iglob", "rglob", "iter_modules", "walk_packages"}


class Language(StrEnum):
    """What a file's name says it is written in."""

    PYTHON = "python"
    SHELL = "shell"
    DATA = "data"  # where programs keep their settings
    UNSAID = "unsaid"  # its first line may tell


def language_of(name: str) -> Language:
    """By the file's name alone."""
    if name.endswith((".py", ".pyw", ".pyi")):
        return Language.PYTHON
    if name.endswith(DATA):
        return Language.DATA
    return Language.SHELL if name.endswith((".sh", ".bash")) else Language.UNSAID


def facts_of(source: bytes, name: str = "x.py") -> Facts:
    """What a file with this content and name asks for; a file that is no program asks for nothing."""
    language = language_of(name)
    if language is Language.UNSAID:
        language = _language_by_first_line(source)
    if language is Language.UNSAID:
        return Facts()
    if language is Language.DATA:
        text = source[:CAP].decode("utf-8", "replace")
        return Facts(strings=names_in_data(text), words=words_in_data(text))
    if len(source) > CAP:
        return Facts(error=f"{len(source):,} bytes are more than deploytool reads ({CAP:,})")
    if language is Language.SHELL:
        return Facts(strings=names_in_shell(source.decode("utf-8", "replace")))
    if len(source) > SMALL and tokens_in(source) > TOKENS:
        return Facts(error=f"its syntax tree is larger than deploytool reads ({len(source):,} bytes of code)")
    return _python(source, 0)


def tokens_in(source: bytes) -> int:
    """About how many parts of syntax there are, told without parsing; texts and comments count for nothing."""
    return len(_TOKEN.findall(_LITERAL.sub(lambda found: found[0] if b"f" in found[1].lower() else b"x", source)))


def _language_by_first_line(source: bytes) -> Language:
    first = source[:200].partition(b"\n")[0].split()
    if not first or not first[0].startswith(b"#!"):
        return Language.UNSAID
    if any(b"python" in word for word in first):
        return Language.PYTHON
    shells = any(word.rpartition(b"/")[2] in SHELLS for word in first)
    return Language.SHELL if shells else Language.UNSAID


def _python(source: bytes | str, depth: int) -> Facts:
    try:
        tree = _tree(source)
        return _facts(tree, depth)
    except SyntaxError as error:  # also a newer Python, a coding that nobody knows
        return Facts(error=f"Python cannot read it: {error.msg}", error_line=error.lineno or 0)
    except (ValueError, LookupError) as error:
        return Facts(error=f"Python cannot read it: {error}"[:200])
    except (RecursionError, MemoryError):
        return Facts(error="it is nested too deeply to be read")


def _tree(source: bytes | str) -> ast.Module:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)


def _facts(tree: ast.Module, depth: int) -> Facts:
    survey = Survey(tree)
    strings = names_in(survey.texts, survey.formats)
    evaluator = Evaluator(survey.tree, survey.aliases)
    dynamics, edits = _followed(survey, evaluator, strings, depth)
    alters = alters_of(survey)
    if "TYPE_CHECKING" in alters:
        dynamics.append(Dynamic(0, bounded=False, why="TYPE_CHECKING of another module is changed"))
    return Facts(
        imports=tuple(sorted(survey.imports, key=lambda each: each.line)),
        dynamics=tuple(sorted(set(dynamics), key=lambda each: (each.line, repr(each)))),
        edits=tuple(sorted(set(edits), key=lambda each: (each.line, repr(each)))),
        exports=exports_of(survey),
        strings=strings,
        words=words_in(survey.texts),
        alters=alters,
        moves=moves_of(survey, evaluator),
        lists=_lists(survey),
    )


def _followed(
    survey: Survey, evaluator: Evaluator, strings: tuple[str, ...], depth: int
) -> tuple[list[Dynamic], list[PathEdit]]:
    """What needs values to be followed; most files have nothing of the kind."""
    conclusions = Conclusions(strings)

    def code(text: str) -> Facts:
        return _python(text, depth + 1) if depth < FOLDED else Facts(error="code in code in code")

    if survey.words & TRIGGERS or survey.names & RUNNING:
        Dynamics(survey, evaluator, conclusions, code).collect()
    if "executable" in survey.words or any("python" in text or text in SERVERS for text in survey.texts):
        Processes(survey, evaluator, conclusions, code).collect()
    edits = []
    if ("sys" in survey.words and ("path" in survey.words or "path" in survey.texts)) or "addsitedir" in survey.words:
        edits = PathEdits(survey, evaluator).collect()
    if "PYTHONPATH" in survey.texts:
        edits.append(PathEdit(0, None, "PYTHONPATH is set for the programs that it starts"))
    return conclusions.found, edits


def _lists(survey: Survey) -> bool:
    """Does it look into folders?"""
    if survey.words & LISTING:
        for call, _ in survey.calls:
            func = call.func
            name = func.attr if isinstance(func, ast.Attribute) else func.id if isinstance(func, ast.Name) else ""
            if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and func.value.id == "ast":
                continue
            origins = survey.aliases.get(name, {name}) if isinstance(func, ast.Name) else {name}
            if any(each.rpartition(".")[2] in LISTING for each in origins):
                return True
    return bool({"files", "contents"} & survey.words and {"resources", "importlib_resources"} & survey.words)
