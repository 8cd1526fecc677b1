"""Heads of pre-training, against the formulas in NumPy."""

import keras
import keras_hub
import numpy as np
import pytest

from keras_embed.layers.pretraining_heads import MaskedLanguageModelHead, NextSentenceHead

RNG = np.random.default_rng(4)
SEQUENCE = RNG.normal(size=(2, 5, 4)).astype("float32")
POSITIONS = np.array([[3, 1, 0], [4, 4, 2]], "int32")


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def shaken(layer, *inputs):
    """A layer whose every weight is random, so that none may be left out."""
    layer(*inputs)
    for weight in layer.weights:
        weight.assign(RNG.normal(size=weight.shape).astype("float32"))
    return layer


def written_out(head, sequence, positions, table):
    """Row by row, in float64."""
    scores = []
    for row, places in zip(sequence.astype("float64"), positions, strict=True):
        x = row[places] @ numpy(head.dense.kernel) + numpy(head.dense.bias)
        x = 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3)))
        x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-12)
        x = x * numpy(head.norm.gamma) + numpy(head.norm.beta)
        scores.append(x @ table.T + numpy(head.bias))
    return np.array(scores)


def test_scores_are_those_of_the_formula():
    head = shaken(MaskedLanguageModelHead(7), SEQUENCE, POSITIONS)
    expected = written_out(head, SEQUENCE, POSITIONS, numpy(head.kernel))
    np.testing.assert_allclose(numpy(head(SEQUENCE, POSITIONS)), expected, rtol=1e-4, atol=1e-4)


def test_a_tied_head_scores_by_the_vectors_of_the_input_and_has_no_others():
    embedding = keras.layers.Embedding(7, 3)
    head = shaken(MaskedLanguageModelHead(7, embedding), SEQUENCE, POSITIONS)
    table = numpy(embedding.embeddings)
    expected = written_out(head, SEQUENCE, POSITIONS, table)
    np.testing.assert_allclose(numpy(head(SEQUENCE, POSITIONS)), expected, rtol=1e-4, atol=1e-4)
    assert sorted(tuple(weight.shape) for weight in head.weights) == sorted([(4, 3), (3,), (3,), (3,), (7, 3), (7,)])
    embedding.embeddings.assign(2 * table)
    doubled = written_out(head, SEQUENCE, POSITIONS, 2 * table)
    np.testing.assert_allclose(numpy(head(SEQUENCE, POSITIONS)), doubled, rtol=1e-4, atol=1e-4)


def test_it_agrees_with_the_head_of_keras_hub():
    embedding = keras.layers.ReversibleEmbedding(7, 4)
    theirs = keras_hub.layers.MaskedLMHead(
        token_embedding=embedding, intermediate_activation="relu", layer_norm_epsilon=1e-12
    )
    shaken(theirs, SEQUENCE, POSITIONS)
    ours = MaskedLanguageModelHead(7, embedding, activation="relu")
    ours(SEQUENCE, POSITIONS)
    by_shape = {weight.path.split("/")[-2:][0] + weight.name: weight for weight in theirs.weights}
    ours.dense.set_weights([by_shape["intermediate_densekernel"], by_shape["intermediate_densebias"]])
    ours.norm.set_weights([by_shape["intermediate_layer_normgamma"], by_shape["intermediate_layer_normbeta"]])
    ours.bias.assign(theirs._bias)
    np.testing.assert_allclose(numpy(ours(SEQUENCE, POSITIONS)), numpy(theirs(SEQUENCE, POSITIONS)), atol=1e-5)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_scores_are_float32(policy):
    head = MaskedLanguageModelHead(7, keras.layers.Embedding(7, 3), dtype=policy)
    next_sentence = NextSentenceHead(dtype=policy)
    for scores in (head(SEQUENCE, POSITIONS), next_sentence(SEQUENCE[:, 0])):
        assert keras.backend.standardize_dtype(scores.dtype) == "float32"


def test_next_sentences_are_scored_by_one_dense_layer():
    head = shaken(NextSentenceHead(), SEQUENCE[:, 0])
    expected = SEQUENCE[:, 0] @ numpy(head.dense.kernel) + numpy(head.dense.bias)
    np.testing.assert_allclose(numpy(head(SEQUENCE[:, 0])), expected, atol=1e-5)


def test_an_embedding_of_another_vocabulary_is_refused():
    with pytest.raises(ValueError, match="Expected an embedding of 7 tokens. Received: one of 8"):
        MaskedLanguageModelHead(7, keras.layers.Embedding(8, 3))


def test_frozen_weights_are_not_trained():
    embedding = keras.layers.Embedding(7, 3)
    heads = [MaskedLanguageModelHead(7, embedding, trainable=False), NextSentenceHead(trainable=False)]
    shaken(heads[0], SEQUENCE, POSITIONS), shaken(heads[1], SEQUENCE[:, 0])
    trained = [weight.path for head in heads for weight in head.weights if weight.trainable]
    assert trained == [embedding.embeddings.path]  # which belongs to the encoder
