"""A report of what does not agree: one of each way out, and how some of it was mended."""

from __future__ import annotations

from datetime import timedelta

from deploytool.domain.model import Place
from deploytool.domain.reconcile import Disagreement, Item, Mend, MendKind, item
from deploytool.domain.reconcile_report import Mended, ReconcileReport, Word
from deploytool.domain.report import LookError
from tests.render.reports import NOW


def items(sample: str = "", region: str = "us-west2") -> tuple[Item, ...]:
    """With `sample`, every text is that."""
    place = Place("p", sample or region, sample or "api")
    other = Place("p", "europe-west1", "web")
    mend = Mend(MendKind.DROP_TAG, sample or "take the tag candidate off api-b", sample or "candidate", "api-b")
    return (
        item(Disagreement.CHAIN, sample or "the ledger was changed", sample or "deploytool releases --verify"),
        item(
            Disagreement.LEFTOVER, sample or "the tag was left on api-b", sample or "gcloud run …", place=place,
            subject=sample or "candidate", mend=mend, release=sample or "r1",
        ),
        item(
            Disagreement.UNRECORDED, sample or "api-c serves, and is in no release", sample or "--adopt", place=other,
            subject=sample, mend=Mend(MendKind.ADOPT, sample or "record it"),
        ),
    )  # fmt: skip


def reconcile_report(sample: str = "") -> ReconcileReport:
    found = items(sample)
    mended = tuple(Mended(found[1], word, sample or "the tag is off") for word in Word)
    return ReconcileReport(
        NOW,
        NOW - timedelta(days=7),
        (sample or "api", "web"),
        found,
        (LookError(sample or "us-west2", sample or "refused"),),
        fixing=True,
        mended=mended,
        remarks=(sample or "ada@laptop is releasing web",),
    )
