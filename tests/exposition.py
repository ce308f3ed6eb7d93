"""A judge of Prometheus' text format 0.0.4, written from its documentation: one family after another, each once."""

from __future__ import annotations

import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r"[a-zA-Z_][a-zA-Z0-9_]*"
PAIR = re.compile(rf'({LABEL})="((?:[^"\\\n]|\\[\\"n])*)"(,|$)')
SAMPLE = re.compile(rf"({NAME})(?:\{{(.*)\}})? (NaN|[+-]Inf|-?[0-9.]+(?:e[+-]?[0-9]+)?)")
UNESCAPED = {r"\\": "\\", r"\"": '"', r"\n": "\n"}
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def read(text: str) -> Samples:
    """Every sample. Raises AssertionError for what a textfile collector would refuse."""
    assert text.endswith("\n")
    found: Samples = {}
    known: set[str] = set()
    current = ""
    lines = text.removesuffix("\n").split("\n")
    for number, line in enumerate(lines):
        if line.startswith("# HELP "):
            current, _, _help = line.removeprefix("# HELP ").partition(" ")
            assert current not in known, f"{current} is there twice"
            known.add(current)
            assert re.fullmatch(rf"# TYPE {current} (gauge|counter)", lines[number + 1])
            assert lines[number + 1].endswith("counter") == current.endswith("_total")
        elif not line.startswith("# TYPE "):
            sample = SAMPLE.fullmatch(line)
            assert sample, line
            assert sample[1] == current, f"{sample[1]} stands under {current}"
            key = (sample[1], frozenset(labels_in(sample[2] or "").items()))
            assert key not in found, f"{line}: twice"
            found[key] = float(sample[3])
    return found


def labels_in(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    at = 0
    while at < len(text):
        pair = PAIR.match(text, at)
        assert pair, text[at:]
        assert pair[1] not in found, f"{pair[1]} is there twice"
        found[pair[1]] = re.sub(r"\\[\\\"n]", lambda one: UNESCAPED[one[0]], pair[2])
        at = pair.end()
    return found


def value(samples: Samples, name: str, **labels: str) -> float:
    return samples[f"deploytool_{name}", frozenset(labels.items())]
