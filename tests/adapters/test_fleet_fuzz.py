"""Random damage to a fleet file: nothing but CouldNotLook, and a service that is pinned elsewhere never looks fine."""

import copy
import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploytool.adapters.fleet import fleet_document, read_fleet
from deploytool.domain.model import Place
from deploytool.domain.provenance import candidates_of, commit_of, hexes_of
from deploytool.domain.report import ServingState
from deploytool.domain.traffic import serving_of
from deploytool.errors import CouldNotLook
from tests.adapters.shapes import P, R, v1_service, v2_job, v2_pinned, v2_revision, v2_service

PINNED_V1 = [{"revisionName": "api-00003-old", "percent": 100}]
ORIGINALS = {
    "v2": {"services": [v2_pinned()], "revisions": [v2_revision()], "jobs": [v2_job()], "unreachable": []},
    "v1": [v1_service(traffic=PINNED_V1), v1_service("web")],
    "mixed": {"services": [v2_pinned(), v2_service("web"), v1_service("old", traffic=PINNED_V1)]},
}
JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 200),
    st.floats(),
    st.sampled_from(["", "x", "True", "-1", "100", "CONDITION_NEW", "TYPE_NEW", "projects/p", "\x1b[2J", "\ud800"]),
    st.lists(st.none() | st.integers(), max_size=2),
    st.dictionaries(st.sampled_from(["name", "percent", "kind"]), st.none() | st.integers(), max_size=2),
)
HEALTHY = (ServingState.LATEST, ServingState.PINNED)


def spots(node, path=()):
    """Every place in a document."""
    if path:
        yield path
    entries = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, below in entries:
        yield from spots(below, (*path, key))


@st.composite
def damaged(draw, original, most):
    document = copy.deepcopy(original)
    for _ in range(draw(st.integers(1, most))):
        places = list(spots(document))
        if not places:
            break
        *path, last = draw(st.sampled_from(places))
        node = document
        for key in path:
            node = node[key]
        action = draw(st.sampled_from(["junk", "junk", "delete", "double"]))
        if action == "double" and isinstance(node, list):
            node.append(copy.deepcopy(node[last]))
        elif action == "delete" and last in (node if isinstance(node, dict) else range(len(node))):
            del node[last]
        else:
            node[last] = draw(JUNK)
    return document


def judged(document):
    """Everything that is done with a fleet; None when it could not be read."""
    content = json.dumps(document).encode()
    try:
        fleet = read_fleet(["-"], io.BytesIO(content), P, [R])
    except CouldNotLook:
        return None
    for service in fleet.services:
        candidates = candidates_of(service, service.template, True)
        commit_of(candidates, {}, service.updated_at)
        hexes_of(candidates)
    json.dumps(fleet_document(fleet))
    return {service.place: serving_of(service, fleet.revisions) for service in fleet.services}


@pytest.mark.parametrize("name", ORIGINALS)
def test_much_damage_never_crashes(name):
    @settings(max_examples=100, deadline=None)
    @given(damaged(ORIGINALS[name], most=6))
    def check(document):
        judged(document)

    check()


@pytest.mark.parametrize("name", ORIGINALS)
def test_one_damage_never_makes_a_pinned_service_look_fine(name):
    @settings(max_examples=150, deadline=None)
    @given(damaged(ORIGINALS[name], most=1))
    def check(document):
        for place, serving in (judged(document) or {}).items():
            if place in (Place(P, R, "api"), Place(P, R, "old")):
                assert serving.problems or serving.state not in HEALTHY

    check()


@settings(max_examples=150, deadline=None)
@given(st.recursive(JUNK, lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=9), inner), max_leaves=8))
def test_any_json_at_all(document):
    judged(document)
