"""The line of everything in a document, however it is written."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploytool.config.lines import lines_of

DOCUMENT = '''# a comment with [brackets] and "quotes
top = 1
[a]
b = { c = 1, "d.e" = [1,
  2, # two
  { f = """x
y""" } ] }
g.h.i = 'it''s' # not [really]
[[a.list]]
x = 1.5
[a.list.inner]
y = 1979-05-27 07:32:00
[[a.list]]
[[a.list.more]]
z = ["[", "]", '#']
[a."q\\u0041 b".c]
  [other] # with a comment
  k = -inf
'''.replace("'it''s'", "'it'")


@pytest.mark.parametrize(
    ("key", "line"),
    [
        (("top",), 2),
        (("a",), 3),
        (("a", "b"), 4),
        (("a", "b", "c"), 4),
        (("a", "b", "d.e", 1), 5),
        (("a", "b", "d.e", 2), 6),
        (("a", "b", "d.e", 2, "f"), 6),
        (("a", "g", "h", "i"), 8),
        (("a", "list", 0), 9),
        (("a", "list", 0, "inner", "y"), 12),
        (("a", "list", 1), 13),
        (("a", "list", 1, "more", 0, "z", 2), 15),
        (("a", "qA b", "c"), 16),
        (("other",), 17),
        (("other", "k"), 18),
    ],
)
def test_each_kind_of_key_has_its_line(key: tuple[str | int, ...], line: int) -> None:
    assert lines_of(DOCUMENT)[key] == line


def keys_of(value: Any, here: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    found = {here}
    if isinstance(value, dict | list):
        for key, below in value.items() if isinstance(value, dict) else enumerate(value):
            found |= keys_of(below, (*here, key))
    return found


def test_every_key_that_toml_reads_has_a_line_and_no_other() -> None:
    assert set(lines_of(DOCUMENT)) == keys_of(tomllib.loads(DOCUMENT))


NAMES = st.sampled_from(["a", "b-1", '"c.d"', "'e\"f'", '"\\u0067"', '"]"', '"#"', "1"])
TEXTS = st.sampled_from(['"x"', "'y]'", '"""a\n"b"" [c\n"""', "'''\n#'''", "1", "1.5", "true", "1979-05-27T07:32:00Z"])
VALUES = st.recursive(
    TEXTS,
    lambda below: st.one_of(
        st.lists(below, max_size=3).map(lambda members: "[\n" + ", # c\n ".join(members) + "\n]"),
        st.lists(below, max_size=3).map(
            lambda members: "{ " + ", ".join(f"k{n} . v = {one}" for n, one in enumerate(members)) + " }"
        ),
    ),
    max_leaves=6,
)


@given(st.lists(st.tuples(st.sampled_from(["[{}]\n", "[[{}]]\n", "[{}.x]\n", ""]), NAMES, NAMES, VALUES), max_size=6))
@settings(max_examples=150, deadline=None)
def test_lines_equal_the_lines_of_the_text_before(parts: list[tuple[str, str, str, str]]) -> None:
    """Each statement that TOML accepts begins where it was written: an oracle that counts line ends."""
    text, expected = "", {}
    for index, (heading, table, name, value) in enumerate(parts):
        more = f"{heading.format(table)}{name}.n{index} = {value}\n# c\n"
        try:
            tomllib.loads(text + more)
        except tomllib.TOMLDecodeError:
            continue
        expected[f"n{index}"] = (text + heading).count("\n") + 1
        text += more
    found = lines_of(text)
    assert set(found) == keys_of(tomllib.loads(text))
    for key, line in found.items():
        if key and key[-1] in expected:
            assert line == expected[key[-1]]
