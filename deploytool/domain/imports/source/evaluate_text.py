"""A value that is not fully known, as text with `*` for the parts that only the run knows, and what is done to it."""

from __future__ import annotations

import ast
import posixpath
from collections.abc import Callable, Iterable
from typing import NamedTuple

STAR = "*"
HERE = "\uf8f0"  # the path of the source file itself
OWN = "\uf8f1"  # its own module name, `__name__`
PARENT = "\uf8f2"  # the module name without its last part
LISTED = "\uf8f3"  # a name found by listing the own package
LOOP = 0xE000  # and above: the value that is being followed, met again within itself
MOST = 500  # texts of one value; more are told apart by their first parts only
LONGEST = 1000  # characters of one text; the rest of it is `*`
UP = 12  # folders above a file that a search upwards is taken to visit


class Text(NamedTuple):
    text: str
    whence: str = ""  # where the first unknown part comes from, as a person would say it
    outside: bool = False  # certainly not from this file: the environment, an argument, another module
    altered: str = ""  # only if another module changes this name of the file


class Value(NamedTuple):
    """What an expression may be: texts, or a container of those."""

    texts: frozenset[Text] = frozenset()
    holds: int = 0  # a container, of containers when more than 1; their texts are all in `texts`
    keys: frozenset[Text] = frozenset()  # of a dictionary

    def settled(self) -> Value:
        """As long as no other module changes anything."""
        if not any(each.altered for each in (*self.texts, *self.keys)):
            return self
        texts, keys = (frozenset(each for each in some if not each.altered) for some in (self.texts, self.keys))
        return Value(texts, self.holds, keys)

    def elements(self) -> Value:
        return Value(self.texts | self.keys, max(0, self.holds - 1))


NOTHING = Value()


def known(*texts: str) -> Value:
    return Value(frozenset(Text(text) for text in texts))


def unknown(whence: str, outside: bool = True) -> Value:
    return Value(frozenset((Text(STAR, whence, outside),)))


def changed_elsewhere(name: str, value: Value) -> Value:
    """A public name of the module may be given something else by another one, or be added to."""
    texts = frozenset((Text(STAR, f"{name}, which another module changes", altered=name),))
    return Value(texts if value.texts else frozenset(), value.holds)


def one_of(values: Iterable[Value]) -> Value:
    texts: set[Text] = set()
    keys: set[Text] = set()
    holds = 0
    for value in values:
        texts |= value.texts
        keys |= value.keys
        holds = max(holds, value.holds)
    return Value(_few(texts), holds, _few(keys))


def container_of(values: Iterable[Value], keys: Iterable[Value] = ()) -> Value:
    """A list, set or dictionary of these; what is nested in it is flattened."""
    inside = one_of(values)
    return Value(_few(inside.texts | inside.keys), inside.holds + 1, one_of(keys).texts)


def joined(parts: Iterable[Value], whences: Iterable[str], between: str = "") -> Value:
    """Every way of writing the parts one after the other. `whences` say what a part is that has no texts."""
    so_far: set[Text] = {Text("")}
    first = True
    for part, whence in zip(parts, whences, strict=True):
        texts = part.texts or unknown(whence).texts
        if len(so_far) * len(texts) > MOST:
            texts = _shortened(texts)
        if len(so_far) * len(texts) > MOST:
            texts = frozenset((Text(STAR, whence, True),))
        glue = "" if first else between
        so_far = {_both(left, right, glue) for left in so_far for right in texts}
        first = False
    return Value(frozenset(so_far))


