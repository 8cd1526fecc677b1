"""Texts to numbers and back: what comes back as it was, oracles, files, graphs that are saved."""

import copy
import pickle
import subprocess
import sys

import hypothesis.strategies as st
import keras
import pytest
import tensorflow as tf
from hypothesis import example, given

from keras_embed import text, tokenizers
from keras_embed.tokenizers import BytePairCodec, SentencePieceCodec, WordCodec, WordPieceCodec

TEXTS = ["ein hund läuft über die straße .", "a dog runs across the street .", "two dogs , 16 men and a ball"] * 4
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20) | st.text("६ a\n\0▁Ĵ#", max_size=12)
CODECS = {
    "words": WordCodec.train(TEXTS, None),
    "bpe": BytePairCodec.train(TEXTS, 300),
    "wordpiece": WordPieceCodec.train(TEXTS, 60),
    "unigram": SentencePieceCodec.train(TEXTS, 320),
    "sentencepiece bpe": SentencePieceCodec.train(TEXTS, 320, model_type="bpe"),
}
LOSSLESS = ["bpe", "unigram", "sentencepiece bpe"]


def strings(texts):
    return tf.constant([one.encode() for one in texts], tf.string)


def again(codec, texts):
    return [one.decode() for one in codec.decode(codec.encode(strings(texts))).numpy()]


@pytest.mark.parametrize("name", LOSSLESS)
@given(st.lists(ANY_TEXT, max_size=4))
@example([])
@example(["", " ", "  a  b ", "६", "Ĵ A", "▁", "\u2581 \u2581", "\0", "<s> </s> [UNK] <0x0A> <unk>", "x" * 300])
def test_every_text_comes_back_as_it_was(name, texts):
    assert again(CODECS[name], texts) == texts
    ids = CODECS[name].encode(strings(texts))
    assert ids.dtype == tf.int32 and all(3 < id < len(CODECS[name]) for row in ids.to_list() for id in row)


@pytest.mark.parametrize("name", ["words", "wordpiece"])
@given(st.lists(ANY_TEXT | st.sampled_from(["<s> </s>", "[UNK] ##s [PAD]"]), max_size=4))
def test_no_text_gives_padding_start_or_end(name, texts):
    ids = CODECS[name].encode(strings(texts))
    assert ids.dtype == tf.int32 and ids.nrows() == len(texts)
    assert all(id == 1 or 3 < id < len(CODECS[name]) for row in ids.to_list() for id in row)


@pytest.mark.parametrize("name", ["words", "wordpiece"])
@given(st.lists(st.lists(st.sampled_from(" ".join(TEXTS).split())).map(" ".join), max_size=3))
def test_known_words_come_back_with_one_space_between(name, texts):
    assert again(CODECS[name], texts) == texts


@pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS)
def test_pieces(codec):
    assert codec.pieces[:4] == tokenizers.SPECIAL_PIECES and len(codec.pieces) == len(codec)
    assert len(set(codec.pieces[4:])) == len(codec) - 4


def test_words_are_those_counted():
    codec = WordCodec.train(["a b c b", "c b <s> [UNK]"], 7, splitter=text.WhitespaceTokenizer())
    assert codec.pieces[4:] == ("b", "c", "[UNK]")[:2] + ("a",)
    assert codec.encode(strings(["b <s> c"])).to_list() == [[4, 1, 5]]
    assert WordCodec.train(["a b", "b"], None, min_count=2).pieces[4:] == ("b",)


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
    codec = CODECS["bpe"]
    ids = codec.encode(strings([" ".join(words)])).to_list()[0]
    expected = [piece for word in words for piece in bytes_merged("Ġ" + word, list(codec.merges))]
    assert [codec.pieces[id] for id in ids] == expected


def test_byte_pairs_are_those_of_tokenizers_and_keras_hub(data_dir, monkeypatch):
    import keras_hub
    import tokenizers

    from keras_embed import corpora

    monkeypatch.setenv("KERAS_EMBED_DATA", str(data_dir))
    texts = [one for one in corpora.load("multi30k_de_en", "validation").sources if "'" not in one][:300]
    codec = BytePairCodec.train(texts, 1500)
    ids = codec.encode(strings(texts)).to_list()
    vocabulary = {piece: id for id, piece in enumerate(codec.pieces) if id > 3}
    other = tokenizers.Tokenizer(tokenizers.models.BPE(vocabulary, [tuple(pair) for pair in codec.merges]))
    other.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=True)
    assert [found.ids for found in other.encode_batch(texts)] == ids
    hub = keras_hub.tokenizers.BytePairTokenizer(
        vocabulary, [" ".join(pair) for pair in codec.merges], add_prefix_space=True
    )
    assert tf.function(hub.tokenize)(strings(texts)).to_list() == ids


