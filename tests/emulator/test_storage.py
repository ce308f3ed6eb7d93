"""Buckets and objects: preconditions that hold under a race, generations that promise nothing, ranges, pages."""

import base64
import hashlib
import http.client
import json
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest

from deploytool.emulator import client

BUCKET = "a-bucket"
OBJECTS = f"/storage/v1/b/{BUCKET}/o"


def send(served, method, path, body=None, **headers):
    """Status, headers and raw body of one request."""
    connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=10)
    connection.request(method, path, body, {key.replace("_", "-"): value for key, value in headers.items()})
    answer = connection.getresponse()
    raw = answer.read()
    connection.close()
    return answer.status, answer.headers, raw


def upload(served, name, content=b"x", query=""):
    path = f"/upload/storage/v1/b/{BUCKET}/o?uploadType=media&name={quote(name, safe='')}&{query}"
    status, _, raw = send(served, "POST", path, content, content_type="text/plain")
    return status, json.loads(raw)


def at(name, query=""):
    return f"{OBJECTS}/{quote(name, safe='')}?{query}"


def reason_of(answer):
    status, body = answer
    error = body["error"]
    assert error["code"] == status
    assert error["errors"][0]["message"] == error["message"]
    return status, error["errors"][0]["reason"]


def test_an_object_comes_back_as_it_went_in(served):
    status, told = upload(served, "locks/us west2/ä.json", b"content")
    assert status == 200
    assert told == served.ok("GET", at("locks/us west2/ä.json"))
    assert told["kind"] == "storage#object"
    assert (told["bucket"], told["name"], told["size"]) == (BUCKET, "locks/us west2/ä.json", "7")
    assert told["id"] == f"{BUCKET}/{told['name']}/{told['generation']}"
    assert (told["metageneration"], told["contentType"]) == ("1", "text/plain")
    assert told["md5Hash"] == base64.b64encode(hashlib.md5(b"content").digest()).decode()
    assert told["timeCreated"] == told["updated"] == "2026-02-02T02:40:00.000000Z"
    status, headers, raw = send(served, "GET", at("locks/us west2/ä.json", "alt=media"))
    assert (status, raw, headers["x-goog-generation"]) == (200, b"content", told["generation"])
    assert headers["date"] == "Mon, 02 Feb 2026 02:40:00 GMT"
    assert send(served, "GET", f"/download{at('locks/us west2/ä.json', 'alt=media')}")[2] == b"content"


def test_of_eight_writers_at_once_one_wins_again_and_again(served):
    generation = "0"
    with ThreadPoolExecutor(8) as racers:
        for _ in range(5):
            query = f"ifGenerationMatch={generation}"
            ended = list(racers.map(lambda who, q=query: upload(served, "lock", b"%d" % who, q), range(8)))
            won = [(who, told) for who, (status, told) in enumerate(ended) if status == 200]
            assert len(won) == 1
            assert sorted(status for status, _ in ended) == [200] + [412] * 7
            generation = won[0][1]["generation"]
            assert send(served, "GET", at("lock", "alt=media"))[2] == b"%d" % won[0][0]


def test_a_condition_that_does_not_hold_changes_nothing(served):
    assert reason_of(upload(served, "o", b"1", "ifGenerationMatch=7")) == (412, "conditionNotMet")
    _, first = upload(served, "o", b"1", "ifGenerationMatch=0")
    for query in (
        "ifGenerationMatch=0",
        "ifGenerationMatch=1",
        f"ifGenerationNotMatch={first['generation']}",
        "ifMetagenerationMatch=2",
        "ifMetagenerationNotMatch=1",
    ):
        assert reason_of(upload(served, "o", b"2", query)) == (412, "conditionNotMet")
        assert reason_of(served.call("DELETE", at("o", query))) == (412, "conditionNotMet")
    assert served.ok("GET", at("o")) == first
    assert send(served, "GET", at("o", "alt=media"))[2] == b"1"


