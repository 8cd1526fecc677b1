"""Subword tokenizers: lossless round trips, oracles, files, saved graphs."""

import json
import subprocess
import sys

import hypothesis.strategies as st
import keras
import pytest
import tensorflow as tf
from hypothesis import example, given

from keras_embed.tokenizers import (
    BytePairSubwordTokenizer,
    SentencePieceSubwordTokenizer,
    WhitespaceTokenizer,
    WholeWordTokenizer,
    WordPieceSubwordTokenizer,
    subword_tokenizer,
)

TEXTS = ["ein hund läuft über die straße .", "a dog runs across the street .", "two dogs , 16 men and a ball"] * 4
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.text("६ a\n\0▁Ĵ#", max_size=12)
TOKENIZERS = {
    "words": WholeWordTokenizer.train(TEXTS, vocabulary_size=None),
    "bpe": BytePairSubwordTokenizer.train(TEXTS, vocabulary_size=300),
    "wordpiece": WordPieceSubwordTokenizer.train(TEXTS, vocabulary_size=60),
    "unigram": SentencePieceSubwordTokenizer.train(TEXTS, vocabulary_size=320),
    "sentencepiece bpe": SentencePieceSubwordTokenizer.train(TEXTS, vocabulary_size=320, model_type="bpe"),
}
LOSSLESS = ["bpe", "unigram", "sentencepiece bpe"]


def strings(texts):
    return tf.constant([one.encode() for one in texts], tf.string)


def again(tokenizer, texts):
    return [one.decode() for one in tokenizer.detokenize(tokenizer.tokenize(strings(texts))).numpy()]


@pytest.mark.parametrize("name", LOSSLESS)
@given(st.lists(ANY_TEXT, max_size=4))
@example([])
@example(["", " ", "  a  b ", "६", "Ĵ A", "▁", "\u2581 \u2581", "\0", "<s> </s> [UNK] <0x0A> <unk>", "x" * 300])
def test_every_text_comes_back_as_it_was(name, texts):
    assert again(TOKENIZERS[name], texts) == texts
    ids = TOKENIZERS[name].tokenize(strings(texts))
    assert ids.dtype == tf.int32 and all(
        3 < id < TOKENIZERS[name].vocabulary_size() for row in ids.to_list() for id in row
    )


@pytest.mark.parametrize("name", ["words", "wordpiece"])
@given(st.lists(ANY_TEXT | st.sampled_from(["<s> </s>", "[UNK] ##s [PAD]"]), max_size=4))
def test_no_text_gives_padding_start_or_end(name, texts):
    ids = TOKENIZERS[name].tokenize(strings(texts))
    assert ids.dtype == tf.int32 and ids.nrows() == len(texts)
    assert all(id == 1 or 3 < id < TOKENIZERS[name].vocabulary_size() for row in ids.to_list() for id in row)


@pytest.mark.parametrize("name", ["words", "wordpiece"])
@given(st.lists(st.lists(st.sampled_from(" ".join(TEXTS).split())).map(" ".join), max_size=3))
def test_known_words_come_back_with_one_space_between(name, texts):
    assert again(TOKENIZERS[name], texts) == texts


@pytest.mark.parametrize("tokenizer", TOKENIZERS.values(), ids=TOKENIZERS)
def test_tokens(tokenizer):
    assert (
        tokenizer.tokens[:4] == subword_tokenizer.SPECIAL_TOKENS
        and len(tokenizer.tokens) == tokenizer.vocabulary_size()
    )
    assert len(set(tokenizer.tokens[4:])) == tokenizer.vocabulary_size() - 4


def test_words_are_those_counted():
    tokenizer = WholeWordTokenizer.train(
        ["a b c b", "c b <s> [UNK]"], vocabulary_size=7, splitter=WhitespaceTokenizer()
    )
    assert tokenizer.tokens[4:] == ("b", "c", "[UNK]")[:2] + ("a",)
    assert tokenizer.tokenize(strings(["b <s> c"])).to_list() == [[4, 1, 5]]
    assert WholeWordTokenizer.train(["a b", "b"], vocabulary_size=None, min_count=2).tokens[4:] == ("b",)


