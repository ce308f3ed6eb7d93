"""The image of a release: one that was built of the same inputs before, or a new one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from deploytool.domain.build import Built, Wanted
from deploytool.domain.release import Release
from deploytool.errors import CouldNotLook
from deploytool.ports import ImageBuilder


def built_for(wanted: Wanted, builder: ImageBuilder, releases: Sequence[Release], tell: Callable[[str], None]) -> Built:
    """Same commit, same inputs, same builder: the image that is there. Raises BuildFailed, CouldNotLook."""
    for release in reversed(releases):
        seen = release.seen("build")
        if seen is None or seen.get("key") != wanted.key or seen.get("builder") != builder.name:
            continue
        image = str(seen["image"])
        try:
            there = builder.has(image)
        except CouldNotLook:
            break  # whether it is there cannot be told: building again is always right
        if there:
            return Built(image, str(seen["digest"]), True, 0.0, (f"built by release {release.id}",))
    return builder.build(wanted, tell)
