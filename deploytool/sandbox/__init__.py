"""A small platform to try everything on: a repository with a history, and a fleet that does not quite match it.

`prepare` makes the repository, `fleet_of` says what runs, `images_of` which commit each image was made of.
The story itself is in `platform/`, one chapter per commit; `stories` says what of it was deployed.
"""

from deploytool.sandbox.fleet import Image, fleet_of, images_of
from deploytool.sandbox.repository import Prepared, RunGit, prepare
from deploytool.sandbox.stories import story_named

__all__ = ["Image", "Prepared", "RunGit", "fleet_of", "images_of", "prepare", "story_named"]
