"""Imports by computed names, and files run or loaded by path."""

from tests.import_corpus.case import case
from tests.python_oracle import Call

IM = "import importlib\n"
LOAD = "from importlib import import_module\n"

CASES = (
    case("constant", {"main.py": IM + "importlib.import_module('lib.one')\nimportlib.import_module(name='lib.two')\n",
                      "lib/__init__.py": "", "lib/one.py": "", "lib/two.py": "", "lib/three.py": ""}, never=("lib/three.py",)),
    case("constant relative", {"main.py": "import lib\n", "lib/__init__.py": LOAD + "import_module('.one', __package__)\n"
                                                                               "import_module('.two', package='lib')\n"
                                                                               "import_module('..three', __name__ + '.x')\n",
                               "lib/one.py": "", "lib/two.py": "", "lib/three.py": ""}),
    case("alias", {"main.py": "import importlib as il\nfrom importlib import import_module as load\nil.import_module('one')\nload('two')\n",
                   "one.py": "", "two.py": "", "three.py": ""}, never=("three.py",)),
    case("__import__", {"main.py": "__import__('one')\n__import__('lib.two')\n__import__('lib', fromlist=['three'])\n"
                                   "import builtins\nbuiltins.__import__('four')\n",
                        "one.py": "", "lib/__init__.py": "", "lib/two.py": "", "lib/three.py": "", "four.py": ""}),
    case("constant in a variable", {"main.py": LOAD + "NAME = 'lib.one'\nimport_module(NAME)\ndef f(name='lib.two'):\n"
                                                      "    return import_module(name)\nf()\n",
                                    "lib/__init__.py": "", "lib/one.py": "", "lib/two.py": ""}),
    case("constant by concatenation", {"main.py": LOAD + "import_module('lib.' + 'one')\nbase = 'lib'\nimport_module(base + '.two')\n"
                                                        "import_module('%s.%s' % (base, 'three'))\nimport_module('.'.join([base, 'four']))\n"
                                                        "import_module('{}.five'.format(base))\n",
                                       "lib/__init__.py": "", **{f"lib/{name}.py": "" for name in ("one", "two", "three", "four", "five")}}),
    case("f-string", {"main.py": LOAD + "def load(name):\n    return import_module(f'jobs.{name}')\ndef go():\n    load('b')\n",
                      "jobs/__init__.py": "", "jobs/a.py": "", "jobs/b.py": "", "other/__init__.py": "", "other/x.py": ""},
         calls=(Call("__main__", "go"),), never=("other/x.py",)),
    case("f-string with an end", {"main.py": LOAD + "for name in ('a', 'b'):\n    import_module(f'jobs.{name}.run')\n",
                                  "jobs/__init__.py": "", "jobs/a/__init__.py": "", "jobs/a/run.py": "", "jobs/b/run.py": "",
                                  "jobs/b/__init__.py": "", "unused.py": ""}, never=("unused.py",)),
    case("registry", {"main.py": LOAD + "JOBS = {'a': 'jobs.a', 'b': ('jobs.b', 'Run')}\ndef load(key):\n"
                                        "    entry = JOBS[key]\n    return import_module(entry if isinstance(entry, str) else entry[0])\n",
                      "jobs/__init__.py": "", "jobs/a.py": "", "jobs/b.py": "class Run: ...", "jobs/c.py": ""},
         calls=(Call("__main__", "load", ("a",)), Call("__main__", "load", ("b",)))),
    case("registry of short names", {"main.py": LOAD + "JOBS = ['a', 'b']\nfor name in JOBS:\n    import_module('jobs.' + name)\n",
                                     "jobs/__init__.py": "", "jobs/a.py": "", "jobs/b.py": ""}),
    case("registry with classes", {"main.py": LOAD + "PATHS = ['jobs.a.Run']\ndef load(path):\n    module, _, name = path.rpartition('.')\n"
                                                     "    return getattr(import_module(module), name)\nfor each in PATHS:\n    load(each)\n",
                                   "jobs/__init__.py": "", "jobs/a.py": "class Run: ...", "unused.py": ""}),
    case("registry in another module", {"main.py": LOAD + "from settings import APPS\nfor app in APPS:\n    import_module(app)\n",
                                        "settings.py": "APPS = ['shop.orders', 'shop.people']\n", "shop/__init__.py": "",
                                        "shop/orders.py": "", "shop/people.py": ""}),
    case("registry in a data file", {"main.py": LOAD + "import json\nfor name in json.load(open('plugins.json')):\n    import_module(name)\n",
                                     "plugins.json": '["shop.orders"]', "shop/__init__.py": "", "shop/orders.py": ""}),
    case("parameter", {"main.py": "from loader import load\nload('shop.orders')\n", "loader.py": LOAD + "def load(name):\n"
                                                                                                    "    return import_module(name)\n",
                       "shop/__init__.py": "", "shop/orders.py": "import deep", "deep.py": ""}),
    case("parameter with a caller near and one far", {"main.py": "from loader import load\nload('far')\n",
                                                      "loader.py": LOAD + "def load(name):\n    return import_module(f'jobs.{name}')\nload('near')\n",
                                                      "jobs/__init__.py": "", "jobs/near.py": "", "jobs/far.py": ""}),
    case("method with a caller near and one far", {"main.py": "from loader import Loader\nLoader().load('far')\n",
                                                   "loader.py": LOAD + "class Loader:\n    def load(self, name):\n"
                                                                       "        return import_module('jobs.' + name)\nLoader().load('near')\n",
                                                   "jobs/__init__.py": "", "jobs/near.py": "", "jobs/far.py": ""}),
    case("default that others change", {"main.py": "import loader\nloader.NAME = 'jobs.far'\nloader.load()\n",
                                        "loader.py": LOAD + "NAME = 'jobs.near'\ndef load():\n    return import_module(NAME)\n",
                                        "jobs/__init__.py": "", "jobs/near.py": "", "jobs/far.py": ""}),
    case("registry that others extend", {"main.py": "import loader\nloader.JOBS['b'] = 'jobs.far'\nloader.load('b')\n",
                                         "loader.py": LOAD + "JOBS = {'a': 'jobs.near'}\ndef load(key):\n    return import_module(JOBS[key])\n",
                                         "jobs/__init__.py": "", "jobs/near.py": "", "jobs/far.py": ""}),
    case("registry that others extend by parts", {"main.py": "import loader\nloader.register('far')\nloader.load_all()\n",
                                                  "loader.py": LOAD + "JOBS = ['near']\ndef register(name):\n    JOBS.append(name)\n"
                                                                      "def load_all():\n    for name in JOBS:\n        import_module(f'jobs.{name}')\n",
                                                  "jobs/__init__.py": "", "jobs/near.py": "", "jobs/far.py": ""}),
    case("attribute set from outside", {"main.py": "from loader import Loader\nclass Mine(Loader):\n    module = 'far'\nMine().go()\n",
                                        "loader.py": LOAD + "class Loader:\n    module = 'near'\n    def go(self):\n"
                                                            "        return import_module('jobs.' + self.module)\n",
                                        "jobs/__init__.py": "", "jobs/near.py": "", "jobs/far.py": ""}),
    case("from the environment", {"main.py": LOAD + "import os\nimport_module(os.environ.get('MODULE', 'shop.orders'))\n"
                                                   "import_module(os.environ['OTHER'])\n",
                                  "shop/__init__.py": "", "shop/orders.py": "", "shop/people.py": ""},
         environment={"OTHER": "shop.people"},
         dockerfile='FROM python:3.12\nWORKDIR /app\nENV OTHER=shop.people\nCOPY . .\nCMD ["python", "main.py"]\n'),
    case("from the arguments", {"main.py": LOAD + "import sys\nimport_module(sys.argv[1])\n", "jobs/__init__.py": "", "jobs/a.py": "",
                                "jobs/b.py": ""}, command='["python", "main.py", "jobs.a"]', arguments=("jobs.a",)),
    case("pkgutil", {"main.py": "import pkgutil, importlib, plugins\nfor _, name, _ in pkgutil.iter_modules(plugins.__path__, 'plugins.'):\n"
                                "    importlib.import_module(name)\n", "plugins/__init__.py": "", "plugins/a.py": "", "plugins/b.py": ""}),
    case("pkgutil.walk_packages", {"main.py": "import pkgutil, plugins\nfor finder, name, _ in pkgutil.walk_packages(plugins.__path__, 'plugins.'):\n"
                                              "    __import__(name)\n", "plugins/__init__.py": "", "plugins/a/__init__.py": "", "plugins/a/b.py": ""}),
    case("plugin folder", {"main.py": "import importlib, os\nfor name in os.listdir(os.path.join(os.path.dirname(__file__), 'plugins')):\n"
                                      "    if name.endswith('.py') and not name.startswith('_'):\n"
                                      "        importlib.import_module('plugins.' + name[:-3])\n",
                           "plugins/__init__.py": "", "plugins/a.py": "", "plugins/b.py": "", "unused.py": ""}),
    case("plugin folder by pathlib", {"main.py": "import importlib\nfrom pathlib import Path\nfor file in (Path(__file__).parent / 'plugins').glob('*.py'):\n"
                                                 "    importlib.import_module(f'plugins.{file.stem}')\n", "plugins/a.py": "", "plugins/b.py": ""}),
    case("spec_from_file_location", {"main.py": "import importlib.util, os\nfile = os.path.join(os.path.dirname(__file__), 'lib', 'one.py')\n"
                                                "spec = importlib.util.spec_from_file_location('one', file)\n"
                                                "module = importlib.util.module_from_spec(spec)\nspec.loader.exec_module(module)\n",
                                     "lib/one.py": "import two", "two.py": ""}),
    case("SourceFileLoader", {"main.py": "from importlib.machinery import SourceFileLoader\nSourceFileLoader('x', '/app/lib/one').load_module()\n",
                              "lib/one": "import two\n", "two.py": ""}),
    case("files of a folder by location", {"main.py": "import importlib.util\nfrom pathlib import Path\nfor file in sorted(Path('tasks').glob('*.py')):\n"
                                                      "    spec = importlib.util.spec_from_file_location(file.stem, file)\n"
                                                      "    spec.loader.exec_module(importlib.util.module_from_spec(spec))\n",
                                           "tasks/a.py": "", "tasks/b.py": ""}),
    case("runpy", {"main.py": "import runpy\nrunpy.run_module('jobs.a', run_name='__main__')\nrunpy.run_path('scripts/b.py')\n",
                   "jobs/__init__.py": "", "jobs/a.py": "import one", "scripts/b.py": "import two", "one.py": "", "two.py": ""}),
    case("exec of a file", {"main.py": "exec(open('version.py').read())\nexec(compile(open('lib/more.py').read(), 'more', 'exec'))\n",
                            "version.py": "import one", "lib/more.py": "", "one.py": ""}),
    case("exec of text", {"main.py": "exec('import one')\neval(\"__import__('two')\")\n", "one.py": "", "two.py": ""}),
    case("subprocess of a script", {"main.py": "import subprocess, sys\nsubprocess.run([sys.executable, 'jobs/run.py'])\n",
                                    "jobs/run.py": "import near", "jobs/near.py": ""}),
    case("subprocess in words", {"main.py": "import subprocess\nsubprocess.Popen('python jobs/run.py --fast', shell=True)\n"
                                            "subprocess.check_call(['python3', '-u', '/app/jobs/other.py'], cwd='/tmp')\n",
                                 "jobs/run.py": "import near", "jobs/other.py": "", "jobs/near.py": ""}),
    case("logging.config", {"main.py": "import logging.config\nlogging.config.dictConfig({'version': 1, 'formatters': {'f': "
                                       "{'()': 'logs.format.Json'}}, 'handlers': {'h': {'class': 'logs.handle.Quiet', 'formatter': 'f'}}, "
                                       "'root': {'handlers': ['h']}})\n",
                            "logs/__init__.py": "", "logs/format.py": "import logging\nclass Json(logging.Formatter): ...\n",
                            "logs/handle.py": "import logging\nclass Quiet(logging.NullHandler): ...\n", "logs/unused.py": ""}),
    case("logging.config in a file", {"main.py": "import json, logging.config\nlogging.config.dictConfig(json.load(open('logging.json')))\n",
                                      "logging.json": '{"version": 1, "handlers": {"h": {"class": "quiet.Quiet"}}, "root": {"handlers": ["h"]}}',
                                      "quiet.py": "import logging\nclass Quiet(logging.NullHandler): ...\n"}),
    case("pydoc.locate and resolve_name", {"main.py": "import pydoc, pkgutil\npydoc.locate('lib.one')\npkgutil.resolve_name('lib.two:x')\n",
                                           "lib/__init__.py": "", "lib/one.py": "", "lib/two.py": "x = 1"}),
    case("logging.config of a file", {"main.py": "import logging.config\nlogging.config.fileConfig('logging.ini')\n", "logs.py": "import logging\n"
                                      "class Quiet(logging.NullHandler): ...\n", "logging.ini": "[loggers]\nkeys=root\n[handlers]\nkeys=h\n"
                                      "[formatters]\nkeys=\n[logger_root]\nhandlers=h\n[handler_h]\nclass=logs.Quiet\nargs=()\n"}),
    case("logging.config of a constant elsewhere", {"main.py": "import logging.config\nfrom settings import LOGGING\nlogging.config.dictConfig(LOGGING)\n",
                                                    "settings.py": "LOGGING = {'version': 1, 'handlers': {'h': {'class': 'logs.Quiet'}}, 'root': "
                                                                   "{'handlers': ['h']}}\n",
                                                    "logs.py": "import logging\nclass Quiet(logging.NullHandler): ...\n"}),
    case("multiprocessing spawn", {"main.py": "import concurrent.futures, worker\ndef f():\n    with concurrent.futures.ProcessPoolExecutor() as pool:\n"
                                              "        pool.map(worker.work, [1])\n", "worker.py": "def work(n):\n    import near\n", "near.py": ""}),
    case("inherited __import__", {"main.py": "for name in 'one two'.split():\n    globals()[name] = __import__(name)\n", "one.py": "", "two.py": ""}),
    case("entry points by hand", {"main.py": "from importlib.metadata import EntryPoint\nEntryPoint('x', 'lib.one:f', 'g').load()\n",
                                  "lib/__init__.py": "", "lib/one.py": "f = 1"}),
    case("importlib.reload", {"main.py": "import importlib, one\nimportlib.reload(one)\n", "one.py": "import two", "two.py": ""}),
    case("LazyLoader", {"main.py": "import importlib.util, sys\ndef lazy(name):\n    spec = importlib.util.find_spec(name)\n"
                                   "    spec.loader = importlib.util.LazyLoader(spec.loader)\n    module = importlib.util.module_from_spec(spec)\n"
                                   "    sys.modules[name] = module\n    spec.loader.exec_module(module)\n    return module\nlazy('lib.one').x\n",
                        "lib/__init__.py": "", "lib/one.py": "x = 1"}),
    case("exec of a template", {"main.py": "name = 'lib.one'\nexec(f'import {name}')\nexec('from lib import ' + 'two')\n",
                                "lib/__init__.py": "", "lib/one.py": "", "lib/two.py": ""}),
    case("pickle", {"main.py": "import pickle\npickle.loads(b'clib.one\\nThing\\n.')\n", "lib/__init__.py": "", "lib/one.py": "class Thing: ..."}),
    case("unittest.mock target", {"main.py": "from unittest import mock\nmock.patch('lib.one.x').start()\n", "lib/__init__.py": "", "lib/one.py": "x = 1"}),
    case("uvicorn.run", {"main.py": "import uvicorn\nif __name__ == '__main__':\n    uvicorn.run('service.app:app', port=8080)\n",
                         "service/__init__.py": "", "service/app.py": "app = 1", "service/unused.py": ""}),
    case("sys.modules trick", {"main.py": "import lib\n", "lib/__init__.py": "import sys\nfrom lib import real\nsys.modules[__name__] = real\n",
                               "lib/real.py": "import lib.more\n", "lib/more.py": ""}),
    case("getattr of import_module", {"main.py": "import importlib\nload = getattr(importlib, 'import_module')\nload('one')\n", "one.py": ""}),
    case("import_module handed on", {"main.py": "import importlib\nlist(map(importlib.import_module, ['one', 'two']))\n", "one.py": "", "two.py": ""}),
    case("partial", {"main.py": "import functools, importlib\nfunctools.partial(importlib.import_module, package='lib')('.one')\n",
                     "lib/__init__.py": "", "lib/one.py": ""}),
)
