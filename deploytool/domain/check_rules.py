"""The rules of `check`: ids that stay, what each is about, and how grave it can be."""

from __future__ import annotations

from typing import NamedTuple

from deploytool.domain.finding import Severity

ERROR, WARNING, NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE


class Rule(NamedTuple):
    """`severity` is the gravest that a finding of this rule can have; where less is certain it is less."""

    id: str
    name: str  # for machines that want words: "module-not-in-image"
    severity: Severity
    title: str  # a sentence without a full stop
    help: str  # what it means for production, and what to do


_ALL = (
    Rule(
        "DT101",
        "services-toml-mistake",
        ERROR,
        "services.toml has a mistake",
        "No command can read the file after the merge. Correct the line; `deploytool config check` shows all of them.",
    ),
    Rule(
        "DT102",
        "path-matches-nothing",
        ERROR,
        "A path of services.toml no longer exists",
        "What is not there is not watched: changes of the service would go unseen. Write the path as it is now.",
    ),
    Rule(
        "DT103",
        "dockerfile-gone",
        ERROR,
        "The Dockerfile of a service is not where services.toml says",
        "The next build of the service fails. Write the new place, or take the service out.",
    ),
    Rule(
        "DT104",
        "service-removed",
        ERROR,
        "services.toml no longer describes what may still be deployed",
        "A service left it, or a region of one: it goes on serving and nobody watches it. Delete it there first, or"
        " keep what describes it. Without a fleet nobody can tell whether it still serves: then it is a warning.",
    ),
    Rule(
        "DT105",
        "ignore-without-effect",
        WARNING,
        "An [[ignore]] entry does nothing",
        "Its day has passed, or no rule is called that. Settle the finding, or accept it anew with a reason.",
    ),
    Rule(
        "DT106",
        "ignore-hides-import",
        WARNING,
        "`ignore` of a service leaves out a file that its program imports",
        "Such a file is judged all the same. Make the pattern narrower, so that it says what is true.",
    ),
    Rule(
        "DT201",
        "module-not-in-image",
        ERROR,
        "The program imports a module that its image does not have",
        "The import fails when it is reached: at startup, or at the first call of the function. Copy the module, or"
        " correct the import.",
    ),
    Rule(
        "DT202",
        "module-shadowed",
        ERROR,
        "Another package of the same name is found first",
        "Python takes the first package on its path, so the module that is meant is never found. Rename one of them.",
    ),
    Rule(
        "DT203",
        "distribution-not-installed",
        ERROR,
        "The program imports what the requirements do not bring",
        "Nothing that the image installs is known to bring this module. With locked requirements that is an error, else"
        " a warning. Add the distribution.",
    ),
    Rule(
        "DT204",
        "copy-source-gone",
        ERROR,
        "COPY names a source that is not in the repository",
        "The build fails, unless something puts the file there before it. Correct the line.",
    ),
    Rule(
        "DT205",
        "ignored-but-needed",
        ERROR,
        "An ignore file leaves out what the image needs",
        "Docker never sees what .dockerignore leaves out: the COPY fails or the module is missing. Take the pattern"
        " back for it.",
    ),
    Rule(
        "DT206",
        "start-not-in-image",
        ERROR,
        "What the container starts is not in the image",
        "The container ends at once and the revision never becomes ready. Copy the file, or correct CMD.",
    ),
    Rule(
        "DT207",
        "source-does-not-parse",
        WARNING,
        "A file that the program loads is not valid Python",
        "Its import fails, and what it imports cannot be followed, so every change of the image counts.",
    ),
    Rule(
        "DT208",
        "imports-not-followed",
        WARNING,
        "What the program imports can no longer be followed",
        "Every change of the image makes the service stale from now on. Name what may be loaded: `dynamic` or"
        " `entrypoint` in services.toml.",
    ),
    Rule(
        "DT209",
        "dockerfile-does-not-build",
        ERROR,
        "The image cannot be built",
        "Docker refuses a line of the Dockerfile, or a line needs a file that nobody puts there. Correct it.",
    ),
    Rule(
        "DT301",
        "imported-and-unowned",
        WARNING,
        "A changed file is imported by a service and owned by none",
        "It goes into the image, and no service's `paths` say whose it is. Add it to the paths of who owns it.",
    ),
    Rule(
        "DT302",
        "dockerfile-without-service",
        WARNING,
        "A Dockerfile that no service names",
        "If it is deployed, nobody watches it. Describe the service, or accept the finding.",
    ),
    Rule(
        "DT303",
        "paths-too-narrow",
        WARNING,
        "`paths` leave out what the program loads",
        "The blind spot of a path list: such files change the service and nobody owns them. Add them.",
    ),
    Rule(
        "DT304",
        "paths-too-wide",
        WARNING,
        "`paths` name what the image does not take",
        "The noise of a path list: such files change and nothing happens to the service. Take them out.",
    ),
    Rule(
        "DT401",
        "merge-makes-stale",
        NOTE,
        "After the merge the service does not run what git says",
        "Deploy it then, or leave it to the next release. The forecast names all that the merge makes stale.",
    ),
    Rule(
        "DT402",
        "stale-already",
        NOTE,
        "The service waits for a release already",
        "Whoever deploys this merge carries the waiting commits to production with it.",
    ),
    Rule(
        "DT403",
        "variable-not-declared",
        NOTE,
        "The program reads an environment variable that the service does not have",
        "It is neither declared in services.toml nor set on what serves. Set it before the release.",
    ),
)
RULES = {rule.id: rule for rule in _ALL}


def matches(wanted: str, rule: str) -> bool:
    """Is `rule` meant by `wanted`: an id ("DT301"), or a family ("DT3", "DT3xx")?"""
    return rule.startswith(wanted.rstrip("xX"))


def is_known(wanted: str) -> bool:
    """Does any rule answer to it?"""
    return wanted[:3].startswith("DT") and len(wanted) > 2 and any(matches(wanted, rule) for rule in RULES)
