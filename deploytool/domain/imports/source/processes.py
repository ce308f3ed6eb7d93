"""Python programs that a file starts: `[sys.executable, script]`, `"python -m package"`, `os.system(…)`."""

from __future__ import annotations

import ast
import re

from deploytool.domain.imports.source.code import FactsOfCode
from deploytool.domain.imports.source.evaluate import Evaluator
from deploytool.domain.imports.source.evaluate_text import STAR, Text, Value, unknown
from deploytool.domain.imports.source.names import Conclusions
from deploytool.domain.imports.source.survey import Place, Survey
from deploytool.domain.imports.source.wording import said

_PYTHON = re.compile(r"(?:.*/)?python[\d.]*")
_STARTING = re.compile(r"(?i)exec|spawn|popen|run|call|process|start|launch|command|cmd|shell|output")
SHELLS = {
    "os.system", "os.popen", "subprocess.getoutput", "subprocess.getstatusoutput", "subprocess.run", "subprocess.call",
    "subprocess.Popen", "subprocess.check_call", "subprocess.check_output", "asyncio.create_subprocess_shell",
}  # fmt: skip
SERVERS = frozenset({"gunicorn", "uvicorn", "hypercorn", "daphne", "celery", "flask", "rq", "dramatiq", "arq"})
WITH_VALUE = ("-W", "-X", "-Q", "--check-hash-based-pycs")


class Processes:
    def __init__(self, survey: Survey, evaluator: Evaluator, conclusions: Conclusions, code: FactsOfCode) -> None:
        self._survey = survey
        self._evaluator = evaluator
        self._conclusions = conclusions
        self._code = code

    def collect(self) -> None:
        for node, place in self._survey.lists:
            if self._is_python(node.elts[0]):
                self._words(node, place, node.elts[1:])
            elif isinstance(node.elts[0], ast.Constant) and node.elts[0].value in SERVERS:
                self._served(node, place)
        for statement, place in self._survey.assigns:
            self._continued(statement.value, place)
        for call, place in self._survey.calls:
            if call.args and self._evaluator.dotted(call.func) & SHELLS:
                self._line(call, place)
            for index, each in enumerate(call.args):
                self._continued(each, place)
                rest = call.args[index + 1 :]
                if rest and self._is_python(each) and self._is_word(rest[0]) and _STARTING.search(said(call.func)):
                    self._words(call, place, rest)

    def _served(self, node: ast.List | ast.Tuple, place: Place) -> None:
        """`["celery", "-A", "worker", "worker"]`: each word may name the module that has the application."""
        words = [each.text for part in node.elts[1:] for each in self._evaluator.value(part).settled().texts]
        names = {word.rpartition("=")[2].partition(":")[0] for word in words}
        named = {name for name in names if name.replace(".", "").isidentifier()}
        if named:
            self._conclusions.say(node, place, named)

    def _is_word(self, node: ast.expr) -> bool:
        """Not the list of arguments, which is looked at by itself, nor the interpreter once more."""
        return not isinstance(node, ast.List | ast.Tuple | ast.BinOp) and not self._is_python(node)

    def _continued(self, node: ast.expr | None, place: Place) -> None:
        """`[sys.executable] + arguments`: a list that says nothing but the interpreter, and another one."""
        if not isinstance(node, ast.BinOp) or not isinstance(node.op, ast.Add):
            return
        first, *others = _added(node)
        if not isinstance(first, ast.List | ast.Tuple) or not first.elts or not self._is_python(first.elts[0]):
            return
        if all(_is_option(each) for each in first.elts[1:]):
            words = first.elts[1:]
            for part in others:
                words += part.elts if isinstance(part, ast.List | ast.Tuple) else [ast.Starred(part, ast.Load())]
            self._words(node, place, words)

    def _is_python(self, node: ast.expr) -> bool:
        if isinstance(node, ast.Constant):
            return isinstance(node.value, str) and len(node.value) < 60 and bool(_PYTHON.fullmatch(node.value))
        if isinstance(node, ast.Attribute | ast.Name):
            return "sys.executable" in self._evaluator.dotted(node)
        return isinstance(node, ast.BoolOp) and any(self._is_python(each) for each in node.values)

    def _words(self, node: ast.expr, place: Place, words: list[ast.expr]) -> None:
        """The arguments of an interpreter, each an expression of its own."""
        skip = False
        for index, word in enumerate(words):
            if skip:
                skip = False
                continue
            value = self._evaluator.value(word).settled()
            options = {each.text for each in value.texts}
            following = words[index + 1] if index + 1 < len(words) else None
            if options <= {"-m", "-c"} and options and following is not None:
                self._program(node, place, self._evaluator.value(following), options.pop(), following)
                return
            if options and all(text.startswith("-") for text in options):
                skip = bool(options & set(WITH_VALUE))
                continue
            self._program(node, place, value.elements(), "", word)
            return

    def _program(self, node: ast.expr, place: Place, value: Value, option: str, word: ast.expr) -> None:
        texts = value.texts or unknown(said(word)).texts
        inner = word.value if isinstance(word, ast.Starred) else word
        if isinstance(inner, ast.Subscript) and isinstance(inner.slice, ast.Constant) and inner.slice.value == 0:
            inner = inner.value
        if "sys.argv" in self._evaluator.dotted(inner):
            return  # itself, started again
        if option == "-c":
            self._snippets(node, place, texts)
        elif option == "-m":
            self._conclusions.modules(node, place, Value(texts), "python -m")
        else:
            self._conclusions.files(node, place, Value(texts), "python")

    def _snippets(self, node: ast.expr, place: Place, texts: frozenset[Text]) -> None:
        whences: set[str] = set()
        for each in texts:
            facts = self._code(each.text) if STAR not in each.text else None
            if facts is None or facts.error:
                whences.add(each.whence or "this file")
                continue
            names = {"." * one.level + one.module for one in facts.imports} - {""}
            names |= {f"{one.module}.{name}" for one in facts.imports for name in one.names if one.module}
            if names:
                self._conclusions.say(node, place, names)
            self._conclusions.found += facts.dynamics
        if whences:
            self._conclusions.say(node, place, (), f"python -c: its code comes from {' or '.join(sorted(whences)[:3])}")

    def _line(self, call: ast.Call, place: Place) -> None:
        """A command in one text, for a shell."""
        for each in self._evaluator.value(call.args[0]).settled().texts:
            words = each.text.replace(";", " ").replace("&", " ").split()
            for index, word in enumerate(words):
                if _PYTHON.fullmatch(word) and index + 1 < len(words):
                    rest = words[index + 1 :]
                    at = next((i for i, it in enumerate(rest) if not it.startswith("-") or it in ("-m", "-c")), None)
                    if at is None or rest[at] == "-c":
                        continue
                    named = rest[at] == "-m"
                    said_word = rest[at + 1] if named and at + 1 < len(rest) else rest[at]
                    text = Text(said_word, each.whence or "the command", each.outside)
                    if STAR in said_word or plain_script(said_word, named):
                        self._program(call, place, Value(frozenset((text,))), "-m" if named else "", call.args[0])


def _added(node: ast.expr) -> list[ast.expr]:
    """The parts of `a + b + c`, from the left."""
    parts: list[ast.expr] = []
    while isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and len(parts) < 100:
        parts.append(node.right)
        node = node.left
    return [node, *reversed(parts)]


def _is_option(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("-")


def plain_script(word: str, named: bool) -> bool:
    return named or word.endswith(".py") or "/" in word
