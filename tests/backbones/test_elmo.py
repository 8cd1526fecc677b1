"""ELMo against the oracle, its states and caches, what is saved of it, and traps of other implementations."""

import json

import keras
import keras_hub
import numpy as np
import pytest
from elmo_oracle import Oracle
from keras import ops
from small_elmo import CHARACTERS, SENTENCES, SIZES, features, oracle_weights, small_elmo

from keras_embed.backbones import ElmoBackbone
from keras_embed.text import ElmoCharacters, ElmoCodePoints, Vocabulary
from keras_embed.text.elmo_characters import BYTE_MARKS

NAMES = ("char_index", "padding_mask")


@pytest.fixture(scope="module")
def elmo():
    return small_elmo()


def run(model, x):
    # Compiled: op by op, JAX compiles the loop anew at each call.
    return {name: ops.convert_to_numpy(y) for name, y in model.predict_on_batch(x).items()}


def oracle_of(elmo, **arguments):
    stack = elmo.stack
    clips = (stack.cell_clip, stack.projection_clip)
    made = {"width": elmo.max_characters, "clips": clips, "skip": stack.skip_connections, **arguments}
    return Oracle(oracle_weights(elmo), **made)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"num_layers": 3, "skip_connections": False},
        {"cell_clip": None, "projection_clip": None, "num_highway": 0},
        {"projection_dim": 6, "activation": "tanh", "num_layers": 1},
        {"projection_dim": 5, "num_highway": 1},
    ],
    ids=["published", "no skips", "no clips", "no LSTM projection", "no encoder projection"],
)
def test_it_is_the_oracle(arguments):
    elmo = small_elmo(**arguments)
    oracle = oracle_of(elmo, activation=elmo.token_encoder.activation)
    outputs = run(elmo, features())
    for row, words in enumerate(SENTENCES):
        if words:
            expected = oracle.sentence(words, row)
            np.testing.assert_allclose(outputs["layer_outputs"][row, : len(words)], expected, atol=1e-5)
        assert not outputs["layer_outputs"][row, len(words) :].any()
    np.testing.assert_array_equal(outputs["sequence_output"], outputs["layer_outputs"][:, :, -1])


def test_with_boundaries(elmo):
    outputs = run(elmo.bounded(), features())
    oracle = oracle_of(elmo)
    for row, words in enumerate(SENTENCES):
        expected = oracle.sentence(words, row, boundaries=True)
        length = len(words) + 2
        np.testing.assert_array_equal(outputs["padding_mask"][row], np.arange(7) < length)
        np.testing.assert_allclose(outputs["layer_outputs"][row, :length], expected, atol=1e-5)
        assert not outputs["layer_outputs"][row, length:].any()


def test_the_first_layer_is_the_word_twice_in_any_context(elmo):
    layers = run(elmo, features())["layer_outputs"]
    first = layers[:, :, 0]
    np.testing.assert_array_equal(first[..., :3], first[..., 3:])
    np.testing.assert_allclose(first[0, 0], first[2, 2], atol=1e-6)  # "Ada" and "Ada"
    assert np.abs(layers[0, 0, 1] - layers[2, 2, 1]).max() > 1e-3


def test_padding_anywhere_changes_nothing(elmo):
    x = features([["Ada", "lives", "in"], ["Rome"]])
    expected = run(elmo, x)["layer_outputs"]
    places = np.array([[1, 3, 4], [6, 0, 2]])  # the position of each token, with padding first, between and last
    far = {"elmo_ids": x["elmo_ids"], "char_index": np.full((2, 7), 3, "int32"), "padding_mask": np.zeros((2, 7), bool)}
    for name in NAMES:
        np.put_along_axis(far[name], places, x[name], axis=1)
    moved = run(elmo, far)["layer_outputs"]
    np.testing.assert_allclose(np.take_along_axis(moved, places[:, :, None, None], axis=1), expected, atol=1e-6)
    assert not moved[~far["padding_mask"]].any()


def test_what_padding_reads_does_not_matter(elmo):
    x = features()
    other = {**x, "char_index": np.where(x["padding_mask"], x["char_index"], 1).astype("int32")}
    np.testing.assert_array_equal(run(elmo, other)["layer_outputs"], run(elmo, x)["layer_outputs"])


def test_an_empty_word_is_a_word_and_not_padding(elmo):
    with_it = run(elmo, features([["Ada", "", "Rome"]]))["layer_outputs"]
    without = run(elmo, features([["Ada", "Rome"]]))["layer_outputs"]
    assert with_it[0, 1].any()
    assert np.abs(with_it[0, 0] - without[0, 0]).max() > 1e-3


