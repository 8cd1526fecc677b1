"""Tokenizer of a pretrained encoder of Keras Hub that keeps track of words."""

from collections.abc import Iterable, Sequence
from typing import Any

import keras
import keras_hub

from keras_embed._backend import tf, tf_text
from keras_embed._backend.ragged import bucket_length, dense
from keras_embed._errors import check_positive, message
from keras_embed._types import Config, Features, PathLike, Splitter, TFTensor
from keras_embed.tokenizers.any_splitter import as_tokenizer, deserialize_tokenizer, serialize_tokenizer
from keras_embed.tokenizers.segments import concatenated, counts_before, fitting, subwords_of_words
from keras_embed.tokenizers.splitters import WhitespaceTokenizer
from keras_embed.tokenizers.word_featurizer import BUCKET_LENGTHS
from keras_embed.tokenizers.word_pieces import bert_vocabulary


@keras.saving.register_keras_serializable(package="keras_embed")
class EncoderTokenizer(keras_hub.tokenizers.Tokenizer):
    """Splits texts into words, words into the subwords of an encoder of Keras Hub, and packs them for the encoder.

    It maps subwords to words, and words to bytes of the text, which taggers, whole-word masking and span finders need.
    Everything is TensorFlow graph code, on every backend.

    Args:
        tokenizer: any of Keras Hub that has an end token, such as `BertTokenizer` or `RobertaTokenizer`.
        splitter: splits texts into words, as in `WordFeaturizer`. `None`: `WordTokenizer()` for WordPiece,
            `WhitespaceTokenizer()` for tokenizers that read spaces (byte pairs, SentencePiece), so that the subwords
            are those of the whole text.
        max_length: greatest length, special tokens included; longer texts are truncated after a whole word.
        bucket_lengths: ascending lengths that rows are padded to.
        separators: number of end tokens between two segments. `None`: as in Keras Hub, two for RoBERTa and
            XLM-RoBERTa, else one.
        **kwargs: `name`, `config_file`.

    Raises:
        ValueError: If the tokenizer has no end token, or if an argument is out of range.

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

    #: True for a tokenizer that splits words into subwords.
    splits_words = True

    def __init__(
        self,
        tokenizer: keras_hub.tokenizers.Tokenizer,
        splitter: Splitter | None = None,
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
        self._reads_spaces = not isinstance(tokenizer, keras_hub.tokenizers.WordPieceTokenizer)
        if splitter is None and self._reads_spaces:
            splitter = WhitespaceTokenizer()
        self.splitter = as_tokenizer(splitter)
        self.max_length = max_length
        self.bucket_lengths = tuple(int(length) for length in bucket_lengths)
        twice = (keras_hub.tokenizers.RobertaTokenizer, keras_hub.tokenizers.XLMRobertaTokenizer)
        self.separators = (2 if isinstance(tokenizer, twice) else 1) if separators is None else separators
        self.file_assets = tokenizer.file_assets
        self._traced: Any = None
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
        """Learns the WordPiece vocabulary of some texts, for a `keras_hub.tokenizers.BertTokenizer`.

        Args:
            texts: strings.
            vocabulary_size: see `word_pieces.bert_vocabulary`.
            lowercase: lower-cases texts.
            min_count: see `word_pieces.bert_vocabulary`.
            **kwargs: constructor arguments.
        """
        tokens = bert_vocabulary(texts, vocabulary_size, lowercase, min_count)
        return cls(keras_hub.tokenizers.BertTokenizer(list(tokens), lowercase=lowercase), **kwargs)

    @classmethod
    def from_preset(cls, preset: str, config_file: str = "tokenizer.json", **kwargs: Any) -> "EncoderTokenizer":
        """Loads the tokenizer of a preset of Keras Hub, such as "bert_base_en", or of a saved one.

        Args:
            preset: a name, a handle or a folder.
            config_file: the tokenizer's file in the preset.
            **kwargs: constructor arguments, if the preset holds a tokenizer of Keras Hub.
        """
        try:
            found = keras_hub.tokenizers.Tokenizer.from_preset(preset, config_file=config_file)
        except ValueError:  # Keras Hub knows no tokenizer class of the preset's backbone class
            from keras_hub.src.utils.preset_utils import get_preset_loader

            found = get_preset_loader(preset).load_tokenizer(keras_hub.tokenizers.Tokenizer, config_file)
        return found if isinstance(found, cls) else cls(found, **kwargs)

    def tokenize(self, inputs: TFTensor, *args: Any, **kwargs: Any) -> TFTensor:
        """Splits texts, string (B,), into words, ragged string (B, W)."""
        return self.splitter.tokenize(inputs)

    def tokenize_with_offsets(self, inputs: TFTensor) -> tuple[TFTensor, TFTensor, TFTensor]:
        """Splits texts into words, and returns the offsets of each word.

        Returns:
            words, starts and limits, each ragged (B, W): int64 byte offsets in the text, limits exclusive.

        Raises:
            ValueError: If the splitter has no `tokenize_with_offsets`.
        """
        if not hasattr(self.splitter, "tokenize_with_offsets"):
            expected = "a splitter with `tokenize_with_offsets`"
            raise ValueError(message(expected, type(self.splitter).__name__, "splitter=WordTokenizer()"))
        return self.splitter.tokenize_with_offsets(inputs)

    def subword_ids(self, words: TFTensor) -> TFTensor:
        """Splits words, ragged (B, W), into subwords, ragged int32 (B, W, P), at least one for each word.

        If the tokenizer reads spaces, each word but the first of its row is preceded by one.
        """
        fallback = self.unknown_id if self.unknown_id is not None else self.end_id
        return subwords_of_words(words, self._split, self._reads_spaces, fallback)

    def encode(
        self, tokens: TFTensor | Sequence[Sequence[str]], min_length: int = 0, names: Iterable[str] | None = None
    ) -> Features:
        """Computes the features of tokenised texts: start, subwords, end.

        Args:
            tokens: ragged strings (B, W), or lists of lists of words.
            min_length: pads at least to this length.
            names: the features to compute; unknown names are ignored. `None`: all.

        Returns:
            dict of tensors, T the bucket of the longest row, W that of the most words: `token_ids` (B, T) int32,
            `padding_mask` (B, T) bool, True = real, `segment_ids` (B, T) int32, all 0; `word_positions` (B, W) int32,
            index of each word's first subword, and `word_mask` (B, W) bool, True for words that are not truncated.
        """
        tokens = tokens if isinstance(tokens, tf.RaggedTensor) else tf.ragged.constant(tokens, tf.string, ragged_rank=1)
        subwords = self.subword_ids(tokens)  # (B, W, P)
        start = 0 if self.start_id is None else 1
        capacity = self.max_length - start - 1
        counts = subwords.row_lengths(axis=2)  # (B, W)
        before = counts_before(counts)
        fits = before.flat_values + counts.flat_values <= capacity
        features = self.pack([fitting(subwords, before + counts, capacity)], min_length, names)
        width = bucket_length(tokens.bounding_shape(axis=1), self.bucket_lengths)
        makers = {
            "word_positions": lambda: dense(
                tokens.with_flat_values(tf.where(fits, tf.cast(before.flat_values, tf.int32) + start, 0)), width
            ),
            "word_mask": lambda: dense(tokens.with_flat_values(fits), width, False),
        }
        return features | {name: make() for name, make in makers.items() if names is None or name in set(names)}

    def encode_pair(self, first: TFTensor, second: TFTensor, names: Iterable[str] | None = None) -> Features:
        """Computes the features of pairs: start, first, end, second, end. Of long pairs, the longer side is truncated.

        Args:
            first: ragged strings (B, W).
            second: ragged strings (B, W).
            names: as in `encode`.

        Returns:
            `token_ids`, `padding_mask` and `segment_ids`, 0 up to the first end and 1 after it; see `encode`.
        """
        num_special = (0 if self.start_id is None else 1) + self.separators + 1
        segments = [self.subword_ids(side).merge_dims(1, 2) for side in (first, second)]
        return self.pack(tf_text.RoundRobinTrimmer(self.max_length - num_special).trim(segments), 0, names)

    def pack(self, segments: Sequence[TFTensor], min_length: int = 0, names: Iterable[str] | None = None) -> Features:
        """Concatenates segments of subwords, with special tokens around them, padded to one of few lengths.

        Args:
            segments: ragged int32 (B, P) each; with the special tokens, together no longer than `max_length`.
            min_length: pads at least to this length.
            names: as in `encode`.

        Returns:
            `token_ids`, `padding_mask` and `segment_ids`, the index of the segment, its end included; see `encode`.
        """
        ids, segment_ids = concatenated(segments, self.start_id, self.end_id, self.separators)
        longest = tf.maximum(ids.bounding_shape(axis=1), min_length)
        length = tf.minimum(bucket_length(longest, self.bucket_lengths), max(self.max_length, min_length))
        makers = {
            "token_ids": lambda: dense(ids, length, self.padding_id),
            "padding_mask": lambda: tf.sequence_mask(ids.row_lengths(), length),
            "segment_ids": lambda: dense(segment_ids, length),
        }
        return {name: make() for name, make in makers.items() if names is None or name in set(names)}

    def _split(self, words: TFTensor) -> TFTensor:
        """Splits strings (N,) into ragged int32 (N, P), always in a graph: eagerly, Keras Hub would run in Python."""
        if self._traced is None:
            with tf.init_scope():
                self._traced = tf.function(
                    self.tokenizer.tokenize, input_signature=[tf.TensorSpec([None], tf.string)], autograph=False
                )
        return tf.cast(self._traced(words), tf.int32)

    @property
    def start_id(self) -> int | None:
        """Id of the token before the first segment; `None` if the encoder has none."""
        return self._id("start_token")

    @property
    def end_id(self) -> int:
        """Id of the token after each segment."""
        return int(self.tokenizer.end_token_id)

    @property
    def padding_id(self) -> int:
        """Id of padding."""
        return int(self.tokenizer.pad_token_id)

    @property
    def mask_id(self) -> int | None:
        """Id of the mask token; `None` if the encoder has none."""
        return self._id("mask_token")

    @property
    def unknown_id(self) -> int | None:
        """Id of out-of-vocabulary words; `None` if the encoder can encode every text."""
        unknown = getattr(self.tokenizer, "oov_token", None)
        return self._id("unk_token") if unknown is None else int(self.tokenizer.token_to_id(unknown))

    @property
    def special_ids(self) -> tuple[int, ...]:
        """Ids of special tokens, which no text yields, ascending."""
        ids = (self.start_id, self.end_id, self.padding_id, self.mask_id)
        return tuple(sorted({id_ for id_ in ids if id_ is not None}))

    def _id(self, name: str) -> int | None:
        id_ = getattr(self.tokenizer, f"{name}_id", None)
        return None if id_ is None else int(id_)

    def build(self, input_shape: Any = None) -> None:
        """Does nothing: the tokenizer has no weights."""

    def vocabulary_size(self) -> int:
        """Returns the number of tokens."""
        return int(self.tokenizer.vocabulary_size())

    def get_vocabulary(self) -> list[str]:
        """Returns the tokens by id."""
        return list(self.tokenizer.get_vocabulary())

    def id_to_token(self, id: int) -> str:
        """Returns the token with an id."""
        return str(self.tokenizer.id_to_token(int(id)))

    def token_to_id(self, token: str) -> int:
        """Returns the id of a token."""
        return int(self.tokenizer.token_to_id(token))

    def resources(self) -> list[Any]:
        """Returns the objects that an exporter must track for `tokenize` and `encode`."""
        return [self.splitter, self.tokenizer]

    def save_assets(self, dir_path: PathLike) -> None:
        """Writes the vocabulary into a folder."""
        self.tokenizer.save_assets(dir_path)

    def load_assets(self, dir_path: PathLike) -> None:
        """Reads what `save_assets` wrote."""
        self.tokenizer.load_assets(dir_path)
        self._traced = None

    def get_config(self) -> Config:
        """Returns the settings; the vocabulary is an asset."""
        return {
            **super().get_config(),
            "tokenizer": keras.layers.serialize(self.tokenizer),
            "splitter": serialize_tokenizer(self.splitter),
            "max_length": self.max_length,
            "bucket_lengths": self.bucket_lengths,
            "separators": self.separators,
        }

    @classmethod
    def from_config(cls, config: Config) -> "EncoderTokenizer":
        """Creates a tokenizer without a vocabulary, which `load_assets` reads."""
        objects = {
            "tokenizer": keras.layers.deserialize(config["tokenizer"]),
            "splitter": deserialize_tokenizer(config["splitter"]),
        }
        return cls(**{**config, **objects})
