"""Examples of pre-training: what stands in them, what is masked, and any place to go on from."""

import itertools
import json

import keras
import keras_hub
import numpy as np
import pytest
from small_pretraining import LENGTH, STORIES, make_preprocessor

from keras_embed import tokenizers
from keras_embed.preprocessors import MaskedLanguageModelPreprocessor
from keras_embed.preprocessors.masked_examples import EncodedDocuments
from keras_embed.tokenizers import EncoderTokenizer, WordFeaturizer

MARKS = {"[PAD]", "[CLS]", "[SEP]", "[MASK]"}


def numpy(batch):
    return keras.tree.map_structure(lambda tensor: tensor.numpy(), batch)


def batches(examples, count):
    return [numpy(batch) for batch in itertools.islice(examples.dataset(), count)]


def unmasked(features, labels):
    """The pieces as they were, by the labels."""
    ids = features["token_ids"].copy()
    for row, (places, wanted) in enumerate(zip(features["mask_positions"], labels["masked"], strict=True)):
        ids[row, places[wanted >= 0]] = wanted[wanted >= 0]
    return ids


def segments(features, labels, row):
    """The two segments of an example, without marks."""
    ids = unmasked(features, labels)[row][features["padding_mask"][row]]
    kinds = features["segment_ids"][row][features["padding_mask"][row]]
    return [ids[kinds == kind][1 - kind : -1].tolist() for kind in (0, 1)]


def pieces_of(preprocessor, story):
    words = preprocessor.tokenizer.tokenize([story])
    return preprocessor.tokenizer.subword_ids(words).flat_values.numpy().tolist()


def inside(part, whole):
    return any(whole[i : i + len(part)] == part for i in range(len(whole)))


@pytest.mark.parametrize("whole_words", [False, True])
def test_both_segments_are_runs_of_the_stories_and_the_label_says_which(whole_words):
    preprocessor = make_preprocessor(whole_words=whole_words)
    stories = [pieces_of(preprocessor, story) for story in STORIES]
    seen = set()
    for features, labels in batches(preprocessor.examples(STORIES, 8), 4):
        assert features["token_ids"].shape == (8, LENGTH) and labels["masked"].shape == (8, preprocessor.max_masks)
        for row in range(8):
            first, second = segments(features, labels, row)
            of = [[number for number, story in enumerate(stories) if inside(part, story)] for part in (first, second)]
            assert of[0] and of[1]
            drawn = int(labels["next_sentence"][row])
            seen.add(drawn)
            assert bool(set(of[0]) & set(of[1])) == (not drawn)
            ids, tokenizer = features["token_ids"][row], preprocessor.tokenizer
            end = features["padding_mask"][row].sum()
            assert ids[0] == tokenizer.start_id and ids[len(first) + 1] == ids[end - 1] == tokenizer.end_id
            assert end == len(first) + len(second) + 3 and (ids[end:] == tokenizer.padding_id).all()
    assert seen == {0, 1}


def test_as_many_pieces_are_masked_as_was_asked():
    preprocessor = make_preprocessor(mask_rate=0.3)
    assert preprocessor.max_masks == round(0.3 * LENGTH)
    for features, labels in batches(preprocessor.examples(STORIES, 16), 2):
        real = features["padding_mask"].sum(1) - 3
        expected = np.clip(np.round((0.3 * real).astype("float32")), 1, preprocessor.max_masks)
        assert ((labels["masked"] >= 0).sum(1) == expected).all()
        changed = (unmasked(features, labels) != features["token_ids"]).sum(1)
        assert (changed <= expected).all() and changed.sum() > 0.7 * expected.sum()
        special = np.isin(labels["masked"], preprocessor.tokenizer.special_ids)
        assert not special.any()


def test_whole_words_are_masked_with_all_their_pieces():
    preprocessor = make_preprocessor(whole_words=True, letters=True, mask_rate=0.4, mask_share=1.0, random_share=0)
    vocabulary = preprocessor.tokenizer.get_vocabulary()
    inner = np.array([token.startswith("##") for token in vocabulary])
    cut = 0
    for features, labels in batches(preprocessor.examples(STORIES, 16), 3):
        ids, seen = unmasked(features, labels), features["token_ids"] == preprocessor.tokenizer.mask_id
        for row in range(len(ids)):
            begins = ~inner[ids[row]] | (features["segment_ids"][row] != np.roll(features["segment_ids"][row], 1))
            begins[1] = True
            words = np.cumsum(begins)
            for word in set(words[seen[row]]):
                assert seen[row][words == word].all()
                cut += (words == word).sum() > 1
    assert cut > 10