def test_conditions_of_reading(served):
    _, told = upload(served, "o")
    assert served.ok("GET", at("o", f"ifGenerationMatch={told['generation']}")) == told
    assert reason_of(served.call("GET", at("o", "ifGenerationMatch=1"))) == (412, "conditionNotMet")
    assert reason_of(served.call("GET", at("o", "ifMetagenerationMatch=2"))) == (412, "conditionNotMet")
    assert send(served, "GET", at("o", f"ifGenerationNotMatch={told['generation']}"))[0] == 304
    assert reason_of(served.call("GET", at("o", "ifGenerationMatch=x"))) == (400, "invalid")


def test_a_deleted_object_is_gone_and_its_generation_is_not_given_again(served):
    seen = set()
    for _ in range(10):
        _, told = upload(served, "o", query="ifGenerationMatch=0")
        assert told["generation"] not in seen
        seen.add(told["generation"])
        assert send(served, "DELETE", at("o", f"ifGenerationMatch={told['generation']}"))[0] == 204
        assert reason_of(served.call("GET", at("o"))) == (404, "notFound")
        assert reason_of(served.call("DELETE", at("o"))) == (404, "notFound")
    assert list((served.state / "storage").iterdir()) == []


def test_generations_are_not_promised_to_grow(served):
    given = []
    for _ in range(6):
        served.clock.now += 1
        given.append(int(upload(served, "o")[1]["generation"]))
    assert sorted(given) != given
    assert len(set(given)) == 6


def test_an_old_generation_is_not_found(served):
    _, old = upload(served, "o", b"1")
    _, new = upload(served, "o", b"2")
    assert served.ok("GET", at("o", f"generation={new['generation']}")) == new
    assert served.call("GET", at("o", f"generation={old['generation']}"))[0] == 404
    assert [path.read_bytes() for path in (served.state / "storage").iterdir()] == [b"2"]


def test_metadata_has_a_generation_of_its_own(served):
    _, told = upload(served, "o")
    after = served.ok("PATCH", at("o", "ifMetagenerationMatch=1"), {"metadata": {"holder": "me"}})
    assert (after["generation"], after["metageneration"]) == (told["generation"], "2")
    assert (after["metadata"], after["etag"] != told["etag"]) == ({"holder": "me"}, True)
    status, body = served.call("PATCH", at("o", "ifMetagenerationMatch=1"), {"metadata": {}})
    assert reason_of((status, body)) == (412, "conditionNotMet")


@pytest.mark.parametrize("line_end", [b"\r\n", b"\n"])
def test_a_multipart_upload_has_metadata_and_content(served, line_end):
    content = b"\r\n\r\nbinary\x00\xff\r\n"
    lines = [b"--frontier", b"Content-Type: application/json; charset=UTF-8", b""]
    lines += [b'{"name": "m/o", "metadata": {"a": "b"}}', b"--frontier", b"Content-Type: application/gzip", b""]
    lines += [content, b"--frontier--", b""]
    path = f"/upload/storage/v1/b/{BUCKET}/o?uploadType=multipart&ifGenerationMatch=0"
    kind = 'multipart/related; boundary="frontier"'
    status, _, raw = send(served, "POST", path, line_end.join(lines), content_type=kind)
    told = json.loads(raw)
    assert (status, told["name"], told["contentType"]) == (200, "m/o", "application/gzip")
    assert told["metadata"] == {"a": "b"}
    assert send(served, "GET", at("m/o", "alt=media"))[2] == content
    assert send(served, "POST", path, b"nothing", content_type=kind)[0] == 400


def test_content_that_is_not_what_was_sent_is_refused(served):
    lines = ["--f", "", '{"name": "o", "md5Hash": "AAAA"}', "--f", "", "content", "--f--"]
    path = f"/upload/storage/v1/b/{BUCKET}/o?uploadType=multipart"
    assert send(served, "POST", path, "\r\n".join(lines), content_type="multipart/related; boundary=f")[0] == 400
    assert served.call("GET", f"/storage/v1/b/{BUCKET}")[0] == 404


