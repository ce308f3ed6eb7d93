"""Families in Prometheus' text format 0.0.4, as a textfile collector reads it: HELP, TYPE, then the samples."""

from __future__ import annotations

import math
from collections.abc import Iterable

from deploytool.domain.metrics import Family, Sample
from deploytool.render.text import printable


def metrics(families: Iterable[Family]) -> str:
    """The whole file. A family without a sample is left out; none has a time stamp: the collector refuses those."""
    return "".join(_family(family) for family in families if family.samples)


def _family(family: Family) -> str:
    help = printable(family.help).replace("\\", r"\\")
    head = f"# HELP {family.name} {help}\n# TYPE {family.name} {family.kind}\n"
    return head + "".join(_sample(family.name, sample) for sample in family.samples)


def _sample(name: str, sample: Sample) -> str:
    labels = ",".join(f'{label}="{_escaped(value)}"' for label, value in sample.labels.items())
    return f"{name}{f'{{{labels}}}' if labels else ''} {_number(sample.value)}\n"


def _escaped(value: str) -> str:
    """A label's value: what cannot be seen is written out, then what the format gives a meaning."""
    return printable(value).replace("\\", r"\\").replace('"', r"\"")


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
