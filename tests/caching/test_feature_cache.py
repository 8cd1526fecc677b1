"""Cached outputs of a frozen ELMo: each sentence is encoded once, whatever happens in between."""

import collections
import types

import keras
import numpy as np
import pytest
from small_elmo_task import NUM_DISTINCT, WORDS, counted, make_elmo, shared_elmo

import keras_embed as ke
from keras_embed._backend import tf
from keras_embed.caching.feature_cache import ElmoCache


def make_tokenizer():
    characters = ke.text.ElmoCharacters(10)
    return ke.tokenizers.WordFeaturizer.from_tokens(WORDS, bucket_lengths=(10,), elmo_characters=characters)


TOKENIZER = make_tokenizer()
#: Of a task whose batches are words.
PREPROCESSOR = types.SimpleNamespace(tokens_of=lambda x: x)


def ragged(words):
    return tf.ragged.constant(words, tf.string, ragged_rank=1)


def filled(folder, elmo, words=WORDS, verbose=0):
    cache = ElmoCache(folder, elmo, TOKENIZER)
    cache.fill([ragged(words[:2]), ragged(words[2:])], batch_size=4, verbose=verbose)
    return cache


def check(cache, elmo):
    """Against the encoder itself."""
    features = TOKENIZER.encode(WORDS, names=tuple(elmo.input))
    expected = elmo.predict_on_batch({name: x.numpy() for name, x in features.items()})["layer_outputs"]
    kept = cache.cached_features(PREPROCESSOR, ragged(WORDS), features)
    np.testing.assert_allclose(kept["elmo_layers"].numpy(), expected, rtol=1e-3, atol=1e-6)
    assert np.abs(expected).max() > 0.01
    return kept


def test_what_is_kept_is_what_the_encoder_says(tmp_path):
    elmo = shared_elmo()
    kept = check(filled(tmp_path, elmo), elmo)
    assert {name: tuple(x.shape) for name, x in kept.items()} == {"elmo_layers": (7, 10, 3, 8), "elmo_ids": (7, 0, 1)}


def test_a_run_that_was_killed_goes_on_where_it_was(tmp_path, monkeypatch):
    elmo = shared_elmo()
    with monkeypatch.context() as patch, pytest.raises(RuntimeError, match="killed"):
        calls = counted(elmo, patch, fail_at=1)
        filled(tmp_path, elmo)
    assert calls == [4]
    calls = counted(elmo, monkeypatch)
    cache = filled(tmp_path, elmo)
    assert calls == [NUM_DISTINCT - 4]
    check(cache, elmo)


def test_a_torn_file_costs_what_was_torn(tmp_path, monkeypatch):
    elmo = shared_elmo()
    filled(tmp_path, elmo)
    [rows] = tmp_path.glob("*.rows")
    rows.write_bytes(rows.read_bytes()[:-5])
    calls = counted(elmo, monkeypatch)
    cache = filled(tmp_path, elmo)
    assert calls == [1]
    check(cache, elmo)


def test_changed_weights_are_another_encoder(tmp_path, monkeypatch):
    elmo = make_elmo()
    filled(tmp_path, elmo)
    old = set(tmp_path.iterdir())
    weight = elmo.stack.weights[0]
    weight.assign(keras.ops.convert_to_numpy(weight) * 1.5)
    calls = counted(elmo, monkeypatch)
    cache = filled(tmp_path, elmo)
    assert sum(calls) == NUM_DISTINCT
    assert old < set(tmp_path.iterdir())
    check(cache, elmo)


def test_new_sentences_alone_are_encoded(tmp_path, monkeypatch):
    elmo = shared_elmo()
    filled(tmp_path, elmo, WORDS[:2])
    calls = counted(elmo, monkeypatch)
    cache = filled(tmp_path, elmo)
    assert calls == [NUM_DISTINCT - 2]
    check(cache, elmo)


def test_a_fingerprint_is_of_all_that_features_depend_on(tmp_path):
    def fingerprint(elmo, tokenizer):
        return ElmoCache(tmp_path, elmo, tokenizer).rows.fingerprint

    elmo = make_elmo()
    known = fingerprint(elmo, TOKENIZER)
    renamed = make_elmo(name="renamed")
    renamed.trainable = True
    assert fingerprint(renamed, TOKENIZER) == known
    others = [make_elmo(seed=3), make_elmo(cell_clip=0.5), make_elmo(skip_connections=False)]
    tokenizer_of = collections.namedtuple("Tokenizer", "elmo_characters elmo_vocabulary")
    names = [fingerprint(other, TOKENIZER) for other in others]
    names.append(fingerprint(elmo, tokenizer_of(ke.text.ElmoCharacters(10, {"@x@": 3}), None)))
    marks = {name: n for n, name in enumerate(("<oov>", "<bos>", "<eos>", "<bow>", "<eow>", "<pad>"))}
    for characters in (marks, marks | {"a": 6}):
        names.append(fingerprint(elmo, tokenizer_of(ke.text.ElmoCodePoints(characters, max_characters=10), None)))
    assert len({known, *names}) == 7
    cached = elmo.cache_vocabulary(["Ada"], TOKENIZER.elmo_characters)
    words = [ke.text.Vocabulary([word]) for word in ("Ada", "Bob")]
    assert len({fingerprint(cached, tokenizer_of(TOKENIZER.elmo_characters, w)) for w in words}) == 2


def test_sentences_that_come_later_are_named(tmp_path):
    cache = filled(tmp_path, shared_elmo(), WORDS[:2])
    with pytest.raises(Exception, match="Expected the same sentences as before the first epoch. Received: nobody "):
        cache.cached_features(PREPROCESSOR, ragged([["nobody", "came"]]), {"padding_mask": np.ones((1, 10), bool)})


def test_progress_is_shown(tmp_path, capfd):
    filled(tmp_path, shared_elmo(), verbose=2)
    assert f"{NUM_DISTINCT}/{NUM_DISTINCT} - " in capfd.readouterr().out


def test_a_disk_without_room_is_found_before_the_work(tmp_path, monkeypatch):
    elmo = shared_elmo()
    calls = counted(elmo, monkeypatch)
    usage = collections.namedtuple("usage", "total used free")
    monkeypatch.setattr("shutil.disk_usage", lambda folder: usage(0, 0, 9))
    with pytest.raises(OSError, match="Expected 0.0 GB of room for features in .* Try a folder on another disk"):
        filled(tmp_path / "new" / "folder", elmo)
    assert calls == []


def test_features_that_half_precision_cannot_hold_are_an_error(tmp_path):
    elmo = make_elmo()
    projection = elmo.token_encoder.weights[-1]
    projection.assign(np.full(projection.shape, 1e5))
    with pytest.raises(ValueError, match="Expected features that half precision can hold. Received: one of 1e"):
        filled(tmp_path, elmo)
