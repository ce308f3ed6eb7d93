"""From texts to what may be loaded: patterns of modules and files, bounded or not, with the reason."""

from __future__ import annotations

import ast
from collections.abc import Iterable

from deploytool.domain.imports.facts import Dynamic, Subject
from deploytool.domain.imports.source.evaluate_text import (
    HERE,
    LISTED,
    LOOP,
    OWN,
    PARENT,
    STAR,
    Text,
    Value,
    normal,
    one_of,
    plain,
)
from deploytool.domain.imports.source.strings import module_names
from deploytool.domain.imports.source.survey import Place
from deploytool.domain.imports.source.wording import said

FOLDERS = ("run_path", "python")  # what runs a folder by its `__main__.py`
SIGNS = {HERE, OWN, PARENT, LISTED}


class Conclusions:
    """The dynamics of one file, as they are concluded. `strings` are the names that the file's constants spell."""

    def __init__(self, strings: tuple[str, ...]) -> None:
        self.found: list[Dynamic] = []
        self._strings = strings

    def say(
        self,
        node: ast.AST,
        place: Place,
        patterns: Iterable[str],
        why: str = "",
        files: bool = False,
        *,
        elsewhere: bool = False,
        altered: str = "",
    ) -> None:
        """Bounded by the patterns, and by what other files name when `elsewhere`; else it may be anything."""
        kept = tuple(sorted(set(patterns)))
        subject = Subject.FILE if files else Subject.MODULE
        line, bounded = getattr(node, "lineno", 0), bool(kept) or elsewhere
        when, guarded = place
        self.found.append(Dynamic(line, subject, kept, bounded, why, when, guarded, elsewhere, altered))

    def modules(self, node: ast.AST, place: Place, value: Value, what: str, objects: bool = False) -> None:
        """An import of whatever module the value may name. `objects`: the last part may be a name in the module."""
        self._modules(node, place, value.settled(), what, objects)
        others = {each.altered for each in value.texts} - {""} if self.found[-1].bounded else ()
        for name in sorted(others):
            texts = frozenset(each for each in value.texts if each.altered == name)
            self._modules(node, place, Value(texts), what, objects, name)

    def _modules(self, node: ast.AST, place: Place, value: Value, what: str, objects: bool, altered: str = "") -> None:
        patterns: set[str] = set()
        vague: list[Text] = []
        for each in _spelled(value.texts):
            made = module_patterns(each.text, objects)
            if made is None:
                vague.append(each)
            else:
                patterns |= made
        self._conclude(node, place, patterns, vague, what, module_names(self._strings), altered=altered)

    def files(self, node: ast.AST, place: Place, value: Value, what: str) -> None:
        """A file that is run or loaded by its path."""
        patterns: set[str] = set()
        siblings = False
        vague: list[Text] = []
        value = value.settled()
        for each in value.texts:
            text = normal(each.text)
            if text == HERE:
                continue  # itself
            if text.startswith(f"{HERE}/../") and "/" not in text[4:].strip("/") and STAR in text:
                siblings = True
                continue
            made = file_pattern(text)
            if made is None:
                vague.append(each)
            else:
                patterns.add(made)
                if what in FOLDERS and "." not in made.rpartition("/")[2]:
                    patterns.add(f"{made}/__main__.py")
        if siblings:
            self.say(node, place, (".*",), f"{what}: a file of its own folder")
        if value.texts and not patterns and not vague:
            return
        named = {text for text in self._strings if text.endswith((".py", ".so"))}
        self._conclude(node, place, patterns, vague, what, named, files=True)

    def _conclude(
        self,
        node: ast.AST,
        place: Place,
        patterns: set[str],
        vague: list[Text],
        what: str,
        spelled: Iterable[str],
        files: bool = False,
        altered: str = "",
    ) -> None:
        outside = [each for each in vague if each.outside]
        whence = sorted({each.whence for each in outside or vague if each.whence})
        why = f"{what}: {_argument(node, what)} comes from {' or '.join(whence[:3]) or 'what cannot be told'}"
        if outside:
            self.say(node, place, (), why, files, altered=altered)
        elif vague or not patterns:
            kept = patterns | set(spelled)
            open_ = bool(altered or (vague and kept))
            self.say(node, place, kept, why, files, elsewhere=open_, altered=altered)
        else:
            self.say(node, place, patterns, "", files, altered=altered)


def _argument(node: ast.AST, what: str) -> str:
    if isinstance(node, ast.Call) and node.args and " " not in what:
        return said(node.args[0])
    return "the name"


def _spelled(texts: Iterable[Text]) -> list[Text]:
    """Without sentences, where there is anything that looks like a name."""
    every = list(texts)
    named = [each for each in every if each.text and not any(letter.isspace() for letter in each.text)]
    return named or [each for each in every if each.text]


def module_patterns(text: str, objects: bool = False) -> set[str] | None:
    """What to look for when this text is imported; None when it could be anything; empty when it is nothing."""
    text, colon, _ = text.partition(":")
    if text == LISTED:
        return {".*"}
    text = text.replace(LISTED, STAR)
    if text.startswith((OWN, PARENT)):
        rest = _flat(text[1:])
        made = {"." + rest.lstrip(".")} if rest.startswith(".") or not rest else {".*", "..*"}
        if text.startswith(PARENT):
            made |= {f".{each}" for each in made}
        return made
    text = _flat(text)
    if "/" in text or "\\" in text or "\n" in text or text[:1].isdigit() or not text.strip("."):
        return set() if plain(text) and text.strip(".") else ({text} if text else set())
    prefix = text.partition(STAR)[0]
    if STAR in text and not prefix.startswith(".") and "." not in prefix:
        return None
    parent = text.rpartition(".")[0]
    return {text, parent} if objects and not colon and parent.strip(".") and STAR not in parent else {text}


def file_pattern(text: str) -> str | None:
    """The file that a path means, wherever it lies; None when it could be any."""
    parts = _flat(text).split("/")
    while len(parts) > 1 and parts[0] in (STAR, "..", "."):
        parts = parts[1:]
    made = "/".join(parts)
    last = parts[-1].rpartition(".")[0] or parts[-1]
    folders = [part for part in parts[:-1] if part and part != ".." and STAR not in part]
    if STAR in made and not folders and not any(letter.isalnum() for letter in last):
        return None
    return made if made.strip("./*") else None


def _flat(text: str) -> str:
    """Signs become `*`, and neighbouring ones are one."""
    made = "".join(STAR if each in SIGNS or LOOP <= ord(each) < LOOP + 0x1000 else each for each in text)
    while "**" in made:
        made = made.replace("**", STAR)
    return made


def resolved(value: Value, package: Value | None) -> Value:
    """Relative names against the package that is named beside them; without one they stay relative."""
    if package is None or not any(each.text.startswith(".") for each in value.texts):
        return value
    made: list[Text] = []
    for each in value.texts:
        dots = len(each.text) - len(each.text.lstrip("."))
        for start in package.texts if dots else ():
            made.append(_beside(each, dots, start))
        if not dots:
            made.append(each)
    return one_of([Value(frozenset(made[:2000]))]) if package.texts else value


def _beside(name: Text, dots: int, package: Text) -> Text:
    if package.text == OWN:
        return name
    if package.text == PARENT:
        return name._replace(text=PARENT + "." * (dots - 1) + "." + name.text[dots:])
    if STAR in package.text:
        return Text(f"{package.text}.{name.text[dots:]}", package.whence, package.outside)
    parts = package.text.split(".")
    kept = parts[: max(0, len(parts) - (dots - 1))]
    return name._replace(text=".".join([*kept, name.text[dots:]]))
