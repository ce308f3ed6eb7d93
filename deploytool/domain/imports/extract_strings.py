"""Which text constants could name a module or a file, and which words of a shell script could."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator

LONGEST = 200  # characters; nothing longer names a file
READ = 20_000  # characters of one long text that are looked at

# Kinds of files that programs read or start; a word that ends so names a file, with or without a folder.
SUFFIXES = (
    "py pyi pyx so sh bash md rst txt json jsonl ndjson yaml yml toml ini cfg conf env sql csv tsv html htm xml "
    "j2 jinja jinja2 tmpl tpl template mako css js ts svg png ico pem crt key proto graphql parquet avro pkl "
    "pickle joblib onnx pt bin model cbm dat db sqlite npz npy gz zip whl egg lock properties"
)
_FILE = re.compile(rf"[*\w./\\@+%-]*\.(?:{'|'.join(SUFFIXES.split())})", re.ASCII | re.IGNORECASE)
_RUN = re.compile(r"[*\w./\\@+%-]+", re.ASCII)
_MODULE = re.compile(r"\.*[^\W\d]\w*(?:\.[^\W\d]\w*)+(?::[\w.]*(?:\(.*\))?)?|\.+[^\W\d][\w.]*|[^\W\d]\w*:[^\W\d]\w*")
_FORMAT = re.compile(r"\.*[^\W\d]\w*(?:\.[\w*]+)+")
_PATH = re.compile(r"[^\s\"'<>|;,]*[^\s\"'<>|;,/]/[^\s\"'<>|;]*|/[^\s\"'<>|;,]+")
_COMMAND = re.compile(
    r"(?:^|[\s;&|/])(?:python[\d.]*|gunicorn|uvicorn|hypercorn|celery|flask|functions-framework|streamlit|dagster"
    r"|alembic|pytest|bash|sh|exec|source|-m|-c)\s|\.(?:py|sh)\b"
)
_WORD = re.compile(r"[^\s\"'`<>|;&(){}\[\],=$]+")
_DOTTED = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)+")


def names_in(texts: Iterable[str], formats: Iterable[ast.JoinedStr]) -> tuple[str, ...]:
    """Whatever in these constants could name a module or a file, sorted."""
    found: set[str] = set()
    for text in set(texts):
        if "." in text or "/" in text or ":" in text:  # hardly one in five
            found.update(_names(text))
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


def module_names(strings: Iterable[str]) -> frozenset[str]:
    """Those of the strings that look like dotted names of modules."""
    return frozenset(text for text in strings if _DOTTED.fullmatch(text) and not _FILE.fullmatch(text))


def _names(text: str) -> Iterator[str]:
    if len(text) <= LONGEST and not any(each.isspace() for each in text):
        if "://" not in text and (_MODULE.fullmatch(text) or "/" in text or _FILE.fullmatch(text)):
            yield text
        return
    if len(text) <= LONGEST and "\n" not in text and _names_with_spaces(text):
        yield text
    text = text[:READ]
    if _COMMAND.search(text):
        yield from _words(text)
    else:
        for run in _RUN.findall(
            text
        ):  # looked for in the text itself, a long run would be gone through from each place
            match = _FILE.match(run[:LONGEST])
            if match is not None:
                yield match[0]


def _names_with_spaces(text: str) -> bool:
    """`reports/daily summary.csv`: a file name may hold blanks."""
    return text == text.strip() and _FILE.fullmatch(text.replace(" ", "_")) is not None


def _words(text: str) -> Iterator[str]:
    for found in _WORD.findall(text):
        if len(found) <= LONGEST and "://" not in found:
            word = found.rstrip(".,:\\")
            if _MODULE.fullmatch(word) or _PATH.fullmatch(word) or _FILE.fullmatch(word):
                yield word
