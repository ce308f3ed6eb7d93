"""Does the registry hold this image? One HEAD for its manifest."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from urllib.parse import quote

from deploytool.adapters.builds.objects import may_pass
from deploytool.adapters.googleapi import GoogleApi, NoAnswer, Refused
from deploytool.domain.build import DIGEST
from deploytool.errors import CouldNotLook

TRIES = 3
ODD = frozenset(("", ".", ".."))
# Only these hosts ever see a token of ours.
GOOGLES = re.compile(r"[a-z0-9-]+-docker\.pkg\.dev|(?:[a-z]+\.)?gcr\.io")
MANIFESTS = ", ".join(
    f"application/vnd.{kind}+json"
    for kind in (
        "oci.image.index.v1",
        "oci.image.manifest.v1",
        "docker.distribution.manifest.list.v2",
        "docker.distribution.manifest.v2",
    )
)


class Registry:
    """`endpoint`: the address of our own that stands for every registry; None: Google's, by the image's host."""

    def __init__(self, endpoint: str | None, sleep: Callable[[float], None] = time.sleep) -> None:
        self._endpoint, self._sleep = endpoint, sleep
        self._apis: dict[str, GoogleApi] = {}

    def has(self, image: str) -> bool:
        """`image` is NAME@sha256:…. Raises CouldNotLook when that cannot be told."""
        name, _, digest = image.partition("@")
        host, _, path = name.partition("/")
        if not DIGEST.fullmatch(digest) or ODD.intersection(path.split("/")):
            raise CouldNotLook(f"{image[:200]!r} names no digest.", hint="Name the image as HOST/NAME@sha256:DIGEST.")
        asked = f"/v2/{quote(path, safe='/')}/manifests/{digest}"
        for attempt in range(TRIES):
            try:
                self._api(host).call("HEAD", asked, headers={"accept": MANIFESTS})
                return True
            except (NoAnswer, Refused) as error:
                if isinstance(error, Refused) and error.code == 404:
                    return False
                if not may_pass(error) or attempt == TRIES - 1:
                    raise
                self._sleep(0.2 * 2**attempt)
        raise AssertionError("the last attempt either answers or raises")

    def _api(self, host: str) -> GoogleApi:
        if self._endpoint is None and not GOOGLES.fullmatch(host):
            raise CouldNotLook(
                f"{host[:100]!r} is no registry of Google's, so nobody here may ask it.",
                hint="Keep the image in Artifact Registry: REGION-docker.pkg.dev/PROJECT/REPOSITORY/NAME.",
            )
        where = self._endpoint or f"https://{host}"
        if where not in self._apis:
            self._apis[where] = GoogleApi(where, name="The registry", local=self._endpoint is not None)
        return self._apis[where]
