"""Words to the pieces of a pretrained encoder, packed as it reads them."""

from collections.abc import Iterable, Sequence
from typing import Any

import keras
import keras_hub

from keras_embed import text
from keras_embed._backend import tf, tf_text
from keras_embed._backend.ragged import bucket_length, dense
from keras_embed._errors import check_positive, message
from keras_embed.tokenizers._marked_pieces import MarkedPieces, OfAnyBackbone
from keras_embed.tokenizers.bert_vocabulary import bert_pieces
from keras_embed.tokenizers.segments import counts_before, fitting, in_a_row, pieces_of_words
from keras_embed.tokenizers.word_featurizer import BUCKET_LENGTHS


@keras.saving.register_keras_serializable(package="keras_embed")
class EncoderTokenizer(MarkedPieces):
    """Splits text into words and words into the pieces that an encoder of Keras Hub reads, and packs them for it.

    It knows which pieces belong to which word, and which bytes of the text to which word: what tags words, masks whole
    words and finds spans needs it. All of it is TensorFlow graph code, on every backend.

    Args:
        tokenizer: any of Keras Hub that has marks for the end, such as `BertTokenizer` or `RobertaTokenizer`.
        splitter: what splits text into words, as in `WordFeaturizer`. `None`: for word pieces `text.WordTokenizer()`,
            for tokenizers that read blanks (byte pairs, SentencePiece) `text.WhitespaceTokenizer()`, so that both see
            what they would see in the whole text.
        max_length: most positions, marks included; what is longer is cut behind a whole word.
        bucket_lengths: rising lengths that rows are padded to.
        separators: how many end marks stand between two segments. `None`: as in Keras Hub, two for RoBERTa's kin, else
            one.
        **kwargs: `name`, `config_file`.

    Raises:
        ValueError: for a tokenizer without an end mark, and arguments outside their range.

    Example:
    >>> from keras_embed.tokenizers import EncoderTokenizer
    >>> tokenizer = EncoderTokenizer.train(["a dog", "a dogma"], min_count=1)
    >>> words = tokenizer.tokenize(["A dogma", "dog"])
    >>> features = tokenizer.encode(words)
    >>> [[tokenizer.id_to_token(id) for id in row[:5]] for row in features["token_ids"].numpy()]
    [['[CLS]', 'a', 'dogma', '[SEP]', '[PAD]'], ['[CLS]', 'dog', '[SEP]', '[PAD]', '[PAD]']]
    >>> features["word_positions"].numpy()[:, :2].tolist(), features["word_mask"].numpy()[:, :2].tolist()
    ([[1, 2], [1, 0]], [[True, True], [True, False]])
    """

    def __init__(
        self,
        tokenizer: Any,
        splitter: Any = None,
        max_length: int = 512,
        bucket_lengths: Sequence[int] = BUCKET_LENGTHS,
        separators: int | None = None,
        **kwargs: Any,
    ) -> None:
        kwargs.pop("dtype", None)
        super().__init__(dtype="int32", **kwargs)
        if not hasattr(tokenizer, "end_token"):
            expected = "a tokenizer of Keras Hub with an `end_token`"
            raise ValueError(message(expected, type(tokenizer).__name__, "keras_hub.tokenizers.BertTokenizer"))
        check_positive("max_length", max_length)
        self.tokenizer = tokenizer
        self._reads_blanks = not isinstance(tokenizer, keras_hub.tokenizers.WordPieceTokenizer)
        if splitter is None and self._reads_blanks:
            splitter = text.WhitespaceTokenizer()
        self.splitter = text.as_tokenizer(splitter)
        self.max_length = max_length
        self.bucket_lengths = tuple(int(length) for length in bucket_lengths)
        twice = (keras_hub.tokenizers.RobertaTokenizer, keras_hub.tokenizers.XLMRobertaTokenizer)
        self.separators = (2 if isinstance(tokenizer, twice) else 1) if separators is None else separators
        self.file_assets = tokenizer.file_assets
        self._cut: Any = None
        self.built = True

    @classmethod
    def train(
        cls,
        texts: Iterable[str],
        vocabulary_size: int = 8000,
        lowercase: bool = True,
        min_count: int = 2,
        **kwargs: Any,
    ) -> "EncoderTokenizer":
        """Learns the word pieces of some texts, for a `keras_hub.tokenizers.BertTokenizer`.

        Args:
            texts: strings.
            vocabulary_size: see `tokenizers.bert_pieces`.
            lowercase: whether texts are put into lower case.
            min_count: see `tokenizers.bert_pieces`.
            **kwargs: for the constructor.
        """
        pieces = bert_pieces(texts, vocabulary_size, lowercase, min_count)
        return cls(keras_hub.tokenizers.BertTokenizer(list(pieces), lowercase=lowercase), **kwargs)

    @classmethod
    def from_preset(cls, preset: str, config_file: str = "tokenizer.json", **kwargs: Any) -> "EncoderTokenizer":
        """The tokenizer of a preset of one of Keras Hub's encoders, such as "bert_base_en", or one that was saved.

        Args:
            preset: a name, a handle or a folder.
            config_file: in the preset.
            **kwargs: for the constructor, where the preset holds a tokenizer of Keras Hub.
        """
        try:
            found = keras_hub.tokenizers.Tokenizer.from_preset(preset, config_file=config_file)
        except ValueError:  # of a backbone that Keras Hub has no tokenizer for
            found = OfAnyBackbone.from_preset(preset, config_file=config_file)
        return found if isinstance(found, cls) else cls(found, **kwargs)

    def tokenize(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Splits texts, string (B,), into words, ragged string (B, W)."""
        return self.splitter.tokenize(inputs)

    def tokenize_with_offsets(self, inputs: Any) -> tuple[Any, Any, Any]:
        """As `tokenize`, and where each word begins and ends.

        Returns:
            words, starts and limits, each ragged (B, W): int64 byte positions in the text, limits exclusive.

        Raises:
            ValueError: for a splitter that does not tell.
        """
        if not hasattr(self.splitter, "tokenize_with_offsets"):
            expected = "a splitter with `tokenize_with_offsets`"
            raise ValueError(message(expected, type(self.splitter).__name__, "splitter=text.WordTokenizer()"))
        return self.splitter.tokenize_with_offsets(inputs)

    def pieces(self, words: Any) -> Any:
        """Words, ragged (B, W), as ragged int32 (B, W, P): at least one piece for each word.

        Where the tokenizer reads blanks, each word but the first of its row has one before it.
        """
        stand_in = self.unknown_id if self.unknown_id is not None else self.end_id
        return pieces_of_words(words, self._pieces_of, self._reads_blanks, stand_in)

    def encode(self, tokens: Any, min_length: int = 0, names: Iterable[str] | None = None) -> dict[str, Any]:
        """The features of tokenised texts: start, pieces, end.

        Args:
            tokens: ragged strings (B, W), or lists of lists of words.
            min_length: pad at least to this length.
            names: the features to make; names of none are passed over. `None`: all.

        Returns:
            dict of tensors, T the bucket of the longest row, W that of the most words: `token_ids` (B, T) int32,
            `padding_mask` (B, T) bool, True = real, `segment_ids` (B, T) int32, all 0; `word_positions` (B, W) int32,
            where each word's first piece stands, and `word_mask` (B, W) bool, whether there is a word, and a whole one.
        """
        tokens = tokens if isinstance(tokens, tf.RaggedTensor) else tf.ragged.constant(tokens, tf.string, ragged_rank=1)
        pieces = self.pieces(tokens)
        start = 0 if self.start_id is None else 1
        room = self.max_length - start - 1
        counts = pieces.row_lengths(axis=2)  # (B, W)
        before = counts_before(counts)
        fits = before.flat_values + counts.flat_values <= room
        features = self.pack([fitting(pieces, before + counts, room)], min_length, names)
        width = bucket_length(tokens.bounding_shape(axis=1), self.bucket_lengths)
        makers = {
            "word_positions": lambda: dense(
                tokens.with_flat_values(tf.where(fits, tf.cast(before.flat_values, tf.int32) + start, 0)), width
            ),
            "word_mask": lambda: dense(tokens.with_flat_values(fits), width, False),
        }
        return features | {name: make() for name, make in makers.items() if names is None or name in set(names)}

    def encode_pair(self, first: Any, second: Any, names: Iterable[str] | None = None) -> dict[str, Any]:
        """The features of pairs: start, first, end, second, end. Where both are too long, the longer one is cut.

        Args:
            first: ragged strings (B, W).
            second: ragged strings (B, W).
            names: as in `encode`.

        Returns:
            `token_ids`, `padding_mask` and `segment_ids`, 0 up to the first end and 1 behind it; see `encode`.
        """
        marks = (0 if self.start_id is None else 1) + self.separators + 1
        segments = [self.pieces(side).merge_dims(1, 2) for side in (first, second)]
        return self.pack(tf_text.RoundRobinTrimmer(self.max_length - marks).trim(segments), 0, names)

    def pack(self, segments: Sequence[Any], min_length: int = 0, names: Iterable[str] | None = None) -> dict[str, Any]:
        """Segments of pieces, each ragged int32 (B, P), with marks around them, padded to one of few lengths.

        Args:
            segments: what stands behind each other; together with the marks no longer than `max_length`.
            min_length: pad at least to this length.
            names: as in `encode`.

        Returns:
            `token_ids`, `padding_mask` and `segment_ids`, the number of the segment, its end included; see `encode`.
        """
        ids, numbers = in_a_row(segments, self.start_id, self.end_id, self.separators)
        longest = tf.maximum(ids.bounding_shape(axis=1), min_length)
        length = tf.minimum(bucket_length(longest, self.bucket_lengths), max(self.max_length, min_length))
        makers = {
            "token_ids": lambda: dense(ids, length, self.padding_id),
            "padding_mask": lambda: tf.sequence_mask(ids.row_lengths(), length),
            "segment_ids": lambda: dense(numbers, length),
        }
        return {name: make() for name, make in makers.items() if names is None or name in set(names)}

    def _pieces_of(self, words: Any) -> Any:
        """Strings (N,) to ragged int32 (N, P), in a graph always: Keras Hub would do it in Python else."""
        if self._cut is None:
            with tf.init_scope():
                self._cut = tf.function(
                    self.tokenizer.tokenize, input_signature=[tf.TensorSpec([None], tf.string)], autograph=False
                )
        return tf.cast(self._cut(words), tf.int32)

    def resources(self) -> list[Any]:
        """What an exporter must hold for all of this to be saved in a graph."""
        return [self.splitter, self.tokenizer]

    def save_assets(self, dir_path: str) -> None:
        """Writes the pieces into a folder."""
        self.tokenizer.save_assets(dir_path)

    def load_assets(self, dir_path: str) -> None:
        """Reads what `save_assets` wrote."""
        self.tokenizer.load_assets(dir_path)
        self._cut = None

    def get_config(self) -> dict[str, Any]:
        """All but the pieces, which are an asset."""
        return {
            **super().get_config(),
            "tokenizer": keras.layers.serialize(self.tokenizer),
            "splitter": text.serialize_tokenizer(self.splitter),
            "max_length": self.max_length,
            "bucket_lengths": self.bucket_lengths,
            "separators": self.separators,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "EncoderTokenizer":
        """A tokenizer without pieces, which the assets bring."""
        made = {
            "tokenizer": keras.layers.deserialize(config["tokenizer"]),
            "splitter": text.deserialize_tokenizer(config["splitter"]),
        }
        return cls(**{**config, **made})
