"""Text between machines that is printed to a CI log by the way: the runner must not take any of it for a command.

GitHub's runner reads `##[…]` anywhere in a line, and `::` where a line begins. Both readers of values stay content:
what is written as an escape is read back as the same text.
"""

from __future__ import annotations

import json
import re
from typing import Any

OLD_COMMAND = re.compile(r"#(?=#\[)")
NEW_COMMAND = re.compile(r"^([^\S\n]*):(?=:)", re.MULTILINE)


def quiet_json(value: Any) -> str:
    """The value as JSON in ASCII, ending in a newline. Its lines begin with brackets, quotes or digits."""
    return OLD_COMMAND.sub(r"\\u0023", json.dumps(value, indent=2)) + "\n"


def quiet_markup(markup: str) -> str:
    """The same XML or HTML document, with the beginnings of commands as character references."""
    return NEW_COMMAND.sub(r"\1&#58;", OLD_COMMAND.sub("&#35;", markup))
