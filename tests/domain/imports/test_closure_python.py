"""Python itself as the judge: what it loads from a folder on disk must be in the closure of the same files."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploytool.domain.image_layout import Layout, Placed
from deploytool.domain.imports.program import Program, Start, StartKind
from deploytool.domain.imports.reach.reachable import closure_of
from deploytool.domain.imports.source.extract import facts_of
from deploytool.domain.tree import LINK
from tests.domain.imports.sources import Content, LinkTo, Sources, oid_of

# At its end a program tells the real path of every file that it loaded.
TELL = """
import atexit, os, sys
def tell():
    files = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    seen = {os.path.realpath(file) for file in files if file}
    with open(os.environ["TOLD"], "a") as out:
        out.write("".join(file + "\\n" for file in seen))
atexit.register(tell)
"""

EVERY_FORM: dict[str, Content] = {
    "app/main.py": (
        "import os, sys\nfrom importlib import import_module, util\n"
        "sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'lib'))\n"
        "import pkg.sub.deep as deep\nfrom pkg import *\nfrom pkg import attribute, beside\n"
        "import space.part_one, space.part_two\nfrom shared import used\n"
        "import_module('plugins.' + 'red')\n"
        "for name in ['blue', 'green']:\n    import_module(f'plugins.{name}')\n"
        "import_module('.relative', package='pkg')\n"
        "spec = util.spec_from_file_location('by_path', os.path.join(os.path.dirname(__file__), 'odd-name.py'))\n"
        "spec.loader.exec_module(sys.modules.setdefault('by_path', util.module_from_spec(spec)))\n"
        "def later():\n    import in_function\nlater()\n"
        "try:\n    import not_there\nexcept ImportError:\n    import instead\n"
        "if __name__ == '__main__':\n    import own_block\n"
        "import in_circle_a\n"
    ),
    "app/pkg/__init__.py": "__all__ = ['starred']\nattribute = 1\n",
    "app/pkg/starred.py": "",
    "app/pkg/beside.py": "from .sub import other\n",
    "app/pkg/relative.py": "from . import beside as again\nfrom .sub import other\n",
    "app/pkg/never.py": "",
    "app/pkg/sub/__init__.py": "from .. import attribute\n",
    "app/pkg/sub/deep.py": "from ..beside import other\n",
    "app/pkg/sub/other.py": "if __name__ == '__main__':\n    import never\n",
    "app/space/part_one.py": "",
    "lib/space/part_two.py": "from . import part_one, part_three\n",
    "lib/space/part_three.py": "",
    "app/plugins/red.py": "",
    "app/plugins/blue.py": "",
    "app/plugins/green.py": "",
    "app/odd-name.py": "import from_odd\n",
    "app/from_odd.py": "",
    "app/in_function.py": "",
    "app/instead.py": "",
    "app/own_block.py": "",
    "app/in_circle_a.py": "import in_circle_b\n",
    "app/in_circle_b.py": "import in_circle_a\n",
    "app/never.py": "raise RuntimeError\n",
    "app/shared": LinkTo("../common"),
    "common/__init__.py": "",
    "common/used.py": "from .neighbour import x\n",
    "common/neighbour.py": "x = 1\n",
    "common/unused.py": "",
}
SCRIPT_BEHIND_LINK: dict[str, Content] = {
    "bin/start.py": LinkTo("../app/real.py"),
    "app/real.py": "import beside\nfrom pkg.linked import near\n",
    "app/beside.py": "",
    "app/pkg/__init__.py": "",
    "app/pkg/near.py": "",
    "app/pkg/linked": LinkTo("../../far/linked"),
    "far/linked/__init__.py": "from .. import near\n",
    "far/near.py": "raise RuntimeError\n",
}
MAIN_OF_PACKAGE: dict[str, Content] = {
    "app/tool/__init__.py": "from . import setup\n",
    "app/tool/__main__.py": "from .work import run\nimport tool.extra\n",
    "app/tool/setup.py": "",
    "app/tool/work.py": "run = 1\nimport runpy\nrunpy.run_module('tool.job', run_name='__main__')\n",
    "app/tool/extra.py": "from tool import setup as again\n",
    "app/tool/job.py": "if __name__ == '__main__':\n    import tool.of_job\n",
    "app/tool/of_job.py": "",
    "app/tool/unused.py": "",
}
PROCESSES: dict[str, Content] = {
    "app/main.py": "import subprocess, sys, os\nhere = os.path.dirname(__file__)\n"
    "subprocess.run([sys.executable, os.path.join(here, 'jobs/nightly.py')], check=True)\n"
    "subprocess.run([sys.executable, '-m', 'jobs.weekly'], check=True, cwd=here)\n",
    "app/jobs/nightly.py": "import beside_nightly\nif __name__ == '__main__':\n    import of_nightly\n",
    "app/jobs/beside_nightly.py": "",
    "app/jobs/of_nightly.py": "",
    "app/jobs/weekly.py": "if __name__ == '__main__':\n    from jobs import of_weekly\n",
    "app/jobs/of_weekly.py": "",
    "app/jobs/unused.py": "",
}


class RealSources(Sources):
    """Facts by the extractor instead of a few lines."""

    def __init__(self, files: dict[str, Content]) -> None:
        self.sources = {oid_of(content): str(content) for content in files.values()}
        self.waves = []

    def of(self, blobs):  # type: ignore[no-untyped-def]
        return {oid: facts_of(self.sources[oid].encode(), name) for oid, name in blobs.items()}


@pytest.mark.parametrize(
    ("files", "command", "start", "unused"),
    [
        (EVERY_FORM, ["app/main.py"], Start(StartKind.SCRIPT, "app/main.py"), {"app/pkg/never.py", "common/unused.py"}),
        (SCRIPT_BEHIND_LINK, ["bin/start.py"], Start(StartKind.SCRIPT, "bin/start.py"), {"far/near.py"}),
        (MAIN_OF_PACKAGE, ["-m", "tool"], Start(StartKind.MAIN, "tool"), {"app/tool/unused.py"}),
        (PROCESSES, ["app/main.py"], Start(StartKind.SCRIPT, "app/main.py"), {"app/jobs/unused.py"}),
    ],
    ids=["every form", "links", "-m", "processes"],
)
def test_nothing_is_loaded_that_is_not_reached(
    tmp_path: Path, files: dict[str, Content], command: list[str], start: Start, unused: set[str]
) -> None:
    top = tmp_path.resolve() / "image"
    for name, content in files.items():
        place = top / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(content, LinkTo):
            place.symlink_to(str(content))
        else:
            place.write_text(str(content))
    loaded = loaded_by_python(command, top, tmp_path)
    assert len(loaded) > 3
    found = closure_of(program(start, top), laid_out(files, top), RealSources(files))
    assert not found.everything, found.doubts
    assert loaded <= {Path(path) for path in found.reached}
    assert not {Path(path) for path in found.reached} & {top / name for name in unused}


def loaded_by_python(command: list[str], top: Path, tmp_path: Path) -> set[Path]:
    hook = tmp_path / "hook"
    hook.mkdir()
    (hook / "sitecustomize.py").write_text(TELL)
    told = tmp_path / "told"
    known = {"PATH": os.environ["PATH"], "PYTHONPATH": f"{hook}:{top}/app", "TOLD": str(told)}
    arguments = [f"{top}/{each}" if "/" in each else each for each in command]
    subprocess.run([sys.executable, "-B", *arguments], env=known, cwd=top, check=True, timeout=60)
    return {Path(line) for line in told.read_text().splitlines() if Path(line).is_relative_to(top)}


def program(start: Start, top: Path) -> Program:
    name = f"{top}/{start.name}" if start.kind is StartKind.SCRIPT else start.name
    return Program((Start(start.kind, name),), (f"{top}/app",), str(top))


def laid_out(files: dict[str, Content], top: Path) -> Layout:
    links = {name for name, content in files.items() if isinstance(content, LinkTo)}
    return Layout(
        {
            f"{top}/{name}": Placed(LINK, oid_of(content), name, str(content))
            if name in links
            else Placed(0o100644, oid_of(content), name)
            for name, content in files.items()
        }
    )
