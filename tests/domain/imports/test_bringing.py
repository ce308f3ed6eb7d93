"""Which distribution brings a module."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.domain.imports.closure import Closure, Needed
from deploytool.domain.imports.facts import When
from deploytool.domain.imports.installed.bringing import bringing, imported_distributions, provides, shown_name
from deploytool.domain.imports.installed.distributions import Distribution, Requirements, normalised
from deploytool.domain.imports.installed.known_dependencies import needs_of
from deploytool.domain.imports.installed.known_names import SHARED, claims
from deploytool.domain.imports.installed.requirement_lines import listed_in
from tests.domain.imports.places import layout_of


def listing(text: str, *, locked: bool = False, complete: bool = True) -> Requirements:
    found = listed_in("\n".join(text.split()).encode(), "requirements.txt").distributions
    return Requirements(found, locked, complete)


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("os.path", ""),
        ("distutils.core", ""),
        ("yaml", "PyYAML"),
        ("cv2", "opencv-python-headless"),
        ("PIL.Image", "pillow"),
        ("bs4", "beautifulsoup4"),
        ("sklearn.metrics.pairwise", "scikit-learn"),
        ("dotenv", "python-dotenv"),
        ("jwt", "PyJWT"),
        ("dateutil.parser", "python-dateutil"),
        ("psycopg2.extras", "psycopg2-binary"),
        ("MySQLdb", "mysqlclient"),
        ("Crypto.Cipher", "pycryptodome"),
        ("git", "GitPython"),
        ("flask_cors", "Flask-Cors"),
        ("pkg_resources", "setuptools"),
        ("grpc", "grpcio"),
        ("tensorflow.keras", "tensorflow-cpu"),
        ("google.cloud.pubsub_v1", "google-cloud-pubsub"),
        ("google.cloud.bigquery.table", "google-cloud-bigquery"),
        ("google.cloud.secretmanager", "google-cloud-secret-manager"),
        ("google.cloud.secretmanager_v1beta1", "google-cloud-secret-manager"),
        ("google.cloud.run_v2.types", "google-cloud-run"),
        ("google.cloud.firestore_v1.base_query", "google-cloud-firestore"),
        ("google.cloud.devtools.cloudbuild_v1", "google-cloud-build"),
        ("google.cloud.bigquery_storage_v1", "google-cloud-bigquery-storage"),
        ("google.cloud.some_new_thing_v3", "google-cloud-some-new-thing"),
        ("google.auth.transport.requests", "google-auth"),
        ("google.protobuf.json_format", "protobuf"),
        ("googleapiclient.discovery", "google-api-python-client"),
        ("azure.storage.blob", "azure-storage-blob"),
        ("azure.identity", "azure-identity"),
        ("opentelemetry.sdk.trace", "opentelemetry-sdk"),
        ("opentelemetry.trace", "opentelemetry-api"),
        ("opentelemetry.exporter.cloud_trace", "opentelemetry-exporter-gcp-trace"),
        ("opentelemetry.instrumentation.flask", "opentelemetry-instrumentation-flask"),
        ("ruamel.yaml", "ruamel.yaml"),
        ("zope.interface", "zope.interface"),
        ("some_unknown", "Some.Unknown"),
        ("someunknown", "some-unknown"),
        ("airtable", "pyairtable"),
    ],
)
def test_a_listed_distribution_brings_it(module: str, text: str) -> None:
    assert provides(module, listing(text, locked=True)) is True
    other = provides(module, listing("zzz", locked=True))
    assert other is (not text)


@pytest.mark.parametrize(
    ("module", "text"),
    [
        ("werkzeug.exceptions", "flask"),
        ("markupsafe", "flask"),
        ("numpy", "pandas"),
        ("pytz", "pandas"),
        ("urllib3.util.retry", "requests"),
        ("google.auth", "google-cloud-pubsub"),
        ("google.api_core.exceptions", "google-cloud-storage"),
        ("google.protobuf", "google-cloud-anything"),
        ("grpc", "google-cloud-pubsub"),
        ("requests", "google-cloud-bigquery"),
        ("starlette.responses", "fastapi"),
        ("pydantic", "fastapi"),
        ("botocore.exceptions", "boto3"),
        ("redis", "celery[redis]"),
        ("uvloop", "uvicorn[standard]"),
        ("pandas", "google-cloud-bigquery[pandas]"),
        ("flask", "functions-framework"),
    ],
)
def test_what_comes_in_behind_a_listed_one_counts_unless_everything_is_listed(module: str, text: str) -> None:
    assert provides(module, listing(text)) is True
    assert provides(module, listing(text, locked=True)) is False


@pytest.mark.parametrize(
    ("module", "requirements", "expected"),
    [
        ("google.cloud.pubsub_v1", listing("google-cloud-bigquery flask"), False),
        ("google.cloud.storage", listing("google-cloud-pubsub"), False),
        ("yaml", listing("yaml-thing"), False),
        ("flask_login", listing("flask"), False),
        ("unheard", listing("flask"), False),
        ("unheard", listing("flask", complete=False), None),
        ("google.cloud", listing("flask"), None),  # a folder that many share: which is meant shows only below
        ("unheard", listing("django-unheard-kit"), None),
        ("azure.unheard", listing("azure-identity"), None),
        ("azure.storage.blob", listing("flask"), False),
    ],
)
def test_what_nothing_brings(module: str, requirements: Requirements, expected: bool | None) -> None:
    assert provides(module, requirements) is expected


def test_the_tables_are_well_formed() -> None:
    table = claims()
    assert len(table) > 300
    assert all(found and all(one == normalised(one) for one in found) for found in table.values())
    assert not set(table) & SHARED
    for one in ("flask", "google-cloud-bigquery", "celery"):
        assert one not in needs_of(one)


@given(st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,9}(\.[a-z_][a-z0-9_]{0,9}){0,3}", fullmatch=True))
def test_any_name_has_an_answer(name: str) -> None:
    requirements = listing("flask pandas google-cloud-pubsub azure-identity")
    answer = provides(name, requirements)
    assert answer in (True, False, None)
    assert bool(bringing(name, requirements)) <= (answer is True)
    assert name.startswith(shown_name(name))


def test_imported_distributions_name_a_file() -> None:
    layout = layout_of({"/app/main.py": "svc/main.py", "/app/x.py": "svc/x.py"})
    closure = Closure(
        needed=(
            Needed("google.cloud", "/app/main.py", 1, When.TOP, names=("pubsub_v1", "storage")),
            Needed("yaml", "/app/x.py", 2, When.FUNCTION),
            Needed("requests.adapters", "/app/x.py", 3, When.TOP),
            Needed("six", "/app/x.py", 4, When.TYPE_CHECKING),
            Needed("os", "/app/x.py", 5, When.TOP),
        )
    )
    requirements = listing("google-cloud-pubsub pyyaml requests six idle")
    assert imported_distributions(closure, layout, requirements) == {
        "google-cloud-pubsub": "svc/main.py",
        "pyyaml": "svc/x.py",
        "requests": "svc/x.py",
    }


def test_a_distribution_that_is_listed_twice_counts_once() -> None:
    twice = Requirements((Distribution("six", "", "a", 1), Distribution("six", "==1", "b", 1)))
    assert bringing("six", twice) == ("six",)
