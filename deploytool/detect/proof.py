"""`explain`: what one service is made of and why it stands as it does; a path or commit on request."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from deploytool.detect.asked import Asking
from deploytool.detect.drift import Detection
from deploytool.detect.making import Making, files_of, making_of, missing_in, starts_of, third_party_in
from deploytool.detect.serving import History
from deploytool.domain.model import Fleet
from deploytool.domain.proof import ProofReport, ServiceProof
from deploytool.domain.report import ServiceDrift


class Proving:
    """Puts together what `explain` says; the detection is asked first, and all else rests on what it has read."""

    def __init__(self, detection: Detection) -> None:
        self.detection = detection
        detection.scoped = True

    def report(self, fleet: Fleet, history: History, now: datetime, question: str | None) -> ProofReport:
        """The proof of the one service that the detection looks at. Raises UsageError for an unknown question."""
        found = self.detection.report(fleet, history, now)
        (table,) = self.detection.tables
        making = making_of(self.detection, table)
        path = commit = None
        if question is not None:
            asking = Asking(self.detection, making)
            named = asking.path_named(question)
            path = None if named is None else asking.path(named)
            commit = asking.commit(question) if named is None else None
        return ProofReport(
            generated_at=found.generated_at,
            target_ref=found.target_ref,
            target_commit=found.target_commit,
            services=tuple(self._proof(making, service) for service in found.services),
            question=question or "",
            path=path,
            commit=commit,
            errors=found.errors,
            remarks=tuple(dict.fromkeys((*found.remarks, *self.detection.grounds.unfollowed.values()))),
        )

    def _proof(self, making: Making, drift: ServiceDrift) -> ServiceProof:
        study, image = making.study, making.seen.made.image
        missing = missing_in(making)
        return ServiceProof(
            drift=replace(drift, precision=self.detection.grounds.coarser.get(drift.name, drift.precision)),
            command=study.program.said if study else "",
            starts=starts_of(study) if study else (),
            files=tuple(files_of(making)),
            third_party=third_party_in(making, missing),
            missing_modules=missing,
            doubts=study.doubts if study else making.seen.made.doubts,
            outside=tuple(one.source for one in image.outside) if image else (),
        )