def test_a_batch_does_not_depend_on_the_one_before(elmo):
    x = features()
    first = run(elmo, x)["layer_outputs"]
    run(elmo, features([["Rome"] * 5] * 4))
    np.testing.assert_array_equal(run(elmo, x)["layer_outputs"], first)


def test_rows_do_not_depend_on_each_other(elmo):
    together = run(elmo, features())["layer_outputs"]
    for row, words in enumerate(SENTENCES[:3]):
        alone = run(elmo, features([words]))["layer_outputs"][0]
        np.testing.assert_allclose(together[row, : len(words)], alone[: len(words)], atol=1e-6)


def test_carried_state_goes_on_row_by_row_and_fits_batches_of_other_sizes(elmo):
    oracle = oracle_of(elmo)
    batches = [[["Ada", "lives"], ["in"]], [["Rome", "."], ["so", "far"], ["new"]], [["last"]], [["x"], ["y"]]]
    state = elmo.initial_state(2)
    before = None
    for sentences in batches:
        state = elmo.fitted_state(state, len(sentences))
        outputs = run(elmo.stateful(), {**features(sentences), **state})
        for row, words in enumerate(sentences):
            oracle_row = row if len(sentences) != 2 or before is None else f"{row} anew" if row else row
            expected = oracle.sentence(words, oracle_row)
            np.testing.assert_allclose(outputs["layer_outputs"][row, : len(words)], expected, atol=1e-5)
        state, before = {name: outputs[name] for name in state}, sentences


def test_warm_start_begins_from_the_mean_state_of_some_text():
    elmo = small_elmo()
    cold = run(elmo, features())["layer_outputs"]
    state = run(elmo.stateful(), {**features(), **elmo.initial_state(len(SENTENCES))})
    mean = {name: state[name].mean(axis=0, keepdims=True) for name in ("hidden_state", "cell_state")}
    elmo.warm_start(features())
    for name, value in elmo.initial_state(2).items():
        np.testing.assert_allclose(value, np.repeat(mean[name], 2, axis=0), atol=1e-6)
    warm = run(elmo, features())["layer_outputs"]
    assert np.abs(warm - cold).max() > 1e-3
    repeated = {name: np.repeat(value, len(SENTENCES), axis=0) for name, value in mean.items()}
    expected = run(elmo.stateful(), {**features(), **repeated})["layer_outputs"]
    np.testing.assert_allclose(warm, expected, atol=1e-6)
    elmo.warm_start(features())
    np.testing.assert_allclose(run(elmo, features())["layer_outputs"], warm, atol=1e-6)


def test_a_cache_gives_the_same_vectors_and_unknown_words_theirs(elmo):
    words = ["Ada", "lives", "in", "Rome", "."]
    cached = elmo.cache_vocabulary(words, batch_size=2)
    vocabulary = Vocabulary(words)
    for sentences in ([["Ada", "lives"], ["Rome"]], SENTENCES):
        x = features(sentences, vocabulary=vocabulary)
        expected = run(elmo, {name: x[name] for name in elmo.input})["layer_outputs"]
        np.testing.assert_allclose(run(cached, x)["layer_outputs"], expected, atol=1e-6)


def test_known_words_never_reach_the_character_filters(elmo):
    words = ["Ada", "lives"]
    cached = elmo.cache_vocabulary(words)
    x = features([words], vocabulary=Vocabulary(words))
    known = run(cached, x)["layer_outputs"]
    garbled = {**x, "elmo_ids": np.full_like(x["elmo_ids"], 7)}
    np.testing.assert_array_equal(run(cached, garbled)["layer_outputs"], known)
    assert not any(weight.trainable for weight in cached.token_encoder.weights)


def test_words_beside_characters():
    marks = ["<oov>", "<bos>", "<eos>", "<bow>", "<eow>", "<pad>"]
    characters = ElmoCodePoints(
        {name: number for number, name in enumerate([*marks, *"Adainы"])},
        {name: number for number, name in enumerate(["<oov>", "<bos>", "<eos>", "Ada"])},
        max_characters=8,
    )
    sizes = {"num_characters": len(characters), "vocabulary_size": characters.num_words, "max_characters": 8}
    ends = {"marks": characters.marks.as_tuple(), "boundary_words": characters.boundary_words()}
    elmo = small_elmo(word_dim=2, **sizes, **ends)
    x = features([["Ada", "in"], ["ы"]], characters=characters)
    layers = run(elmo, x)["layer_outputs"]
    encoded = ops.convert_to_numpy(elmo.token_encoder(x["elmo_ids"][0], x["elmo_word_ids"][0]))
    np.testing.assert_allclose(layers[0, 0, 0], np.tile(encoded[0], 2), atol=1e-6)
    bounded = run(elmo.bounded(), x)["layer_outputs"]
    rows = np.array(characters.marks.boundary_rows(8))
    ends = ops.convert_to_numpy(elmo.token_encoder(rows, np.array(characters.boundary_words())))
    np.testing.assert_allclose(bounded[0, [0, 3], 0], np.tile(ends, (1, 2)), atol=1e-6)
    again = ElmoBackbone.from_config(elmo.get_config())
    assert set(again.input) == {"elmo_ids", "elmo_word_ids", "char_index", "padding_mask"}
    words = ["Ada", "in"]
    cached = elmo.cache_vocabulary(words, characters)
    known = features([["Ada", "in"]], characters=characters, vocabulary=Vocabulary(words))
    np.testing.assert_allclose(run(cached, known)["layer_outputs"][0, :, 0], layers[0, :2, 0], atol=1e-6)


