"""What an answer or a number of lines means, and what all checks mean together."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploytool.domain.check import (
    Answer,
    CheckResult,
    Counted,
    HttpExpectation,
    Standing,
    judged_count,
    judged_http,
    worst_of,
)

PASS, FAIL, UNKNOWN = Answer.PASS, Answer.FAIL, Answer.COULD_NOT_TELL
NAMED = HttpExpectation(200, {"service": "prediction-coordinator"})


def told(fields, body, status=200, **more):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return judged_http(HttpExpectation(200, fields), status, {}, raw, **more)


@pytest.mark.parametrize(
    ("fields", "body", "answer"),
    [
        ({}, b"not JSON at all", PASS),
        ({"service": "a"}, {"service": "a", "more": 1}, PASS),
        ({"service": "a"}, {"service": "b"}, FAIL),
        ({"service": "a"}, {}, FAIL),
        ({"service": "a"}, [{"service": "a"}], FAIL),
        ({"service": "a"}, "a", FAIL),
        ({"ok": True}, {"ok": 1}, FAIL),
        ({"ok": 1}, {"ok": True}, FAIL),
        ({"ok": 0}, {"ok": False}, FAIL),
        ({"ok": False}, {"ok": None}, FAIL),
        ({"n": 1}, {"n": 1.0}, PASS),
        ({"n": 1}, {"n": "1"}, FAIL),
        ({"n": [1, {"a": 1}]}, {"n": [1, {"a": 1, "b": 2}]}, PASS),
        ({"n": [1]}, {"n": [1, 2]}, FAIL),
        ({"n": [1]}, {"n": [True]}, FAIL),
        ({"n": []}, {"n": []}, PASS),
        ({"n": []}, {"n": {}}, FAIL),
        ({"n": {}}, {"n": {"any": 1}}, PASS),
        ({"n": {"a": {"b": 1}}}, {"n": {"a": {"b": 2}}}, FAIL),
        ({"n": {"a": 1}}, {"n": 1}, FAIL),
        ({"n": 1}, b'{"n": NaN}', FAIL),
        ({"n": 1}, b"[" * 100_000, FAIL),
        ({"n": 1}, b'{"n": ' + b"1" * 5000 + b"}", FAIL),
        ({"n": 1}, b"\xff\xfe\x00", FAIL),
        ({"n": 1}, b"", FAIL),
        ({"n": 1}, b'\xef\xbb\xbf{"n": 1}', PASS),
    ],
)
def test_the_answer_must_hold_the_expected_fields(fields, body, answer):
    assert told(fields, body)[0] is answer


def test_the_status_comes_first():
    assert told({"a": 1}, {"a": 1}, status=503) == (FAIL, "answers 503, expected 200")
    assert judged_http(HttpExpectation(404), 404, {}, b"")[0] is PASS


def test_another_program_is_named():
    answer, said = judged_http(NAMED, 200, {}, b'{"service": "analytics", "key": "hunter2"}')
    assert answer is FAIL
    assert said == "answers as 'analytics', expected 'prediction-coordinator'"


def test_what_was_cut_off_is_not_judged_by_its_fields():
    assert told({"a": 1}, {"a": 1}, whole=False)[0] is UNKNOWN
    assert told({}, {"a": 1}, whole=False)[0] is PASS


@given(st.binary(max_size=40))
def test_no_byte_of_a_body_is_repeated(secret):
    answer, said = judged_http(NAMED, 200, {"content-type": "text/html"}, b"<html>" + secret + b"sesame")
    assert (answer, said) == (FAIL, "answers 200 with an HTML page, expected a JSON object")


def test_only_texts_of_fields_that_the_check_names_are_repeated():
    for found in ({"n": {"service": "sesame"}}, {"n": ["sesame"]}, {"n": "sesame"}, {"sesame": 1}):
        assert "sesame" not in told({"n": 1}, found)[1]
    assert len(told({"n": "x"}, {"n": "y" * 10_000})[1]) < 200


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.text(max_size=3), JSON, min_size=1, max_size=3), JSON)
def test_a_document_meets_itself_and_nothing_that_lacks_a_field(document, other):
    assert told(document, document)[0] is PASS
    assert told(document, {**document, "another": other})[0] is PASS or "another" in document
    assert told({**document, "lacking": other}, document)[0] is FAIL or "lacking" in document


@pytest.mark.parametrize(
    ("least", "most", "found", "complete", "answer"),
    [
        (None, 0, 0, True, PASS),
        (None, 0, 1, True, FAIL),
        (None, 0, 1, False, FAIL),
        (None, 5, 5, False, UNKNOWN),
        (1, None, 0, True, FAIL),
        (1, None, 1, True, PASS),
        (1, None, 1, False, PASS),
        (5, None, 3, False, UNKNOWN),
        (0, None, 0, True, PASS),
        (1, 2, 2, True, PASS),
        (1, 2, 3, True, FAIL),
        (1, 2, 2, False, UNKNOWN),
        (None, None, 0, True, UNKNOWN),
        (1, None, -1, True, UNKNOWN),
    ],
)
def test_numbers_of_lines(least, most, found, complete, answer):
    assert judged_count(least, most, Counted(found, complete))[0] is answer


def result(answer, required=True, name="n"):
    return CheckResult(name, "http", answer, required, "said")


@pytest.mark.parametrize(
    ("results", "standing", "stops"),
    [
        ([], Standing.NOTHING, False),
        ([(PASS, True), (PASS, False)], Standing.PASS, False),
        ([(PASS, True), (FAIL, False)], Standing.WARNING, False),
        ([(PASS, True), (UNKNOWN, False)], Standing.WARNING, False),
        ([(UNKNOWN, True), (FAIL, False)], Standing.COULD_NOT_TELL, True),
        ([(UNKNOWN, True), (FAIL, True)], Standing.FAIL, True),
        ([(UNKNOWN, True)], Standing.COULD_NOT_TELL, True),
    ],
)
def test_the_worst_decides(results, standing, stops):
    worst = worst_of(result(*one) for one in results)
    assert (worst.standing, worst.stops) == (standing, stops)


@given(st.lists(st.tuples(st.sampled_from(Answer), st.booleans()), max_size=6))
def test_it_passes_only_when_everything_did(rows):
    worst = worst_of(result(*row) for row in rows)
    assert (worst.standing is Standing.PASS) == (bool(rows) and all(answer is PASS for answer, _ in rows))
    assert worst.stops == any(required and answer is not PASS for answer, required in rows)
