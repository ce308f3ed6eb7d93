"""Which folder of the repository an image folder was copied from, and what lies there that was not copied along."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from deploytool.domain.ignorepattern import cleaned
from deploytool.domain.image_layout import Placed
from deploytool.domain.links import MOST_HOPS, LinkMemo, trail_of
from deploytool.domain.tree import FOLDER, LINK, SUBMODULE, Tree

MODULES = (".py", ".so", ".pyc")


def pairs_of(files: Mapping[str, Placed]) -> tuple[tuple[str, str], ...]:
    """(image folder, repository folder) as far up as both have the same names: `COPY shared/ /app/shared/` pairs
    /app with the root. "" is either root. Deepest image folder first."""
    folders = {
        (path.rpartition("/")[0], placed.path.rpartition("/")[0])
        for path, placed in files.items()
        if placed.path is not None and path.rpartition("/")[2] == placed.path.rpartition("/")[2]
    }
    found = dict.fromkeys(map(_stripped, sorted(folders)))
    return tuple(sorted(found, key=lambda pair: (-pair[0].count("/"), pair)))


def _stripped(pair: tuple[str, str]) -> tuple[str, str]:
    image, repository = pair
    while image and repository and image.rpartition("/")[2] == repository.rpartition("/")[2]:
        image, repository = image.rpartition("/")[0], repository.rpartition("/")[0]
    return image, repository


class Counterparts:
    """Looks for modules in the image and beside what was copied into it."""

    def __init__(self, files: Mapping[str, Placed], roots: Sequence[str], tree: Tree) -> None:
        self.files = files
        self.roots = tuple(root.rstrip("/") for root in roots)
        self.tree = tree
        self.pairs = pairs_of(files)
        self.folders = _folders(files)
        self._links = frozenset(path for path, placed in files.items() if placed.mode == LINK)
        self._memo = LinkMemo()
        self._found: dict[str, str | None] = {}

    def in_image(self, name: str) -> str | None:
        """The image path of a module or package of this name below any root, whatever Python's order says."""
        below = name.replace(".", "/")
        for root in self.roots:
            place = self._real(f"{root}/{below}")
            for path in (f"{place}/__init__.py", *(place + ending for ending in MODULES)):
                if path in self.files:
                    return path
            if place in self.folders:
                return place
        return None

    def in_some_order(self, name: str) -> bool:
        """Would Python find it, were one of the roots the first?"""
        rest = self.roots
        return any(self.in_order(name, (root, *(one for one in rest if one != root))) for root in self.roots)

    def in_order(self, name: str, roots: tuple[str, ...]) -> bool:
        """Would Python find it, as it looks: in each folder a package, then a module, namespaces only at the end?"""
        folders = roots
        for part in name.split("."):
            spaces: list[str] = []
            found = False
            for folder in folders:
                place = self._real(f"{folder}/{part}")
                if f"{place}/__init__.py" in self.files:
                    spaces, found = [place], True
                    break
                if any(place + ending in self.files for ending in MODULES):
                    spaces, found = [], True
                    break
                spaces += [place] if place in self.folders else []
            if not (found or spaces):
                return False
            folders = tuple(spaces)
        return True

    def _real(self, path: str) -> str:
        """The path with every link on the way followed, as far as it stays in the image."""
        if not self._links:
            return path
        hops = 0
        steps, real = path.split("/")[:0:-1], ""
        while steps:
            step = steps.pop()
            if step in ("", "."):
                continue
            if step == "..":
                real = real.rpartition("/")[0]
                continue
            real = f"{real}/{step}"
            if real in self._links and hops < MOST_HOPS:
                hops += 1
                target = self.files[real].text
                real = "" if target.startswith("/") else real.rpartition("/")[0]
                steps.extend(target.split("/")[::-1])
        return real

    def elsewhere(self, name: str) -> str | None:
        """The image path of a file of this name outside the roots; None when there is none or several."""
        below = name.replace(".", "/")
        found = [path for path in self.files if path.endswith((f"/{below}.py", f"/{below}/__init__.py"))]
        return found[0] if len(found) == 1 else None

    def in_repository(self, name: str) -> str | None:
        """The repository path of the module, package or folder of modules that would answer to a name."""
        if name not in self._found:
            self._found[name] = next(filter(None, map(self._module, self._candidates(name))), None)
        return self._found[name]

    def below(self, folder: str, name: str) -> bool:
        """Does a folder of the repository hold this module?"""
        return self._module(cleaned(f"/{folder}/{name.replace('.', '/')}")[1:]) is not None

    def target(self, name: str) -> str:
        """The image path, less its ending, at which the module would be found."""
        below = name.replace(".", "/")
        for root in self.roots:
            for image, _ in self.pairs:
                if image == root:
                    return f"{root}/{below}"
        return f"{self.roots[0] if self.roots else ''}/{below}"

    def copy(self, name: str, home: str) -> tuple[str, str]:
        """Source and target of the COPY that would bring a module: its folder when nothing of that is there yet."""
        package, _, last = name.rpartition(".")
        if home.endswith("/__init__.py"):
            return home.rpartition("/")[0] + "/", self.target(name) + "/"
        if home.endswith(f"{last}.py") and package and self.in_image(package) is None:
            return home.rpartition("/")[0] + "/", self.target(package) + "/"
        return home, self.target(name) + (".py" if home.endswith(".py") else "/")

    def origin(self, place: str) -> str | None:
        """The repository file that would lie at a path of the image."""
        for folder in self.beside(place.rpartition("/")[0]):
            path = f"{folder}/{place.rpartition('/')[2]}".lstrip("/")
            if self._is_file(path):
                return path
        return None

    def dotted(self, folder: str) -> str:
        """The name of a folder as a package, below the deepest root that it is in; "" for a root."""
        root = max((one for one in self.roots if f"{folder}/".startswith(f"{one}/")), key=len, default=folder)
        return folder[len(root) + 1 :].replace("/", ".")

    def names(self, folder: str) -> Iterator[str]:
        """Its names as a package below every root that it is in."""
        for root in self.roots:
            if folder.startswith(f"{root}/"):
                yield folder[len(root) + 1 :].replace("/", ".")

    def left_in(self, folder: str) -> frozenset[str]:
        """The modules and packages that the repository has beside those of an image folder."""
        found: set[str] = set()
        for home in self.beside(folder):
            entry = self.tree.entry(home)
            if entry is not None and entry.mode == FOLDER:
                for name, below in self.tree.objects.listing(entry.oid).items():
                    if below.mode == FOLDER:
                        found.update([name] if self._is_file(f"{home}/{name}/__init__.py") else ())
                    elif name.endswith(".py"):
                        found.add(name[:-3])
        return frozenset(
            name
            for name in found
            if name != "__init__"
            and self._real(f"{folder}/{name}") not in self.folders
            and not self._is_module(folder, name)
        )

    def _is_module(self, folder: str, name: str) -> bool:
        return any(self._real(f"{folder}/{name}") + ending in self.files for ending in MODULES)

    def _candidates(self, name: str) -> Iterator[str]:
        below = name.replace(".", "/")
        for root in self.roots:
            place = f"{root}/{below}"
            for image, repository in self.pairs:
                if place.startswith(f"{image}/"):
                    yield f"{repository}/{place[len(image) + 1 :]}".lstrip("/")
        yield below

    def _module(self, path: str) -> str | None:
        for one in (f"{path}/__init__.py", f"{path}.py"):
            if self._is_file(one):
                return one
        real = trail_of(self.tree, path, self._memo).path
        entry = None if real is None else self.tree.entry(real)
        if real is None or entry is None or entry.mode != FOLDER or not self._holds_python(real):
            return None
        return path

    def _is_file(self, path: str) -> bool:
        real = trail_of(self.tree, path, self._memo).path
        entry = None if real is None else self.tree.entry(real)
        return entry is not None and entry.mode not in (FOLDER, SUBMODULE)

    def _holds_python(self, path: str) -> bool:
        return any(below.endswith(".py") for below, _ in self.tree.walk(path))

    def beside(self, folder: str) -> Iterator[str]:
        """The repository folders that an image folder was copied from, or would be."""
        for image, repository in self.pairs:
            if folder == image or folder.startswith(f"{image}/"):
                yield f"{repository}/{folder[len(image) + 1 :]}".strip("/")


def _folders(files: Mapping[str, Placed]) -> frozenset[str]:
    """Every folder with a module somewhere below."""
    found: set[str] = set()
    for path in files:
        if path.endswith(MODULES):
            folder = path.rpartition("/")[0]
            while folder and folder not in found:
                found.add(folder)
                folder = folder.rpartition("/")[0]
    return frozenset(found)