def test_word_pieces_are_the_longest_from_the_left():
    codec = WordPieceCodec(["u", "un", "##a", "##aff", "##able", "a", "##b", "affa", "##ff"])
    ids = codec.encode(strings(["unaffable affab x", "b" * 101])).to_list()
    assert [[codec.pieces[id] for id in row] for row in ids] == [
        ["un", "##aff", "##able", "affa", "##b", "[UNK]"],
        ["[UNK]"],
    ]


def test_sentence_pieces_are_those_of_the_package():
    import sentencepiece

    codec = CODECS["unigram"]
    other = sentencepiece.SentencePieceProcessor(model_proto=codec.model)
    texts = [*TEXTS[:3], "über hunde 🐕"]
    assert codec.encode(strings(texts)).to_list() == other.encode(texts)
    assert codec.pieces[4:] == tuple(other.id_to_piece(list(range(4, len(codec)))))


@pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS)
def test_saved_loaded_and_copied(codec, tmp_path):
    codec.save(tmp_path)
    expected = codec.encode(strings(TEXTS)).to_list()
    loaded = type(codec).load(tmp_path, **codec.get_config())
    for one in (loaded, copy.deepcopy(codec), pickle.loads(pickle.dumps(codec))):
        assert one.pieces == codec.pieces and one.encode(strings(TEXTS)).to_list() == expected
        assert (
            one.decode(tf.ragged.constant(expected)).numpy().tolist()
            == codec.decode(tf.ragged.constant(expected)).numpy().tolist()
        )


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
        codec = CODECS[name]
        module = tf.Module()
        module.held = codec.resources()
        module.encode = tf.function(codec.encode, input_signature=[tf.TensorSpec([None], tf.string)])
        module.decode = tf.function(codec.decode, input_signature=[tf.RaggedTensorSpec([None, None], tf.int32)])
        tf.saved_model.save(module, str(tmp_path / name))
        ids = codec.encode(strings(texts))
        expected.append(f"{ids.to_list()} {[one.decode() for one in codec.decode(ids).numpy()]}")
    code = RUN.format(names=names, folder=str(tmp_path), texts=texts)
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines() == expected


@pytest.mark.parametrize("codec", CODECS.values(), ids=CODECS)
def test_setting_a_seed_does_no_harm(codec):
    """TensorFlow empties its caches then, and what tensorflow_text keeps in them is gone."""
    texts = tf.data.Dataset.from_tensors(strings(TEXTS)).map(codec.encode)
    expected = next(iter(texts)).to_list()
    keras.utils.set_random_seed(3)
    assert next(iter(texts)).to_list() == codec.encode(strings(TEXTS)).to_list() == expected


def test_what_is_real_of_padded_numbers():
    ids = tf.constant([[2, 5, 1, 3, 6], [0, 0, 0, 0, 0], [7, 0, 8, -1, -1]])
    assert tokenizers.real_ids(ids).to_list() == [[5, 1], [], [7, 8]]
    assert tokenizers.real_ids(tf.ragged.constant([[5, 3], []], dtype=tf.int64)).to_list() == [[5], []]


def test_bytes_that_are_no_text_become_marks():
    codec = CODECS["bpe"]
    assert codec.decode(tf.ragged.constant([[codec.pieces.index("Ã"), 4]])).numpy().tolist() == ["\ufffd!".encode()]


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        (lambda: BytePairCodec.train(TEXTS, 200), "Expected `vocabulary_size` of at least 260. Received: 200."),
        (
            lambda: BytePairCodec([("ab", "c")]),
            r"Expected merges of pieces that are there already. Received: \('ab', 'c'\)",
        ),
        (
            lambda: SentencePieceCodec.train(TEXTS, 300, 2),
            "Expected `min_count` of 1 for SentencePieceCodec. Received: 2.",
        ),
        (lambda: SentencePieceCodec.train(TEXTS, 300, model_type="char"), "Expected `model_type` to be one of"),
        (lambda: WordCodec(["a", "<s>"]), "Expected each word once"),
    ],
)
def test_errors(call, expected):
    with pytest.raises(ValueError, match=expected):
        call()


def test_a_file_of_another_kind_is_named(tmp_path):
    (tmp_path / BytePairCodec.file).write_text("[]")
    with pytest.raises(ValueError, match=r"byte_pairs\.json: Expected an object with"):
        BytePairCodec.load(tmp_path)
