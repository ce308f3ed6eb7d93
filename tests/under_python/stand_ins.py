"""Stand-ins for everything that is not in the image: any attribute, callable, decorator, base class, iterable..."""

from __future__ import annotations

import importlib.machinery
import sys
from abc import ABCMeta
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

_UNPACK = 92  # UNPACK_SEQUENCE, until the running Python says otherwise
try:
    import opcode

    _UNPACK = opcode.opmap["UNPACK_SEQUENCE"]
except (ImportError, KeyError):
    pass
_GIVEN = {"__version__": "1.0.0", "__doc__": None, "__qualname__": "StandIn", "__module__": "stand_in"}
_OPERATORS = """
    add radd sub rsub mul rmul truediv rtruediv floordiv rfloordiv mod rmod pow rpow matmul rmatmul and rand or ror
    xor rxor lshift rshift neg pos invert abs getitem iadd isub imul ior iand
"""
of_special_calls: dict[str, Callable[..., Any]] = {}  # by full name: what a call of that stand-in really does


class _AnyClass(ABCMeta):
    def __getattr__(cls, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return StandIn(f"{cls.__name__}.{name}")


class AnyBase(metaclass=_AnyClass):
    """What a class that inherits from a stand-in really inherits from."""

    def __init__(self, *args: Any, **more: Any) -> None:
        pass

    def __init_subclass__(cls, **more: Any) -> None:
        pass

    def __class_getitem__(cls, item: Any) -> Any:
        return cls

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return StandIn(name)


class StandIn:
    def __init__(self, name: str) -> None:
        self.__dict__["_said"] = name
        self.__dict__["__name__"] = name.rpartition(".")[2]

    def __getattr__(self, name: str) -> Any:
        if name in _GIVEN:
            return _GIVEN[name]
        if name.startswith("__") and name.endswith("__"):
            raise AttributeError(name)
        return _attribute(f"{self._said}.{name}", name)

    def __setattr__(self, name: str, value: Any) -> None:
        self.__dict__[name] = value

    def __call__(self, *args: Any, **more: Any) -> Any:
        special = of_special_calls.get(self._said)
        if special is not None:
            special(*args, **more)
        if len(args) == 1 and not more and callable(args[0]) and not isinstance(args[0], StandIn):
            return args[0]  # a decorator leaves what it decorates
        return StandIn(f"{self._said}()")

    def __mro_entries__(self, bases: tuple[Any, ...]) -> tuple[type, ...]:
        first = next(base for base in bases if isinstance(base, StandIn))
        has_it = any(isinstance(base, type) and issubclass(base, AnyBase) for base in bases)
        return (AnyBase,) if first is self and not has_it else ()

    def __iter__(self) -> Iterator[Any]:
        frame = sys._getframe(1)
        code, at = frame.f_code.co_code, frame.f_lasti
        count = code[at + 1] if 0 <= at < len(code) - 1 and code[at] == _UNPACK else 0
        return iter([StandIn(f"{self._said}[{index}]") for index in range(count)])

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *args: Any) -> None:
        return None

    async def __aenter__(self) -> Any:
        return self

    async def __aexit__(self, *args: Any) -> None:
        return None

    def __await__(self) -> Iterator[Any]:
        return iter(())

    def __aiter__(self) -> Any:
        return self

    async def __anext__(self) -> Any:
        raise StopAsyncIteration

    def __instancecheck__(self, instance: Any) -> bool:
        return False

    def __subclasscheck__(self, subclass: Any) -> bool:
        return False

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def __delitem__(self, key: Any) -> None:
        pass

    def __contains__(self, item: Any) -> bool:
        return False

    def __len__(self) -> int:
        return 0

    def __bool__(self) -> bool:
        return True

    def __int__(self) -> int:
        return 1

    def __index__(self) -> int:
        return 1

    def __float__(self) -> float:
        return 1.0

    def __str__(self) -> str:
        return "stand-in"

    def __fspath__(self) -> str:
        return "stand-in"

    def __lt__(self, other: Any) -> bool:
        return False

    __gt__ = __lt__

    def __le__(self, other: Any) -> bool:
        return True

    __ge__ = __le__


def _operator(self: StandIn, *others: Any) -> Any:
    return StandIn(f"{self._said}?")


for _name in _OPERATORS.split():
    setattr(StandIn, f"__{_name}__", _operator)


def _attribute(full: str, name: str) -> Any:
    """What a module or stand-in has under a name: an exception class where the name says so."""
    owner = full.rpartition(".")[0].rpartition(".")[2]
    if name.endswith(("Error", "Exception", "Warning")) or (owner in ("exceptions", "errors") and name[:1].isupper()):
        return type(name, (Exception,), {"__module__": full.rpartition(".")[0]})
    return StandIn(full)


class StandInModule(ModuleType):
    __path__: tuple[str, ...] = ()

    def __getattr__(self, name: str) -> Any:
        if name == "__file__":
            return f"/usr/stand-in/{self.__name__}.py"
        if name.startswith("__") and name.endswith("__") and name not in _GIVEN:
            raise AttributeError(name)
        found = _GIVEN[name] if name in _GIVEN else _attribute(f"{self.__name__}.{name}", name)
        self.__dict__[name] = found  # the same class each time: `except` compares
        return found


class StandInFinder:
    """The last one that is asked: whatever nobody has is a stand-in, but nothing below a package of the image."""

    @staticmethod
    def find_spec(name: str, path: Any = None, target: Any = None) -> importlib.machinery.ModuleSpec | None:
        top, _, below = name.partition(".")
        if top in sys.stdlib_module_names:
            return None
        if below and not is_one(name.rpartition(".")[0]):
            return None
        return importlib.machinery.ModuleSpec(name, StandInFinder, is_package=True)  # type: ignore[arg-type]

    @staticmethod
    def create_module(spec: importlib.machinery.ModuleSpec) -> ModuleType:
        return StandInModule(spec.name)

    @staticmethod
    def exec_module(module: ModuleType) -> None:
        pass


def is_one(name: str) -> bool:
    return isinstance(sys.modules.get(name), StandInModule)


def forget_those_found_now() -> bool:
    """Drop stand-ins of modules that the image has after all, since sys.path was edited; were there any?"""
    tops = [name for name in sys.modules if "." not in name and is_one(name)]
    importlib.machinery.PathFinder.invalidate_caches()
    found = [name for name in tops if importlib.machinery.PathFinder.find_spec(name) is not None]
    for name in list(sys.modules):
        if name.partition(".")[0] in found:
            del sys.modules[name]
    return bool(found)
