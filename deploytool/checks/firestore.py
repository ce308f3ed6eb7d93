"""A Firestore document, or each document of a collection: what it holds, what it counts, how old it is."""

from __future__ import annotations

from datetime import datetime, timedelta

from deploytool.checks.asked import Asking, Told
from deploytool.config.checks import FirestoreCheck
from deploytool.domain.check_documents import DocumentsExpectation, judged_documents


def told(check: FirestoreCheck, asking: Asking) -> Told:
    path = dated(check.firestore, asking.now())
    age = None if check.max_age is None else timedelta(seconds=check.max_age.seconds)
    expected = DocumentsExpectation(check.fields, check.counts, age, str(check.max_age or ""))
    one = path.count("/") % 2 == 1
    documents = asking.neighbours.documents
    found = (
        documents.document(check.database, path)
        if one
        else documents.collection(check.database, path, contents=expected.of_contents)
    )
    answer, said = judged_documents(expected, found, one=one)
    return answer, f"{path}: {said}" if path != check.firestore else said


def dated(path: str, now: datetime) -> str:
    """{today} and {yesterday} as dates of UTC, whatever the machine's own zone is."""
    yesterday = now - timedelta(days=1)
    return path.replace("{today}", f"{now:%Y-%m-%d}").replace("{yesterday}", f"{yesterday:%Y-%m-%d}")
