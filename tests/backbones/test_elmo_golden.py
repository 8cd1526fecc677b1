"""ELMo against the published implementations' own answers, where the published test files are at hand."""

import json

import h5py
import keras
import numpy as np
import pytest
from small_elmo import fixture_folder, one_size, published_elmo

from keras_embed.text import ElmoCharacters, elmo_features
from keras_embed.text.elmo_characters import BOUNDARIES

TOLERANCE = 2e-6


@pytest.fixture(scope="module")
def elmo(data_dir):
    if not fixture_folder(data_dir).is_dir():
        pytest.skip("no published ELMo test files beside the real data")
    return published_elmo(data_dir)


@pytest.fixture(scope="module")
def folder(data_dir):
    return fixture_folder(data_dir)


def carried(elmo, batches):
    """The layers of batches of sentences, each batch going on from the one before."""
    state = elmo.initial_state(len(batches[0]))
    model = elmo.stateful()
    for sentences in batches:
        outputs = model.predict_on_batch({**one_size(elmo_features(sentences)), **state})
        state = {name: outputs[name] for name in state}
        yield outputs["layer_outputs"]


def test_ten_batches_of_three_rows_with_carried_state(elmo, folder):
    rows = json.loads((folder / "allennlp" / "elmo" / "sentences.json").read_text())
    batches = [[row[number].split() for row in rows] for number in range(10)]
    golden = [h5py.File(folder / "allennlp" / "elmo" / f"lm_embeddings_{row}.hdf5") for row in range(3)]
    for number, layers in enumerate(carried(elmo, batches)):
        for row, words in enumerate(batches[number]):
            expected = np.concatenate(list(golden[row][str(number)][()]), axis=-1)  # (T, 2 D)
            np.testing.assert_allclose(layers[row, : len(words), 2], expected, atol=TOLERANCE, rtol=0)
            assert not layers[row, len(words) :].any()


def test_three_batches_of_ten_rows_all_layers(elmo, folder):
    lines = (folder / "allennlp_history" / "elmo" / "sentences.txt").read_text().splitlines()
    sentences = [line.split() for line in lines]
    batches = [sentences[start : start + 10] for start in (0, 10, 20)]
    with h5py.File(folder / "allennlp_history" / "elmo" / "expected_embeddings.hdf5") as golden:
        expected = [golden[str(number)][()].transpose(1, 0, 2) for number in range(30)]
    found = [layers for batch in carried(elmo, batches) for layers in batch]
    for words, layers, truth in zip(sentences, found, expected, strict=True):
        np.testing.assert_allclose(layers[: len(words)], truth, atol=TOLERANCE, rtol=0)


def test_the_first_batch_needs_no_state(elmo, folder):
    lines = (folder / "allennlp_history" / "elmo" / "sentences.txt").read_text().splitlines()[:10]
    sentences = [line.split() for line in lines]
    layers = elmo.predict_on_batch(one_size(elmo_features(sentences)))["layer_outputs"]
    with h5py.File(folder / "allennlp_history" / "elmo" / "expected_embeddings.hdf5") as golden:
        for row, words in enumerate(sentences):
            truth = golden[str(row)][()].transpose(1, 0, 2)
            np.testing.assert_allclose(layers[row, : len(words)], truth, atol=TOLERANCE, rtol=0)


def test_every_word_of_the_published_token_cache(elmo, folder):
    here = folder / "allennlp" / "elmo"
    words = (here / "vocab_test.txt").read_text().splitlines()
    with h5py.File(here / "elmo_token_embeddings.hdf5") as file:
        golden = file["embedding"][()]
    rows = np.array([ElmoCharacters().encode_python(word) for word in words])
    vectors = keras.ops.convert_to_numpy(elmo.token_encoder(rows))
    np.testing.assert_allclose(vectors, golden, atol=TOLERANCE, rtol=0)
    cached = keras.ops.convert_to_numpy(elmo.cache_vocabulary(words).reader.cache)
    own = [word for word in words if word not in BOUNDARIES]
    assert cached.shape == (2 + len(set(words)) + 2, 16) and len(own) == len(set(own))