@pytest.mark.parametrize(
    ("asked", "status", "got", "told"),
    [
        ("bytes=0-", 206, b"0123456789", "bytes 0-9/10"),
        ("bytes=4-", 206, b"456789", "bytes 4-9/10"),
        ("bytes=4-5", 206, b"45", "bytes 4-5/10"),
        ("bytes=4-99", 206, b"456789", "bytes 4-9/10"),
        ("bytes=-3", 206, b"789", "bytes 7-9/10"),
        ("bytes=10-", 416, None, None),
        ("bytes=6-5", 416, None, None),
        ("lines=1-", 200, b"0123456789", None),
    ],
)
def test_a_range_of_an_object(served, asked, status, got, told):
    upload(served, "log", b"0123456789")
    answered, headers, raw = send(served, "GET", at("log", "alt=media"), range=asked)
    assert (answered, headers["content-range"]) == (status, told)
    assert got is None or raw == got


def test_lists_have_a_prefix_and_pages(served):
    for name in ("a/1", "b/1", "b/2", "b/3"):
        upload(served, name)
    first = served.ok("GET", f"{OBJECTS}?prefix=b/&maxResults=2")
    second = served.ok("GET", f"{OBJECTS}?prefix=b/&maxResults=2&pageToken={first['nextPageToken']}")
    assert [item["name"] for item in first["items"] + second["items"]] == ["b/1", "b/2", "b/3"]
    assert "nextPageToken" not in second
    assert served.ok("GET", f"{OBJECTS}?prefix=c") == {"kind": "storage#objects"}
    assert served.call("GET", f"{OBJECTS}?prefix=a&pageToken={first['nextPageToken']}")[0] == 400


def test_a_bucket_comes_with_its_first_object_unless_it_is_said_which_there_are(served):
    assert reason_of(served.call("GET", f"/storage/v1/b/{BUCKET}")) == (404, "notFound")
    assert served.call("GET", OBJECTS)[0] == 200  # nobody said that it is not there
    upload(served, "o")
    assert served.ok("GET", f"/storage/v1/b/{BUCKET}")["name"] == BUCKET
    client.set_buckets(client.Address("127.0.0.1", served.port, served.token), ["another-one"])
    assert served.ok("GET", "/storage/v1/b/another-one")["kind"] == "storage#bucket"
    assert reason_of(upload(served, "o")) == (404, "notFound")
    assert reason_of(served.call("GET", at("o"))) == (404, "notFound")


@pytest.mark.parametrize("name", ["", "a\nb", "x" * 1025])
def test_names_that_no_object_can_have(served, name):
    assert upload(served, name)[0] == 400


def test_too_much_content_is_refused(served, monkeypatch):
    from deploytool.emulator import storage

    monkeypatch.setattr(storage, "MAX_CONTENT", 10)
    assert upload(served, "o", b"x" * 10)[0] == 200
    assert upload(served, "o", b"x" * 11)[0] == 413


def test_objects_survive_a_restart(serve, tmp_path):
    one = serve(tmp_path)
    _, told = upload(one, "o", b"kept")
    one.house.stop()
    two = serve(tmp_path)
    assert two.ok("GET", at("o")) == told
    assert send(two, "GET", at("o", "alt=media"))[2] == b"kept"
    assert upload(two, "o", b"new", f"ifGenerationMatch={told['generation']}")[0] == 200


def test_the_proxy_form_keeps_escaped_slashes(served):
    upload(served, "a/b?c", b"x")
    target = f"http://storage.googleapis.com{at('a/b?c', 'alt=media')}"
    assert send(served, "GET", target, host="storage.googleapis.com")[2] == b"x"