@pytest.mark.parametrize("cached", [False, True], ids=["plain", "cached"])
def test_config_file_and_preset_bring_it_back(cached, tmp_path):
    elmo = small_elmo(num_layers=1, num_highway=1)
    elmo.warm_start(features())
    words = ["Ada", "lives"]
    if cached:
        elmo = elmo.cache_vocabulary(words)
    x = features([words], vocabulary=Vocabulary(words) if cached else None)
    expected = run(elmo, x)["layer_outputs"]
    config = json.loads(json.dumps(elmo.get_config()))
    again = ElmoBackbone.from_config(config)
    assert again.get_config() == elmo.get_config()
    assert [w.shape for w in again.weights] == [w.shape for w in elmo.weights]
    elmo.save(tmp_path / "elmo.keras")
    elmo.save_to_preset(str(tmp_path / "preset"))
    preset = str(tmp_path / "preset")
    for loaded in (
        keras.saving.load_model(tmp_path / "elmo.keras"),
        ElmoBackbone.from_preset(preset),
        keras_hub.models.Backbone.from_preset(preset),
    ):
        np.testing.assert_allclose(run(loaded, x)["layer_outputs"], expected, atol=1e-6)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_is_finite_and_near(elmo, policy):
    half = ElmoBackbone.from_config({**elmo.get_config(), "dtype": policy})
    half.set_weights(elmo.get_weights())
    layers = run(half, features())["layer_outputs"].astype("float32")
    assert np.isfinite(layers).all()
    np.testing.assert_allclose(layers, run(elmo, features())["layer_outputs"], atol=0.15)
    state = run(half.stateful(), {**features(), **half.initial_state(4)})
    assert state["cell_state"].dtype == np.float32 and np.isfinite(state["cell_state"]).all()


def test_dropout_in_training_alone():
    elmo = small_elmo(dropout=0.5)
    x = features()
    still = ops.convert_to_numpy(elmo(x)["layer_outputs"])
    np.testing.assert_allclose(still, run(elmo, x)["layer_outputs"], atol=1e-6)
    dropped = ops.convert_to_numpy(elmo(x, training=True)["layer_outputs"])
    np.testing.assert_allclose(dropped[:, :, 0], still[:, :, 0], atol=1e-6)
    assert np.abs(dropped[:, :, 1:] - still[:, :, 1:]).max() > 1e-3


def test_frozen_it_has_nothing_to_train_and_else_everything():
    one = small_elmo()
    kept = 2  # the state to start from
    assert len(one.trainable_weights) == len(one.weights) - kept
    one.trainable = False
    assert not one.trainable_weights
    for frozen in (ElmoBackbone(**SIZES, trainable=False), ElmoBackbone.from_config(one.get_config())):
        assert not any(weight.trainable for weight in frozen.weights)
        frozen.trainable = True
        assert len(frozen.trainable_weights) == len(frozen.weights) - kept


def test_arguments_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match="five `marks`"):
        ElmoBackbone(**SIZES, marks=(1, 2))
    with pytest.raises(ValueError, match="max_characters"):
        ElmoBackbone(**{**SIZES, "max_characters": 0})
    with pytest.raises(ValueError, match="widest filter"):
        ElmoBackbone(**{**SIZES, "filters": ((11, 2),)})


def test_characters_agree_with_the_model():
    """Published ids plus 1: 262 rows where training had 261, with zero left for padding."""
    assert (len(CHARACTERS), BYTE_MARKS.as_tuple()) == (262, (257, 258, 259, 260, 261))
    assert ElmoCharacters(10).encode_python("<S>") == BYTE_MARKS.boundary_rows(10)[0]
    assert small_elmo().token_encoder.num_characters == 262


def test_a_frozen_elmo_is_frozen_after_deserialization():
    elmo = small_elmo()
    elmo.trainable = False
    again = ElmoBackbone.from_config(elmo.get_config())
    assert again.trainable_variables == []
    assert not any(weight.trainable for weight in again.weights)
