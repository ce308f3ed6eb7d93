"""What a build says is shown to whoever watches it, without what a build should not have said."""

from __future__ import annotations

import re

USER = re.compile(r"""(?<=://)[^\s/?#"'<>]+@""")  # https://USER:PASSWORD@host
NAMED = re.compile(
    r"""((?:token|passw(?:or)?d|secret|api[_-]?key)\w{0,30}["']?\s{0,3}[=:]\s{0,3})("[^"]*"?|'[^']*'?|[^\s&"',;]+)""",
    re.IGNORECASE,
)
BEARER = re.compile(r"(\bbearer\s{1,3})[\w.~+/=-]{8,}", re.IGNORECASE)


def masked(line: str) -> str:
    """The line with *** for users in addresses, and for values of what is called token, password, secret or key."""
    line = USER.sub("***@", line)
    line = BEARER.sub(r"\1***", line)
    return NAMED.sub(_hidden, line)


def _hidden(found: re.Match[str]) -> str:
    quote = found[2][0] if found[2][0] in "\"'" else ""
    return f"{found[1]}{quote}***{quote}"
