"""A change names what it changes; everything else of a service is as it was, whatever a later API puts there."""

import copy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploytool.adapters.cloudrun.edits import job_patch_of, merged_labels, new_job, new_service, patch_of, traffic_of
from deploytool.domain.edit import Edit, NewRevision
from deploytool.domain.model import TrafficTarget
from deploytool.domain.plan import Changes
from deploytool.emulator.masks import JOB_FIELDS, SERVICE_FIELDS, masked, parse_mask

NAME = "projects/p/locations/r/services/s"
IMAGE = "r-docker.pkg.dev/p/a/s@sha256:" + "1" * 64
values = st.recursive(
    st.one_of(st.booleans(), st.integers(), st.text(max_size=4)),
    lambda below: st.one_of(st.lists(below, max_size=2), st.dictionaries(st.text(max_size=4), below, max_size=2)),
    max_leaves=4,
)
strange = st.dictionaries(st.sampled_from(["future", "odd", "newest", "Zz"]), values, max_size=2)
labels = st.dictionaries(
    st.sampled_from(["commit-sha", "team", "git-sha", "deploytool-release"]), st.text(min_size=1, max_size=4)
)
env_names = st.sampled_from(["GIT_SHA", "COMMIT_SHA", "PASSWORD", "URL", "MODE", "LAST"])
secret = st.fixed_dictionaries({"secretKeyRef": st.fixed_dictionaries({"secret": st.text(max_size=3)})})
sources = st.one_of(
    st.text(max_size=3).map(lambda value: {"value": value}),
    st.just({}),
    secret.map(lambda found: {"valueSource": found}),
)
variables = st.lists(
    st.tuples(env_names, sources, strange).map(lambda parts: {"name": parts[0], **parts[1], **parts[2]}),
    max_size=5,
    unique_by=lambda entry: entry["name"],
)


@st.composite
def containers(draw, most=3):
    found = []
    for index in range(draw(st.integers(1, most))):
        one = {"image": f"i{index}", **draw(strange)}
        if draw(st.booleans()):
            one["env"] = draw(variables)
        if draw(st.booleans()):
            one["resources"] = {"limits": {"cpu": "1"}, **draw(strange)}
        if draw(st.integers(0, 2)) == 0:
            one["ports"] = [{"containerPort": 8080, **draw(strange)}]
        found.append(one)
    return found


@st.composite
def services(draw):
    template = {"containers": draw(containers()), **draw(strange)}
    for name, value in (("labels", labels), ("annotations", labels)):
        if draw(st.booleans()):
            template[name] = draw(value)
    if draw(st.booleans()):
        template["scaling"] = {"maxInstanceCount": 3, **draw(strange)}
    raw = {"name": NAME, "etag": '"1"', "template": template, "traffic": [{"percent": 100}], **draw(strange)}
    if draw(st.booleans()):
        raw["labels"] = draw(labels)
    return raw


changes = st.builds(
    Changes,
    labels=st.dictionaries(st.sampled_from(["commit-sha", "deploytool-release"]), st.just("new"), min_size=1),
    annotations=st.one_of(st.just({}), st.just({"git-sha": "new"})),
    env=st.dictionaries(env_names, st.just("new"), max_size=3),
    min_instances=st.one_of(st.none(), st.integers(0, 4)),
    cpu_throttling=st.one_of(st.none(), st.booleans()),
)
rows = st.one_of(st.none(), st.just((TrafficTarget("s-1", 100), TrafficTarget("s-2", 0, False, "candidate"))))
wishes = st.dictionaries(st.sampled_from(["commit-sha", "team", "git-sha"]), st.one_of(st.none(), st.just("new")))
edits = st.builds(
    Edit,
    traffic=rows,
    labels=wishes,
    revision=st.one_of(st.none(), st.builds(NewRevision, st.just("s-3"), st.just(IMAGE), changes)),
)


def after(raw, edit):
    """As Cloud Run would have it: an implementation of masks that knows nothing of ours."""
    body, mask = patch_of(raw, edit)
    return masked(raw, body, parse_mask(mask, SERVICE_FIELDS) if mask else ())


def ingress(found):
    with_ports = [index for index, one in enumerate(found) if one.get("ports")]
    return with_ports[0] if len(found) > 1 and len(with_ports) == 1 else 0


def without(mapping, names):
    return {name: value for name, value in (mapping or {}).items() if name not in names}


@settings(max_examples=200)
@given(services(), edits)
def test_what_has_no_name_in_the_edit_is_as_it_was(raw, edit):
    kept = copy.deepcopy(raw)
    made = after(raw, edit)
    assert raw == kept, "what was read is not changed"
    assert without(made, ("labels", "template", "traffic")) == without(kept, ("labels", "template", "traffic"))
    assert without(made.get("labels"), edit.labels) == without(kept.get("labels"), edit.labels)
    if edit.traffic is None:
        assert made["traffic"] == kept["traffic"]
    if edit.revision is None:
        assert made["template"] == kept["template"]
        return
    wanted, new, old = edit.revision.changes, made["template"], kept["template"]
    assert new["revision"] == "s-3"
    for name, own in (("labels", wanted.labels), ("annotations", wanted.annotations)):
        assert without(new.get(name), own) == without(old.get(name), own)
        assert {key: (new.get(name) or {}).get(key) for key in own} == dict(own)
    touched = {"revision", "labels", "annotations", "containers", "scaling"}
    assert without(new, touched) == without(old, touched)
    assert without(new.get("scaling"), ["minInstanceCount"]) == without(old.get("scaling"), ["minInstanceCount"])
    if wanted.min_instances is None:
        assert new.get("scaling") == old.get("scaling")
    else:
        assert new["scaling"]["minInstanceCount"] == wanted.min_instances


