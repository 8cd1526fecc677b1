"""What a language model reads: nothing of a text is lost, every label once; prompts; strings back."""

import numpy as np
import pytest

from keras_embed._backend import tf
from keras_embed.preprocessors.language_model_preprocessor import LanguageModelBatches, LanguageModelPreprocessor
from keras_embed.tokenizers import SubwordTokenizer

TEXTS = ["Ein Hund.", "", "Der Mann läuft über die große Straße, und der Hund läuft mit. " * 3, "Да!"]
KINDS = ["bpe", "sentencepiece", "words", "wordpiece"]


def ids_of(lengths, seed=0):
    rng = np.random.default_rng(seed)
    return [rng.integers(4, 1000, length) for length in lengths]


def expected_labels(texts, max_length, overlap):
    """(what is read, the label) of every label, by slices."""
    found = []
    for text in texts:
        line = [2, *text, 3]
        start, done = 0, 0
        while done < len(line) - 1:
            end = min(start + max_length, len(line) - 1)
            found += [(tuple(line[start : t + 1]), line[t + 1]) for t in range(done, end)]
            done, start = end, end - overlap
    return sorted(found)


def labels_of(batches):
    found = []
    for features, labels in batches:
        for ids, mask, row in zip(features["token_ids"], features["padding_mask"], labels, strict=True):
            assert (np.diff(mask.astype(int)) <= 0).all() and not ids[~mask].any() and (row[~mask] == -1).all()
            found += [(tuple(ids[: t + 1].tolist()), int(row[t])) for t in np.flatnonzero(row >= 0)]
    return sorted(found)


@pytest.mark.parametrize(("max_length", "overlap"), [(8, 0), (8, 3), (5, 4), (100, 50), (1, 0)])
@pytest.mark.parametrize("limit", [{"batch_tokens": 24}, {"batch_size": 3}])
def test_every_piece_is_a_label_once_behind_what_precedes_it(max_length, overlap, limit):
    texts = ids_of([0, 1, 7, 8, 9, 23, 24, 25, 4, 4, 60, 2])
    batches = LanguageModelBatches(texts, max_length, overlap, seed=4, **limit)
    expected = expected_labels(texts, max_length, overlap)
    assert labels_of(batches) == expected and batches.num_labels == len(expected) == sum(map(len, texts)) + len(texts)
    assert labels_of(batches) == expected  # a second epoch
    shapes = [labels.shape for _, labels in batches]
    assert set(shapes) == set(batches.shapes) and len(shapes) == len(batches) and len(batches.shapes) <= 4
    assert all(length <= max_length for _, length in shapes)
    if "batch_tokens" in limit:
        assert all(rows == 1 or rows * length <= 24 for rows, length in shapes)


def test_rows_know_their_text():
    texts = ids_of([3, 20, 0, 11])
    counts = np.zeros(4, int)
    for numbers, features, labels in LanguageModelBatches(texts, 8, 4, batch_size=4).numbered():
        np.add.at(counts, numbers, (labels >= 0).sum(axis=1))
        for number, first in zip(numbers, features["token_ids"][:, 0], strict=True):
            assert first in {2, *texts[number]}
    assert counts.tolist() == [4, 21, 1, 12]


def test_orders_are_repeatable_and_new_every_epoch():
    texts = ids_of([6] * 40)
    first, same, kept = (LanguageModelBatches(texts, 8, batch_size=8, seed=seed) for seed in (1, 1, None))

    def epoch(batches):
        return np.concatenate([labels for _, labels in batches])

    one, two = epoch(first), epoch(first)
    assert (one != two).any() and (epoch(same) == one).all() and (epoch(same) == two).all()
    assert (epoch(kept) == epoch(kept)).all()


