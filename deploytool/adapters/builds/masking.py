"""What a build says is shown to whoever watches it, without what a build should not have said."""

from __future__ import annotations

import re

USER = re.compile(r"""(?<=://)[^\s/?#"'<>]+@""")  # https://USER:PASSWORD@host
NAMED = re.compile(
    r"""((?:token|passw(?:or)?d|secret|api[_-]?key)\w{0,30}["']?\s{0,3}[=:]\s{0,3})("[^"]*"?|'[^']*'?|[^\s&"',;]+)""",
    re.IGNORECASE,
)
SHAPED = re.compile(  # keys that are known by their looks, wherever they stand
    r"(?<![\w-])(?:AIza[\w-]{30,}|ya29\.[\w.-]{10,}|gh[pousr]_\w{30,}|xox[abprs]-[\w-]{10,}"
    r"|eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?)"
    r"|-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?"
)
HINTS = (  # in small letters; a line without any of them has nothing to mask
    *("://", "bearer", "token", "passw", "secret", "key", "aiza", "ya29.", "xox", "eyj"),
    *("ghp_", "gho_", "ghu_", "ghs_", "ghr_"),
)
BEARER = re.compile(r"(\bbearer\s{1,3})[\w.~+/=-]{8,}", re.IGNORECASE)


def masked(line: str) -> str:
    """The line with *** for users in addresses, and for values of what is called token, password, secret or key.

    Keys of well-known looks are masked wherever they stand. It takes a time that grows with the line alone.
    """
    small = line.lower()
    for hint in HINTS:
        if hint in small:
            break
    else:
        return line
    line = SHAPED.sub("***", USER.sub("***@", line))
    line = BEARER.sub(r"\1***", line)
    return NAMED.sub(_hidden, line)


def _hidden(found: re.Match[str]) -> str:
    quote = found[2][0] if found[2][0] in "\"'" else ""
    return f"{found[1]}{quote}***{quote}"
