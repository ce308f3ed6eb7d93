"""Checks with anything in them, for properties that must hold whatever a branch says."""

from __future__ import annotations

from hypothesis import strategies as st

from deploytool.domain.check_report import CheckReport, Compared, Policy
from deploytool.domain.check_rules import RULES
from deploytool.domain.finding import Accepted, Finding, Severity
from deploytool.domain.report import LookError, Relevance, Remark
from tests.render.reports import NOW, OLD, TARGET
from tests.render.strategies import errors, moments, shas, text, tuples

names = st.none() | text
changed = st.fixed_dictionaries(
    {"path": text, "relevance": st.sampled_from(Relevance).map(str), "chain": st.lists(text, max_size=12), "note": text}
)
details = st.fixed_dictionaries(
    {},
    optional={
        "chain": st.lists(text, max_size=14),
        "lines": st.lists(text, max_size=20),
        "files": st.lists(changed | text, max_size=3),
        "importers": st.lists(
            st.fixed_dictionaries({"path": text, "line": st.none() | st.integers(0, 99)}), max_size=3
        ),
        "count": st.integers(0, 99),
        "module": text,
        "commits": st.integers(0, 99),
        "more": st.dictionaries(text, text | st.none() | st.lists(text, max_size=2), max_size=2),
    },
)
findings = st.builds(
    Finding,
    rule=st.sampled_from([*RULES]),
    severity=st.sampled_from(Severity),
    message=text,
    hint=text,
    service=names,
    path=names,
    line=st.none() | st.integers(1, 10**6),
    subject=text,
    existing=st.booleans(),
    detail=details,
)
policies = st.builds(Policy, st.booleans(), st.sampled_from([(), ("DT3",), ("DT401", "DT2xx")]))
check_reports = st.builds(
    CheckReport,
    moments,
    st.builds(Compared, text, shas),
    st.builds(Compared, text, shas),
    st.lists(findings, max_size=6).map(tuple),
    tuples(text),
    tuples(text),
    names,
    tuples(st.builds(Accepted, findings, text, st.none() | st.dates())),
    errors,
    tuples(st.builds(Remark, text, text)),
    policies,
)


def check_of(sample: str) -> CheckReport:
    """A check in which every string is the sample: found, there before, accepted, not looked at."""
    proof = {"chain": [sample, f"{sample}x", sample], "lines": [f"{sample}y"], sample: {"x": [sample]}}
    files = {"files": [{"path": sample, "relevance": "imported", "chain": [sample, f"{sample}x"], "note": sample}]}
    more = {"importers": [{"path": sample, "line": 3}, {"path": sample, "line": None}]}
    found = [
        Finding(rule, severity, sample, sample, sample, sample, 7, sample, existing, detail)
        for rule, severity, detail in (
            ("DT201", Severity.ERROR, {**proof, **more}),
            ("DT303", Severity.WARNING, proof),
            ("DT401", Severity.NOTE, {**files, **more}),
        )
        for existing in (False, True)
    ]
    found.append(Finding("DT101", Severity.ERROR, sample, path=None, service=None))
    return CheckReport(
        NOW,
        Compared(sample, OLD),
        Compared(sample, TARGET),
        tuple(found),
        (sample, f"{sample}2"),
        (sample,),
        sample,
        (Accepted(found[0], sample, None),),
        (LookError(sample, sample), LookError("", sample)),
        (Remark(sample, sample),),
    )
