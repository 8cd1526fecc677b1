"""WordPiece: words, and parts of the rarer ones."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from keras_embed._backend import tf, tf_text
from keras_embed._errors import check_positive
from keras_embed.text._graph_strings import GraphStrings
from keras_embed.text.serialization import as_tokenizer, deserialize_tokenizer, serialize_tokenizer
from keras_embed.text.vocabulary import Vocabulary
from keras_embed.tokenizers.subword_tokenizer import SPECIAL_PIECES, Codec

_INNER = "##"
_MARKS = SPECIAL_PIECES[2:]


class WordPieceCodec(Codec):
    """Each word is cut into the longest pieces that there are, from its beginning on; "##" begins an inner piece.

    Decoded texts have one space between words. A word with a character that is in no piece, or of more than 100 bytes,
    is unknown. Exported graphs need tensorflow_text to be imported where they are loaded.

    Args:
        pieces: by number, from 4 on: without the four special pieces.
        splitter: what splits a text into words: any object that `as_tokenizer` takes, or what `serialize_tokenizer`
            made of one. `None`: `WordTokenizer()`.

    References:
        Wu et al. 2016. Google's Neural Machine Translation System. arXiv:1609.08144.
        Song, Salcianu, Song, Dopson, Zhou 2021. Fast WordPiece Tokenization. EMNLP 2021.

    Example:
    >>> codec = WordPieceCodec(["a", "dog", "##s", "."])
    >>> ids = codec.encode(["a dogs.", "a cat"])
    >>> ids.to_list(), codec.decode(ids).numpy().tolist()
    ([[4, 5, 6, 7], [4, 1]], [b'a dogs .', b'a [UNK]'])
    """

    file = "word_pieces.json"

    def __init__(self, pieces: Sequence[str], splitter: Any = None) -> None:
        self.vocabulary = Vocabulary((*_MARKS, *pieces))
        self.splitter = deserialize_tokenizer(splitter) if isinstance(splitter, dict) else as_tokenizer(splitter)
        ends = [piece.removeprefix(_INNER) if piece.startswith(_INNER) else f" {piece}" for piece in self.vocabulary]
        self._strings = GraphStrings(ends)
        self._cutter: Any = None

    @classmethod
    def train(
        cls, texts: Sequence[str], vocabulary_size: int | None, min_count: int = 1, splitter: Any = None
    ) -> "WordPieceCodec":
        """Learns pieces with the package `tokenizers`.

        Args:
            texts: normalised strings.
            vocabulary_size: greatest number of pieces; characters come first.
            min_count: pairs seen less often are not merged.
            splitter: see the class.

        Raises:
            ValueError: unless `vocabulary_size` is a positive integer.
        """
        from tokenizers import Tokenizer, models, pre_tokenizers, trainers

        check_positive("vocabulary_size", vocabulary_size or 0)
        splitter = cls((), splitter).splitter
        tokenizer = Tokenizer(models.WordPiece(unk_token=SPECIAL_PIECES[1]))
        tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
        trainer = trainers.WordPieceTrainer(
            vocab_size=(vocabulary_size or 0) - len(SPECIAL_PIECES),
            min_frequency=min_count,
            continuing_subword_prefix=_INNER,
            show_progress=False,
        )
        words = splitter.tokenize(tf.constant(texts, tf.string)).numpy()
        tokenizer.train_from_iterator((b" ".join(row).decode("utf-8") for row in words), trainer)
        learnt = tokenizer.get_vocab()
        return cls([piece for piece in sorted(learnt, key=learnt.__getitem__) if piece not in SPECIAL_PIECES], splitter)

    @property
    def pieces(self) -> tuple[str, ...]:
        """The pieces by number."""
        return tuple(self.vocabulary)

    def encode(self, strings: Any) -> Any:
        """Cuts the words of texts (B,)."""
        if self._cutter is None:
            with tf.init_scope():  # outside of any graph being traced, so that every later graph can use it
                self._cutter = tf_text.FastWordpieceTokenizer(
                    vocab=["[PAD]", *self.pieces[1:]],  # it takes no empty string
                    suffix_indicator=_INNER,
                    unknown_token=SPECIAL_PIECES[1],
                    token_out_type=tf.int32,
                    no_pretokenization=True,
                )
        ids = self._cutter.tokenize(self.splitter.tokenize(strings)).merge_dims(1, 2)
        # "<s>" in a text is no start.
        return ids.with_flat_values(tf.where(ids.flat_values < len(SPECIAL_PIECES), 1, ids.flat_values))

    def decode(self, ids: Any) -> Any:
        """Words with a space between them."""
        return tf.strings.regex_replace(tf.strings.reduce_join(self._strings.gather(ids), axis=-1), r"\A ", "")

    def resources(self) -> list[Any]:
        """The splitter, which may hold something."""
        return [self.splitter]

    def save(self, folder: str | Path) -> None:
        """Writes the pieces."""
        self.vocabulary.save(Path(folder) / self.file)

    @classmethod
    def load(cls, folder: str | Path, splitter: Any = None) -> "WordPieceCodec":
        """Reads the pieces."""
        return cls(tuple(Vocabulary.load(Path(folder) / cls.file))[len(SPECIAL_PIECES) :], splitter)

    def get_config(self) -> dict[str, Any]:
        """The splitter."""
        return {"splitter": serialize_tokenizer(self.splitter)}

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_cutter": None}
