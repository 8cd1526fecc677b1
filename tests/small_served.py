"""SavedModels that answer in the form of exported tasks, without any network; and a server for them."""

import contextlib
import functools
import json
import socket
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

import uvicorn

from keras_embed.serving import ServedModel, ServedVectors, rest_app
from keras_embed.vectors import WordVectors

WORDS = ["king", "man", "woman", "queen"]
MATRIX = [[1, 0.9, 0.1], [1, 0.1, 0], [0.1, 0.1, 1], [0.1, 0.9, 1.1]]


@functools.cache
def folder():
    """`names/1` tags words with a capital, `looks/1` classifies, `both/3` reads several inputs."""
    import tensorflow as tf

    made, text = Path(tempfile.mkdtemp()), tf.TensorSpec([None], tf.string, name="text")
    module = tf.Module()

    @tf.function(input_signature=[text])
    def names(text):
        tokens = tf.strings.split(text)
        dense = tokens.to_tensor("")
        first = tf.zeros_like(text, tf.int32)[:, None]
        filled = tf.strings.regex_full_match(dense, r"\p{Lu}.*")
        return {
            "tokens": dense,
            "tags": tf.where(filled, "B-PER", "O"),
            "token_scores": tf.fill(tf.shape(dense), 0.9),
            "lengths": tf.cast(tokens.row_lengths(), tf.int32),
            "span_starts": tf.concat([first, first - 1], 1),
            "span_ends": tf.concat([first + 1, first - 1], 1),
            "span_types": tf.fill([tf.size(text), 2], "PER"),
            "span_scores": tf.fill([tf.size(text), 2], 0.1),
        }

    @tf.function(input_signature=[text])
    def looks(text):
        long = tf.cast(tf.strings.length(text) > 10, tf.float32)
        return {
            "probabilities": tf.stack([long, 1.0 - long], 1),
            "classes": tf.tile([["long", "short"]], [tf.size(text), 1]),
            "label": tf.where(long > 0.5, "long", "short"),
            "probability": tf.ones_like(long),
        }

    @tf.function(input_signature=[text])
    def aligned(text):
        words = tf.tile([["ein", "hund"]], [tf.size(text), 1])
        two = tf.fill([tf.size(text)], 2)
        weights = tf.tile([[[1.0, 0.0], [0.0, 1.0]]], [tf.size(text), 1, 1])
        return {
            "source_tokens": words,
            "target_tokens": words,
            "source_lengths": two,
            "target_lengths": two,
            "alignments": weights,
        }

    @tf.function(input_signature=[text])
    def says(text):
        upper = tf.strings.upper(text)
        return {"text": upper, "hypotheses": upper[:, None], "scores": tf.fill([tf.size(text), 1], -0.5)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name=name) for name in ("question", "context")])
    def finds(question, context):
        start = tf.where(tf.strings.length(question) > 3, tf.constant(2), tf.constant(-1))
        answer = tf.where(start < 0, "", tf.strings.substr(context, 2, 3, "UTF8_CHAR"))
        half = tf.fill(tf.shape(start), 0.5)
        return {"answer": answer, "start": start, "end": start + 3, "probability": half, "none_probability": half}

    @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32, "pair"), tf.TensorSpec([], tf.int64, "factor")])
    def both(pair, factor):
        return {"product": tf.reduce_prod(pair, 1) * tf.cast(factor, tf.float32), "least": tf.reduce_min(pair, 1)}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, "raw")])
    def binary(raw):
        return {"raw_bytes": raw}

    @tf.function(input_signature=[tf.TensorSpec([None], tf.bool, "flag"), tf.TensorSpec([None], tf.uint8, "small")])
    def kinds(flag, small):
        return {"flag": ~flag, "small": small, "share": tf.fill(tf.shape(small), float("nan"))}

    @tf.function(input_signature=[text])
    def fails(text):
        with tf.control_dependencies([tf.debugging.assert_less(tf.size(text), 0, "Expected no texts.")]):
            return {"text": tf.identity(text)}

    @tf.function(input_signature=[text])
    def odd(text):
        scores = tf.tile([[float("nan"), float("-inf")]], [tf.size(text), 1])
        classes = tf.tile([["NaN", 'a "NaN"']], [tf.size(text), 1])
        return {"text": text, "probabilities": scores, "classes": classes, "label": tf.fill(tf.shape(text), "NaN")}

    for name, signatures in {
        "names/1": {"serving_default": names},
        "looks/1": {"serving_default": looks},
        "says/1": {"serving_default": says, "alignments": aligned},
        "both/2": {"serving_default": names},
        "both/3": {"serving_default": both, "binary": binary, "kinds": kinds, "fails": fails},
        "finds/1": {"serving_default": finds},
        "odd/1": {"serving_default": odd},
    }.items():
        tf.saved_model.save(module, str(made / name), signatures)
    return made


@functools.cache
def models():
    """All of them, and word vectors, by name."""
    found = {name: ServedModel(folder() / name) for name in ("names", "looks", "says", "finds", "both", "odd")}
    return {**found, "words": ServedVectors(WordVectors(WORDS, MATRIX), "words")}


class Slow:
    """A model with a slow response."""

    name, version = "slow", 1

    def predict(self, body, max_rows=None):
        """Returns the same result after 1.5 seconds."""
        time.sleep(1.5)
        return {"predictions": body["instances"]}


@contextlib.contextmanager
def server(**limits):
    """The application, listening; gives its address."""
    settings = uvicorn.Config(rest_app({**models(), "slow": Slow()}, **limits), log_level="warning", lifespan="on")
    running = uvicorn.Server(settings)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listening]}, daemon=True)
        thread.start()
        while not running.started:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            running.should_exit = True
            thread.join()


def ask(address, body=None, **headers):
    """Status and JSON of a request: GET, or POST of a body."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(address, data, headers), timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        text = error.read()
        return error.code, json.loads(text) if text.startswith(b"{") else text.decode()
