"""Which text constants could name a module or a file, and which words of a shell script could."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

LONGEST = 200  # characters; nothing longer names a file
DATA = 200_000  # characters of a data file; a longer one is no configuration
READ = 20_000  # characters of one long text that are looked at

# Kinds of files that programs read or start; a word that ends so names a file, with or without a folder.
_ENDINGS = (
    "py pyi pyx so sh bash md rst txt json jsonl ndjson yaml yml toml ini cfg conf env sql csv tsv html htm xml "
    "j2 jinja jinja2 tmpl tpl template mako css js ts svg png ico pem crt key proto graphql parquet avro pkl "
    "pickle joblib onnx pt bin model cbm dat db sqlite npz npy gz zip whl egg lock properties ipynb"
)
SUFFIXES = frozenset(_ENDINGS.split())
_MODULE = re.compile(r"\.*[^\W\d]\w*(?:\.[^\W\d]\w*)+(?::[\w.]*(?:\([^)]*\))?)?|\.+[^\W\d][\w.]*|[^\W\d]\w*:[^\W\d]\w*")
_FORMAT = re.compile(r"\.*[^\W\d]\w*(?:\.[\w*]+)+")
_COMMAND = re.compile(
    r"(?:^|[\s;&|/])(?:python[\d.]*|gunicorn|uvicorn|hypercorn|celery|flask|functions-framework|streamlit|dagster"
    r"|alembic|pytest|bash|sh|exec|source|-m|-c)\s|\.(?:py|sh)\b"
)
_WORD = re.compile(r"[^\s\"'`<>|;&(){}\[\],=$]+")
_DATA = re.compile(r"[^\W\d]\w*(?:[.:][^\W\d]\w*)*")
_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)+")


_BEGUN = re.compile(r"\.*[^\W\d]\w*(?:\.[^\W\d]\w*)*\.")  # `jobs.`, to be followed by the rest of a name
_BLANK = re.compile(r"%s|\{\w*\}")


def names_in(texts: Iterable[str], formats: Iterable[ast.JoinedStr]) -> tuple[str, ...]:
    """Whatever in these constants could name a module or a file, sorted."""
    found: set[str] = set()
    texts, formats = list(texts), list(formats)
    parts = [part.value for node in formats for part in node.values if isinstance(part, ast.Constant)]
    for text in set(texts):
        if "." in text or "/" in text or ":" in text:  # hardly one in five
            found.update(_names(text))
            if len(text) <= LONGEST and (_BEGUN.fullmatch(text) or "{" in text or "%s" in text):
                begun = text.endswith(".") and texts.count(text) > parts.count(text)
                shape = _BLANK.sub("*", text) + "*" * begun
                found.update((shape,) if "*" in shape and _FORMAT.fullmatch(shape) else ())
    for node in formats:
        shape = "".join(str(each.value) if isinstance(each, ast.Constant) else "*" for each in node.values)
        if len(shape) <= LONGEST and _FORMAT.fullmatch(shape):
            found.add(shape)
    return tuple(sorted(found))


def names_in_shell(source: str) -> tuple[str, ...]:
    """The words of a shell script that could name a module or a file."""
    found: set[str] = set()
    for line in source.splitlines():
        if not line.lstrip().startswith("#"):
            found.update(_words(line))
    return tuple(sorted(found))


def names_in_data(text: str) -> tuple[str, ...]:
    """Words of a data file that could name a module, or something in one."""
    found = {word for word in _DATA.findall(text[:DATA]) if "." in word or ":" in word}
    return tuple(sorted(found.union(*(word.split(":") for word in found if ":" in word))))


def words_in_data(text: str) -> tuple[str, ...]:
    return tuple(sorted({word for word in _DATA.findall(text[:DATA]) if word.isidentifier() and len(word) < 60}))


def module_names(strings: Iterable[str]) -> frozenset[str]:
    """Those of the strings that look like dotted names of modules."""
    return frozenset(text for text in strings if _DOTTED.fullmatch(text) and not _is_file(text))


def _names(text: str) -> Iterator[str]:
    short = len(text) <= LONGEST
    if short and not any(map(str.isspace, text)):
        if "://" not in text and ("/" in text or _is_file(text) or _MODULE.fullmatch(text)):
            yield text
        return
    if short and "\n" not in text and _is_file(text) and text == text.strip():
        yield text  # `reports/daily summary.csv`: a file name may hold blanks
    text = text[:READ]
    command = _COMMAND.search(text) is not None
    yield from (word for word in _words(text) if command or _is_file(word))


def _words(text: str) -> Iterator[str]:
    """Words that could name a module or a file, if the text is a command."""
    for found in _WORD.findall(text):
        word = found.rstrip(".,:\\")
        if 1 < len(word) <= LONGEST and "://" not in word and _is_name(word):
            yield word


def _is_name(word: str) -> bool:
    return "/" in word or ("." in word and _is_file(word)) or _MODULE.fullmatch(word) is not None


def _is_file(word: str) -> bool:
    name, dot, suffix = word.rpartition(".")
    return bool(dot) and (suffix in SUFFIXES or suffix.lower() in SUFFIXES) and name[-1:] not in (":", " ")
