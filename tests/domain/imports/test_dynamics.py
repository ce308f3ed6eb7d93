"""Imports by computed names: what each may load, and when it may load anything."""

from __future__ import annotations

import textwrap

import pytest

from deploytool.domain.imports.facts import Dynamic, Subject, When
from deploytool.domain.imports.source.extract import facts_of

HEAD = """
import builtins, importlib, importlib as il, importlib.util, imp, json, os, pkgutil, pydoc, runpy, subprocess, sys
from importlib import import_module
from pathlib import Path
"""


def dynamics(source: str) -> tuple[Dynamic, ...]:
    told = facts_of((HEAD + textwrap.dedent(source)).encode())
    assert not told.error, told.error
    return tuple(each for each in told.dynamics if not each.altered)


def patterns(source: str, subject: Subject = Subject.MODULE) -> list[str] | None:
    """Everything that may be loaded; None when it is anything."""
    told = dynamics(source)
    assert all(each.why for each in told if not each.bounded)
    if not all(each.bounded for each in told):
        return None
    assert all(each.subject is subject for each in told)
    return sorted({name for each in told for name in each.patterns})


@pytest.mark.parametrize(
    "call",
    [
        "importlib.import_module('a.b')",
        "import_module('a.b')",
        "from importlib import import_module as im\nim('a.b')",
        "il.import_module('a.b')",
        "import_module(name='a.b')",
        "__import__('a.b')",
        "builtins.__import__('a.b')",
        "importlib.__import__('a.b')",
        "importlib.util.find_spec('a.b')",
        "runpy.run_module('a.b', run_name='__main__')",
        "pkgutil.resolve_name('a.b:thing')",
        "getattr(importlib, 'import_module')('a.b')",
        "getattr(importlib, 'import_' + 'module')('a.b')",
        "getattr(__builtins__, '__import__')('a.b')",
        "list(map(import_module, ['a.b']))",
        "executor.submit(importlib.import_module, 'a.b')",
        "loader = import_module\nloader('a.b')",
        "class A:\n load = importlib.import_module\n def f(self):\n  self.load('a.b')",
        "def f(load=import_module):\n load('a.b')",
        "from functools import partial\nload = partial(import_module, package=None)\nload('a.b')",
        "from importlib import *\nimport_module('a.b')",
        "exec('import a.b')",
        "exec(compile('import a.b', 'x', 'exec'))",
        "eval('__import__(\"a.b\")')",
        "finder.find_spec('x').loader.load_module('a.b')",
        "subprocess.run([sys.executable, '-m', 'a.b'])",
        "subprocess.run([sys.executable, '-u', '-W', 'error', '-m', 'a.b'])",
        "subprocess.run(['python3', '-m', 'a.b'])",
        "subprocess.run([sys.executable, '-c', 'import a.b'])",
        "os.execl(sys.executable, 'python', '-m', 'a.b')",
        "os.system('python -m a.b --x')",
        "subprocess.run(f'{sys.executable} -m a.b', shell=True)",
    ],
)
def test_the_ways_to_import_by_name(call: str) -> None:
    assert patterns(call) == ["a.b"]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import_module('a' + '.b')", ["a.b"]),
        ("import_module('a.%s' % 'b')", ["a.b"]),
        ("import_module('%s.%s' % ('a', 'b'))", ["a.b"]),
        ("import_module('{}.{}'.format('a', 'b'))", ["a.b"]),
        ("import_module('{1}.{0}'.format('a', 'b'))", ["b.a"]),
        ("import_module('{x}.b'.format(x='a'))", ["a.b"]),
        ("import_module('.'.join(['a', 'b']))", ["a.b"]),
        ("import_module(f'a.{x}')", ["a.*"]),
        ("import_module(f'a.{x}.b')", ["a.*.b"]),
        ("import_module('a.' + os.environ['X'])", ["a.*"]),
        ("import_module(f'a.{x}.{y}')", ["a.*.*"]),
        ("import_module('A.B'.lower())", ["a.b"]),
        ("import_module('a/b'.replace('/', '.'))", ["a.b"]),
        ("import_module('a.b:C'.split(':')[0])", ["a.b"]),
        ("import_module('a.b.C'.rsplit('.', 1)[0])", ["a.b"]),
        ("import_module('a.b' if x else 'c.d')", ["a.b", "c.d"]),
        ("import_module(x or 'a.b')", None),
        ("n = 'a.b'\nimport_module(n)", ["a.b"]),
        ("n = 'a.b'\nif x:\n n = 'c.d'\nimport_module(n)", ["a.b", "c.d"]),
        ("if (n := 'a.b'):\n import_module(n)", ["a.b"]),
        ("for n in ['a.b', 'c']:\n import_module(n)", ["a.b", "c"]),
        ("for n in ('a.b', 'c'):\n import_module(n)", ["a.b", "c"]),
        ("for n in {'a.b', 'c'}:\n import_module(n)", ["a.b", "c"]),
        ("[import_module(n) for n in ['a.b', 'c']]", ["a.b", "c"]),
        ("N = ['a.b']\nfor n in N:\n import_module(n)", ["a.b"]),
        ("N = ['a.b']\nN.append('c.d')\nN += ['e.f']\nfor n in N:\n import_module(n)", ["a.b", "c.d", "e.f"]),
        ("for n in sorted(['a.b'] + ['c.d']):\n import_module(n)", ["a.b", "c.d"]),
        ("for i, n in enumerate(['a.b']):\n import_module(n)", ["a.b"]),
        ("for k, n in [('x', 'a.b'), ('y', 'c.d')]:\n import_module(n)", ["a.b", "c.d"]),
        ("T = {'x': 'a.b'}\nimport_module(T[x])", ["a.b"]),
        ("T = {'x': 'a.b'}\nimport_module(T.get(x))", ["a.b"]),
        ("T = {'x': 'a.b'}\nimport_module(T.get(x, 'c.d'))", ["a.b", "c.d"]),
        ("T = {'x': 'a.b'}\nfor n in T.values():\n import_module(n)", ["a.b"]),
        ("T = {'x': 'a.b'}\nfor k, n in T.items():\n import_module(n)", ["a.b"]),
        ("T = {'a.b': 1}\nfor n in T.keys():\n import_module(n)", ["a.b"]),
        ("T = {'a.b': 1}\nfor n in T:\n import_module(n)", ["a.b"]),
        ("T = {'x': ('a.b', 'C')}\nm, c = T[x]\nimport_module(m)", ["a.b"]),
        ("T = {'x': {'y': ['a.b']}}\nimport_module(T[x][y][0])", ["a.b", "y"]),
        ("T = {}\nT['x'] = 'a.b'\nimport_module(T[y])", ["a.b", "x"]),
        ("T = dict(x='a.b')\nimport_module(T[y])", ["a.b"]),
        ("T = {'x': 'a.b'}\nimport_module(f'c.{T[y]}')", ["c.a.b"]),
        ("def f():\n return 'a.b'\nimport_module(f())", ["a.b"]),
        ("def f():\n for x in y:\n  yield f'a.{x}'\nfor n in f():\n import_module(n)", ["a.*"]),
        ("def _f(n):\n import_module(n)\n_f('a.b')\n_f(n='c.d')", ["a.b", "c.d"]),
        ("def _f(n='a.b'):\n import_module(n)\n_f()", ["a.b"]),
        ("def _f(m, *n):\n for x in n:\n  import_module(x)\n_f('x', 'a.b', 'c.d')", ["a.b", "c.d"]),
        ("def f():\n def g(n):\n  import_module(n)\n g('a.b')", ["a.b"]),
        ("class A:\n def _f(self, n):\n  import_module(n)\n def g(self):\n  self._f('a.b')", ["a.b"]),
        ("class A:\n _n = 'a.b'\n def f(self):\n  import_module(self._n)", ["a.b"]),
        ("class A:\n def __init__(self):\n  self._n = 'a.b'\n def f(self):\n  import_module(self._n)", ["a.b"]),
        ("class A:\n n = 'a.b'\nimport_module(A.n)", ["a.b"]),
        ("def f(n):\n import_module(n)\nx = 'a.b'", ["a.b"]),
        ("def f(n):\n import_module(n)\nf('tasks')", ["tasks"]),
        ("def f(n):\n import_module(n)", None),
        ("def f(n):\n import_module(f'a.{n}')", ["a.*"]),
        ("class A:\n def f(self):\n  import_module(self.n)", None),
        ("import_module(os.environ['X'])\nx = 'a.b'", None),
        ("import_module(os.environ.get('X', 'a.b'))", None),
        ("import_module(os.getenv('X') or 'a.b')", None),
        ("import_module(sys.argv[1])\nx = 'a.b'", None),
        ("import_module(input())\nx = 'a.b'", None),
        ("import_module(json.load(open('x'))['n'])\nx = 'a.b'", None),
        ("with open('x') as f:\n import_module(f.read().strip())\nx = 'a.b'", None),
        ("from settings import NAME\nimport_module(NAME)\nx = 'a.b'", None),
        ("import settings\nimport_module(settings.NAME)\nx = 'a.b'", None),
        ("def view(request):\n import_module(request.args['n'])\nx = 'a.b'", None),
        ("@app.route('/<n>')\ndef view(n):\n import_module(n)\nx = 'a.b'", None),
        ("import_module(f'{x}.b')", None),
        ("import_module(f'handler_{x}')", None),
        ("import_module('.b', package='a')", ["a.b"]),
        ("import_module('..b', 'a.c')", ["a.b"]),
        ("import_module('.b', __package__)", [".b"]),
        ("import_module('.b', __name__)", [".b"]),
        ("import_module('.b', package=x)", None),
        ("import_module(f'.{x}', package='a')", ["a.*"]),
        ("import_module('.' + x, package=__name__)", [".*"]),
        ("import_module(f'{__name__}.{x}')", [".*"]),
        ("import_module(f'{__package__}.b')", [".b"]),
        ("import_module(__name__ + '.b')", [".b"]),
        ("import_module(__name__.rpartition('.')[0] + '.b')", ["..b", ".b"]),
        ("import_module('.'.join(__name__.split('.')[:-1]) + '.b')", ["..b", ".b"]),
        ("__import__('a', fromlist=['b'])", ["a", "a.b"]),
        ("__import__('a', fromlist=[x])", ["a", "a.*"]),
        ("__import__('b', globals(), locals(), ['c'], 1)", [".b", ".b.c"]),
        ("for f, n, p in pkgutil.iter_modules(['a'], 'a.'):\n import_module(n)", ["a.*"]),
        ("for m in pkgutil.iter_modules(__path__):\n import_module(f'{__name__}.{m.name}')", [".*"]),
        ("for m in pkgutil.iter_modules(__path__, __name__ + '.'):\n import_module(m.name)", [".*"]),
        ("for m in pkgutil.iter_modules([os.path.dirname(__file__)]):\n import_module('.' + m.name, __name__)", [".*"]),
        ("for f in os.listdir('p'):\n import_module(f'a.{f[:-3]}')", ["a.*"]),
        ("for f in Path('p').glob('*.py'):\n import_module(f'a.{f.stem}')", ["a.*"]),
        ("import_module(NAME)", None),
        ("n = None\nimport_module('a.' + n)", ["a.*"]),
        ("if x:\n a = b\nb = a or 'x.y'\nimport_module(a)\nimport_module(b)", ["x.y"]),
        ("import_module('{}.{}'.format(__name__, x), package=__name__)", [".*"]),
        ("for f in os.listdir(os.path.dirname(__file__)):\n import_module(f'a.{f[:-3]}')", ["a.*"]),
        ("for m in pkgutil.iter_modules(__import__('a').__path__):\n import_module(f'a.{m}.{x}')", ["a", "a.*.*"]),
        ("class A(T):\n m: str\nfor t in [A(m='a.b'), A('c')]:\n import_module(t.m)", ["a.b", "c"]),
        ("class A(T):\n m: str = 'd.e'\nL = [A(), A('c')]\nfor t in L:\n import_module(t.m)", ["c", "d.e"]),
        ("class A(T):\n m: str\ndef f(t):\n import_module(t.m)\nx = 'a.b'", None),
        ("class A(T):\n m: str\nfor t in [A(os.environ['X'])]:\n import_module(t.m)\nx = 'a.b'", None),
        ("sys.meta_path.append(Finder())", None),
        ("sys.meta_path.insert(0, Finder())", None),
        ("__path__.append('/x')", None),
        ("__path__ = pkgutil.extend_path(__path__, __name__)", None),
        ("hook(import_module)", None),
        ("exec(code)", None),
        ("exec(f'import {x}')", None),
        ("eval('1 + 1')", []),
        ("importlib.reload(x)", []),
        ("re.compile(x)\nmodel.eval()\ncursor.execute(x)\ndf.eval(x)", []),
        ("import_module.__doc__", []),
        ("subprocess.run([sys.executable, '-m', name])", None),
        ("subprocess.run([sys.executable, '-m', f'a.{name}'])", ["a.*"]),
        ("subprocess.run(['ls', name])", []),
        ("os.execv(sys.executable, [sys.executable] + sys.argv)", []),
        ("os.execv(sys.executable, [sys.executable, *sys.argv])", []),
        ("n = 'a'\nwhile x:\n n += '.b'\nimport_module(n)", None),
        ("n = 'a.b'\nwhile x:\n n += '.c'\nimport_module(n)", ["a.b", "a.b*"]),
        ("T = {'x': 'a.b.py', 'y': 'c.d.py'}\nimport_module(T[x][:-3])", ["a.b", "c.d"]),
        ("T = {'x': 'a.'}\nimport_module(T[x] + 'b')", ["a.b"]),
        ("subprocess.run([sys.executable] + rest)", None),
        ("subprocess.run([sys.executable] + ['-m', 'a.b'] + rest)", ["a.b"]),
        ("subprocess.run([sys.executable, sys.argv[1]])", None),
        ("subprocess.run([sys.executable, sys.argv[0], 'x'])", []),
        ("L = {'x': import_module}\nL[y](z)", None),
        ("def f():\n return import_module", None),
        ("if hasattr(x, 'y') and import_module is not None: pass", []),
        ("n = n.strip()\nimport_module(n)", None),
        ("def f(n):\n n = n.replace('-', '_')\n import_module('a.' + n)", ["a.*"]),
        ("n = 'a.b'\nn = n.strip()\nimport_module(n)", ["a.b"]),
        (
            "g = None\ndef f():\n global g\n g = 'a.b'\nimport_module(g)",
            ["a.b"],
        ),
        ("app.autodiscover_tasks(['a'])", ["a.tasks"]),
        ("app.config.from_object(f'config.{x}')", ["config", "config.*"]),
        ("app.config.from_object('config.Prod')", ["config", "config.Prod"]),
        ("from django.utils.module_loading import import_string\nimport_string('a.b.C')", ["a.b", "a.b.C"]),
        ("from werkzeug.utils import find_modules\nfind_modules('a')", ["a", "a.*"]),
        ("pydoc.locate('a.b.C')", ["a.b", "a.b.C"]),
    ],
)
def test_what_a_computed_name_may_be(source: str, names: list[str] | None) -> None:
    assert patterns(source) == names


