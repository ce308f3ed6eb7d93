"""Which commit: the order of trust, what git may be asked, what dirty and disagreeing sources end in."""

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.domain.model import Kind, Place, Revision, Service
from deploytool.domain.provenance import (
    Candidate,
    CommitRule,
    Proof,
    by_digest,
    candidates_of,
    commit_of,
    hexes_of,
)
from deploytool.domain.report import Source

A, B = "a" * 40, "b" * 40
DIGEST = "sha256:" + "5" * 64


def service(**changes):
    return Service(place=Place("p", "r", "s"), kind=Kind.SERVICE, template=Revision(None), **changes)


def said(revision, newest=True, rule=None, owner=None):
    found = candidates_of(owner or service(), revision, newest, rule)
    return [(candidate.source, candidate.value) for candidate in found]


def judged(revision, proofs=None, newest=True, rule=None, owner=None, **more):
    return commit_of(candidates_of(owner or service(), revision, newest, rule), proofs or {}, **more)


def test_the_order_of_trust():
    revision = Revision(
        "r1",
        image=f"eu.gcr.io/p/api:{'5' * 40}",
        labels={"commit": "2" * 7, "commit-sha": "1" * 7},
        annotations={"example.com/git-sha": "3" * 7},
        env={"SOURCE_COMMIT": "5" * 7, "BUILD_COMMIT": "4" * 7, "OTHER": "9" * 7},
    )
    owner = service(labels={"commit-sha": "6" * 7})
    assert said(revision, owner=owner) == [
        (Source.REVISION_LABEL, "1" * 7),
        (Source.REVISION_LABEL, "2" * 7),
        (Source.ANNOTATION, "3" * 7),
        (Source.ENV, "4" * 7),
        (Source.ENV, "5" * 7),
        (Source.IMAGE_TAG, "5" * 40),
        (Source.SERVICE_LABEL, "6" * 7),
    ]


def test_a_service_label_speaks_only_for_the_newest_revision():
    owner = service(labels={"commit-sha": A}, annotations={"client.knative.dev/user-image": f"x/api:{A}"})
    assert said(Revision("old", image="x/api:1"), newest=False, owner=owner) == []
    assert said(Revision("new", image="x/api@" + DIGEST), owner=owner) == [
        (Source.IMAGE_TAG, A),
        (Source.SERVICE_LABEL, A),
    ]


def test_a_typed_image_of_another_repository_says_nothing():
    owner = service(annotations={"client.knative.dev/user-image": f"x/other:{A}"})
    assert said(Revision("new", image="x/api@" + DIGEST), owner=owner) == []


@pytest.mark.parametrize(
    ("rule", "first"),
    [
        (CommitRule(label="team"), (Source.REVISION_LABEL, "c" * 8)),
        (CommitRule(env="MINE"), (Source.ENV, "d" * 8)),
        (CommitRule(tag_regex=re.compile(r"^build-\d+-(\w+)$")), (Source.IMAGE_TAG, "e" * 8)),
        (CommitRule(tag_regex=re.compile(r"-(?P<n>\d+)-(?P<commit>\w+)$")), (Source.IMAGE_TAG, "e" * 8)),
        (CommitRule(tag_regex=re.compile(r"e+$")), (Source.IMAGE_TAG, "e" * 8)),
        (CommitRule(label="absent"), (Source.REVISION_LABEL, A)),
        (CommitRule(tag_regex=re.compile("nothing")), (Source.REVISION_LABEL, A)),
    ],
)
def test_the_rule_of_services_toml_comes_first(rule, first):
    revision = Revision(
        "r1", image="x/api:build-17-" + "e" * 8, labels={"team": "c" * 8, "commit-sha": A}, env={"MINE": "d" * 8}
    )
    found = said(revision, rule=rule)
    assert found[0] == first
    assert (Source.REVISION_LABEL, A) in found


@pytest.mark.parametrize(
    ("tag", "hex_"),
    [
        (A, A),
        ("abc1234", "abc1234"),
        ("v1.2.3-4-gabc1234", "abc1234"),
        ("sha-abc1234", "abc1234"),
        ("latest", None),
        ("v1.2.3", None),
        ("ABC1234", None),
        ("abc12", None),
        ("", None),
    ],
)
def test_image_tags_that_look_like_a_commit(tag, hex_):
    image = f"localhost:5000/p/api:{tag}" if tag else "localhost:5000/p/api"
    for whole in (image, image + "@" + DIGEST):
        candidates = candidates_of(service(), Revision("r1", image=whole), False)
        assert hexes_of(candidates) == ({hex_} if hex_ else set())


HOSTILE = ["--output=/tmp/x", "--upload-pack=sh", "main", "HEAD", "abc1234^", "abc1234\n", "\x1b[31m", "a..b", "+", "é"]


@pytest.mark.parametrize("value", HOSTILE)
def test_git_never_sees_what_is_no_hex(value):
    candidates = candidates_of(service(), Revision("r1", labels={"commit-sha": value}, env={"GIT_SHA": value}), True)
    assert hexes_of(candidates) == frozenset()
    found = commit_of(candidates, {})
    assert found.commit is None
    assert found.source is Source.NONE
    assert "commit-sha" in found.reason
    assert found.hint


