"""The stories a sandbox can tell: what is in git, and what was deployed of it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from deploytool.errors import UsageError


@dataclass(frozen=True, slots=True)
class Deployment:
    """One revision that somebody deployed."""

    service: str
    revision: str  # short name
    deployed_at: str  # RFC 3339, UTC
    commit: str  # as the deployer wrote it down: 7 to 40 hex, not necessarily in the repository
    dockerfile: str
    labels: tuple[str, ...] = ("commit-sha",)  # names of labels that carry the commit
    serves: bool = True
    newest: bool = True
    pinned: bool = False  # by a traffic row that names the revision


@dataclass(frozen=True, slots=True)
class Story:
    """`main` is the id of the last commit. It stands for the whole content, so it is the story's version too."""

    name: str
    project: str
    region: str
    main: str
    commits: tuple[str, ...]  # full ids of the commits that were deployed
    deployments: tuple[Deployment, ...]

    @property
    def folder(self) -> Path:
        """Where the chapters are."""
        return Path(__file__).parent / self.name

    def full_id(self, commit: str) -> str | None:
        """The full id of a deployed commit; None when the repository does not have it."""
        return next((known for known in self.commits if known.startswith(commit)), None)


def story_named(name: str) -> Story:
    """Raises UsageError, with the nearest name, when there is no such story."""
    if name in STORIES:
        return STORIES[name]
    from difflib import get_close_matches  # only for the one who mistyped

    nearest = get_close_matches(name, STORIES, 1, cutoff=0) or list(STORIES)
    raise UsageError(
        f"There is no sandbox story {name!r}; there is: {', '.join(sorted(STORIES))}.",
        hint=f'Write in services.toml, below [sandbox]: story = "{nearest[0]}"',
    )


WITHOUT_GAMES = "7c406c209c0ec89b1636c3f19783316a25eaff68"
EMPTY_DAY = "1e00ee415ba0fbc1e5e3072c488c3b47747c71ff"
SCRAPER_SOURCES = "00b082c4046f1195d00700f99fa5b9f3f74df4a0"
MIDNIGHT = "d56c79fa191acd1decd3e65d1898a4197f567c91"
PUSH = "08447b6b5620688e632b2269a43b793a6399c6e9"
ONE_ALERT = "b78f89e00ac2a04ec466ae51d5759ba239b34fff"
NEVER_PUSHED = "e41d7b9"  # built on somebody's machine, on a branch that no repository has

PLATFORM = Story(
    name="platform",
    project="nba-props-platform",
    region="us-west2",
    main="718d1280848548ff583e7c7067409886cbe1d6d9",
    commits=(WITHOUT_GAMES, EMPTY_DAY, SCRAPER_SOURCES, MIDNIGHT, PUSH, ONE_ALERT),
    deployments=(
        Deployment(
            service="prediction-worker",
            revision="prediction-worker-00123-lqk",
            deployed_at="2026-02-04T03:07:00Z",
            commit=WITHOUT_GAMES[:8],
            dockerfile="predictions/worker/Dockerfile",
        ),
        Deployment(  # built from a checkout that was 45 minutes old: a commit of five minutes before is not in it
            service="prediction-coordinator",
            revision="prediction-coordinator-00143-x2p",
            deployed_at="2026-02-04T03:47:00Z",
            commit=WITHOUT_GAMES[:8],
            dockerfile="predictions/coordinator/Dockerfile",
        ),
        Deployment(
            service="nba-phase3-analytics-processors",
            revision="nba-phase3-analytics-processors-00192-nn7",
            deployed_at="2026-02-05T00:24:00Z",
            commit=EMPTY_DAY[:8],
            dockerfile="data_processors/analytics/Dockerfile",
        ),
        Deployment(
            service="nba-phase4-precompute-processors",
            revision="nba-phase4-precompute-processors-00125-872",
            deployed_at="2026-02-05T00:31:00Z",
            commit=EMPTY_DAY[:8],
            dockerfile="data_processors/precompute/Dockerfile",
        ),
        Deployment(  # a rollback by hand pinned this one; nobody took the pin away
            service="nba-phase1-scrapers",
            revision="nba-phase1-scrapers-00027-vbt",
            deployed_at="2026-01-28T17:10:00Z",
            commit=SCRAPER_SOURCES[:8],
            dockerfile="scrapers/Dockerfile",
            labels=(),
            newest=False,
            pinned=True,
        ),
        Deployment(
            service="nba-phase1-scrapers",
            revision="nba-phase1-scrapers-00031-qhd",
            deployed_at="2026-02-03T03:34:00Z",
            commit=MIDNIGHT[:8],
            dockerfile="scrapers/Dockerfile",
            serves=False,
        ),
        Deployment(
            service="nba-phase2-raw-processors",
            revision="nba-phase2-raw-processors-00088-t5m",
            deployed_at="2026-02-01T21:40:00Z",
            commit=NEVER_PUSHED,
            dockerfile="data_processors/raw/Dockerfile",
        ),
        Deployment(
            service="nba-grading-service",
            revision="nba-grading-service-00061-wvk",
            deployed_at="2026-02-03T19:30:00Z",
            commit=PUSH[:8],
            dockerfile="data_processors/grading/nba/Dockerfile",
        ),
        Deployment(  # by a build trigger, which writes the full id
            service="nba-monitoring-alerts",
            revision="nba-monitoring-alerts-00019-zr4",
            deployed_at="2026-02-03T18:40:00Z",
            commit=ONE_ALERT,
            dockerfile="monitoring/Dockerfile",
        ),
    ),
)

STORIES = {PLATFORM.name: PLATFORM}