def test_without_next_sentences_each_piece_stands_in_one_example():
    preprocessor = make_preprocessor(next_sentence=False, short_rate=0.0)
    examples = preprocessor.examples(STORIES, 4, shuffle=False)
    rows = []
    for features, labels, weights in examples.dataset(endless=False):
        features, labels, weights = numpy((features, labels, weights))
        real = weights["masked"] > 0
        assert len(real) == 4 and (labels["masked"][~real] == -1).all()
        features, labels = ({name: array[real] for name, array in one.items()} for one in (features, labels))
        assert set(labels) == {"masked"} and not features["segment_ids"].any()
        real = features["padding_mask"]
        rows += [
            ids[1 : count - 1].tolist() for ids, count in zip(unmasked(features, labels), real.sum(1), strict=True)
        ]
    assert sum(rows, []) == sum((pieces_of(preprocessor, story) for story in STORIES), [])
    assert len(rows) == examples.num_examples and max(map(len, rows)) <= LENGTH - 2


def test_an_example_owes_nothing_to_its_batch():
    preprocessor = make_preprocessor()
    fours, eights = (batches(preprocessor.examples(STORIES, size, seed=5), 24 // size) for size in (4, 8))

    def rows(found, part, name):
        return np.concatenate([batch[part][name] for batch in found])

    for part, name in ((0, "token_ids"), (0, "mask_positions"), (1, "masked"), (1, "next_sentence")):
        np.testing.assert_array_equal(rows(fours, part, name), rows(eights, part, name))


@pytest.mark.parametrize("duplicates", [None, 1, 2])
def test_masks_are_new_in_every_pass_or_come_again(duplicates):
    preprocessor = make_preprocessor(next_sentence=False, short_rate=0.0, duplicates=duplicates)
    examples = preprocessor.examples(STORIES, 1, shuffle=False)
    size = examples.num_examples
    found = [features["token_ids"][0].tolist() for features, _ in batches(examples, 4 * size)]
    passes = [found[begin : begin + size] for begin in range(0, 4 * size, size)]
    for one, other in itertools.combinations(range(4), 2):
        again = duplicates is not None and one % duplicates == other % duplicates
        assert (passes[one] == passes[other]) == again


def test_two_seeds_differ_and_one_does_not():
    preprocessor = make_preprocessor()
    first, same, other = (batches(preprocessor.examples(STORIES, 8, seed=seed), 2)[1] for seed in (1, 1, 2))
    keras.tree.map_structure(np.testing.assert_array_equal, first, same)
    assert (first[0]["token_ids"] != other[0]["token_ids"]).any()


@pytest.mark.parametrize("steps", [0, 1, 3, 7])
def test_a_stream_goes_on_from_any_place(steps):
    """Over the end of a pass, and from a place that was itself reached by going on."""
    preprocessor = make_preprocessor()
    whole = batches(preprocessor.examples(STORIES, 5), steps + 6)
    place = json.loads(json.dumps(preprocessor.examples(STORIES, 5).position(steps)))
    later = preprocessor.examples(STORIES, 5)
    later.seek(place)
    keras.tree.map_structure(np.testing.assert_array_equal, batches(later, 6), whole[steps:])
    last = preprocessor.examples(STORIES, 5)
    last.seek(later.position(2))
    keras.tree.map_structure(np.testing.assert_array_equal, batches(last, 4), whole[steps + 2 :])


def test_a_place_among_batches_of_another_size_is_none():
    preprocessor = make_preprocessor()
    with pytest.raises(ValueError, match="Expected a position of 5 rows a batch. Received: 4"):
        preprocessor.examples(STORIES, 4).seek(preprocessor.examples(STORIES, 5).position(1))


def test_what_is_empty_is_left_out():
    preprocessor = make_preprocessor()
    documents = ["", "A ship. \n\n It left.", [], ["", "  "], ["One hen.", "", "A nest of straw."]]
    encoded = preprocessor.encode_documents(documents)
    assert encoded.documents.tolist() == [0, 2, 4]
    assert len(encoded.sentences) == 5 and (np.diff(encoded.sentences) > 0).all()
    assert encoded.pieces.tolist() == pieces_of(preprocessor, "A ship. It left. One hen. A nest of straw.")
    assert len(encoded.begins) == encoded.sentences[-1] and encoded.begins[encoded.sentences[:-1]].all()
    assert isinstance(encoded, EncodedDocuments)
    with pytest.raises(ValueError, match="documents with at least one sentence"):
        make_preprocessor(next_sentence=False).examples(["", " "])
    with pytest.raises(ValueError, match="a list of documents"):
        preprocessor.examples("a text")


def test_texts_with_masks_are_read():
    preprocessor = make_preprocessor()
    tokenizer = preprocessor.tokenizer
    texts = ["The [MASK] wind", "", "[MASK]", "[MASK][MASK] hen [MASK]", "hen " * 40 + "[MASK]"]
    features = numpy(preprocessor(texts))
    rows = [[tokenizer.id_to_token(id) for id in row] for row in features["token_ids"]]
    assert rows[0][:5] == ["[CLS]", "the", "[MASK]", "wind", "[SEP]"]
    assert rows[1][:3] == ["[CLS]", "[SEP]", "[PAD]"]
    assert rows[3][:6] == ["[CLS]", "[MASK]", "[MASK]", "hen", "[MASK]", "[SEP]"]
    assert len(rows[4]) == LENGTH and "[MASK]" not in rows[4] and rows[4][-1] == "[SEP]"
    assert features["mask_positions"].tolist() == [[2, 0, 0, 0], [0] * 4, [1, 0, 0, 0], [1, 2, 4, 0], [0] * 4]
    alone = numpy(preprocessor(texts[:1]))
    assert alone["token_ids"].shape == (1, 8) and alone["mask_positions"].tolist() == [[2]]


def test_byte_pieces_are_masked_too():
    """RoBERTa's tokenizer reads blanks, and its mask is written otherwise."""
    vocabulary = {
        piece: id for id, piece in enumerate(["<s>", "<pad>", "</s>", "<unk>", "<mask>", "a", "Ġa", "b", "Ġb", "Ġ"])
    }
    tokenizer = EncoderTokenizer(keras_hub.tokenizers.RobertaTokenizer(vocabulary, ["Ġ a", "Ġ b"]), max_length=16)
    preprocessor = MaskedLanguageModelPreprocessor(tokenizer, sequence_length=8, next_sentence=False)
    features = numpy(preprocessor(["a <mask> b"]))
    assert features["token_ids"][0, :5].tolist() == [0, 5, 4, 8, 2]
    (features, labels), *_ = batches(preprocessor.examples([["a b a b"], ["b b"]], 2, shuffle=False), 1)
    assert unmasked(features, labels).tolist() == [[0, 5, 8, 6, 8, 2, 1, 1], [0, 7, 8, 2, 1, 1, 1, 1]]


def test_the_best_pieces_are_named_and_marks_are_not_among_them():
    preprocessor = make_preprocessor()
    vocabulary = preprocessor.tokenizer.get_vocabulary()
    scores = np.random.default_rng(0).normal(size=(2, 3, len(vocabulary))).astype("float32")
    scores[..., preprocessor.tokenizer.mask_id] = 9.0
    best = numpy(preprocessor.postprocess(scores, 4))
    probabilities = np.exp(scores) / np.exp(scores).sum(-1, keepdims=True)
    for place in np.ndindex(2, 3):
        order = [id for id in np.argsort(-probabilities[place]) if vocabulary[id] not in {*MARKS, "[UNK]"}][:4]
        assert best["token_ids"][place].tolist() == order
        assert [token.decode() for token in best["tokens"][place]] == [vocabulary[id] for id in order]
        np.testing.assert_allclose(best["probabilities"][place], probabilities[place][order], rtol=1e-5)


def test_its_settings_are_kept():
    preprocessor = make_preprocessor(whole_words=True, duplicates=3, splitter=tokenizers.SentenceSplitter(("xyz",)))
    config = json.loads(json.dumps(preprocessor.get_config()))
    again = MaskedLanguageModelPreprocessor.from_config(config)
    assert again.get_config() == preprocessor.get_config() and again.splitter == preprocessor.splitter
    assert again.whole_words and again.duplicates == 3 and again.sequence_length == LENGTH


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"sequence_length": 4}, "`sequence_length` of at least 5"),
        ({"sequence_length": 10**6}, "at most the tokenizer's `max_length`"),
        ({"mask_rate": 1.5}, "mask_rate"),
        ({"mask_share": 0.8, "random_share": 0.3}, "shares whose sum is at most 1"),
        ({"duplicates": 0}, "duplicates"),
    ],
)
def test_arguments_out_of_range_are_named(arguments, expected):
    with pytest.raises(ValueError, match=expected):
        MaskedLanguageModelPreprocessor(make_preprocessor().tokenizer, **arguments)


def test_a_tokenizer_without_a_mask_is_refused():
    vocabulary = {"<|endoftext|>": 0, "a": 1, "b": 2, "ab": 3}
    pieces = EncoderTokenizer(keras_hub.tokenizers.GPT2Tokenizer(vocabulary, ["a b"]))
    words = WordFeaturizer.from_tokens([["a"]])
    for tokenizer, name in ((pieces, "GPT2Tokenizer"), (words, "WordFeaturizer")):
        with pytest.raises(ValueError, match=f"Expected a tokenizer with a mask. Received: {name}. Try Encoder"):
            MaskedLanguageModelPreprocessor(tokenizer)