def test_the_dataset_gives_the_batches():
    preprocessor = LanguageModelPreprocessor.from_corpus(TEXTS, vocabulary_size=280, max_length=16)
    batches = preprocessor.token_batches(TEXTS, batch_tokens=64)
    dataset = preprocessor.dataset(TEXTS, batch_tokens=64)
    assert len(dataset) == len(batches) and batches.shapes[0][1] <= 16
    for (features, labels), (expected, expected_labels) in zip(dataset, batches, strict=True):
        np.testing.assert_array_equal(labels, expected_labels)
        for name in expected:
            np.testing.assert_array_equal(features[name], expected[name])


def test_a_call_gives_a_row_for_each_text():
    preprocessor = LanguageModelPreprocessor(SubwordTokenizer.train(["a b c d"], "words"), max_length=4)
    features, labels, weights = preprocessor(["a b", "a b c", "a b c d a b", ""], sample_weight=[1.0, 2.0, 3.0, 4.0])
    one = 4  # "a"
    assert features["token_ids"][:, :4].numpy().tolist() == [
        [2, one, one + 1, 0],
        [2, one, one + 1, one + 2],
        [2, one, one + 1, one + 2],
        [2, 0, 0, 0],
    ]
    assert labels[:, :4].numpy().tolist() == [[4, 5, 3, -1], [4, 5, 6, 3], [4, 5, 6, 7], [3, -1, -1, -1]]
    assert features["padding_mask"].numpy().sum(axis=1).tolist() == [3, 4, 4, 1]
    assert list(weights) == [1.0, 2.0, 3.0, 4.0]


@pytest.mark.parametrize("kind", KINDS)
def test_prompts_and_what_is_new_behind_them(kind):
    preprocessor = LanguageModelPreprocessor.from_corpus(TEXTS, kind, 300, max_length=200)
    prompts = ["Der Mann", "", "Ein Hund.", TEXTS[2]]
    features = preprocessor.prompts(prompts, 190)
    assert features["token_ids"].shape == (4, 190) and (features["token_ids"].numpy()[:, 0] == 2).all()
    whole = preprocessor.tokenizer.tokenize([f"{prompt} läuft und" if prompt else "läuft und" for prompt in prompts])
    ids = whole.to_tensor(3, shape=(None, 195))[:, tf.newaxis]
    texts, new = preprocessor.written(features["token_ids"], ids)
    begins = preprocessor.postprocess(features["token_ids"]).numpy()
    for prompt, begin, text, rest in zip(prompts, begins, texts.numpy()[:, 0], new.numpy()[:, 0], strict=True):
        assert begin + rest == text and rest.strip().decode() == "läuft und"
        if kind in ("bpe", "sentencepiece"):
            assert begin.decode() == prompt.strip() or begin.decode() == prompt


def test_what_was_cut_short_has_no_new_text():
    preprocessor = LanguageModelPreprocessor.from_corpus(TEXTS, "words")
    texts, new = preprocessor.written(preprocessor.prompts(["Der Hund"])["token_ids"], tf.zeros((1, 1, 4), tf.int32))
    assert texts.numpy().tolist() == new.numpy().tolist() == [[b""]]


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: LanguageModelBatches([[4]], 8), "either `batch_tokens` or `batch_size`"),
        (lambda: LanguageModelBatches([[4]], 8, 8, batch_size=2), "`overlap` from 0 to below max_length=8"),
        (lambda: LanguageModelBatches([], 8, batch_size=2), "at least one text"),
        (lambda: LanguageModelBatches([[4]], 0, batch_size=2), "`max_length` to be a positive integer"),
        (lambda: LanguageModelPreprocessor.from_corpus("a text", "words"), "a list of texts"),
        (lambda: LanguageModelPreprocessor.from_corpus(["a"], "letters"), "`kind` to be one of"),
        (lambda: LanguageModelPreprocessor(SubwordTokenizer.train(["a"], "words"), 0), "`max_length` to be a positive"),
    ],
)
def test_errors_read(make, text):
    with pytest.raises(ValueError, match=text):
        make()
