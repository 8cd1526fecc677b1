"""Bags, averages and filters: formulas by loops, padding, round trips, errors."""

import json

import keras
import keras_hub
import numpy as np
import pytest
from keras import ops

from keras_embed.backbones import AveragingBackbone, BagBackbone, ConvolutionalBackbone
from keras_embed.layers import CharacterCNN, WordEmbedding


def numpy(x):
    return ops.convert_to_numpy(x)


def words(**kwargs):
    return WordEmbedding(20, 4, embeddings_initializer="normal", **kwargs)


def features(lengths=(5, 2, 0), time=6, seed=0):
    rng = np.random.default_rng(seed)
    mask = np.arange(time) < np.array(lengths)[:, None]
    return {"token_ids": np.where(mask, rng.integers(2, 20, mask.shape), 0).astype("int32"), "padding_mask": mask}


BAG = {"term_ids": np.array([[3, 7, 0], [1, 0, 0], [0, 0, 0]]), "term_weights": np.eye(3, dtype="float32")}

MAKERS = {
    "bag": (lambda: BagBackbone(9, hidden_dims=(5, 3), activation="tanh", dropout=0.2), BAG),
    "sparse": (lambda: BagBackbone(9, dropout=0.2), BAG),
    "average": (lambda: AveragingBackbone([words()], hidden_dims=(5,), dropout=0.1), features()),
    "filters": (lambda: ConvolutionalBackbone([words()], filters=3, kernel_sizes=(2, 3, 5), dropout=0.1), features()),
}


@pytest.mark.parametrize("name", MAKERS)
def test_padding_changes_nothing(name):
    make, x = MAKERS[name]
    model = make()
    longer = {key: np.pad(value, ((0, 0), (0, 7))) for key, value in x.items()}
    short, long = model.predict_on_batch(x), model.predict_on_batch(longer)
    for key in set(short) - {"term_ids", "term_weights", "sequence_output"}:
        np.testing.assert_allclose(long[key], short[key], atol=1e-6)
    if "sequence_output" in short:
        np.testing.assert_allclose(long["sequence_output"][:, :6], short["sequence_output"], atol=1e-6)
        assert not long["sequence_output"][:, 6:].any()


@pytest.mark.parametrize("name", MAKERS)
def test_keras_file_and_preset_round_trips(name, tmp_path):
    make, x = MAKERS[name]
    model = make()
    model.save(tmp_path / "model.keras")
    model.save_to_preset(str(tmp_path / "preset"))
    expected = model.predict_on_batch(x)
    for copy in (
        keras.models.load_model(tmp_path / "model.keras"),
        keras_hub.models.Backbone.from_preset(str(tmp_path / "preset")),
    ):
        assert type(copy) is type(model)
        for key, value in copy.predict_on_batch(x).items():
            np.testing.assert_allclose(value, expected[key], atol=1e-6)
        assert json.dumps(copy.get_config()) == json.dumps(model.get_config())


def test_the_average_is_the_mean_of_real_words():
    model, x = AveragingBackbone([words()], word_dropout=0.5), features()
    vectors = numpy(model.embeddings[0](x))
    answer = numpy(model(x)["pooled_output"])
    for row, sentence, mask in zip(answer, vectors, x["padding_mask"], strict=True):
        np.testing.assert_allclose(row, sentence[mask].mean(0) if mask.any() else np.zeros(4), atol=1e-6)
    trained = numpy(model(x, training=True)["pooled_output"])
    assert (trained[0] != answer[0]).any() and np.isfinite(trained).all()


def test_a_filter_is_kims_at_each_word():
    """Windows by a loop: width k around each word, zeros outside the text, then the greatest."""
    model, x = ConvolutionalBackbone([words()], filters=2, kernel_sizes=(3, 4)), features()
    vectors = numpy(model.embeddings[0](x))
    weights = {layer.name: layer.get_weights() for layer in model.layers if layer.name.startswith("convolution")}
    expected = np.zeros((3, 4))
    for b, length in enumerate((5, 2, 0)):
        text = np.pad(vectors[b, :length], ((8, 8), (0, 0)))
        for number, width in enumerate((3, 4)):
            kernel, bias = weights[f"convolution_{number}"]
            starts = [8 + t - (width - 1) // 2 for t in range(length)]
            answers = [np.einsum("kd,kdf->f", text[s : s + width], kernel) + bias for s in starts]
            if answers:
                expected[b, 2 * number : 2 * number + 2] = np.maximum(np.max(answers, axis=0), 0)
    np.testing.assert_allclose(numpy(model(x)["pooled_output"]), expected, atol=1e-5)


def test_a_text_shorter_than_every_filter_is_read():
    model = ConvolutionalBackbone([words()], filters=2, kernel_sizes=(5,))
    answer = numpy(model(features(lengths=(1,), time=2))["sequence_output"])
    assert answer.shape == (1, 2, 2) and not answer[0, 1].any()


def test_two_embeddings_are_concatenated():
    model = AveragingBackbone([words(), CharacterCNN(7, 3, 5)])
    assert sorted(model.input) == ["char_ids", "char_index", "padding_mask", "token_ids"]
    assert model.output["pooled_output"].shape == (None, 9)


def test_frozen_pretrained_vectors_stay_as_they_are():
    matrix = np.random.default_rng(0).normal(size=(20, 4)).astype("float32")
    model = AveragingBackbone([WordEmbedding(20, 4, weights=matrix, trainable=False)], hidden_dims=(3,))
    trained = keras.Model(model.input, keras.layers.Dense(1)(model.output["pooled_output"]))
    trained.compile("sgd", "mse")
    trained.fit(features(), np.ones((3, 1)), verbose=0)
    np.testing.assert_array_equal(numpy(model.embeddings[0].embedding.embeddings), matrix)


@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision(policy):
    for model, x in (
        (BagBackbone(9, hidden_dims=(3,), dtype=policy), BAG),
        (ConvolutionalBackbone([words(dtype=policy)], filters=2, dtype=policy), features()),
        (AveragingBackbone([words(dtype=policy)], hidden_dims=(2,), dtype=policy), features()),
    ):
        out = model(x)["pooled_output"]
        assert keras.backend.standardize_dtype(out.dtype) == policy.removeprefix("mixed_")
        assert np.isfinite(numpy(ops.cast(out, "float32"))).all()


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: BagBackbone(0), "`vocabulary_size` to be a positive integer"),
        (lambda: BagBackbone(3, hidden_dims=8), r"`hidden_dims` to be a sequence of widths. Received: 8. Try \(8,\)"),
        (lambda: BagBackbone(3, dropout=1.0), "`dropout` in"),
        (lambda: AveragingBackbone([]), "at least one layer in `embeddings`"),
        (lambda: AveragingBackbone([words()], word_dropout=1.5), "`word_dropout` in"),
        (lambda: ConvolutionalBackbone([words()], kernel_sizes=3), "`kernel_sizes` to be a sequence of widths"),
        (lambda: ConvolutionalBackbone([words()], kernel_sizes=(0,)), "`kernel_sizes` to be a positive integer"),
        (lambda: ConvolutionalBackbone([words()], filters=0), "`filters` to be a positive integer"),
    ],
)
def test_bad_arguments(make, error):
    with pytest.raises(ValueError, match=error):
        make()
