"""CharacterCNN and CharacterLSTM: shared behaviour, and the NumPy formula of each."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_embed.layers import CharacterCNN, CharacterLSTM

ENCODERS = {
    "cnn": lambda **kw: CharacterCNN(12, char_dim=4, filters=3, kernel_sizes=(2, 3, 5), **kw),
    "lstm": lambda **kw: CharacterLSTM(12, char_dim=4, hidden_dim=3, **kw),
}


@pytest.fixture(params=sorted(ENCODERS))
def encoder(request):
    return ENCODERS[request.param]


def numpy(x):
    return ops.convert_to_numpy(x)


def words(seed=0, batch=3, words=4, characters=6, tokens=5):
    """Words of 0 to `characters` characters; tokens that point anywhere in the table."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(0, characters + 1, size=(batch, words, 1))
    lengths.reshape(-1)[:3] = 0, 1, characters
    ids = rng.integers(1, 12, size=(batch, words, characters))
    return {
        "char_ids": np.where(np.arange(characters) < lengths, ids, 0).astype("int32"),
        "char_index": rng.integers(0, batch * words, size=(batch, tokens)).astype("int32"),
    }


def one_by_one(vector, features):
    """Each token's vector from its own characters, nothing shared, nothing padded."""
    table = features["char_ids"].reshape(-1, features["char_ids"].shape[-1])
    return np.array([[vector(table[i][table[i] != 0]) for i in row] for row in features["char_index"]])


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def cnn_vector(layer, word):
    if not len(word):
        return np.zeros(layer.filters * len(layer.kernel_sizes))
    x = numpy(layer.embedding.embeddings)[word]  # (n, D)
    answers = []
    for convolution in layer.convolutions:
        kernel, bias = numpy(convolution.kernel), numpy(convolution.bias)  # (k, D, F), (F,)
        left = (len(kernel) - 1) // 2
        padded = np.pad(x, ((left, len(kernel) - 1 - left), (0, 0)))
        windows = [np.einsum("kd,kdf->f", padded[i : i + len(kernel)], kernel) + bias for i in range(len(word))]
        answers.append(np.max(np.tanh(windows), axis=0))
    return np.concatenate(answers)


def lstm_vector(layer, word):
    states = []
    for direction, order in ((layer.lstm.forward_layer, word), (layer.lstm.backward_layer, word[::-1])):
        kernel, recurrent, bias = (numpy(w) for w in direction.cell.weights[:3])
        h = c = np.zeros(layer.hidden_dim)
        for character in order:
            i, f, g, o = np.split(numpy(layer.embedding.embeddings)[character] @ kernel + h @ recurrent + bias, 4)
            c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
            h = sigmoid(o) * np.tanh(c)
        states.append(h)
    return np.concatenate(states)


@pytest.mark.parametrize(("name", "vector"), [("cnn", cnn_vector), ("lstm", lstm_vector)])
def test_equals_the_formula_word_by_word(name, vector):
    layer, features = ENCODERS[name](), words()
    got = numpy(layer(features))
    np.testing.assert_allclose(got, one_by_one(lambda word: vector(layer, word), features), atol=1e-6)


def test_more_padding_characters_change_nothing(encoder):
    layer, features = encoder(), words()
    wide = {**features, "char_ids": np.pad(features["char_ids"], ((0, 0), (0, 0), (0, 7)))}
    np.testing.assert_allclose(numpy(layer(wide)), numpy(layer(features)), atol=1e-6)


def test_more_words_in_the_table_change_nothing(encoder):
    layer, features = encoder(), words(batch=1)
    more = {**features, "char_ids": np.concatenate([features["char_ids"], words(seed=5, batch=1)["char_ids"]], axis=1)}
    np.testing.assert_allclose(numpy(layer(more)), numpy(layer(features)), atol=1e-6)


def test_words_shorter_than_the_kernel_and_a_single_column(encoder):
    layer = encoder()
    features = {"char_ids": np.array([[[3], [0]]], "int32"), "char_index": np.array([[0, 1, 0]], "int32")}
    got = numpy(layer(features))
    assert np.isfinite(got).all()
    assert (got[0, 1] == 0).all()
    assert (got[0, 0] != 0).any()


def test_symbolic_shape_is_the_eager_one(encoder):
    layer = encoder(dtype="mixed_bfloat16")
    inputs = {name: keras.Input(shape, dtype="int32") for name, shape in layer.features.items()}
    symbolic, eager = layer(inputs), layer(words())
    assert symbolic.shape == (None, None, eager.shape[-1])
    assert tuple(eager.shape) == layer.compute_output_shape({"char_ids": (3, 4, 6), "char_index": (3, 5)})
    assert keras.backend.standardize_dtype(eager.dtype) == symbolic.dtype == "bfloat16"
    assert np.isfinite(numpy(ops.cast(eager, "float32"))).all()


def test_config_round_trip(encoder):
    layer = encoder(dropout=0.25, seed=4, name="characters")
    assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()


def test_a_fit_reaches_every_weight_and_the_model_reloads(encoder, tmp_path):
    layer, features = encoder(dropout=0.2), words()
    inputs = {name: keras.Input(shape, dtype="int32", name=name) for name, shape in layer.features.items()}
    model = keras.Model(inputs, keras.layers.Dense(1)(layer(inputs)))
    model.compile("sgd", "mse")
    before = [numpy(weight) for weight in layer.trainable_variables]
    model.fit(features, np.ones((3, 5, 1), "float32"), epochs=2, verbose=0)
    assert all((numpy(weight) != old).any() for weight, old in zip(layer.trainable_variables, before, strict=True))
    model.save(tmp_path / "model.keras")
    reloaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(numpy(reloaded(features)), numpy(model(features)), atol=1e-6)


def test_trainable_false_reaches_the_layers_inside(encoder):
    layer = encoder(trainable=False)
    inputs = {name: keras.Input(shape, dtype="int32") for name, shape in layer.features.items()}
    assert keras.Model(inputs, layer(inputs)).trainable_variables == []


def test_dropout_in_training_only(encoder):
    layer, features = encoder(dropout=0.5), words()
    np.testing.assert_array_equal(numpy(layer(features)), numpy(layer(features)))
    assert (numpy(layer(features, training=True)) != numpy(layer(features, training=True))).any()


@pytest.mark.parametrize("sizes", [(), 3])
def test_kernel_sizes_are_checked(sizes):
    with pytest.raises(
        ValueError, match=r"Expected `kernel_sizes` to be a sequence of widths. Received: .* Try \(3,\)"
    ):
        CharacterCNN(12, kernel_sizes=sizes)