@settings(max_examples=200)
@given(services(), changes)
def test_of_the_containers_one_gets_the_image_and_the_variables(raw, wanted):
    old = copy.deepcopy(raw["template"]["containers"])
    new = after(raw, Edit(revision=NewRevision("s-3", IMAGE, wanted)))["template"]["containers"]
    index = ingress(old)
    assert new[:index] + new[index + 1 :] == old[:index] + old[index + 1 :]
    mine, was = new[index], old[index]
    assert mine["image"] == IMAGE
    assert without(mine, ("image", "env", "resources")) == without(was, ("image", "env", "resources"))
    assert without(mine.get("resources"), ["cpuIdle"]) == without(was.get("resources"), ["cpuIdle"])
    if wanted.cpu_throttling is None:
        assert mine.get("resources") == was.get("resources")
    else:
        assert mine["resources"]["cpuIdle"] is wanted.cpu_throttling
    before, now = was.get("env", []), mine.get("env", [])
    assert [one["name"] for one in now][: len(before)] == [one["name"] for one in before], "the order stays"
    added = now[len(before) :]
    assert {one["name"]: one["value"] for one in added} == {
        name: "new" for name in wanted.env if name not in [one["name"] for one in before]
    }
    for one, then in zip(now, before, strict=False):
        if "valueSource" in then or then["name"] not in wanted.env:
            assert one == then, "a secret and what is not ours are never written over"
        else:
            assert one == {**then, "value": "new"}


@given(services(), edits)
def test_every_change_carries_the_etag_and_a_mask_that_names_it(raw, edit):
    body, mask = patch_of(raw, edit)
    assert body["etag"] == raw["etag"]
    assert body["name"] == NAME
    named = set(mask.split(",")) - {""}
    assert bool(edit.traffic) == ("traffic" in named) == ("traffic" in body)
    assert bool(edit.labels) == ("labels" in named)
    assert (edit.revision is not None) == ("template.revision" in named) == ("template.containers" in named)
    assert named <= {
        "traffic", "labels", "template.revision", "template.labels", "template.containers", "template.annotations",
        "template.scaling",
    }  # fmt: skip


@settings(max_examples=100)
@given(containers(), labels, strange, st.dictionaries(env_names, st.just("new"), max_size=3))
def test_of_a_job_only_our_part_changes(found, stored, odd, env):
    raw = {
        "name": NAME.replace("services", "jobs"),
        "etag": '"1"',
        "template": {"labels": stored, "taskCount": 3, "template": {"containers": found, **odd}, **odd},
        **odd,
    }
    kept = copy.deepcopy(raw)
    wanted = Changes(labels={"commit-sha": "new", "git-sha": ""}, env=env)
    body, mask = job_patch_of(raw, Edit(labels={"team": None}, revision=NewRevision("", IMAGE, wanted)))
    made = masked(raw, body, parse_mask(mask, JOB_FIELDS))
    assert raw == kept
    assert without(made, ("labels", "template")) == without(kept, ("labels", "template"))
    assert without(made["template"], ("labels", "template")) == without(kept["template"], ("labels", "template"))
    assert made["template"]["labels"] == without(stored, ("git-sha",)) | {"commit-sha": "new"}
    inner, before = made["template"]["template"], kept["template"]["template"]
    assert without(inner, ("containers",)) == without(before, ("containers",))
    assert inner["containers"][1:] == before["containers"][1:]
    assert without(inner["containers"][0], ("image", "env")) == without(before["containers"][0], ("image", "env"))


@pytest.mark.parametrize(
    ("stored", "wanted", "merged"),
    [
        ({"a": "1"}, {}, {"a": "1"}),
        ({"a": "1"}, {"a": "2", "b": "3"}, {"a": "2", "b": "3"}),
        ({"a": "1", "b": "2"}, {"a": None}, {"b": "2"}),
        ({}, {"a": None}, {}),
    ],
)
def test_labels_are_merged_by_name(stored, wanted, merged):
    assert merged_labels(stored, wanted) == merged


def test_rows_as_the_api_takes_them():
    kind = "TRAFFIC_TARGET_ALLOCATION_TYPE_"
    rows = (TrafficTarget(None, 95, True), TrafficTarget("s-1", 5), TrafficTarget("s-1", 0, False, "candidate"))
    assert traffic_of(rows) == [
        {"type": f"{kind}LATEST", "percent": 95},
        {"type": f"{kind}REVISION", "revision": "s-1", "percent": 5},
        {"type": f"{kind}REVISION", "revision": "s-1", "tag": "candidate"},
    ]


def test_a_new_service_has_what_is_ours_and_nothing_else():
    wanted = NewRevision("s-1", IMAGE, Changes({"commit-sha": "c"}, {}, {"GIT_SHA": "c"}))
    assert new_service(Edit(labels={"deploytool-release": "r"}, revision=wanted)) == {
        "template": {
            "containers": [{"image": IMAGE, "env": [{"name": "GIT_SHA", "value": "c"}]}],
            "revision": "s-1",
            "labels": {"commit-sha": "c"},
        },
        "labels": {"deploytool-release": "r"},
    }
    assert new_job(Edit(revision=wanted)) == {
        "template": {
            "labels": {"commit-sha": "c"},
            "template": {"containers": [{"image": IMAGE, "env": [{"name": "GIT_SHA", "value": "c"}]}]},
        }
    }