@pytest.mark.parametrize(
    ("source", "files"),
    [
        ("importlib.util.spec_from_file_location('n', 'a/b.py')", ["a/b.py"]),
        ("importlib.util.spec_from_file_location('n', os.path.join(os.path.dirname(__file__), 'b.py'))", ["b.py"]),
        ("importlib.util.spec_from_file_location('n', Path(__file__).parent / 'a' / 'b.py')", ["a/b.py"]),
        (
            "from importlib.machinery import SourceFileLoader\nSourceFileLoader('n', '/app/b.py').load_module()",
            ["/app/b.py"],
        ),
        ("runpy.run_path('a/b.py')", ["a/b.py"]),
        ("imp.load_source('n', 'a/b.py')", ["a/b.py"]),
        ("exec(open('a/b.py').read())", ["a/b.py"]),
        ("exec(compile(open('a/b.py').read(), 'a/b.py', 'exec'))", ["a/b.py"]),
        ("exec(Path('a/b.py').read_text())", ["a/b.py"]),
        ("with open('a/b.py') as f:\n code = compile(f.read(), 'b', 'exec')\nexec(code)", ["a/b.py"]),
        ("runpy.run_path(f'plugins/{x}.py')", ["plugins/*.py"]),
        ("runpy.run_path(f'{x}/main.py')", ["main.py"]),
        ("runpy.run_path(x)", None),
        ("runpy.run_path(sys.argv[1])", None),
        ("exec(open(x).read())", None),
        ("subprocess.run([sys.executable, 'a/b.py', x])", ["a/b.py"]),
        ("subprocess.run([sys.executable, str(Path(__file__).parent / 'b.py')])", ["b.py"]),
        ("cmd = ['python', script]\nsubprocess.run(cmd)", None),
        ("script = 'a/b.py'\ncmd = ['python', script]\nsubprocess.run(cmd)", ["a/b.py"]),
        ("subprocess.Popen('python a/b.py ' + x, shell=True)", ["a/b.py"]),
        ("os.system('python ' + x)", None),
        ("asyncio.create_subprocess_exec(sys.executable, '-u', 'a/b.py')", ["a/b.py"]),
    ],
)
def test_files_that_are_loaded_by_their_path(source: str, files: list[str] | None) -> None:
    assert patterns(source, Subject.FILE) == files


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("name = os.environ['PLUGIN']\nimport_module(name)", "import_module: name comes from os.environ"),
        ("import_module(sys.argv[1])", "sys.argv"),
        ("def load(name):\n import_module(name)", "name, a parameter of load"),
        ("import settings\nimport_module(settings.NAME)", "settings.NAME"),
        ("from conf import NAME\nimport_module(NAME)", "conf.NAME"),
        ("import_module(json.load(f)['x'])", "json.load"),
        ("exec(source)", "exec: source comes from"),
        ("sys.meta_path.append(F())", "sys.meta_path.append"),
    ],
)
def test_a_person_is_told_where_the_name_comes_from(source: str, why: str) -> None:
    (told,) = dynamics(source)
    assert why in told.why and not told.bounded and not told.patterns


def test_when_and_guarded_are_said_of_computed_imports_too() -> None:
    (one,) = dynamics("""
        def f():
            try:
                import_module("a.b")
            except ImportError:
                pass
    """)
    assert (one.when, one.guarded, one.line) == (When.FUNCTION, True, 8)
