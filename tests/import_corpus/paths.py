"""sys.path edited in code, in every spelling that services use."""

from tests.import_corpus.case import Case, case
from tests.python_oracle import Call, Start

OS = "import os, sys\n"
PATHLIB = "import sys\nfrom pathlib import Path\n"
UP = "os.path.dirname(os.path.dirname(os.path.abspath(__file__)))"


def edited(name: str, edit: str, folder: str = "lib", *, never: tuple[str, ...] = ("elsewhere/wanted.py",)) -> Case:
    """services/web/main.py adds a folder of /app, and imports from there."""
    files = {"services/web/main.py": f"{edit}\nimport wanted\n", f"{folder}/wanted.py": "import deeper\n",
             f"{folder}/deeper.py": "", "elsewhere/wanted.py": ""}
    return case(name, {path.removeprefix("./"): text for path, text in files.items()}, start=(Start("script", "/app/services/web/main.py"),),
                command='["python", "services/web/main.py"]', never=never)


CASES = (
    edited("os.path.dirname twice", f"{OS}sys.path.insert(0, {UP})", "services"),
    edited("os.path.join with ..", f"{OS}sys.path.append(os.path.join(os.path.dirname(__file__), '..', '..', 'lib'))"),
    edited("os.path.join with ../..", f"{OS}sys.path.insert(0, os.path.abspath(os.path.join(os.path.dirname(__file__), '../../lib')))"),
    edited("os.path.realpath", f"{OS}sys.path.insert(1, os.path.realpath(os.path.dirname(os.path.realpath(__file__)) + '/../../lib'))"),
    edited("os.path.normpath of pardir", f"{OS}sys.path.append(os.path.normpath(os.path.join(os.path.dirname(__file__), os.pardir, os.pardir, 'lib')))"),
    edited("in two steps", f"{OS}HERE = os.path.dirname(os.path.abspath(__file__))\nROOT = os.path.dirname(os.path.dirname(HERE))\n"
                           "if ROOT not in sys.path:\n    sys.path.insert(0, ROOT)", "."),
    edited("steps and a join", f"{OS}HERE = os.path.dirname(__file__)\nROOT = os.path.join(HERE, '..', '..')\n"
                               "LIB = os.path.join(ROOT, 'lib')\nsys.path = [LIB] + sys.path"),
    edited("pathlib parent.parent", f"{PATHLIB}sys.path.insert(0, str(Path(__file__).resolve().parent.parent))", "services"),
    edited("pathlib parents[2]", f"{PATHLIB}sys.path.insert(0, str(Path(__file__).resolve().parents[2] / 'lib'))"),
    edited("pathlib parents[2] and a division", f"{PATHLIB}ROOT = Path(__file__).parents[2]\nLIB = ROOT / 'lib'\nsys.path.append(LIB.as_posix())"),
    edited("pathlib joinpath", f"{PATHLIB}sys.path.append(str(Path(__file__).parent.joinpath('..', '..', 'lib').resolve()))"),
    edited("pathlib absolute", "import sys, pathlib\nsys.path.insert(0, f'{pathlib.Path(__file__).absolute().parent.parent.parent}/lib')"),
    edited("absolute", "import sys\nsys.path.append('/app/lib')"),
    edited("absolute, below site", "import site\nsite.addsitedir('/app/lib')"),
    edited("relative to the working folder", "import sys\nsys.path.append('lib')"),
    edited("dot", "import sys\nsys.path.insert(0, '.')", "."),
    edited("getcwd", f"{OS}sys.path.append(os.path.join(os.getcwd(), 'lib'))"),
    edited("Path.cwd", f"{PATHLIB}sys.path.append(str(Path.cwd() / 'lib'))"),
    edited("extend", f"{OS}sys.path.extend(['/app/nothing', os.path.join(os.path.dirname(__file__), '../../lib')])"),
    edited("plus equals", "import sys\nsys.path += ['/app/lib']"),
    edited("slice", "import sys\nsys.path[0:0] = ['/app/lib']"),
    edited("from sys import path", "from sys import path\npath.insert(0, '/app/lib')"),
    edited("in a loop", f"{OS}for each in ('lib', 'more'):\n    sys.path.append(os.path.join(os.path.dirname(__file__), '..', '..', each))"),
    edited("in a function", f"{OS}def prepare():\n    root = {UP}\n    sys.path.insert(0, os.path.join(root, '..', 'lib'))\nprepare()"),
    edited("in a condition", f"{OS}LIB = '/app/lib'\nif os.path.isdir(LIB) and LIB not in sys.path:\n    sys.path.insert(0, LIB)"),
    edited("from the environment", f"{OS}sys.path.append(os.environ.get('LIB', '/app/lib'))", never=()),
    edited("in a try", f"{OS}try:\n    import nothing_like_this.at_all\nexcept ImportError:\n    pass\nfinally:\n    sys.path.append('/app/lib')"),
    edited("walrus", f"{PATHLIB}if (lib := Path(__file__).parents[2] / 'lib').exists():\n    sys.path.append(str(lib))"),
    edited("folder found upwards", f"{PATHLIB}here = Path(__file__).resolve()\nfor up in here.parents:\n    if (up / 'lib').is_dir():\n"
                                   "        sys.path.append(str(up / 'lib'))\n        break"),
    case("in another module", {"main.py": "import paths\nimport wanted\n", "paths.py": "import sys, os\nsys.path.append(os.path.join("
                                                                                    "os.path.dirname(__file__), 'lib'))\n", "lib/wanted.py": ""}),
    case("in a lazy function", {"main.py": "import os, sys\ndef f():\n    root = os.path.dirname(os.path.abspath(__file__))\n"
                                           "    sys.path.insert(0, os.path.join(root, 'lib'))\n    import wanted\n    return wanted\n",
                                "lib/wanted.py": "", "unused.py": ""}, calls=(Call("__main__", "f"),), never=("unused.py",)),
    case("PYTHONPATH", {"src/main.py": "import one\nimport lib.two\n", "deps/one.py": "", "lib/two.py": "", "lib/three.py": ""},
         start=(Start("script", "/app/src/main.py"),), path=("/app", "/app/deps"), never=("lib/three.py",),
         dockerfile='FROM python:3.12\nWORKDIR /app\nENV PYTHONPATH="/app:/app/deps"\nCOPY . .\nCMD ["python", "src/main.py"]\n'),
    case("PYTHONPATH extended", {"src/main.py": "import one\n", "deps/one.py": ""}, path=("/app/deps",),
         start=(Start("script", "/app/src/main.py"),),
         dockerfile="FROM python:3.12\nENV HOME_DIR=/app\nWORKDIR $HOME_DIR\nENV PYTHONPATH=$HOME_DIR/deps:$PYTHONPATH\nCOPY . .\n"
                    'CMD ["python", "src/main.py"]\n'),
    case("PYTHONPATH in the command", {"src/main.py": "import one\n", "deps/one.py": ""}, path=("/app/deps",),
         start=(Start("script", "/app/src/main.py"),), command="PYTHONPATH=/app/deps exec python src/main.py"),
    case("chdir before a relative edit", {"main.py": "import os, sys\nos.chdir('sub')\nsys.path.append('lib')\nimport wanted\n",
                                          "sub/lib/wanted.py": "", "lib/x.py": ""}),
    case("a .pth file", {"main.py": "import site\nsite.addsitedir('/app/deps')\nimport wanted\n", "deps/more.pth": "lib\n",
                         "deps/lib/wanted.py": ""}),
    case("a zip on the path", {"main.py": "import sys\nsys.path.append('/app/lib.zip')\ntry:\n    import wanted\nexcept ImportError:\n    import one\n",
                               "lib.zip": b"PK\x05\x06" + bytes(18), "one.py": ""}),
)
