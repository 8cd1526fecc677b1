"""A search as a Keras model: compiled, saved and exported."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_embed._backend import graph_function, tf
from keras_embed.decoding import (
    BeamSearch,
    ForbiddenTokens,
    MinimumLength,
    NoRepeatedNgrams,
    Sampling,
    Searcher,
)

VOCABULARY, WIDTH = 24, 12
MASK = np.arange(7) < np.array([[7], [3], [5], [1]])
SOURCE = np.where(MASK, np.random.default_rng(3).integers(4, VOCABULARY, MASK.shape), 0).astype("int32")
FEATURES = {"encoder_token_ids": SOURCE, "encoder_padding_mask": MASK}
AXES = {name: "(batch, time)" for name in FEATURES}


@keras.saving.register_keras_serializable(package="keras_embed_tests")
class Attentive(keras.Model):
    """A small random translator: a recurrent state that moves, and a memory that does not."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        spread = keras.initializers.RandomNormal(stddev=1.0, seed=5)
        self.embed = keras.layers.Embedding(VOCABULARY, WIDTH, embeddings_initializer=spread)
        self.cell = keras.layers.GRUCell(WIDTH, kernel_initializer=spread)
        self.score = keras.layers.Dense(VOCABULARY, kernel_initializer=spread)
        self.embed.build(None)
        self.cell.build((None, WIDTH))
        self.score.build((None, 2 * WIDTH))
        self.built = True

    def begin(self, features, beams, max_length):
        memory = self.embed(features["encoder_token_ids"])
        hidden = ops.zeros_like(memory[:, :1]) + ops.zeros((1, beams, 1))
        return (hidden,), (memory, features["encoder_padding_mask"])

    def step(self, tokens, position, state):
        (hidden,), (memory, mask) = state
        flat = ops.reshape(self.embed(tokens), (-1, WIDTH))
        output, _ = self.cell(flat, ops.reshape(hidden, (-1, WIDTH)))
        hidden = ops.reshape(output, (-1, tokens.shape[1], WIDTH))
        scores = ops.einsum("bkw,bsw->bks", hidden, memory)
        weights = ops.softmax(ops.where(mask[:, None], scores, -1e9), axis=-1)
        context = ops.einsum("bks,bsw->bkw", weights, memory)
        return self.score(ops.concatenate([hidden, context], axis=-1)), weights, ((hidden,), (memory, mask))


def numpy(found):
    return {name: ops.convert_to_numpy(x) for name, x in found.items()}


def assert_equal(found, expected):
    found, expected = numpy(found), numpy(expected)
    assert found.keys() == expected.keys()
    for name in expected:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-4, atol=1e-5, err_msg=name)


BEAMS = BeamSearch(4, length_penalty=0.8, coverage_penalty=0.2, n_best=2)
SETTINGS = dict(constraints=(ForbiddenTokens((0, 2)), MinimumLength(3), NoRepeatedNgrams(2)), return_alignments=True)


@pytest.fixture(scope="module")
def searcher():
    keras.utils.set_random_seed(7)
    return Searcher(Attentive(), 12, BEAMS, length_ratio=2.0, length_extra=2, **SETTINGS)


def test_it_has_no_weights_of_its_own(searcher):
    assert [w.path for w in searcher.weights] == [w.path for w in searcher.generator.weights]


def test_compiled_is_as_eager(searcher):
    found = searcher.predict_on_batch(FEATURES)
    if keras.config.backend() != "jax":  # which would compile each operation for itself
        assert_equal(found, searcher(FEATURES))
    assert found["token_ids"].shape == (4, 2, 12) and found["alignments"].shape == (4, 2, 12, 7)
    assert (found["lengths"] <= np.minimum(2 * MASK.sum(1) + 2, 12)[:, None]).all()
    real = np.arange(12) < found["lengths"][..., None]
    np.testing.assert_allclose(found["alignments"].sum(-1), real, rtol=1e-5)
    assert not found["alignments"][~np.broadcast_to(MASK[:, None, None], found["alignments"].shape)].any()


def test_padding_and_neighbours_change_nothing(searcher):
    found = numpy(searcher.predict_on_batch(FEATURES))
    row, length = 1, MASK[1].sum()
    answer = numpy(searcher.predict_on_batch({name: x[row : row + 1, :length] for name, x in FEATURES.items()}))
    for name in ("scores", "lengths"):
        np.testing.assert_allclose(answer[name][0], found[name][row], rtol=1e-4)
    steps = answer["token_ids"].shape[2]
    np.testing.assert_array_equal(answer["token_ids"][0], found["token_ids"][row, :, :steps])


def test_it_is_saved_with_its_generator_search_and_constraints(searcher, tmp_path):
    expected = searcher.predict_on_batch(FEATURES)
    searcher.save(tmp_path / "searcher.keras")
    assert_equal(keras.saving.load_model(tmp_path / "searcher.keras").predict_on_batch(FEATURES), expected)


@pytest.mark.skipif(keras.config.backend() == "torch", reason="PyTorch has no way into a SavedModel")
@pytest.mark.parametrize(
    "how",
    [BEAMS, Sampling(0.7, top_k=20, top_p=0.9, num_samples=2, seed=4)],
    ids=["beams", "sampling"],
)
def test_exported_is_as_eager_for_any_batch_and_length(how, tmp_path):
    keras.utils.set_random_seed(7)
    searcher = Searcher(Attentive(), 8, how, length_ratio=2.0, **SETTINGS)
    module = tf.Module()
    run, module.held = graph_function(searcher, AXES)
    specs = {name: tf.TensorSpec([None, None], tf.as_dtype(x.dtype), name=name) for name, x in FEATURES.items()}
    serve = tf.function(run, autograph=False, input_signature=[specs])
    tf.saved_model.save(module, tmp_path, signatures={"serving_default": serve})
    served = tf.saved_model.load(tmp_path).signatures["serving_default"]
    expected = None if isinstance(how, Sampling) else numpy(searcher.predict_on_batch(FEATURES))
    for rows, length in ((slice(0, 4), 7), (slice(1, 3), 6)):
        features = {name: tf.constant(x[rows, :length]) for name, x in FEATURES.items()}
        found = numpy(served(**features))
        if expected is None:
            assert found["token_ids"].shape == (rows.stop - rows.start, 2, 8)
        else:
            answer = {name: x[rows] for name, x in expected.items()}
            assert_equal(found, {**answer, "alignments": answer["alignments"][..., :length]})


def test_samples_are_new_in_each_call_and_repeatable():
    keras.utils.set_random_seed(7)
    first, second = (Searcher(Attentive(), 6, Sampling(2.0, seed=3, num_samples=4)) for _ in range(2))
    second.generator.set_weights(first.generator.get_weights())
    draws = [first.predict_on_batch(FEATURES)["token_ids"] for _ in range(2)]
    assert (draws[0] != draws[1]).any()
    np.testing.assert_array_equal(second.predict_on_batch(FEATURES)["token_ids"], draws[0])
