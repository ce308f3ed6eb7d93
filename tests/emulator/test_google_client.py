"""The published Python client, over REST, against the embedded server."""

import pytest
from google.api_core import exceptions
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import run_v2

from deploytool.emulator import enums
from deploytool.emulator.masks import JOB_FIELDS, OUTPUT_ONLY, SERVICE_FIELDS

PARENT = "projects/demo-project/locations/us-west2"
NAME = f"{PARENT}/services/api"
LATEST = run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST
REVISION = run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION


@pytest.fixture
def reach(served):
    """Makes clients that talk to the served world; operations end by themselves, as time goes on here."""
    served.house.world.settle = -1.0

    def make(kind):
        options = ClientOptions(api_endpoint=f"http://127.0.0.1:{served.port}")
        return kind(credentials=AnonymousCredentials(), transport="rest", client_options=options)

    yield make
    served.house.world.settle = 0.3


@pytest.fixture
def services(reach):
    return reach(run_v2.ServicesClient)


def a_service(image="x/y:1", **more):
    template = run_v2.RevisionTemplate(containers=[run_v2.Container(image=image)], **more)
    return run_v2.Service(template=template, ingress=run_v2.IngressTraffic.INGRESS_TRAFFIC_INTERNAL_ONLY)


def create(services, **more):
    return services.create_service(parent=PARENT, service=a_service(**more), service_id="api").result(timeout=10)


def test_create_get_list_update_delete(services):
    made = create(services)
    assert made.terminal_condition.state == run_v2.Condition.State.CONDITION_SUCCEEDED
    assert made.ingress == run_v2.IngressTraffic.INGRESS_TRAFFIC_INTERNAL_ONLY
    assert (made.generation, made.observed_generation) == (1, 1)
    assert services.get_service(name=NAME) == made
    assert [s.name for s in services.list_services(parent=PARENT)] == [NAME]
    changed = a_service("x/y:2")
    changed.name, changed.etag = NAME, made.etag
    request = run_v2.UpdateServiceRequest(service=changed, update_mask="template.containers,template.revision")
    after = services.update_service(request).result(timeout=10)
    assert after.template.containers[0].image == "x/y:2"
    assert after.latest_ready_revision != made.latest_ready_revision
    services.delete_service(name=NAME).result(timeout=10)
    with pytest.raises(exceptions.NotFound):
        services.get_service(name=NAME)


def test_traffic_is_moved_by_mask_and_stale_etags_conflict(services):
    made = create(services)
    first = made.latest_ready_revision.rsplit("/", 1)[1]
    rows = [
        run_v2.TrafficTarget(type_=REVISION, revision=first, percent=100),
        run_v2.TrafficTarget(type_=LATEST, tag="next"),
    ]
    body = run_v2.Service(name=NAME, etag=made.etag, traffic=rows)
    after = services.update_service(run_v2.UpdateServiceRequest(service=body, update_mask="traffic")).result(timeout=10)
    assert [(t.type_, t.revision, t.percent, t.tag) for t in after.traffic_statuses] == [
        (REVISION, first, 100, ""),
        (LATEST, "", 0, "next"),
    ]
    with pytest.raises(exceptions.Conflict):
        services.update_service(run_v2.UpdateServiceRequest(service=body, update_mask="traffic"))


def test_a_failed_revision_raises_from_the_operation(services):
    create(services)
    body = a_service("x/emulator-fail:HealthCheckContainerError")
    body.name = NAME
    operation = services.update_service(run_v2.UpdateServiceRequest(service=body, update_mask="template"))
    with pytest.raises(exceptions.GoogleAPICallError, match="not ready"):
        operation.result(timeout=10)


def test_refusals_arrive_as_the_exceptions_callers_catch(services):
    create(services)
    with pytest.raises(exceptions.Conflict):
        services.create_service(parent=PARENT, service=a_service(), service_id="api")
    with pytest.raises(exceptions.BadRequest):
        services.create_service(parent=PARENT, service=a_service(), service_id="Not-A-Name")
    with pytest.raises(exceptions.Forbidden):
        list(services.list_services(parent="projects/demo-project/locations/-"))


def test_pages_revisions_and_jobs(services, reach):
    for name in ("a1", "a2", "a3"):
        services.create_service(parent=PARENT, service=a_service(), service_id=name).result(timeout=10)
    request = run_v2.ListServicesRequest(parent=PARENT, page_size=1)
    assert [s.name[-2:] for s in services.list_services(request)] == ["a1", "a2", "a3"]
    revisions = reach(run_v2.RevisionsClient)
    found = list(revisions.list_revisions(parent=f"{PARENT}/services/-"))
    assert sorted(r.service for r in found) == ["a1", "a2", "a3"]
    assert revisions.get_revision(name=found[0].name) == found[0]
    jobs = reach(run_v2.JobsClient)
    task = run_v2.TaskTemplate(containers=[run_v2.Container(image="x/y")])
    job = run_v2.Job(template=run_v2.ExecutionTemplate(template=task))
    jobs.create_job(parent=PARENT, job=job, job_id="nightly").result(timeout=10)
    assert [j.name for j in jobs.list_jobs(parent=PARENT)] == [f"{PARENT}/jobs/nightly"]


def test_our_numbers_and_fields_are_those_of_the_published_client():
    told = {}
    for name in dir(run_v2):
        message = getattr(run_v2, name)
        if isinstance(message, type) and hasattr(message, "pb"):
            for field in message.pb().DESCRIPTOR.fields:
                if field.enum_type is not None and field.enum_type.name != "InstanceSplitAllocationType":
                    told[field.json_name] = {v.number: v.name for v in field.enum_type.values}
    assert {field: enums.FIELDS.get(field) for field in told} == told
    assert {f.json_name for f in run_v2.Service.pb().DESCRIPTOR.fields} == SERVICE_FIELDS
    assert {f.json_name for f in run_v2.Job.pb().DESCRIPTOR.fields} == JOB_FIELDS
    assert OUTPUT_ONLY <= SERVICE_FIELDS | JOB_FIELDS
