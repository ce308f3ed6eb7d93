"""DT104: where something may serve that services.toml of the branch no longer describes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from deploytool.config import ServiceTable
from deploytool.detect.branch.side import Side
from deploytool.domain.finding import Finding, Severity
from deploytool.domain.model import Fleet, Kind, Place


def removed_in(base: Side, head: Side, fleet: Fleet | None) -> Iterator[Finding]:
    """Services that leave it, and places that they leave: a region, a project, the cloud itself.

    Without a fleet nobody can tell whether they still serve there.
    """
    if not base.own:
        return
    rehearsed = base.config.project.cloud == "local"  # what leaves the embedded Cloud Run is not left behind by anybody
    stays = rehearsed or base.config.project.cloud == head.config.project.cloud
    kept = set(head.config.places) if stays else set[Place]()
    serving = None if fleet is None else {one.place for one in fleet.services}
    for table in base.tables.values():
        project, regions = base.config.project.project, base.config.regions_of(table)
        places = [place for region in regions if (place := Place(project, region, table.name)) not in kept]
        here = [place for place in places if serving is not None and place in serving]
        if fleet is not None:
            dark = {(gone.project, gone.region) for gone in fleet.unreachable if table.kind in gone.kinds}
            places = here or [place for place in places if (place.project, place.region) in dark]
        if places:
            yield _removed(head, table, places, bool(here))


def _removed(head: Side, table: ServiceTable, places: Iterable[Place], serves: bool) -> Finding:
    name, regions = table.name, sorted({place.region for place in places})
    project = next(place.project for place in places)
    where = f"and serves in {', '.join(regions)}" if serves else "and whether it still serves was not looked at"
    left, subject = "in services.toml", name
    if name in head.tables:
        left = f"described for {', '.join(regions)} of {project}"
        subject = f"{name} {project} {' '.join(regions)}"
        where = "and serves there" if serves else where
    noun = "jobs" if table.kind is Kind.JOB else "services"
    command = f"gcloud run {noun} delete {name} --project {project} --region {regions[0]}"
    return Finding(
        "DT104",
        Severity.ERROR if serves else Severity.WARNING,
        f"{name} is no longer {left}, {where}.",
        hint=f"Delete it there first ({command}), or keep what describes it.",
        service=name,
        path=head.file,
        line=head.line_of("services", name, "regions") if name in head.tables else None,
        subject=subject,
    )
