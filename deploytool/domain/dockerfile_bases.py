"""What is known of base images: the folder that their processes start in."""

from __future__ import annotations

# Images of Docker's official library, and Google's and Astral's, that set no WORKDIR.
_AT_ROOT = """
    alpine amazoncorretto buildpack-deps busybox debian eclipse-temurin fedora gcc haskell julia mono nginx node
    openjdk oraclelinux perl pypy python rockylinux ruby rust swift ubuntu
    distroless/base distroless/base-debian12 distroless/cc distroless/cc-debian12 distroless/java distroless/nodejs
    distroless/python3 distroless/python3-debian11 distroless/python3-debian12 distroless/static
    google.com/cloudsdktool/cloud-sdk google.com/cloudsdktool/google-cloud-cli astral-sh/uv
"""
_ELSEWHERE = {"golang": "/go", "php": "/var/www/html"}
_WORKDIRS = {**dict.fromkeys(_AT_ROOT.split(), "/"), **_ELSEWHERE}
_LIBRARIES = (
    "docker.io/library/", "docker.io/", "library/", "public.ecr.aws/docker/library/", "mirror.gcr.io/library/",
    "gcr.io/", "ghcr.io/",
)  # fmt: skip


def workdir_of(image: str) -> str | None:
    """The working folder of a base image as FROM names it, whatever its tag; None for one that nobody here knows."""
    name = image.split("@", 1)[0].lower()
    tagged = name.rpartition("/")[2].partition(":")[2]
    name = name.removesuffix(f":{tagged}") if tagged else name
    if "nonroot" in tagged:
        return None  # these start in a home
    for library in _LIBRARIES:
        if name.startswith(library):
            name = name.removeprefix(library)
            break
    return _WORKDIRS.get(name)
