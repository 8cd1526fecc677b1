"""Transformers as encoders of taggers and classifiers, and from text to text."""

import keras
import numpy as np
import pytest
from keras import ops
from small_classifier import LABELS, TEXTS

import keras_embed as ke
from keras_embed.backbones import TransformerBackbone, TransformerSeq2SeqBackbone
from keras_embed.layers import ParallelScheduledSampling, WordEmbedding

RNG = np.random.default_rng(7)
SIZES = dict(num_encoder_layers=1, num_decoder_layers=1, num_heads=2, hidden_dim=8, feed_forward_dim=12, dropout=0.0)
SOURCE, TARGET = RNG.integers(4, 11, (2, 5)), RNG.integers(4, 11, (2, 4))
MASK = np.array([[True] * 5, [True, True, True, False, False]])
FEATURES = {
    "encoder_token_ids": np.where(MASK, SOURCE, 0).astype("int32"),
    "encoder_padding_mask": MASK,
    "decoder_token_ids": TARGET.astype("int32"),
    "decoder_padding_mask": np.ones((2, 4), bool),
}


def numbers(outputs):
    return {name: ops.convert_to_numpy(value) for name, value in outputs.items()}


def small(**kwargs):
    return TransformerSeq2SeqBackbone(11, 11, **{**SIZES, **kwargs})


@pytest.mark.parametrize("positions", ["sinusoidal", "relative"])
def test_encoder_for_any_embeddings(positions):
    backbone = TransformerBackbone(
        [WordEmbedding(11, 6)], num_layers=1, num_heads=2, hidden_dim=8, feed_forward_dim=8, positions=positions
    )
    inputs = {"token_ids": FEATURES["encoder_token_ids"], "padding_mask": MASK}
    found = numbers(backbone(inputs))["sequence_output"]
    assert found.shape == (2, 5, 8) and not found[1, 3:].any()
    alone = numbers(backbone({name: value[1:, :3] for name, value in inputs.items()}))["sequence_output"]
    np.testing.assert_allclose(found[1:, :3], alone, atol=1e-5)
    copy = TransformerBackbone.from_config(backbone.get_config())
    copy.set_weights(backbone.get_weights())
    np.testing.assert_allclose(numbers(copy(inputs))["sequence_output"], found, atol=1e-6)


def test_it_carries_a_classifier():
    preprocessor = ke.preprocessors.ClassifierPreprocessor.from_corpus(TEXTS, LABELS)
    backbone = TransformerBackbone(
        preprocessor.embeddings(word_dim=8), 1, num_heads=2, hidden_dim=8, feed_forward_dim=8, dropout=0.0
    )
    classifier = ke.TextClassifier(backbone, preprocessor, pooling="mean")
    classifier.compile(keras.optimizers.Adam(0.02))
    classifier.fit(TEXTS, LABELS, epochs=12, batch_size=24, verbose=0)
    assert np.mean([a == b for a, b in zip(classifier.predict(TEXTS), LABELS, strict=True)]) == 1.0


def test_it_carries_a_tagger():
    sentences = ke.corpora.Corpus([ke.corpora.Sentence(("Ada", "ran"), ("B-PER", "O"))] * 8)
    preprocessor = ke.preprocessors.TaggerPreprocessor.from_corpus(sentences)
    words = preprocessor.embeddings(word_dim=8, char_filters=0, casing_dim=0)
    backbone = TransformerBackbone(words, 1, num_heads=2, hidden_dim=8, feed_forward_dim=8, dropout=0.0)
    tagger = ke.Tagger(backbone, preprocessor=preprocessor)
    tagger.compile(keras.optimizers.Adam(0.05))
    tagger.fit(sentences, epochs=15, batch_size=8, verbose=0)
    assert tagger.tag([["Ada", "ran"]])[0].tags == ("B-PER", "O")


@pytest.mark.parametrize(
    "tie, tables", [(None, 3), ("source_target", 2), ("target_softmax", 2), ("all", 1)], ids=lambda x: str(x)
)
def test_ties_are_weights_that_are_one(tie, tables):
    backbone = small(tie_embeddings=tie)
    sizes = [w.shape for w in backbone.weights if 11 in w.shape]
    assert len(sizes) == tables
    found = numbers(backbone(FEATURES))
    table = next(w for w in reversed(backbone.target_embedding.weights) if 11 in w.shape)
    table = ops.convert_to_numpy(table)
    table = table if table.shape[0] == 11 else table.T
    np.testing.assert_allclose(found["logits"], found["decoder_sequence_output"] @ table.T, atol=1e-5)


def test_outputs_and_steps():
    backbone = small()
    found = numbers(backbone(FEATURES))
    assert found["logits"].shape == (2, 4, 11) and found["attention"].shape == (2, 4, 5)
    np.testing.assert_allclose(found["attention"].sum(-1), 1, atol=1e-5)
    assert not found["attention"][1, :, 3:].any()
    state = backbone.begin({name: ops.convert_to_tensor(value) for name, value in FEATURES.items()}, 1, 4)
    for t in range(4):
        tokens = ops.convert_to_tensor(FEATURES["decoder_token_ids"][:, t : t + 1])
        logits, attention, state = backbone.step(tokens, ops.convert_to_tensor(t, "int32"), state)
        np.testing.assert_allclose(ops.convert_to_numpy(logits)[:, 0], found["logits"][:, t], atol=1e-5)
        np.testing.assert_allclose(ops.convert_to_numpy(attention)[:, 0], found["attention"][:, t], atol=1e-5)


def test_half_precision_gives_whole_logits():
    found = small(dtype="mixed_bfloat16")(FEATURES)
    assert keras.backend.standardize_dtype(found["logits"].dtype) == "float32"
    assert np.isfinite(ops.convert_to_numpy(found["logits"])).all()


def test_the_second_pass_reads_what_the_first_pass_said():
    """With all tokens its own, training equals a call by hand on argmax tokens of a call on the true ones."""
    sampling = ParallelScheduledSampling("constant", choice="argmax", share=0.0)
    backbone = small(scheduled_sampling=sampling)
    first = numbers(backbone(FEATURES))["logits"].argmax(-1)
    own = np.concatenate([TARGET[:, :1], first[:, :-1]], axis=1).astype("int32")
    assert (own != TARGET).any()
    expected = numbers(backbone({**FEATURES, "decoder_token_ids": own}))["logits"]
    found = numbers(backbone(FEATURES, training=True))["logits"]
    np.testing.assert_allclose(found, expected, atol=1e-5)
    copy = TransformerSeq2SeqBackbone.from_config(backbone.get_config())
    assert copy.scheduled_sampling.choice == "argmax"


@pytest.mark.parametrize(
    "make, text",
    [
        (lambda: small(hidden_dim=9), "Expected `hidden_dim` to be a multiple of num_heads=2. Received: 9."),
        (lambda: small(tie_embeddings="both"), "Expected `tie_embeddings` to be one of"),
        (lambda: TransformerSeq2SeqBackbone(5, 6, tie_embeddings="all"), "Expected vocabularies of one size for"),
    ],
)
def test_errors(make, text):
    with pytest.raises(ValueError, match=text):
        make()
