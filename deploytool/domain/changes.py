"""What a new revision says of itself: its commit wherever the old one said it, and which release made it.

A name that carries the commit of what was deployed before would be a lie on the new revision, and the next `drift`
would find two commits. So every such name that is there is written anew; no other is touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from deploytool.domain.model import Service
from deploytool.domain.plan import Changes
from deploytool.domain.provenance import ENV, LABELS

COMMIT_LABEL, RELEASE_LABEL, SCOPE_LABEL = "commit-sha", "deploytool-release", "deploytool-scope"
FENCE_LABEL = "deploytool-fence"  # on the service, for a moment: what was sent before it is refused after it
TIME = "BUILD_TIMESTAMP"
MOST_LABEL = 63  # characters; a SHA-256 id is longer, and its beginning is enough to find it


def changes_of(
    service: Service | None,
    *,
    commit: str,
    timestamp: str,
    release: str,
    scope: str,
    label: str | None = None,
    env: str | None = None,
    min_instances: int | None = None,
    cpu_throttling: bool | None = None,
) -> Changes:
    """`label` and `env` are the places that services.toml says to look for the commit first."""
    said = commit[:MOST_LABEL]
    own = {COMMIT_LABEL: said, RELEASE_LABEL: release} | ({SCOPE_LABEL: scope[:MOST_LABEL]} if scope else {})
    chosen = {label: said} if label else {}
    if service is None:
        variables = {env: commit} if env else {}
        return Changes(own | chosen, {}, variables, min_instances, cpu_throttling, {RELEASE_LABEL: release})
    template = service.template
    variables = {name: commit for name in (*ENV, *((env,) if env else ())) if name in template.env or name == env}
    variables |= {TIME: timestamp} if TIME in template.env else {}
    return Changes(
        labels=_carriers(template.labels, said) | own | chosen,
        annotations=_carriers(template.annotations, commit),
        env=variables,
        min_instances=min_instances,
        cpu_throttling=cpu_throttling,
        service_labels=_carriers(service.labels, said),
    )


def _carriers(names: Iterable[str] | Mapping[str, str], commit: str) -> dict[str, str]:
    """Those of the names that say a commit; of an annotation only what comes after the last slash counts."""
    return {name: commit for name in names if name.rpartition("/")[2].replace("_", "-").lower() in LABELS}
