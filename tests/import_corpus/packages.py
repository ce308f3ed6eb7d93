"""What a name means: packages, namespace packages, modules and folders of one name, shadows."""

from tests.import_corpus.case import case
from tests.python_oracle import Call, Start

CASES = (
    case("parents of a package", {"main.py": "import a.b.c\n", "a/__init__.py": "import pa", "a/b/__init__.py": "import pb",
                                  "a/b/c.py": "", "pa.py": "", "pb.py": ""}),
    case("namespace package", {"main.py": "import space.one\nfrom space.inner import two\n", "space/one.py": "",
                               "space/inner/two.py": "", "space/inner/three.py": ""}, never=("space/inner/three.py",)),
    case("namespace over two roots", {"main.py": "import space.one, space.two\n", "space/one.py": "", "more/space/two.py": "",
                                      "more/space/three.py": ""}, path=("/app/more",), never=("more/space/three.py",),
         dockerfile='FROM python:3.12\nWORKDIR /app\nENV PYTHONPATH=/app/more\nCOPY . .\nCMD ["python", "main.py"]\n'),
    case("package beats module", {"main.py": "import thing\n", "thing.py": "import wrong", "thing/__init__.py": "import right",
                                  "right.py": "", "wrong.py": ""}),
    case("module beats namespace folder", {"main.py": "import thing\n", "thing.py": "import right", "thing/inner.py": "",
                                           "right.py": ""}, never=("thing/inner.py",)),
    case("package of a later root beats namespace folder",
         {"main.py": "import thing\n", "thing/data.py": "", "later/thing/__init__.py": "import right", "right.py": ""},
         path=("/app/later",),
         dockerfile='FROM python:3.12\nWORKDIR /app\nENV PYTHONPATH=/app/later\nCOPY . .\nCMD ["python", "main.py"]\n'),
    case("first root wins", {"main.py": "import thing\n", "thing.py": "import right", "later/thing.py": "import wrong",
                             "right.py": "", "wrong.py": ""}, path=("/app/later",),
         dockerfile='FROM python:3.12\nWORKDIR /app\nENV PYTHONPATH=/app/later\nCOPY . .\nCMD ["python", "main.py"]\n'),
    case("attribute or module", {"main.py": "from lib import thing\n", "lib/__init__.py": "thing = 1", "lib/thing.py": ""}),
    case("module by attribute of a package", {"main.py": "import lib\nlib.inner.x\n", "lib/__init__.py": "from . import inner",
                                              "lib/inner.py": "x = 1"}),
    case("lazy package", {"main.py": "import lib\ndef f():\n    return lib.Thing\n", "lib/things.py": "Thing = 1",
                          "lib/__init__.py": "__all__ = ['Thing']\ndef __getattr__(name):\n    if name == 'Thing':\n"
                                             "        from .things import Thing\n        return Thing\n    raise AttributeError(name)\n"}),
    case("lazy package by table", {"main.py": "from lib import Thing\n", "lib/things.py": "Thing = 1", "lib/others.py": "Other = 1",
                                   "lib/__init__.py": "import importlib\n_LAZY = {'Thing': '.things', 'Other': '.others'}\n"
                                                      "__all__ = list(_LAZY)\ndef __getattr__(name):\n    if name in _LAZY:\n"
                                                      "        return getattr(importlib.import_module(_LAZY[name], __name__), name)\n"
                                                      "    raise AttributeError(name)\n"}),
    case("lazy package by name", {"main.py": "import lib\ndef f():\n    return lib.things\n", "lib/things.py": "", "lib/others.py": "",
                                  "lib/__init__.py": "import importlib\ndef __getattr__(name):\n"
                                                     "    return importlib.import_module(f'{__name__}.{name}')\n"},
         calls=(Call("main", "f"),)),
    case("package runs its folder", {"main.py": "import plugins\n", "plugins/one.py": "", "plugins/two.py": "",
                                     "plugins/__init__.py": "import pkgutil, importlib\nfor each in pkgutil.iter_modules(__path__):\n"
                                                            "    importlib.import_module(f'{__name__}.{each.name}')\n"}),
    case("package extends its path", {"main.py": "import lib.one\n", "extra/one.py": "",
                                      "lib/__init__.py": "import os\n__path__.append(os.path.join(os.path.dirname(__file__), '..', 'extra'))\n"}),
    case("pkgutil.extend_path", {"main.py": "import lib.one, lib.two\n", "lib/one.py": "", "more/lib/two.py": "",
                                 "lib/__init__.py": "from pkgutil import extend_path\n__path__ = extend_path(__path__, __name__)\n",
                                 "more/lib/__init__.py": ""}, path=("/app/more",),
         dockerfile='FROM python:3.12\nWORKDIR /app\nENV PYTHONPATH=/app/more\nCOPY . .\nCMD ["python", "main.py"]\n'),
    case("script's folder shadows the standard library", {"main.py": "import calendar\nimport statistics\n", "calendar.py": "import one",
                                                          "statistics/__init__.py": "", "one.py": ""}),
    case("script's folder shadows third party", {"main.py": "import flask\nfrom yaml import x\n", "flask.py": "import one",
                                                 "yaml/__init__.py": "x = 1", "one.py": ""}),
    case("sub-script's folder comes first", {"jobs/run.py": "import settings\nimport lib\n", "jobs/settings.py": "", "settings.py": "",
                                             "lib.py": "", "jobs/lib.py": ""}, start=(Start("script", "/app/jobs/run.py"),),
         command='["python", "jobs/run.py"]', never=("settings.py", "lib.py")),
    case("working folder is no root of a script", {"jobs/run.py": "import one\ntry:\n    import two\nexcept ImportError:\n    pass\n",
                                                   "jobs/one.py": "", "two.py": ""}, start=(Start("script", "/app/jobs/run.py"),),
         command='["python", "jobs/run.py"]', never=("two.py",)),
    case("two copies of one module", {"main.py": "import lib.thing\n", "lib/__init__.py": "", "lib/thing.py": "", "thing.py": "",
                                      "old/lib/thing.py": ""}, never=("thing.py", "old/lib/thing.py")),
    case("same package as two names", {"pkg/main.py": "import helper\nimport pkg.helper\n", "pkg/__init__.py": "import seen",
                                       "pkg/helper.py": "", "seen.py": ""}, start=(Start("module", "main"),), cwd="/app/pkg",
         path=("/app",), dockerfile="FROM python:3.12\nWORKDIR /app\nCOPY . .\nWORKDIR /app/pkg\nENV PYTHONPATH=/app:$PYTHONPATH\n"
                                    "CMD exec gunicorn --bind :$PORT main:app\n"),
)
