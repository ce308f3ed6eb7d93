"""A request to the service, or to another host that services.toml declares for it."""

from __future__ import annotations

from urllib.parse import urlsplit

from deploytool.checks.asked import Asking, Told
from deploytool.config.checks import HttpCheck
from deploytool.domain.check import Answer, HttpExpectation, NoHttpAnswer, judged_http


def told(check: HttpCheck, asking: Asking) -> Told:
    target, own = asking.target, check.http.startswith("/")
    if own and (target.unseen or not target.uri):
        return Answer.COULD_NOT_TELL, target.unseen or "Cloud Run does not say at which address it can be asked"
    url = target.uri.rstrip("/") + check.http if own else check.http
    hosts = (urlsplit(target.uri).netloc,) if own else target.hosts
    wanted = HttpExpectation(check.expect.status, check.expect.json_fields)
    audience = target.audience if own else ""
    got = asking.neighbours.prober.get(
        url, hosts, audience=audience, expected=wanted.status, patience=asking.pace.start
    )
    if isinstance(got, NoHttpAnswer):
        return got.answer, got.said
    answer, said = judged_http(wanted, got.status, got.headers, got.body, whole=got.whole)
    return answer, said + _aside(asking, own)


def _aside(asking: Asking, own: bool) -> str:
    if asking.candidate:
        return "" if own else " (asked elsewhere, not at the candidate)"
    split = len(asking.target.revisions)
    return f" (one of {split} revisions did)" if own and split > 1 else ""