def _both(left: Text, right: Text, glue: str) -> Text:
    source = left if left.whence else right
    text, altered = left.text + glue + right.text, left.altered or right.altered
    if len(text) > LONGEST:
        text = text[: LONGEST // 2] + STAR
        return Text(text, source.whence or "a long text", left.outside or right.outside, altered)
    return Text(text, source.whence, left.outside or right.outside, altered)


def changed(value: Value, change: Callable[[str], str | None]) -> Value:
    """The value with each text changed; None means that the change cannot be told: any text."""
    texts = set()
    for each in value.texts:
        text = None if len(each.text) > 4096 else change(each.text)
        texts.add(each._replace(text=text) if text is not None else each._replace(text=STAR))
    return Value(frozenset(texts), value.holds)


def plain(text: str) -> bool:
    """Is every character of it known?"""
    return STAR not in text and not any(0xE000 <= ord(each) <= 0xF8FF for each in text)


def _few(texts: Iterable[Text]) -> frozenset[Text]:
    kept = frozenset(texts)
    return kept if len(kept) <= MOST * 4 else _shortened(kept)


def _shortened(texts: Iterable[Text]) -> frozenset[Text]:
    """Fewer texts that cover the same: what they begin with, then `*`."""
    shorter = set()
    for each in texts:
        cut = max(each.text.find("."), each.text.find("/"))
        shorter.add(each._replace(text=each.text[: cut + 1] + STAR, whence=each.whence or "too many names"))
    return frozenset(shorter)


# Paths


def folder_of(text: str) -> str | None:
    """`os.path.dirname`, kept unresolved above the source file: its own folder is HERE/.. ."""
    head, slash, last = text.rpartition("/")
    if text == HERE or is_loop(text) or last == ".." or text in (".", ""):
        return f"{text}/.." if text else ".."
    if text == STAR:
        return STAR
    if not slash:
        return "." if plain(text) else STAR
    return head or "/"


def path_joined(values: list[Value], whences: list[str]) -> Value:
    """`os.path.join`: an absolute part throws away what comes before it."""
    so_far = values[0] if values else NOTHING
    said = whences[0] if whences else ""
    for value, whence in zip(values[1:], whences[1:], strict=True):
        anew = {each for each in value.texts if is_absolute(each.text)}
        rest = Value(value.texts - anew)
        below = joined((so_far, rest), (said, whence), "/") if rest.texts or not anew else NOTHING
        so_far = one_of((Value(frozenset(anew)), below))
    return changed(so_far, normal)


def is_absolute(text: str) -> bool:
    return text.startswith(("/", HERE)) or is_loop(text)


def is_loop(text: str) -> bool:
    return bool(text) and LOOP <= ord(text[0]) < LOOP + 0x1000


def normal(text: str) -> str:
    """Without `.`, doubled slashes, and `x/..` where x is a plain name."""
    if not ("//" in text or "/." in text or text.endswith("/")):
        return text
    parts: list[str] = []
    for part in text.split("/"):
        last = parts[-1] if parts else ""
        if part == ".." and last not in ("", "..", ".") and plain(last):
            parts.pop()
        elif (part and part != ".") or not parts:
            parts.append(part)
    made = "/".join(parts)
    return made or ("/" if text.startswith("/") else ".")


def suffix_less(text: str) -> str:
    return posixpath.splitext(text)[0]


def unrolled(value: Value, sign: str) -> Value:
    """A value that was followed back to itself, `sign` being itself: what it begins as, and what it can grow to."""
    begins = frozenset(each for each in value.texts if sign not in each.text)
    grown = set(begins)
    for each in value.texts - begins:
        if not each.text.startswith(sign):
            grown.add(each._replace(text=STAR))
        elif each.text != sign:
            rest = each.text[len(sign) :]
            upwards = not rest.replace("/..", "")
            for start in begins:
                grown.update(
                    _upwards(start)
                    if upwards
                    else (Text(start.text + STAR, start.whence or "a loop", True, start.altered),)
                )
            if not begins:
                grown.add(each._replace(text=STAR))
    return Value(frozenset(grown), value.holds, frozenset(key for key in value.keys if sign not in key.text))


def _upwards(start: Text) -> list[Text]:
    above = []
    text: str | None = start.text
    for _ in range(UP):
        text = folder_of(text) if text is not None else None
        above.append(start._replace(text=text if text is not None else STAR))
    return above


def all_above(value: Value) -> Value:
    """`Path.parents`."""
    return Value(frozenset(above for each in value.texts for above in _upwards(each)), 1)


def sliced(text: str, at: ast.Slice) -> str | None:
    """A slice of a text whose known end or beginning is long enough to be cut."""
    try:
        low, high = (None if end is None else int(ast.literal_eval(end)) for end in (at.lower, at.upper))
    except (ValueError, TypeError, SyntaxError):
        return None
    if at.step is not None:
        return None
    if plain(text):
        return text[low:high]
    if low is None and high is not None and high < 0 and plain(text[high:]) and len(text) > -high:
        return text[:high]
    if high is None and low is not None and low > 0 and plain(text[:low]):
        return text[low:]
    return STAR if text == STAR else None
