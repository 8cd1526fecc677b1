"""Words to the pieces of encoders of Keras Hub: against Keras Hub's own packing, and against counting by hand."""

import keras
import keras_hub
import numpy as np
import pytest
import tensorflow as tf

from keras_embed.backbones import TransformerBackbone
from keras_embed.layers import WordEmbedding
from keras_embed.tokenizers import EncoderTokenizer, word_pieces

TEXTS = ["The dogma of dogs, isn't it?", "", "A dog's day. " * 9, "doggedly 123 ☃ dogs"]


@pytest.fixture(scope="module")
def tokenizer():
    return EncoderTokenizer.train(["the dogma of dogs", "a dog's day", "doggedly it is"] * 3, 60, max_length=32)


@pytest.fixture(scope="module")
def roberta():
    letters = [*"abdegnostuy.Ġ", "Ġd", "og", "Ġdog"]
    numbers = {piece: number for number, piece in enumerate(["<s>", "<pad>", "</s>", "<mask>", "<unk>", *letters])}
    merges = ["Ġ d", "o g", "Ġd og"]
    return EncoderTokenizer(keras_hub.tokenizers.RobertaTokenizer(numbers, merges))


def named(tokenizer, ids):
    return [[tokenizer.id_to_token(id) for id in row if id != tokenizer.padding_id] for row in ids.numpy()]


def test_the_pieces_are_those_of_the_whole_text(tokenizer):
    whole = tf.function(tokenizer.tokenizer.tokenize)(tf.constant(TEXTS))
    pieces = tokenizer.subword_ids(tokenizer.tokenize(TEXTS))
    assert pieces.merge_dims(1, 2).to_list() == whole.to_list()
    assert {1} <= {len(word) for row in pieces.to_list() for word in row}


def test_a_pair_is_packed_as_keras_hub_does(tokenizer):
    packer = keras_hub.layers.MultiSegmentPacker(
        32, tokenizer.start_id, tokenizer.end_id, pad_value=tokenizer.padding_id, _allow_python_workflow=False
    )
    sides = [tokenizer.tokenize(TEXTS), tokenizer.tokenize(TEXTS[::-1])]
    features = tokenizer.encode_pair(*sides)
    ids, segments = packer(tuple(tokenizer.subword_ids(side).merge_dims(1, 2) for side in sides))
    length = features["token_ids"].shape[1]
    np.testing.assert_array_equal(features["token_ids"], keras.ops.convert_to_numpy(ids)[:, :length])
    np.testing.assert_array_equal(features["segment_ids"], keras.ops.convert_to_numpy(segments)[:, :length])
    assert features["padding_mask"].numpy().sum() == (features["token_ids"].numpy() != tokenizer.padding_id).sum()


def test_positions_of_words_by_counting(tokenizer):
    words = tokenizer.tokenize(TEXTS)
    features = tokenizer.encode(words)
    for row, sentence in enumerate(tokenizer.subword_ids(words).to_list()):
        position = 1
        for number, pieces in enumerate(sentence):
            fits = position + len(pieces) <= 31  # the last place is the end's
            assert bool(features["word_mask"][row, number]) == fits
            if fits:
                assert features["word_positions"][row, number] == position
                assert features["token_ids"][row, position : position + len(pieces)].numpy().tolist() == pieces
            position += len(pieces)
        last = int(features["padding_mask"].numpy()[row].sum()) - 1
        assert features["token_ids"][row, last] == tokenizer.end_id
        assert not features["word_mask"].numpy()[row, len(sentence) :].any()


def test_a_first_word_that_is_too_long_is_cut_inside(tokenizer):
    short = EncoderTokenizer(tokenizer.tokenizer, max_length=4)
    features = short.encode([["doggedlydoggedly", "dog"]])
    assert features["token_ids"].shape == (1, 4)
    assert int(features["token_ids"][0, 3]) == short.end_id
    assert not features["word_mask"].numpy().any()


def test_words_without_pieces_are_unknown(tokenizer):
    pieces = tokenizer.subword_ids(tf.ragged.constant([["dog", "\x00", "dogs"]]))
    assert pieces.to_list()[0][1] == [tokenizer.unknown_id]


