"""SentencePiece: pieces of text, blanks included."""

import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_embed._backend import tf, tf_text
from keras_embed._errors import check_one_of, check_positive, message
from keras_embed.text._graph_strings import GraphStrings
from keras_embed.tokenizers.subword_tokenizer import SPECIAL_PIECES, Codec

#: SentencePiece writes a blank so, and reads it as a blank; a text that has it gets a noncharacter of Unicode instead.
_BLANK, _INSTEAD = "\u2581", "\U0010fffe"
_BYTE = re.compile("<0x[0-9A-F]{2}>")
_MODELS = ("unigram", "bpe")


class SentencePieceCodec(Codec):
    """A model of SentencePiece in which rare characters are bytes, so that every text comes back as it was.

    Exported graphs need tensorflow_text to be imported where they are loaded.

    Args:
        model: what SentencePiece's trainer wrote, with the numbers 0 to 3 for padding, unknown, start and end.

    References:
        Kudo, Richardson 2018. SentencePiece: A simple and language independent subword tokenizer. EMNLP 2018.
        Kudo 2018. Subword Regularization. ACL 2018 (the unigram model).

    Example:
    >>> codec = SentencePieceCodec.train(["a man and a dog"] * 9, 300)
    >>> codec.decode(codec.encode(["a dog, 6 cats"])).numpy().tolist()
    [b'a dog, 6 cats']
    """

    file = "pieces.spm"

    def __init__(self, model: bytes) -> None:
        self.model = model
        self._function: Any = None
        self._pieces: tuple[str, ...] | None = None
        self._strings: GraphStrings | None = None

    @classmethod
    def train(
        cls, texts: Sequence[str], vocabulary_size: int | None, min_count: int = 1, model_type: str = "unigram"
    ) -> "SentencePieceCodec":
        """Learns pieces with the package `sentencepiece`.

        Args:
            texts: normalised strings.
            vocabulary_size: number of pieces, 256 bytes included; fewer where the texts do not give so many.
            min_count: 1; the trainer has its own measure.
            model_type: "unigram" or "bpe".

        Raises:
            ValueError: for numbers out of range, and another `model_type`.
        """
        import sentencepiece

        check_positive("vocabulary_size", vocabulary_size or 0)
        if min_count != 1:
            raise ValueError(message(f"`min_count` of 1 for {cls.__name__}", min_count, "another `vocabulary_size`"))
        check_one_of("model_type", model_type, _MODELS)
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(_escaped(tf.constant(texts, tf.string)).numpy()),
            model_writer=model,
            vocab_size=vocabulary_size,
            model_type=model_type,
            normalization_rule_name="identity",  # texts are normalised before they come here
            remove_extra_whitespaces=False,
            byte_fallback=True,
            hard_vocab_limit=False,
            max_sentence_length=1 << 20,
            num_threads=1,
            minloglevel=2,
            pad_id=0,
            unk_id=1,
            bos_id=2,
            eos_id=3,
        )
        return cls(model.getvalue())

    @property
    def pieces(self) -> tuple[str, ...]:
        """The pieces by number; U+2581 is a blank."""
        if self._pieces is None:
            with tf.init_scope():
                runner = self._runner()
                pieces = runner.id_to_string(tf.range(runner.vocab_size())).numpy()
            self._pieces = (*SPECIAL_PIECES, *(piece.decode("utf-8") for piece in pieces[len(SPECIAL_PIECES) :]))
        return self._pieces

    def encode(self, strings: Any) -> Any:
        """Cuts texts (B,)."""
        if self._function is None:
            # The model is loaded by the graph that uses it. A model that were loaded outside would be gone as soon as
            # TensorFlow empties its caches, which it does when a seed is set.
            self._function = tf.function(
                lambda strings: self._runner().tokenize(_escaped(strings)),
                input_signature=[tf.TensorSpec([None], tf.string)],
            )
        return self._function(strings)

    def decode(self, ids: Any) -> Any:
        """Joins the pieces; bytes that are no UTF-8 become U+FFFD."""
        if self._strings is None:
            # SentencePiece's own way drops every blank at the beginning.
            self._strings = GraphStrings([b""] * 4 + [_spelt(piece) for piece in self.pieces[4:]])
        text = tf.strings.unicode_transcode(
            tf.strings.reduce_join(self._strings.gather(ids), axis=-1), "UTF-8", "UTF-8"
        )
        return tf.strings.regex_replace(tf.strings.regex_replace(text, r"\A ", ""), _INSTEAD, _BLANK)

    def resources(self) -> list[Any]:
        """Nothing: the graph has the model in it."""
        return []

    def save(self, folder: str | Path) -> None:
        """Writes the model as SentencePiece does."""
        (Path(folder) / self.file).write_bytes(self.model)

    @classmethod
    def load(cls, folder: str | Path) -> "SentencePieceCodec":
        """Reads the model."""
        return cls((Path(folder) / cls.file).read_bytes())

    def _runner(self) -> Any:
        return tf_text.SentencepieceTokenizer(self.model, out_type=tf.int32)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_function": None}


def _spelt(piece: str) -> bytes:
    """The bytes that a piece stands for."""
    return bytes([int(piece[3:5], 16)]) if _BYTE.fullmatch(piece) else piece.replace(_BLANK, " ").encode("utf-8")


def _escaped(strings: Any) -> Any:
    return tf.strings.regex_replace(strings, _BLANK, _INSTEAD)
