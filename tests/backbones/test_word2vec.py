"""Word2Vec as a Keras model, and its examples."""

from collections import Counter

import keras
import numpy as np
import pytest
from keras import ops
from vectors.walks import agreement, walks

from keras_embed.backbones import Word2Vec
from keras_embed.preprocessors import Word2VecExamples
from keras_embed.vectors import WordVectors

INPUTS = {
    "token_ids": np.array([[3, 1, 0], [2, 2, 4]], "int32"),
    "padding_mask": np.array([[True, True, False], [False, True, True]]),
    "target_ids": np.array([[0, 4], [1, 1]], "int32"),
}


def model():
    made = Word2Vec(5, 3)
    rng = np.random.default_rng(2)
    made.set_weights([rng.normal(size=weight.shape) for weight in made.weights])
    return made


def test_logits_are_products_with_the_mean():
    made = model()
    inputs, outputs = made.get_weights()
    expected = [outputs[[0, 4]] @ inputs[[3, 1]].mean(0), outputs[[1, 1]] @ inputs[[2, 4]].mean(0)]
    np.testing.assert_allclose(ops.convert_to_numpy(made(INPUTS)), expected, rtol=1e-5)


def test_padding_cannot_leak():
    other = {**INPUTS, "token_ids": np.array([[3, 1, 4], [0, 2, 4]], "int32")}
    made = model()
    np.testing.assert_array_equal(ops.convert_to_numpy(made(INPUTS)), ops.convert_to_numpy(made(other)))


def test_round_trips(tmp_path):
    made = model()
    again = Word2Vec.from_config(made.get_config())
    again.set_weights(made.get_weights())
    made.save(tmp_path / "model.keras")
    for other in (again, keras.saving.load_model(tmp_path / "model.keras")):
        np.testing.assert_allclose(ops.convert_to_numpy(other(INPUTS)), ops.convert_to_numpy(made(INPUTS)), rtol=1e-6)


@pytest.mark.parametrize("algorithm", ["skipgram", "cbow"])
def test_fit_brings_near_nodes_of_walks_together(algorithm):
    examples = Word2VecExamples(walks(), algorithm, batch_size=256, window=6, min_count=1, subsample=0)
    made = Word2Vec(len(examples.words), 8)
    made.compile(keras.optimizers.Adam(0.05), keras.losses.BinaryCrossentropy(from_logits=True))
    made.fit(examples, epochs=2 if algorithm == "skipgram" else 6, verbose=0)
    vectors = ops.convert_to_numpy(made.input_embedding.embeddings)
    assert agreement(WordVectors(examples.words, vectors)) > 0.85


def test_skipgram_draws_every_pair_as_often_as_windows_hold_it():
    sentences = [list("abc"), list("d"), list("eadb")]
    examples = Word2VecExamples(sentences, batch_size=4000, window=3, negatives=1, min_count=1, subsample=0)
    features, labels = examples[0]
    drawn = Counter(zip(features["token_ids"][:, 0].tolist(), features["target_ids"][:, 0].tolist(), strict=True))
    expected = Counter()
    for sentence in sentences:
        for half in (1, 2, 3):
            for i, center in enumerate(sentence):
                for j, context in enumerate(sentence):
                    if 0 < abs(i - j) <= half:
                        expected[examples.words.index(center), examples.words.index(context)] += 1
    assert drawn.keys() == expected.keys()
    for pair, count in expected.items():
        assert drawn[pair] / 4000 == pytest.approx(count / expected.total(), abs=0.02)
    assert features["padding_mask"].all()
    np.testing.assert_array_equal(labels, [[1.0, 0.0]] * 4000)


def test_cbow_gives_all_words_of_the_window():
    examples = Word2VecExamples([list("abcd")], "cbow", batch_size=200, window=2, min_count=1, subsample=0)
    features, _ = examples[0]
    assert features["token_ids"].shape == features["padding_mask"].shape == (200, 4)
    for tokens, mask, targets in zip(*(features[name] for name in INPUTS), strict=True):
        center = targets[0]
        halves = [{j for j in range(4) if 0 < abs(j - center) <= half} for half in (1, 2)]
        assert set(tokens[mask].tolist()) in halves
    assert set(features["target_ids"][:, 0].tolist()) == {0, 1, 2, 3}


def test_noise_follows_the_counts():
    corpus = [["a"] * 81 + ["b"] * 16]
    examples = Word2VecExamples(corpus, batch_size=500, negatives=20, min_count=1, subsample=0)
    noise = examples[0][0]["target_ids"][:, 1:]
    assert (noise == 0).mean() == pytest.approx(27 / 35, abs=0.02)


def test_batches_repeat_and_epochs_do_not():
    first, second = (Word2VecExamples(walks(count=20), batch_size=8, min_count=1) for _ in range(2))
    assert len(first) == len(second) > 3
    for (features, _), (again, _) in ((first[2], first[2]), (first[2], second[2])):
        assert all(np.array_equal(features[name], again[name]) for name in INPUTS)
    before = first[2][0]["token_ids"]
    assert not np.array_equal(before, first[1][0]["token_ids"])
    first.on_epoch_end()
    assert not np.array_equal(before, first[2][0]["token_ids"])


def test_bad_arguments_are_refused():
    with pytest.raises(ValueError, match="Expected `dim` to be a positive integer"):
        Word2Vec(5, 0)
    with pytest.raises(ValueError, match="Expected `algorithm` to be one of"):
        Word2VecExamples([["a", "b"]], "glove", min_count=1)
    with pytest.raises(ValueError, match="Expected `window` to be a positive integer"):
        Word2VecExamples([["a", "b"]], window=0, min_count=1)
    with pytest.raises(ValueError, match="two frequent words. Received: none. Try a lower min_count"):
        Word2VecExamples([["a"], ["b"]], min_count=1)