def bytes_merged(word, merges):
    """Byte pair encoding as its paper writes it."""
    pieces = list(word)
    while True:
        ranks = [
            merges.index(pair) if pair in merges else len(merges) for pair in zip(pieces, pieces[1:], strict=False)
        ]
        if not ranks or min(ranks) == len(merges):
            return pieces
        at = ranks.index(min(ranks))
        pieces[at : at + 2] = ["".join(pieces[at : at + 2])]


@given(st.lists(st.text("adogs", min_size=1, max_size=9), min_size=1, max_size=4))
def test_byte_pairs_are_merged_in_the_order_learnt(words):
    tokenizer = TOKENIZERS["bpe"]
    ids = tokenizer.tokenize(strings([" ".join(words)])).to_list()[0]
    expected = [piece for word in words for piece in bytes_merged("Ġ" + word, list(tokenizer.merges))]
    assert [tokenizer.tokens[id] for id in ids] == expected


def test_byte_pairs_are_those_of_tokenizers_and_keras_hub(data_dir, monkeypatch):
    import keras_hub
    import tokenizers

    from keras_embed import corpora

    monkeypatch.setenv("KERAS_EMBED_DATA", str(data_dir))
    texts = [one for one in corpora.load("multi30k_de_en", "validation").sources if "'" not in one][:300]
    tokenizer = BytePairSubwordTokenizer.train(texts, vocabulary_size=1500)
    ids = tokenizer.tokenize(strings(texts)).to_list()
    vocabulary = {piece: id for id, piece in enumerate(tokenizer.tokens) if id > 3}
    other = tokenizers.Tokenizer(tokenizers.models.BPE(vocabulary, [tuple(pair) for pair in tokenizer.merges]))
    other.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=True)
    assert [found.ids for found in other.encode_batch(texts)] == ids
    hub = keras_hub.tokenizers.BytePairTokenizer(
        vocabulary, [" ".join(pair) for pair in tokenizer.merges], add_prefix_space=True
    )
    assert tf.function(hub.tokenize)(strings(texts)).to_list() == ids


def test_word_pieces_are_the_longest_from_the_left():
    tokenizer = WordPieceSubwordTokenizer(["u", "un", "##a", "##aff", "##able", "a", "##b", "affa", "##ff"])
    ids = tokenizer.tokenize(strings(["unaffable affab x", "b" * 101])).to_list()
    assert [[tokenizer.tokens[id] for id in row] for row in ids] == [
        ["un", "##aff", "##able", "affa", "##b", "[UNK]"],
        ["[UNK]"],
    ]


def test_sentence_pieces_are_those_of_the_package():
    import sentencepiece

    tokenizer = TOKENIZERS["unigram"]
    other = sentencepiece.SentencePieceProcessor(model_proto=tokenizer.model)
    texts = [*TEXTS[:3], "über hunde 🐕"]
    assert tokenizer.tokenize(strings(texts)).to_list() == other.encode(texts)
    assert tokenizer.tokens[4:] == tuple(other.id_to_piece(list(range(4, tokenizer.vocabulary_size()))))


@pytest.mark.parametrize("tokenizer", TOKENIZERS.values(), ids=TOKENIZERS)
def test_config_and_assets_round_trip(tokenizer, tmp_path):
    config = keras.saving.serialize_keras_object(tokenizer)
    other = keras.saving.deserialize_keras_object(json.loads(json.dumps(config)))
    assert not other.has_vocabulary
    with pytest.raises(ValueError, match="Expected a tokenizer with a vocabulary"):
        other.tokenize(strings(TEXTS))
    tokenizer.save_assets(tmp_path)
    other.load_assets(tmp_path)
    expected = tokenizer.tokenize(strings(TEXTS))
    assert other.tokens == tokenizer.tokens and other.tokenize(strings(TEXTS)).to_list() == expected.to_list()
    assert other.detokenize(expected).numpy().tolist() == tokenizer.detokenize(expected).numpy().tolist()