def test_bytes_pairs_see_blanks_and_two_marks_between_segments(roberta):
    words = roberta.tokenize(["dogs dog. dog"])
    assert words.to_list() == [[b"dogs", b"dog.", b"dog"]]
    assert named(roberta, roberta.encode(words)["token_ids"]) == [["<s>", "d", "og", "s", "Ġdog", ".", "Ġdog", "</s>"]]
    pair = roberta.encode_pair(roberta.tokenize(["dog"]), roberta.tokenize(["dogs"]))
    assert named(roberta, pair["token_ids"]) == [["<s>", "d", "og", "</s>", "</s>", "d", "og", "s", "</s>"]]
    assert roberta.special_ids == (0, 1, 2, 3)


def test_offsets_cut_the_words_out_of_the_text(tokenizer):
    words, starts, limits = tokenizer.tokenize_with_offsets(tf.constant(TEXTS))
    for row, content in enumerate(TEXTS):
        cut = [content.encode()[a:b] for a, b in zip(starts[row].numpy(), limits[row].numpy(), strict=True)]
        assert cut == words[row].numpy().tolist()


def test_names_choose_features(tokenizer):
    assert set(tokenizer.encode([["dog"]], names=["token_ids", "word_mask", "other"])) == {"token_ids", "word_mask"}


def test_config_and_assets_round_trip(tokenizer, tmp_path):
    other = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(tokenizer))
    tokenizer.save_assets(str(tmp_path))
    other.load_assets(str(tmp_path))
    words = tokenizer.tokenize(TEXTS)
    np.testing.assert_array_equal(other.encode(words)["token_ids"], tokenizer.encode(words)["token_ids"])
    assert other.get_config()["max_length"] == 32


def test_it_runs_in_a_pipeline_of_data(tokenizer):
    data = tf.data.Dataset.from_tensor_slices(TEXTS).batch(2)
    [first, _] = data.map(lambda texts: tokenizer.encode(tokenizer.tokenize(texts)))
    np.testing.assert_array_equal(first["token_ids"], tokenizer.encode(tokenizer.tokenize(TEXTS[:2]))["token_ids"])


def test_learnt_pieces_obey_the_limit():
    pieces = word_pieces.bert_vocabulary(["Ab ab! AB ab"] * 2, vocabulary_size=9)
    assert pieces[:5] == word_pieces.BERT_SPECIAL_TOKENS
    assert set(pieces[5:]) == {"!", "a", "##b", "ab"} or len(pieces) == 9
    assert "AB" not in pieces
    assert "AB" in word_pieces.bert_vocabulary(["AB AB"], lowercase=False)


def test_a_tokenizer_without_an_end_mark_is_refused():
    with pytest.raises(ValueError, match="Expected a tokenizer of Keras Hub with an `end_token`. Received: UnicodeC"):
        EncoderTokenizer(keras_hub.tokenizers.UnicodeCodepointTokenizer())


def test_presets_of_ours_and_of_keras_hub(tokenizer, tmp_path):
    for name, saved in (("ours", tokenizer), ("theirs", tokenizer.tokenizer)):
        folder = str(tmp_path / name)
        keras_hub.models.BertBackbone(tokenizer.vocabulary_size(), 1, 1, 4, 4).save_to_preset(folder)
        saved.save_to_preset(folder)
    again = EncoderTokenizer.from_preset(str(tmp_path / "ours"))
    assert (again.max_length, again.get_vocabulary()) == (32, tokenizer.get_vocabulary())
    ours = TransformerBackbone([WordEmbedding(tokenizer.vocabulary_size(), 4)], 1, 1, 4, 4)
    ours.save_to_preset(str(tmp_path / "both"))
    tokenizer.save_to_preset(str(tmp_path / "both"))
    assert EncoderTokenizer.from_preset(str(tmp_path / "both")).get_vocabulary() == tokenizer.get_vocabulary()
    around = EncoderTokenizer.from_preset(str(tmp_path / "theirs"), max_length=16)
    assert (around.max_length, around.get_vocabulary()) == (16, tokenizer.get_vocabulary())
