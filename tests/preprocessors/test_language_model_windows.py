import json

import numpy as np
import pytest

from keras_embed.functional import sampled_softmax
from keras_embed.preprocessors.language_model_windows import LanguageModelWindows, PackedRows
from keras_embed.text import LanguageModelVocabulary

# bilm-tf's packed examples: vocabulary <S> </S> <UNK> the . ; two rows, windows of three steps.
VOCABULARY = LanguageModelVocabulary(["the", "."])
SENTENCES = [["the", "unknown", "."], ["th", "."], ["the"]]
FORWARD = [
    ([[0, 3, 2], [0, 2, 4]], [[3, 2, 4], [2, 4, 1]]),
    ([[4, 0, 3], [0, 3, 2]], [[1, 3, 1], [3, 2, 4]]),
]
BACKWARD = [
    ([[1, 4, 2], [1, 4, 2]], [[4, 2, 3], [4, 2, 0]]),
    ([[3, 1, 3], [1, 4, 2]], [[0, 3, 0], [4, 2, 3]]),
]


@pytest.fixture
def files(tmp_path):
    """The sentences of the examples, over and over."""
    text = "".join(" ".join(words) + "\n" for words in SENTENCES)
    (tmp_path / "shard").write_text(text)
    return [tmp_path / "shard"]


def small(files, **arguments):
    return LanguageModelWindows(
        files, VOCABULARY, **{"batch_size": 2, "window": 3, "negatives": 2, "max_characters": 10, **arguments}
    )


def words_of(features):
    """Input words by their characters, as (B, 2, T) bytes."""
    table = features["elmo_ids"]
    names = {257: b"<S>", 258: b"</S>"}
    words = [names.get(row[1]) or bytes((row[1:][row[1:] < 257] - 1).tolist()) for row in table if row[0]]
    return [[[words[i] for i in row] for row in rows] for rows in features["char_index"]]


@pytest.mark.parametrize(("backward", "golden"), [(False, FORWARD), (True, BACKWARD)])
def test_packing_is_bilm_tfs(backward, golden):
    rows = PackedRows(iter(SENTENCES * 3), 2, backward)
    for inputs, targets in golden:
        window = rows.next_window(3)
        assert [[VOCABULARY.ids(row).tolist() for row in part] for part in window] == [inputs, targets]


def test_windows_hold_both_directions(files):
    windows = small(files, shuffle=False)
    for (_, forward), (_, backward) in zip(FORWARD, BACKWARD, strict=True):
        features = windows.next_window()
        assert features["targets"][:, 0].tolist() == forward
        assert features["targets"][:, 1].tolist() == backward
        assert {name: array.dtype.name for name, array in features.items()} == {
            "elmo_ids": "int32",
            "char_index": "int32",
            "targets": "int32",
            "candidates": "int32",
            "candidate_log_counts": "float32",
            "target_log_counts": "float32",
        }


def test_unknown_words_keep_their_characters_as_input(files):
    words = words_of(small(files, shuffle=False).next_window())
    assert [row[0] for row in words] == [[b"<S>", b"the", b"unknown"], [b"<S>", b"th", b"."]]
    assert [row[1] for row in words] == [[b"</S>", b".", b"unknown"], [b"</S>", b".", b"th"]]


def test_each_distinct_word_has_one_row(files):
    features = small(files, shuffle=False).next_window()
    assert features["elmo_ids"].any(axis=1).sum() == len({"<S>", "</S>", "the", "unknown", "th", "."})
    assert features["char_index"].max() == 5


def test_sampled_words_come_with_their_expected_counts(files):
    windows = small(files, negatives=4)
    first, second = windows.next_window(), windows.next_window()
    assert first["candidates"].shape == (4, 2)
    assert not np.array_equal(first["candidates"], second["candidates"])
    for way in (0, 1):
        assert len(set(first["candidates"][:, way])) == 4
        # One number of draws explains all counts of a direction.
        p = sampled_softmax.log_uniform_probability(first["candidates"][:, way], len(VOCABULARY))
        draws = np.log1p(-np.exp(first["candidate_log_counts"][:, way].astype("float64"))) / np.log1p(-p)
        draws = round(np.median(draws))
        np.testing.assert_allclose(
            first["target_log_counts"][:, way],
            sampled_softmax.log_expected_count(first["targets"][:, way], draws, len(VOCABULARY)),
            rtol=1e-4,
        )


@pytest.mark.parametrize("done", [0, 1, 5])
def test_what_follows_a_position_is_the_same_to_the_last_bit(files, done):
    windows = small(files, seed=3)
    for _ in range(done):
        windows.next_window()
    position = json.loads(json.dumps(windows.position()))
    again = small(files, seed=3)
    again.seek(position)
    for _ in range(4):
        expected, features = windows.next_window(), again.next_window()
        assert expected.keys() == features.keys()
        assert all(np.array_equal(expected[name], features[name]) for name in expected)


def test_once_covers_the_whole_text_in_both_directions(files):
    windows = small(files)
    windows.next_window()
    position = windows.position()
    batches = list(windows.once())
    for way, boundary in ((0, 1), (1, 0)):
        targets = [t for b in batches for t in b["targets"][:, way][b["weights"][:, way] > 0].tolist()]
        expected = [i for words in SENTENCES for i in [*VOCABULARY.ids(words).tolist(), boundary]]
        assert sorted(targets) == sorted(expected)
    assert len(expected) == windows.num_tokens == 9
    assert windows.steps_per_pass == 1
    assert windows.position() == position


def test_few_shapes(files):
    windows = small(files, batch_size=4, window=8)
    assert len({windows.next_window()["elmo_ids"].shape for _ in range(10)}) <= 2


def test_arguments_and_positions_that_do_not_fit(files):
    with pytest.raises(ValueError, match="`negatives` to be at most 5"):
        small(files, negatives=6)
    with pytest.raises(ValueError, match="`window` to be a positive integer"):
        small(files, window=0)
    with pytest.raises(ValueError, match="a position of 3 rows"):
        small(files, batch_size=3).seek(small(files).position())
