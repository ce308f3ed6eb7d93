"""What two errors have in common: their text without what differs from one time to the next.

Numbers, ids, addresses, times and quoted values are folded; a traceback becomes its exception and the innermost
places in the program. `signature(signature(text)) == signature(text)`, and the time it takes does not grow with the
text: of a very long one, the part that tells is looked at.
"""

from __future__ import annotations

import re
from functools import lru_cache

from deploytool.domain.stacktrace import outline_of

MOST_READ = 8_000  # characters of a plain text
MOST_KEPT = 2_000  # of a text that is remembered
MOST = 300  # characters of a signature
NOTHING = "(no text)"
ALIKE = str.maketrans("123456789", "000000000")  # which digit it is tells nothing

QUOTED = re.compile(r"""\"[^"]*\"|(?<![\w>])'[^']*'(?![\w<])|`[^`]*`""")
TIME = re.compile(
    r"""\d{4}[-/]\d\d[-/]\d\d(?:[T_ ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:\s?(?:Z|UTC|[+-]\d\d:?\d\d)\b)?)?(?!\d)
      | \d\d:\d\d:\d\d(?:[.,]\d+)?(?!\d)""",
    re.VERBOSE,
)
PLACE = r"<(?:n|id|time|ip|text|mail)>"
PART = re.compile(rf"(?P<kept>{PLACE})|\w[\w.+@:-]*+")
FOLDABLE = re.compile(r"""[\d"'`@]""")
UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
MAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
IPV4 = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?")
IPV6 = re.compile(r"[0-9a-f]{0,4}(?::[0-9a-f]{0,4}){2,7}", re.IGNORECASE)
SUFFIX = re.compile(r"-\d{5}-[a-z0-9]{3}(?![a-z0-9])")  # of a revision
NUMBER = re.compile(r"\d+")
RUN = re.compile(r"\d+(?:[.,]\d+)+(?!\d)|[^\W_]+")
HEX = re.compile(r"0x[0-9a-f]+|(?=[a-f]*\d)[0-9a-f]{7,}", re.IGNORECASE)
MIXED = re.compile(r"(?=\D*\d\D*\d)(?=\d*[^\W\d_])[^\W_]{8,}")
AGAIN = re.compile(rf"({PLACE})(?:[,;]? ?\1)+")


def signature(text: str) -> str:
    """One line; the same for errors that differ only in what they were about."""
    if len(text) > MOST_KEPT:
        return _signature(text)
    return _remembered(text.translate(ALIKE))


def _signature(text: str) -> str:
    said = " ".join((outline_of(text) or _first_line(text)).split())[:MOST_READ]
    while FOLDABLE.search(said):  # each round leaves fewer digits and quotes than it found, or is the last
        folded = _folded(said)
        if folded == said:
            break
        said = folded
    return said[:MOST].rstrip() or NOTHING


_remembered = lru_cache(maxsize=2048)(_signature)


def _first_line(text: str) -> str:
    return next((line for line in text[:MOST_READ].splitlines() if line.strip()), "")


def _folded(said: str) -> str:
    said = TIME.sub("<time>", QUOTED.sub("<text>", said))
    return AGAIN.sub(r"\1…", " ".join([_token(token) for token in said.split(" ")]))[:MOST].rstrip()


def _token(token: str) -> str:
    if token.isalpha():
        return token
    return _short_token(token) if len(token) < 80 else PART.sub(_part, token)


@lru_cache(maxsize=8192)
def _short_token(token: str) -> str:
    return PART.sub(_part, token)


def _part(found: re.Match[str]) -> str:
    word = found[0]
    if found["kept"] or word.isalpha():
        return word
    core = word.rstrip(".:-")
    tail = word[len(core) :]
    if not any(letter.isdigit() for letter in core):
        return ("<mail>" if "@" in core and MAIL.fullmatch(core) else core) + tail
    return _value(core) + tail


def _value(core: str) -> str:
    if UUID.fullmatch(core):
        return "<id>"
    if IPV4.fullmatch(core) or (core.count(":") > 1 and IPV6.fullmatch(core)):
        return "<ip>"
    if "@" in core and MAIL.fullmatch(core):
        return "<mail>"
    return RUN.sub(_run, SUFFIX.sub("-<n>", UUID.sub("<id>", core)))


def _run(found: re.Match[str]) -> str:
    run = found[0]
    if run.isalpha():
        return run
    if not run.isalnum():
        return "<n>"
    if HEX.fullmatch(run):
        return "<n>"  # as a number: some have no letter in them
    return "<id>" if MIXED.fullmatch(run) else NUMBER.sub("<n>", run)
