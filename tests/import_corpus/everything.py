"""The whole corpus."""

from tests.import_corpus import dynamic, oddities, packages, paths, starts, statements
from tests.import_corpus.case import Case

ROOMS = {module.__name__.rpartition(".")[2]: module.CASES for module in (statements, packages, dynamic, paths, starts, oddities)}
CASES: dict[str, Case] = {f"{room}/{each.name}": each for room, cases in ROOMS.items() for each in cases}
