"""Docker's ignore rules, against tables of known answers and against a slow reading of the rules."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploytool.domain.doubt import DoubtKind
from deploytool.domain.ignorefile import NO_RULES, ignorefile_of, rules_of
from deploytool.domain.ignorepattern import (
    MalformedPattern,
    Shape,
    cleaned,
    expression_of,
    matches_steadily,
    pattern_of,
)

YES = [
    ("**", "one"),
    ("**", "up/one"),
    ("**/", "one"),
    ("**/**", "up/one"),
    ("up/**", "up/one"),
    ("up/**", "up/mid/one"),
    ("**/up", "up"),
    ("**/up", "up/one"),
    ("**/mid/*", "up/mid/one"),
    ("**/mid/**", "up/mid/low/one"),
    ("**one", "one"),
    ("**one", "someone"),
    ("**one", "up/one"),
    ("**/one*", "up/mid/one.txt"),
    ("**/**/*.txt", "one.txt"),
    ("a**/*.txt", "a/one.txt"),
    ("a**/*.txt", "a/up/mid/one.txt"),
    ("a**", "abc/one"),
    ("a/*.txt**", "a/one.txt"),
    ("a[b-d]e", "ace"),
    ("a[^b-d]e", "aze"),
    ("a[^b]c", "a/c"),
    (".*", ".hidden"),
    ("abc?def", "abcZdef"),
    ("a\\*b", "a*b"),
    ("a\\\\", "a\\"),
    ("*.md", "README.md"),
    ("*/*.md", "docs/README.md"),
    ("a(b)c/d+e", "a(b)c/d+e"),
    ("a?b", "a☺b"),
    ("[a-ζ]*", "α"),
    ("docs", "docs/deep/below/file"),
    ("*/low", "up/low/one"),
    ("[!a]", "!"),
    ("**/.git", "x/.git/config"),
    ("./one", "one"),
    ("/one", "one"),
    ("up/../one", "one"),
    ("//one//", "one"),
    ("  one\t", "one"),
    ("one/", "one"),
    ("[[]id]", "[id]"),
]
NO = [
    ("a/**/b", "a/ab"),
    ("a**b", "axb"),
    ("**/**/*.txt2", "up/one.txt"),
    ("a/*.txt", "a/up/one.txt"),
    ("a[b-d]e", "ae"),
    ("a[^b-d]e", "ace"),
    ("abc.def", "abcZdef"),
    ("abc?def", "abcdef"),
    ("abc?def", "abc/def"),
    ("abc/**", "abc"),
    ("**/.hidden", "not.hidden"),
    ("*.md", "docs/README.md"),
    ("/", "one"),
    (".", "one"),
    ("../one", "one"),
    ("*c", "abd"),
    ("**/one", "someone"),
    ("[a-c]", "B"),
    ("one", "One"),
    (" ", "one"),
]


@pytest.mark.parametrize(("pattern", "path"), YES)
def test_a_pattern_matches(pattern: str, path: str) -> None:
    assert rules_of([pattern]).ignores(path)


@pytest.mark.parametrize(("pattern", "path"), NO)
def test_a_pattern_does_not_match(pattern: str, path: str) -> None:
    assert not rules_of([pattern]).ignores(path)


@pytest.mark.parametrize(
    ("patterns", "path", "ignored"),
    [
        (["docs", "!docs/README.md"], "docs/README.md", False),
        (["docs", "!docs/README.md"], "docs/other.md", True),
        (["docs/", "!docs/README.md"], "docs/README.md", False),
        (["docs/*", "!docs/README.md"], "docs/README.md", False),
        (["!one", "*"], "one", True),
        (["*.md", "!README.md", "README*"], "README.md", True),
        (["**", "!util/web"], "util/web/one", False),
        (["**", "!util/web"], "util/other", True),
        (["**", "!util/web", "util/web/one"], "util/web/one", True),
        (["*", "!src/**"], "src/deep/one.py", False),
        (["**", "! src"], "src/one.py", False),
        (["**", "!/src"], "src/one.py", False),
        # An exception that is not asked about a folder, because nothing was taken from it, says nothing below it.
        (["a/b", "!a"], "a/b", True),
        (["a", "!a/b", "**/a"], "a/b", False),
        (["./!odd", "**"], "odd", True),
        (["**", "./!odd"], "odd", False),
    ],
)
def test_the_last_match_decides(patterns: list[str], path: str, ignored: bool) -> None:
    assert rules_of(patterns).ignores(path) is ignored


@pytest.mark.parametrize("pattern", ["[", "a[", "[]a]", "[a-]", "[-a]", "[^]", "a\\", "!", " ! ", "[b-a]", "/!"])
def test_what_docker_refuses_is_refused_by_name(pattern: str) -> None:
    with pytest.raises(MalformedPattern) as caught:
        rules_of(["fine", pattern])
    assert repr(caught.value.pattern) in str(caught.value)


@pytest.mark.parametrize("pattern", ["\\d*", "*^b", "[*]", "[a?]", "[[:alpha:]]"])
def test_what_docker_reads_in_two_ways_is_refused(pattern: str) -> None:
    with pytest.raises(MalformedPattern):
        rules_of([pattern])


def test_a_file_has_comments_only_at_the_start_of_a_line() -> None:
    found = ignorefile_of(b"\xef\xbb\xbf# one\r\n\r\ntwo\r\n # three\r\n", "", ".dockerignore")
    assert found.rules == rules_of(["two", "# three"])
    assert found.rules.ignores("# three")
    assert not found.doubts


def test_a_byte_order_mark_counts_only_at_the_start() -> None:
    rules = ignorefile_of(b"one\n\xef\xbb\xbf#two\n", "", "").rules
    assert rules.ignores("\ufeff#two")


def test_a_bad_line_ignores_nothing_and_is_named() -> None:
    found = ignorefile_of(b"docs\n\na[\n", "app", "app/.dockerignore")
    assert not found.rules.ignores("app/docs")
    (doubt,) = found.doubts
    assert (doubt.path, doubt.line, doubt.kind) == ("app/.dockerignore", 3, DoubtKind.BAD_RULES)


def test_equal_effect_is_equal() -> None:
    one = ignorefile_of(b"a\nb\n!a/x\n", "ctx", "").rules
    two = ignorefile_of(b"!never\n# why\n\nb/\n/a\n! a/x\n", "ctx", "").rules
    assert one == two
    assert hash(one) == hash(two)
    assert one != rules_of(["a", "b", "!a/x"])
    assert rules_of(["a", "!b"]) != rules_of(["!b", "a", "!c"])
    assert rules_of(["", "!x"], "here") == NO_RULES


def test_patterns_are_anchored_at_the_context() -> None:
    rules = rules_of(["*.md", "docs"], "apps/one")
    assert rules.ignores("apps/one/x.md")
    assert rules.ignores("apps/one/docs/deep")
    assert not rules.ignores("x.md")
    assert not rules.ignores("apps/one")
    assert not rules.ignores("apps/one-more/x.md")
    assert not rules.ignores("docs/x")
    assert not rules.prunes("apps")
    assert rules.prunes("apps/one/docs")


def test_a_folder_is_pruned_unless_something_below_comes_back() -> None:
    rules = rules_of(["tools", "tests", "docs", "!tools/keep", "!docs/**/*.md"])
    assert rules.prunes("tests")
    assert rules.prunes("tests/deep")
    assert not rules.prunes("tools")
    assert rules.prunes("tools/other")
    assert not rules.prunes("tools/keep")
    assert not rules.prunes("docs/deep")
    assert not rules.prunes("src")


def test_names_that_are_no_text() -> None:
    rules = ignorefile_of(b"caf\xe9/*\n?.bin\n", "", "").rules
    assert rules.ignores(b"caf\xe9/x".decode("utf-8", "surrogateescape"))
    assert rules.ignores(b"\xff.bin".decode("utf-8", "surrogateescape"))


def test_a_newline_stops_double_stars_but_not_single_ones() -> None:
    assert rules_of(["a*c"]).ignores("a\nc")
    assert not rules_of(["x/**/c*d"]).ignores("x/a\nb/cd")


@pytest.mark.parametrize(
    "pattern", ["*a" * 200 + "b", "**/a/" * 60 + "b", "(a+)+" * 50 + "*b", "*[^b]" * 100 + "b", "**" * 500]
)
def test_no_pattern_takes_long(pattern: str) -> None:
    rules = rules_of([pattern])
    start = time.perf_counter()
    rules.ignores("a" * 4000)
    rules.ignores("a/" * 60 + "a" * 200)
    assert time.perf_counter() - start < 10


def test_a_huge_file_is_a_doubt() -> None:
    start = time.perf_counter()
    found = ignorefile_of(b"x*y*z\n" * 200_000, "", "")
    assert found.doubts
    assert ignorefile_of(b"x" * 70_000, "", "").doubts
    assert time.perf_counter() - start < 20


def test_many_paths_are_judged_quickly() -> None:
    rules = rules_of(["**/*.md", "**/tests/**", "*.json", "docs", "!docs/keep", "**/__pycache__", "build*"])
    paths = [f"top{number % 40}/mid{number % 7}/file{number}.py" for number in range(20_000)]
    start = time.perf_counter()
    assert not any(map(rules.ignores, paths))
    assert time.perf_counter() - start < 15


# The slow reading: folder names one by one, no regular expression, no memory.


def names_match(pattern: str, name: str) -> bool:
    if not pattern:
        return not name
    if pattern[0] == "*":
        return any(names_match(pattern[1:], name[cut:]) for cut in range(len(name) + 1))
    if not name:
        return False
    if pattern[0] == "[":
        inside, rest = pattern[1:].split("]", 1)
        chosen = name[0] not in inside[1:] if inside[0] == "^" else name[0] in inside
        return chosen and names_match(rest, name[1:])
    if pattern[0] == "\\":
        return pattern[1] == name[0] and names_match(pattern[2:], name[1:])
    return pattern[0] in ("?", name[0]) and names_match(pattern[1:], name[1:])


def parts_match(pattern: list[str], path: list[str]) -> bool:
    if not pattern:
        return not path
    if pattern[0] == "**":
        if len(pattern) == 1:
            return bool(path)
        return any(parts_match(pattern[1:], path[cut:]) for cut in range(len(path) + 1))
    return bool(path) and names_match(pattern[0], path[0]) and parts_match(pattern[1:], path[1:])


def slowly_ignored(patterns: list[str], path: str) -> bool:
    parts = path.split("/")
    above = [False] * len(patterns)
    out = False
    for depth in range(1, len(parts) + 1):
        out, here = False, []
        for number, pattern in enumerate(patterns):
            exception = pattern.startswith("!")
            hit = above[number]
            if not hit and exception == out:
                hit = parts_match(pattern.removeprefix("!").split("/"), parts[:depth])
            here.append(hit)
            out = not exception if hit else out
        above = here
    return out


part = st.sampled_from(["a", "b", "ab", "c", "*", "?", "a*", "*b", "a?", "[ab]", "[^a]b", "**", "\\*", "*.x", "a.x"])
pattern = st.builds(
    lambda sign, parts: sign + "/".join(parts), st.sampled_from(["", "", "!"]), st.lists(part, min_size=1, max_size=4)
)
name = st.sampled_from(["a", "b", "ab", "c", "bb", "*", "a.x", "abb", "x"])
path = st.lists(name, min_size=1, max_size=5).map("/".join)


@settings(max_examples=400, deadline=None)
@given(st.lists(pattern, max_size=6), st.lists(path, min_size=1, max_size=8))
def test_it_says_what_the_slow_reading_says(patterns: list[str], paths: list[str]) -> None:
    rules = rules_of(patterns)
    for one in paths:
        assert rules.ignores(one) == slowly_ignored(patterns, one), (patterns, one)


@settings(max_examples=200, deadline=None)
@given(st.lists(pattern, max_size=6), path, path)
def test_what_is_pruned_holds_nothing_that_is_kept(patterns: list[str], folder: str, below: str) -> None:
    rules = rules_of(patterns)
    if rules.prunes(folder):
        assert slowly_ignored(patterns, f"{folder}/{below}")


@settings(max_examples=300, deadline=None)
@given(st.text("ab*?/[^]x", min_size=1, max_size=12), st.text("ab/x\n", min_size=1, max_size=12))
def test_both_engines_agree(text: str, one: str) -> None:
    try:
        found = pattern_of(cleaned(text))
    except MalformedPattern:
        return
    if found.shape is Shape.WILD and (expression := expression_of(found)) is not None:
        assert bool(re.compile(expression).match(one)) == matches_steadily(found.tokens, one)


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=60))
def test_no_bytes_make_it_crash(content: bytes) -> None:
    ignorefile_of(content, "", "x").rules.ignores("a/b")