RUN = """
import sys, tensorflow as tf
for name in {names!r}:
    if name == "wordpiece":
        import tensorflow_text  # from here on
    module = tf.saved_model.load({folder!r} + "/" + name)
    ids = module.encode(tf.constant({texts!r}))
    print(ids.to_list(), [one.decode() for one in module.decode(ids).numpy()])
assert not [name for name in sys.modules if name.startswith(("keras_embed", "keras_hub"))]
"""


@pytest.mark.slow
def test_saved_graphs_need_no_library_of_ours(tmp_path):
    names, texts = ["words", "bpe", "wordpiece", "unigram"], ["a dog runs", "", "▁ six ६ ६"]
    expected = []
    for name in names:
        tokenizer = TOKENIZERS[name]
        module = tf.Module()
        module.held = tokenizer.resources()
        module.encode = tf.function(tokenizer.tokenize, input_signature=[tf.TensorSpec([None], tf.string)])
        module.decode = tf.function(tokenizer.detokenize, input_signature=[tf.RaggedTensorSpec([None, None], tf.int32)])
        tf.saved_model.save(module, str(tmp_path / name))
        ids = tokenizer.tokenize(strings(texts))
        expected.append(f"{ids.to_list()} {[one.decode() for one in tokenizer.detokenize(ids).numpy()]}")
    code = RUN.format(names=names, folder=str(tmp_path), texts=texts)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == expected


@pytest.mark.parametrize("tokenizer", TOKENIZERS.values(), ids=TOKENIZERS)
def test_setting_a_seed_does_no_harm(tokenizer):
    """TensorFlow empties its caches then, and what tensorflow_text keeps in them is gone."""
    texts = tf.data.Dataset.from_tensors(strings(TEXTS)).map(tokenizer.tokenize)
    expected = next(iter(texts)).to_list()
    keras.utils.set_random_seed(3)
    assert next(iter(texts)).to_list() == tokenizer.tokenize(strings(TEXTS)).to_list() == expected


def test_real_ids_of_padded_rows():
    ids = tf.constant([[2, 5, 1, 3, 6], [0, 0, 0, 0, 0], [7, 0, 8, -1, -1]])
    assert subword_tokenizer.real_ids(ids).to_list() == [[5, 1], [], [7, 8]]
    assert subword_tokenizer.real_ids(tf.ragged.constant([[5, 3], []], dtype=tf.int64)).to_list() == [[5], []]


def test_invalid_bytes_become_replacement_characters():
    tokenizer = TOKENIZERS["bpe"]
    assert tokenizer.detokenize(tf.ragged.constant([[tokenizer.tokens.index("Ã"), 4]])).numpy().tolist() == [
        "\ufffd!".encode()
    ]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (
            lambda: BytePairSubwordTokenizer.train(TEXTS, vocabulary_size=200),
            "Expected `vocabulary_size` of at least 260. Received: 200.",
        ),
        (
            lambda: BytePairSubwordTokenizer([("ab", "c")]),
            r"Expected merges of subwords created before. Received: \('ab', 'c'\)",
        ),
        (
            lambda: SentencePieceSubwordTokenizer.train(TEXTS, vocabulary_size=300, min_count=2),
            "Expected `min_count` of 1 for SentencePieceSubwordTokenizer. Received: 2.",
        ),
        (
            lambda: SentencePieceSubwordTokenizer.train(TEXTS, vocabulary_size=300, model_type="char"),
            "Expected `model_type` to be one of",
        ),
        (lambda: WholeWordTokenizer(["a", "<s>"]), "Expected each word once"),
    ],
)
def test_errors(call, expected):
    with pytest.raises(ValueError, match=expected):
        call()


def test_a_file_of_another_kind_is_named(tmp_path):
    (tmp_path / BytePairSubwordTokenizer.asset).write_text("[]")
    with pytest.raises(ValueError, match=r"byte_pairs\.json: Expected an object with"):
        BytePairSubwordTokenizer().load_assets(tmp_path)
