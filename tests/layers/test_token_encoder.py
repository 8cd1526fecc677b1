"""Words from their characters against the oracle."""

import numpy as np
import pytest
from elmo_oracle import characters, token_vector
from keras import ops

from keras_embed.layers.token_encoder import ElmoTokenEncoder

WORDS = ["a", "unknown", "дом", "x" * 60, "", "<S>"]
WIDTH = 12


def made(**arguments):
    """An encoder with weights of all signs, and the same as datasets of a published file."""
    arguments = {"char_dim": 3, "filters": ((1, 2), (3, 4)), "num_highway": 2, "projection_dim": 5, **arguments}
    encoder = ElmoTokenEncoder(**arguments)
    encoder.build((None, WIDTH))
    rng = np.random.default_rng(1)
    encoder.set_weights([rng.normal(size=w.shape) for w in encoder.get_weights()])
    number = ops.convert_to_numpy
    weights = {"char_embed": number(encoder.embedding.embeddings)[1:]}
    for place, layer in enumerate(encoder.convolutions):
        weights |= {f"CNN/W_cnn_{place}": number(layer.kernel)[None], f"CNN/b_cnn_{place}": number(layer.bias)}
    for place, (gate, transform) in enumerate(zip(encoder.gates, encoder.transforms, strict=True)):
        here = f"CNN_high_{place}/"
        weights |= {here + "W_carry": number(gate.kernel), here + "b_carry": number(gate.bias)}
        weights |= {here + "W_transform": number(transform.kernel), here + "b_transform": number(transform.bias)}
    if encoder.projection is not None:
        weights |= {"CNN_proj/W_proj": number(encoder.projection.kernel)}
        weights |= {"CNN_proj/b_proj": number(encoder.projection.bias)}
    return encoder, weights


@pytest.mark.parametrize(
    "arguments",
    [{}, {"num_highway": 0}, {"projection_dim": 6}, {"activation": "tanh"}],
    ids=["published", "no highway", "no projection", "tanh"],
)
def test_it_is_the_oracle(arguments):
    encoder, weights = made(**arguments)
    rows = [characters(word, WIDTH) for word in WORDS]
    vectors = ops.convert_to_numpy(encoder(np.array(rows) + 1))
    for row, vector in zip(rows, vectors, strict=True):
        np.testing.assert_allclose(vector, token_vector(weights, row, encoder.activation), atol=2e-5)


def test_a_word_may_have_a_vector_beside_its_characters():
    encoder, _ = made(vocabulary_size=4, word_dim=2, num_highway=0, projection_dim=8)
    kernel, bias = (ops.convert_to_numpy(x) for x in (encoder.projection.kernel, encoder.projection.bias))
    assert kernel.shape == (2 + 6, 8), "the projection stays where widths happen to be equal"
    rows = np.array([characters("a", WIDTH), characters("b", WIDTH)]) + 1
    one = ops.convert_to_numpy(encoder(rows, np.array([1, 2])))
    other = ops.convert_to_numpy(encoder(rows, np.array([3, 2])))
    words = ops.convert_to_numpy(encoder.words.embeddings)
    np.testing.assert_allclose(other[0] - one[0], (words[3] - words[1]) @ kernel[:2], atol=1e-5)
    np.testing.assert_allclose(other[1], one[1], atol=1e-6)


def test_it_starts_as_the_published_training_starts():
    encoder = ElmoTokenEncoder(char_dim=8, filters=((1, 32), (2, 32)), num_highway=1, projection_dim=16)
    encoder.build((None, WIDTH))
    characters_, gate = (ops.convert_to_numpy(x) for x in (encoder.embedding.embeddings, encoder.gates[0].kernel))
    assert np.abs(characters_).max() == pytest.approx(1.0, abs=0.02)
    assert np.abs(ops.convert_to_numpy(encoder.convolutions[1].kernel)).max() == pytest.approx(0.05, abs=0.002)
    assert gate.std() == pytest.approx(1 / 8, rel=0.1)
    assert (ops.convert_to_numpy(encoder.gates[0].bias) == -2).all()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"filters": ()}, "Expected `filters` to be pairs"),
        ({"activation": "gelu"}, "Expected `activation` to be one of"),
        ({"num_highway": -1}, "Expected `num_highway` of at least 0"),
        ({"word_dim": 3}, "Expected both `vocabulary_size` and `word_dim`, or neither"),
    ],
)
def test_errors_of_bad_arguments(arguments, expected):
    with pytest.raises(ValueError, match=expected):
        ElmoTokenEncoder(**arguments)