@given(st.text(max_size=80))
def test_only_hex_ever_leaves(value):
    for hex_ in hexes_of([Candidate(Source.ENV, value, "env X")]):
        assert re.fullmatch("[0-9a-f]{7,64}", hex_)


def test_an_env_value_that_is_no_commit_may_be_a_secret():
    found = judged(Revision("r1", env={"BUILD_COMMIT": "s3cr3t-t0ken", "GIT_SHA": "hunter2-dirty"}))
    assert "s3cr3t" not in repr(found)
    assert "hunter2" not in repr(found)


@pytest.mark.parametrize(
    "value",
    ["abc1234-dirty", "abc1234+", "v1-2-gabc1234-dirty", "dirty", "abc1234.dirty", "abc1234-dirty-2026", "abc1234+x"],
)
@pytest.mark.parametrize("where", ["labels", "env", "both"])
def test_dirty_is_unknown_whatever_else_says_clean(value, where):
    labels = {"commit-sha": value if where != "env" else A}
    env = {"BUILD_COMMIT": value if where != "labels" else A}
    found = judged(Revision("r1", labels=labels, env=env), {A: Proof.found(A), "abc1234": Proof.found(A)})
    assert found.commit is None
    assert "uncommitted changes" in found.reason


def test_git_is_not_asked_about_a_dirty_build():
    assert hexes_of([Candidate(Source.ENV, "v1-dirty-gabc1234", "env X")]) == frozenset()


def test_a_dirty_image_tag_behind_a_regex_that_cuts_it_off():
    rule = CommitRule(tag_regex=re.compile("^([0-9a-f]+)"))
    found = judged(Revision("r1", image="x/api:abc1234-dirty"), {"abc1234": Proof.found(A)}, rule=rule)
    assert found.commit is None


def test_the_first_proven_one_wins_and_the_others_are_named():
    revision = Revision("r1", labels={"commit-sha": "abcdef0"}, env={"BUILD_COMMIT": "1234567"})
    found = judged(revision, {"abcdef0": Proof.found(A), "1234567": Proof.found(B)})
    assert (found.commit, found.source) == (A, Source.REVISION_LABEL)
    assert found.conflicts == ("env BUILD_COMMIT says 1234567, revision label commit-sha says abcdef0",)


def test_short_and_full_of_one_commit_agree():
    revision = Revision("r1", image=f"x/api:{A}", labels={"commit-sha": "aaaaaaa"}, env={"GIT_SHA": "a" * 8})
    found = judged(revision, {"aaaaaaa": Proof.found(A), A: Proof.found(A)})
    assert (found.commit, found.conflicts) == (A, ())


def test_a_label_that_git_does_not_know_gives_way_to_a_proven_source_and_is_named():
    revision = Revision("r1", labels={"commit-sha": B}, env={"BUILD_COMMIT": A})
    found = judged(revision, {A: Proof.found(A), B: Proof()})
    assert (found.commit, found.source) == (A, Source.ENV)
    assert found.conflicts == ("revision label commit-sha says bbbbbbbbbbbb, env BUILD_COMMIT says aaaaaaaaaaaa",)


@pytest.mark.parametrize(
    ("proof", "reason", "hint"),
    [
        (Proof(), "not a commit in this repository", "git fetch"),
        (Proof(shallow=True), "shallow clone", "git fetch --unshallow"),
        (Proof(ambiguous=3), "3 commits", "commit-sha"),
    ],
)
def test_unproven_says_why_and_what_would_help(proof, reason, hint):
    found = judged(Revision("r1", labels={"commit-sha": "abc1234"}), {"abc1234": proof})
    assert (found.commit, found.source) == (None, Source.NONE)
    assert reason in found.reason
    assert hint in found.hint


def test_a_content_hash_is_no_commit_label():
    assert said(Revision("r1", labels={"firebase-functions-hash": A}), owner=service(labels={"x-hash": A})) == []


def test_a_time_proves_nothing():
    found = judged(Revision("r1"), created_at=datetime(2026, 2, 4, tzinfo=UTC))
    assert (found.commit, found.source) == (None, Source.TIMESTAMP)
    assert "2026-02-04" in found.reason
    assert judged(Revision("r1")).source is Source.NONE


def test_equal_digest_shares_a_proven_commit():
    revision = Revision("r1", image="x/api@" + DIGEST)
    assert by_digest(revision, {DIGEST: frozenset({A})}).commit == A
    assert by_digest(revision, {DIGEST: frozenset({A})}).source is Source.DIGEST
    two = by_digest(revision, {DIGEST: frozenset({A, B})})
    assert two.commit is None
    assert "aaaaaaaaaaaa and bbbbbbbbbbbb" in two.reason
    assert by_digest(Revision("r1", image="x/api:1"), {DIGEST: frozenset({A})}).commit is None


def test_long_values_are_cut():
    found = judged(Revision("r1", annotations={"commit": "z" * 5000}))
    assert len(found.reason) < 200
