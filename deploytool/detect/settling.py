"""The plan of a release that changes nothing but declared settings: the image that serves, once more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from deploytool.config import ServiceTable
from deploytool.detect.planning import before_of, watch_of
from deploytool.domain.changes import changes_of
from deploytool.domain.disagreements_traffic import recorded
from deploytool.domain.plan import Plan, plan_of, revision_name
from deploytool.domain.release import Kind, Release
from deploytool.domain.template import settings_said, variables_of
from deploytool.ports import SeenService


def settings_plan(
    table: ServiceTable, seen: SeenService | None, releases: Sequence[Release], *, id: str, by: str
) -> Plan | None:
    """None unless the last release of ours made the newest revision: its image is found by its key."""
    last = recorded(tuple(releases))
    if seen is None or last is None or last.kind is not Kind.DEPLOY or seen.service.latest_created != last.revision:
        return None
    made, service, settings, rule = plan_of(last.id, last.plan), seen.service, table.release.settings, table.commit
    changes = changes_of(
        service,
        commit=made.commit,
        timestamp=made.timestamp,
        release=id,
        scope=made.scope,
        label=rule.label if rule else None,
        env=rule.env if rule else None,
        min_instances=settings.min_instances,
        cpu_throttling=settings.cpu_throttling,
    )
    return replace(
        made,
        id=id,
        by=by,
        reason="declared settings",
        revision=revision_name(table.name, made.commit, id),
        steps=table.release.steps,
        watch=watch_of(table),
        before=before_of(service, changes.service_labels, releases),
        changes=changes,
        from_commit=made.commit,
        from_scope=made.scope,
        hold=False,
        variables=variables_of(seen.raw),
        settings=settings_said(seen.raw, settings.min_instances, settings.cpu_throttling),
        reaching=0,
    )
