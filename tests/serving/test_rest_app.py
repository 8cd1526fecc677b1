"""The server: paths, limits, and concurrent requests."""

import http.client
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from small_served import ask, models, server

from keras_embed.serving import rest_app


@pytest.fixture(scope="module")
def address():
    with server(max_bytes=2000, max_rows=4, seconds=20, threads=4) as address:
        yield address


def test_it_lives(address):
    assert ask(f"{address}/healthz") == (
        200,
        {"status": "ok", "models": ["both", "finds", "looks", "names", "odd", "says", "slow", "words"]},
    )


def test_a_request_of_the_documentation(address):
    status, answer = ask(f"{address}/v1/models/looks:predict", {"instances": ["a", "a longer text"]})
    assert status == 200 and [row["label"] for row in answer["predictions"]] == ["short", "long"]
    assert ask(f"{address}/v1/models/looks/versions/1:predict", {"instances": ["a"]})[0] == 200


def test_nearest_neighbours_of_words(address):
    status, answer = ask(f"{address}/v1/models/words:predict", {"instances": ["king", "queen"], "top": 2})
    assert status == 200 and [row["neighbors"] for row in answer["predictions"]] == [
        ["man", "queen"],
        ["woman", "king"],
    ]
    assert ask(f"{address}/v1/models/words/metadata") == (200, models()["words"].metadata())


def test_status_and_metadata(address):
    assert ask(f"{address}/v1/models/both") == (200, models()["both"].status())
    assert ask(f"{address}/v1/models/both/versions/3")[1] == models()["both"].status()
    assert ask(f"{address}/v1/models/both/metadata") == (200, models()["both"].metadata())


@pytest.mark.parametrize(
    ("path", "body", "status", "words"),
    [
        ("/v1/models/nothing", None, 404, "Received: nothing"),
        ("/v1/models/both/versions/9", None, 404, "version 9"),
        ("/v1/models/looks:predict", None, 405, "Expected POST"),
        ("/v1/models/looks:classify", {"examples": []}, 404, ":predict"),
        ("/v1/models/looks/labels/stable", None, 404, "/v1/models/NAME"),
        ("/v1/models/looks", {"instances": []}, 404, ":predict"),
        ("/v1/nothing", None, 404, "Not Found"),
        ("/healthz", {"a": 1}, 405, "Method Not Allowed"),
        ("/v1/models/looks:predict", b"{", 400, "in JSON"),
        ("/v1/models/looks:predict", b"\xff\xfe", 400, "in JSON"),
        ("/v1/models/looks:predict", b"[" * 1900, 400, "in JSON"),
        ("/v1/models/looks:predict", b"3", 400, "JSON object"),
        ("/v1/models/looks:predict", {"instances": ["a"] * 5}, 400, "at most 4 rows"),
        ("/v1/models/looks:predict", {"instances": ["a" * 2000]}, 413, "at most 2,000 bytes"),
        ("/v1/models/words:predict", {"instances": ["King"]}, 400, "Received: 'King'. Try 'king'"),
        ("/v1/models/words:predict", {"instances": ["king"] * 5}, 400, "at most 4 rows"),
        ("/v1/models/words:predict", {"instances": ["king"], "top": 101}, 400, "`top` from 1 to 100"),
    ],
)
def test_errors_are_objects_with_a_sentence(address, path, body, status, words):
    found, answer = ask(address + path, body)
    assert found == status and list(answer) == ["error"] and words in answer["error"]


def test_a_long_body_is_refused_before_it_has_come(address):
    place = urlsplit(address)
    with socket.create_connection((place.hostname, place.port)) as connection:
        head = b"POST /v1/models/looks:predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999\r\n\r\n"
        connection.sendall(head + b"x" * 3000)
        assert b" 413 " in connection.recv(4096)


def test_another_host_is_refused(address):
    place = urlsplit(address)
    connection = http.client.HTTPConnection(place.hostname, place.port)
    connection.request("GET", "/healthz", headers={"Host": "attacker.example"})
    assert connection.getresponse().status == 400
    connection.close()


def test_many_at_a_time(address):
    """Each concurrent request gets its own response, with few threads."""

    def one(number):
        texts = [f"word{number}", "x" * number]
        status, answer = ask(f"{address}/v1/models/says:predict", {"instances": texts})
        return status, [row["text"] for row in answer["predictions"]] == [text.upper() for text in texts]

    with ThreadPoolExecutor(24) as clients:
        assert set(clients.map(one, range(120))) == {(200, True)}


def test_what_takes_too_long_is_given_up():
    with server(seconds=0.5, threads=1) as address:
        began = time.monotonic()
        status, answer = ask(f"{address}/v1/models/slow:predict", {"instances": ["a"]})
        assert status == 504 and "0.5 seconds" in answer["error"] and time.monotonic() - began < 10
        assert ask(f"{address}/healthz")[0] == 200  # the server itself is not held up
        status, _ = ask(f"{address}/v1/models/says:predict", {"instances": ["a"]})
        assert status in (200, 504)  # its one thread may still be busy


def test_too_many_are_sent_away():
    with server(seconds=1, threads=1) as address:
        found = []

        def one():
            found.append(ask(f"{address}/v1/models/slow:predict", {"instances": ["a"]})[0])

        clients = [threading.Thread(target=one) for _ in range(40)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()
        assert set(found) == {503, 504} and found.count(504) <= 32


def test_metadata_waits_for_no_model():
    with server(seconds=5, threads=1) as address, ThreadPoolExecutor(1) as client:
        slow = client.submit(ask, f"{address}/v1/models/slow:predict", {"instances": ["a"]})
        time.sleep(0.3)
        assert ask(f"{address}/v1/models/looks/metadata")[0] == 200 and not slow.done()


@pytest.mark.parametrize("limit", ["max_bytes", "max_rows", "threads", "seconds"])
def test_limits_are_positive(limit):
    with pytest.raises(ValueError, match=limit):
        rest_app({}, **{limit: 0})


@pytest.mark.parametrize("seconds", [float("inf"), float("nan")])
def test_the_time_has_an_end(seconds):
    with pytest.raises(ValueError, match="seconds"):
        rest_app({}, seconds=seconds)
