"""What a function or a buildpack service starts: the source folder says it, in files that Google's builder reads."""

from __future__ import annotations

from deploytool.domain.ignorepattern import cleaned
from deploytool.domain.image_folder import FUNCTION_FOLDER
from deploytool.domain.image_layout import Layout
from deploytool.domain.imports.launch.commands import nested, procfile, toml
from deploytool.domain.imports.launch.found import Where
from deploytool.domain.imports.launch.place import Place, Read
from deploytool.domain.imports.launch.start import Beginning, shortened
from deploytool.domain.imports.program import Program

# Files that make Google's builder choose another language; Python's own decide first.
_OTHERS = ("package.json", "go.mod", "pom.xml", "build.gradle", "composer.json", "Gemfile", "index.php", "index.js")
_FUNCTION = "functions-framework --source {}"


def program_of_folder(layout: Layout, read: Read, *, kind_function: bool, entrypoint: str | None = None) -> Program:
    """The program of a source folder that is laid out below FUNCTION_FOLDER; `read` and `entrypoint` as for an image.

    `kind_function`: a gen2 function, which the functions framework serves; else a service that a buildpack builds.
    """
    place = Place(layout, read)
    beginning = Beginning(place, Where(_source(place), 0), _environment(place), FUNCTION_FOLDER)
    said = _function(beginning) if kind_function else _service(beginning)
    if entrypoint:
        beginning.given(entrypoint)
    return beginning.program(shortened(said))


def _source(place: Place) -> str:
    """The repository folder that was laid out."""
    for path, placed in sorted(place.files.items()):
        below = path.removeprefix(FUNCTION_FOLDER + "/")
        if placed.path is not None and f"/{placed.path}".endswith(f"/{below}"):
            return placed.path[: -len(below)].rstrip("/")
    return ""


def _environment(place: Place) -> dict[str, str]:
    """The variables that project.toml gives to the build."""
    project = toml(place, "project.toml", FUNCTION_FOLDER)
    found: dict[str, str] = {}
    for keys in (("build", "env"), ("io", "buildpacks", "build", "env"), ("io", "buildpacks", "env", "build")):
        for each in nested(project, *keys) or ():
            name, value = nested(each, "name"), nested(each, "value")
            if isinstance(name, str) and isinstance(value, str):
                found[name] = value
    return found


def _function(beginning: Beginning) -> str:
    source = beginning.environment.get("GOOGLE_FUNCTION_SOURCE", "")
    place = beginning.place
    if place.file(source or "main.py", FUNCTION_FOLDER) is None and any(_has(place, name) for name in _OTHERS):
        beginning.found.other = True
        return ""
    text = _FUNCTION.format(source or "main.py")
    beginning.text(text)
    return text


def _service(beginning: Beginning) -> str:
    """Whichever of the two places says the command, both count."""
    place = beginning.place
    path = place.file("Procfile", FUNCTION_FOLDER)
    said = []
    if path is not None:
        placed = place.placed(path)
        beginning.at(Where((placed.path if placed else None) or beginning.base.path, 0))
        said = [text for name, text in procfile(place.text(path) or "") if name == "web"]
        if not said:
            beginning.found.doubt(beginning.base, "the Procfile has no web process")
    entrypoint = beginning.environment.get("GOOGLE_ENTRYPOINT")
    said += [entrypoint] if entrypoint else []
    for text in said:
        beginning.text(text)
    if said or path is not None:
        return " || ".join(said)
    return _usual(beginning)


def _usual(beginning: Beginning) -> str:
    """What the builder starts when nothing says it: main.py, else app.py."""
    place = beginning.place
    names = [name for name in ("main", "app") if _has(place, f"{name}.py")][:1]
    if not names:
        if any(_has(place, name) for name in _OTHERS):
            beginning.found.other = True
        else:
            beginning.found.doubt(
                beginning.base, "there is no Procfile, main.py or app.py that would say what is started"
            )
        return ""
    texts = [f"gunicorn -b :8080 {names[0]}:app"]
    wanted = " ".join(place.text(f"{FUNCTION_FOLDER}/{name}") or "" for name in ("requirements.txt", "pyproject.toml"))
    if "streamlit" in wanted:
        texts.append(f"streamlit run {names[0]}.py")
    if "gradio" in wanted:
        texts.append(f"python {names[0]}.py")
    for text in texts:
        beginning.text(text)
    return " || ".join(texts)


def _has(place: Place, name: str) -> bool:
    return place.file(cleaned(name), FUNCTION_FOLDER) is not None
