"""Whatever a file says, the answer is a Config or a ConfigurationError, and it comes soon."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from deploytool.config import Config, load
from deploytool.errors import ConfigurationError

EVERY_KEY = Path(__file__).with_name("every_key.toml").read_text()
LINES = EVERY_KEY.splitlines(keepends=True)
VALUES = [
    "1", "-1", "0", "true", '""', '"x"', '"/"', '"\\u0000"', '"\\u001b[31m"', "[]", "[[]]", "[1, 'a']", "{}",
    "{ a = { b = 1 } }", "nan", "inf", "1e999", "2027-01-01", "07:32:00", "1979-05-27T07:32:00Z", "0x" + "f" * 5000,
    "9" * 4000, '"' + "a" * 5000 + '"', '["a", "a"]', "[ { name = 1 } ]", "[{http='/'}]",
]  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("hostile")


def judge(folder: Path, text: str) -> None:
    file = folder / "services.toml"
    file.write_bytes(text.encode("utf-8", "surrogatepass"))
    started = time.process_time()
    answer: Config | ConfigurationError
    try:
        answer = load(file)
    except ConfigurationError as problem:
        answer = problem
    assert time.process_time() - started < 10
    if isinstance(answer, ConfigurationError):
        assert answer.hint
        assert answer.mistakes
        assert all(line.isprintable() for line in answer.mistakes)


@given(st.data())
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_value_of_any_type_anywhere(folder: Path, data: st.DataObject) -> None:
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(lines) - 1))
        key, equals, _ = lines[at].partition("=")
        if equals:
            lines[at] = f"{key}= {data.draw(st.sampled_from(VALUES))}\n"
    judge(folder, "".join(lines))


@given(st.data())
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_lines_that_are_lost_doubled_or_moved(folder: Path, data: st.DataObject) -> None:
    lines = list(LINES)
    for _ in range(data.draw(st.integers(1, 6))):
        at, to = data.draw(st.integers(0, len(lines) - 1)), data.draw(st.integers(0, len(lines) - 1))
        moved = lines.pop(at)
        lines[to:to] = [moved] * data.draw(st.integers(0, 2))
    judge(folder, "".join(lines))


@given(st.integers(0, len(EVERY_KEY)), st.integers(0, 12), st.text(max_size=12))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_letters_that_are_cut_out_or_put_in(folder: Path, at: int, gone: int, put: str) -> None:
    judge(folder, EVERY_KEY[:at] + put + EVERY_KEY[at + gone :])
