"""Import statements in all their places."""

from tests.import_corpus.case import case

UNUSED = {"unused.py": "x = 1\n", "lib/unused.py": "x = 1\n"}

CASES = (
    case("import", {**UNUSED, "main.py": "import one\nimport two, three as third\n", "one.py": "", "two.py": "",
                    "three.py": "import four", "four.py": ""}, never=("unused.py", "lib/unused.py")),
    case("import dotted", {**UNUSED, "main.py": "import a.b.c\n", "a/__init__.py": "", "a/b/__init__.py": "",
                           "a/b/c.py": "", "a/b/d.py": "", "a/e.py": ""},
         never=("a/b/d.py", "a/e.py", "unused.py")),
    case("import dotted as", {"main.py": "import a.b as c\nc.x\n", "a/__init__.py": "", "a/b.py": "x = 1", "a/c.py": ""},
         never=("a/c.py",)),
    case("from module", {"main.py": "from one import x, y as z\n", "one.py": "from two import x\ny = 1", "two.py": "x = 1",
                         "x.py": "", "y.py": ""}, never=("x.py", "y.py")),
    case("from package import module", {"main.py": "from lib import one, two as second\n", "lib/__init__.py": "",
                                        "lib/one.py": "", "lib/two.py": "", "lib/three.py": ""}, never=("lib/three.py",)),
    case("from package in brackets", {"main.py": "from lib import (\n    one,  # first\n    two,\n)\n", "lib/__init__.py": "",
                                      "lib/one.py": "", "lib/two.py": "", "lib/three.py": ""}, never=("lib/three.py",)),
    case("star with __all__", {"main.py": "from lib import *\none.x\n", "lib/__init__.py": "__all__ = ['one', 'two']\n",
                               "lib/one.py": "x = 1", "lib/two.py": "", "lib/three.py": ""}, never=("lib/three.py",)),
    case("star with added __all__", {"main.py": "from lib import *\n", "lib/one.py": "", "lib/two.py": "", "lib/four.py": "",
                                     "lib/__init__.py": "__all__ = ['one']\n__all__ += ['two']\n__all__.append('four')\n"}),
    case("star with computed __all__", {"main.py": "from lib import *\n", "lib/one.py": "", "lib/two.py": "",
                                        "lib/__init__.py": "from lib import names\n__all__ = names.public()\n",
                                        "lib/names.py": "def public():\n    return ['one', 'two']\n"}),
    case("star without __all__", {"main.py": "from lib import *\n", "lib/__init__.py": "from .one import x\n",
                                  "lib/one.py": "x = 1", "lib/two.py": ""}, never=("lib/two.py",)),
    case("relative", {"main.py": "import a.b.c\n", "a/__init__.py": "", "a/x.py": "", "a/b/__init__.py": "from . import y\n",
                      "a/b/y.py": "", "a/b/c.py": "from .. import x\nfrom ..z import q\nfrom .w import v\n", "a/z.py": "q = 1",
                      "a/b/w.py": "v = 1", "x.py": "", "z.py": "", "w.py": ""}, never=("x.py", "z.py", "w.py")),
    case("relative three levels", {"main.py": "import a.b.c.d\n", "a/__init__.py": "", "a/b/__init__.py": "",
                                   "a/b/c/__init__.py": "", "a/b/c/d.py": "from ...top import one\nfrom ....nothing import x\n",
                                   "a/top/__init__.py": "", "a/top/one.py": "", "a/top/two.py": ""}, never=("a/top/two.py",)),
    case("relative beyond the package", {"main.py": "import a.b\n", "a/__init__.py": "", "c.py": "",
                                         "a/b.py": "try:\n    from ..c import x\nexcept ImportError:\n    from c import x\n"}),
    case("guarded", {"main.py": "try:\n    import one\nexcept ImportError:\n    import two\nelse:\n    import three\n"
                                "finally:\n    import four\n", "one.py": "", "two.py": "", "three.py": "", "four.py": ""}),
    case("guarded by missing third party", {"main.py": "try:\n    import ujson as json\nexcept ImportError:\n    import my_json\n",
                                            "my_json.py": "import deeper", "deeper.py": ""}),
    case("suppress", {"main.py": "from contextlib import suppress\nwith suppress(ImportError):\n    import one\n", "one.py": ""}),
    case("TYPE_CHECKING", {"main.py": "from typing import TYPE_CHECKING\nimport typing as t\nif TYPE_CHECKING:\n    import one\n"
                                      "elif 1:\n    import two\nif t.TYPE_CHECKING:\n    from lib import three\nelse:\n"
                                      "    from lib import four\n",
                           "one.py": "", "two.py": "", "lib/__init__.py": "", "lib/three.py": "", "lib/four.py": ""},
         never=("one.py", "lib/three.py")),
    case("not TYPE_CHECKING", {"main.py": "from typing import TYPE_CHECKING\nif not TYPE_CHECKING:\n    import one\n"
                                          "if TYPE_CHECKING or True:\n    import two\n", "one.py": "", "two.py": ""}),
    case("main guard", {"main.py": "import lib\nif __name__ == '__main__':\n    import one\n", "one.py": "",
                        "lib.py": "if __name__ == '__main__':\n    import two\nif '__main__' == __name__:\n    import three\n",
                        "two.py": "", "three.py": ""}, never=("two.py", "three.py")),
    case("main guard turned round", {"main.py": "import lib\n", "lib.py": "if __name__ != '__main__':\n    import one\n"
                                                                         "if __name__ == '__main__':\n    pass\nelse:\n    import two\n",
                                     "one.py": "", "two.py": ""}),
    case("main guard with more", {"main.py": "import lib\n", "one.py": "", "two.py": "",
                                  "lib.py": "if __name__ == '__main__' or True:\n    import one\n"
                                            "if __name__ == '__main__' and False:\n    import two\n"}),
    case("in functions", {"main.py": "def f():\n    import one\n    def g():\n        from lib import two\n    return lambda: g\n"
                                     "async def h():\n    import three\n",
                          "one.py": "import deep", "deep.py": "", "three.py": "", "lib/__init__.py": "", "lib/two.py": "",
                          "lib/other.py": ""}, never=("lib/other.py",)),
    case("in a method", {"main.py": "class A:\n    import one\n    def f(self):\n        import two\n    @property\n"
                                    "    def g(self):\n        from three import x\n", "one.py": "", "two.py": "", "three.py": "x = 1"}),
    case("in all statements", {"main.py": "for i in range(1):\n    import a\nwhile True:\n    import b\n    break\n"
                                          "with open('main.py'):\n    import c\nmatch 1:\n    case 1:\n        import d\n"
                                          "    case _:\n        import e\nif 0:\n    import f\nassert __import__('g')\n"
                                          "x = [__import__('h') for _ in range(1)]\n",
                               **{f"{name}.py": "" for name in "abcdefgh"}}),
    case("version check", {"main.py": "import sys\nif sys.version_info >= (3, 0):\n    import new\nelse:\n    import old\n"
                                      "if sys.platform == 'win32':\n    import windows\n", "new.py": "", "old.py": "", "windows.py": ""}),
    case("decorator", {"main.py": "import registry\n@registry.register('x')\ndef f():\n    from lib import one\n@registry.plain\n"
                                  "class C:\n    import two\n", "two.py": "", "lib/__init__.py": "", "lib/one.py": "",
                       "registry.py": "def register(name):\n    return lambda f: f\ndef plain(f):\n    import helper\n    return f\n",
                       "helper.py": ""}),
    case("circle", {"main.py": "import a\n", "a.py": "import b\n", "b.py": "import c\nimport a\n", "c.py": "import a, main\n"}),
    case("itself", {"main.py": "import main\nimport a\n", "a.py": "import a\nfrom a import __name__\n"}),
    case("re-exports", {"main.py": "from lib import Thing\n", "lib/__init__.py": "from .api import Thing\n",
                        "lib/api.py": "from .deep.thing import Thing\n", "lib/deep/__init__.py": "", "lib/deep/thing.py": "class Thing: ...",
                        "lib/deep/other.py": "", "lib/Thing.py": ""}, never=("lib/deep/other.py",)),
    case("several on a line", {"main.py": "import a; import b; from c import x\nif 1: import d\n", "a.py": "", "b.py": "",
                               "c.py": "x = 1", "d.py": ""}),
    case("semicolons and continuation", {"main.py": "import \\\n    a, \\\n    b\nfrom \\\n    c import \\\n    x\n", "a.py": "",
                                         "b.py": "", "c.py": "x = 1"}),
)
