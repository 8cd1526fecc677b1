"""Base class of subword tokenizers: texts to ids and back, in TensorFlow graph code."""

import abc
import importlib
from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

import keras
import keras_hub
import numpy as np
from numpy.typing import NDArray

from keras_embed._backend import tf
from keras_embed._backend.ragged import encoded_texts
from keras_embed._errors import check_one_of, message
from keras_embed._types import Config, PathLike, Tensor, TFTensor
from keras_embed.text.normalization import Lowercase, UnicodeNormalize
from keras_embed.text.steps import WordStep

#: Tokens 0 to 3 of every subword tokenizer: padding, out-of-vocabulary, start, end.
SPECIAL_TOKENS = ("", "[UNK]", "<s>", "</s>")
UNKNOWN_ID, START_ID, END_ID = 1, 2, 3

# Kind -> module and class, imported when `train` needs it.
_KINDS = {
    "bpe": ("keras_embed.tokenizers.byte_pairs", "BytePairSubwordTokenizer"),
    "sentencepiece": ("keras_embed.tokenizers.sentence_pieces", "SentencePieceSubwordTokenizer"),
    "wordpiece": ("keras_embed.tokenizers.word_pieces", "WordPieceSubwordTokenizer"),
    "words": ("keras_embed.tokenizers.word_pieces", "WholeWordTokenizer"),
}


class SubwordTokenizer(keras_hub.tokenizers.Tokenizer, abc.ABC):
    """Base class of tokenizers that split texts into subwords or words, and join ids to texts again.

    Everything is TensorFlow graph code, on every backend, so it runs inside `tf.data` and inside a SavedModel. Id 0 is
    padding, 1 out-of-vocabulary, 2 the start `<s>`, 3 the end `</s>`; no text yields 0, 2 or 3.

    `SubwordTokenizer.train` learns the vocabulary of some texts; `kind` chooses the class. A subclass implements
    `learn`, `tokens`, `encode_normalized`, `decode_ids`, `save_assets`, `load_assets` and `asset`.

    Args:
        lowercase: lower-cases texts first, by Unicode's rules.
        form: Unicode normal form that texts are converted to first, "NFC", "NFD", "NFKC" or "NFKD"; `None`: none.
            With a form, tensorflow_text must be imported before an exported graph is loaded.
        **kwargs: `name`, `config_file`.

    Example:
    >>> from keras_embed.tokenizers import SubwordTokenizer
    >>> tokenizer = SubwordTokenizer.train(["A dog.", "A man."], "words", lowercase=True)
    >>> ids = tokenizer.tokenize(["A dog!"])
    >>> ids.to_list(), tokenizer.detokenize(ids).numpy().tolist()
    ([[5, 6, 1]], [b'a dog [UNK]'])
    """

    #: Name of the asset file that holds the vocabulary.
    asset: ClassVar[str]

    def __init__(self, lowercase: bool = False, form: str | None = None, **kwargs: Any) -> None:
        kwargs.pop("dtype", None)
        super().__init__(dtype="int32", **kwargs)
        self.lowercase = lowercase
        self.form = form
        self._steps: list[WordStep] = [UnicodeNormalize(form)] if form is not None else []
        self._steps += [Lowercase()] if lowercase else []
        self.file_assets = [self.asset]
        self.built = True

    @classmethod
    def train(
        cls,
        texts: Sequence[str | bytes],
        kind: str | None = None,
        vocabulary_size: int | None = 10000,
        lowercase: bool = False,
        form: str | None = None,
        min_count: int = 1,
        config_file: str | None = None,
        **config: Any,
    ) -> "SubwordTokenizer":
        """Learns the vocabulary of some texts.

        Args:
            texts: strings.
            kind: "bpe" (bytes, and subwords merged from them) and "sentencepiece" (parts of texts, and bytes) encode
                every text without loss; "wordpiece" (words and parts of words) and "words" do not. `None`: the kind of
                the class, "bpe" for `SubwordTokenizer` itself.
            vocabulary_size: greatest number of tokens, the four special ones included; `None`, for words: no limit.
            lowercase: see the class.
            form: see the class.
            min_count: rarer words, or pairs of subwords, are dropped; not for SentencePiece, which has another measure.
            config_file: name of the tokenizer's file in a preset.
            **config: for the kind: `splitter` for words and WordPiece, `model_type` for SentencePiece.

        Raises:
            ValueError: If a text is not a string or cannot be encoded as UTF-8, or if `kind` is unknown.
        """
        made = cls
        if kind is not None or cls is SubwordTokenizer:
            check_one_of("kind", kind or "bpe", _KINDS)
            module, name = _KINDS[kind or "bpe"]
            made = getattr(importlib.import_module(module), name)
        if not issubclass(made, cls):
            raise ValueError(message(f"the kind of {cls.__name__}", repr(kind), "SubwordTokenizer.train"))
        files = {} if config_file is None else {"config_file": config_file}
        settings: dict[str, Any] = {"lowercase": lowercase, "form": form, **files}
        # Normalised in the graph, so that what is learnt and what is encoded cannot differ.
        strings = tf.constant(encoded_texts(texts), tf.string)
        return made.learn(made(**settings).normalize(strings), vocabulary_size, min_count, **config, **settings)

    @classmethod
    @abc.abstractmethod
    def learn(
        cls, texts: TFTensor, vocabulary_size: int | None, min_count: int = 1, **settings: Any
    ) -> "SubwordTokenizer":
        """Creates a tokenizer with the vocabulary of normalised texts (N,); `settings` are constructor arguments."""

    @property
    @abc.abstractmethod
    def tokens(self) -> tuple[str, ...] | None:
        """Tokens by id, readable, beginning with `SPECIAL_TOKENS`; `None` before `load_assets`."""

    @abc.abstractmethod
    def encode_normalized(self, strings: TFTensor) -> TFTensor:
        """Converts normalised strings (B,) to ragged int32 (B, None)."""

    @abc.abstractmethod
    def decode_ids(self, ids: TFTensor) -> TFTensor:
        """Converts ragged int32 (B, None), without padding, start and end, to strings (B,)."""

    @abc.abstractmethod
    def resources(self) -> list[Any]:
        """Returns the objects that an exporter must track for `tokenize` and `detokenize`."""

    @property
    def has_vocabulary(self) -> bool:
        """False for a tokenizer created from a config, before `load_assets`."""
        return self.tokens is not None

    def normalize(self, strings: TFTensor) -> TFTensor:
        """Converts texts (B,) to UTF-8 (invalid bytes to U+FFFD), the normal form, and lower case."""
        strings = tf.strings.unicode_transcode(strings, "UTF-8", "UTF-8")
        for step in self._steps:
            strings = step.tensor(strings)
        return strings

    def tokenize(self, inputs: TFTensor, *args: Any, **kwargs: Any) -> TFTensor:
        """Converts texts, strings (B,), to ragged int32 (B, None), without start and end."""
        self._check_loaded()
        return self.encode_normalized(self.normalize(tf.convert_to_tensor(inputs, tf.string)))

    def detokenize(self, inputs: Tensor, *args: Any, **kwargs: Any) -> TFTensor:
        """Converts ids, ragged or padded (..., T), to strings (...). Ids after the first end are ignored."""
        self._check_loaded()
        if isinstance(inputs, tf.RaggedTensor):
            return self.decode_ids(real_ids(inputs))
        ids = inputs if tf.is_tensor(inputs) else tf.constant(_array(inputs), tf.int32)
        rows = tf.reshape(ids, [-1, tf.shape(ids)[-1]])  # (N, T)
        return tf.reshape(self.decode_ids(real_ids(rows)), tf.shape(ids)[:-1])

    def build(self, input_shape: Any = None) -> None:
        """Does nothing: the tokenizer has no weights."""

    def known_tokens(self) -> tuple[str, ...]:
        """Returns the tokens by id.

        Raises:
            ValueError: If the tokenizer was created from a config and its assets are not loaded.
        """
        self._check_loaded()
        return self.tokens or ()

    def _check_loaded(self) -> None:
        if not self.has_vocabulary:
            tries = "keras.saving.load_model, from_preset or SubwordTokenizer.train"
            raise ValueError(message("a tokenizer with a vocabulary", "one created from a config alone", tries))

    def vocabulary_size(self) -> int:
        """Returns the number of tokens, the four special ones included."""
        return len(self.known_tokens())

    def get_vocabulary(self) -> list[str]:
        """Returns the tokens by id."""
        return list(self.known_tokens())

    def id_to_token(self, id: int) -> str:
        """Returns the token with an id."""
        return str(self.known_tokens()[id])

    def token_to_id(self, token: str) -> int:
        """Returns the id of a token, 1 if it is out of vocabulary."""
        tokens = self.known_tokens()
        return tokens.index(token) if token in tokens else UNKNOWN_ID

    @abc.abstractmethod
    def save_assets(self, dir_path: PathLike) -> None:
        """Writes the vocabulary to `asset` in a folder."""

    @abc.abstractmethod
    def load_assets(self, dir_path: PathLike) -> None:
        """Reads what `save_assets` wrote."""

    def get_config(self) -> Config:
        """Returns the settings; the vocabulary is an asset."""
        return {**super().get_config(), "lowercase": self.lowercase, "form": self.form}


def real_ids(ids: TFTensor) -> TFTensor:
    """Drops padding, starts, and everything from the first end on.

    Args:
        ids: (B, T), ragged or padded.

    Returns:
        ragged int32 (B, None).
    """
    ragged = ids if isinstance(ids, tf.RaggedTensor) else tf.RaggedTensor.from_tensor(ids)
    dense = tf.cast(ragged.to_tensor(0), tf.int32)  # (B, T)
    ended = tf.cumsum(tf.cast(dense == END_ID, tf.int32), axis=1) > 0
    return tf.ragged.boolean_mask(dense, ~ended & (dense > 0) & (dense != START_ID))


def _array(inputs: Tensor | Iterable[Any]) -> NDArray[Any]:
    """Converts lists, arrays and tensors of any backend."""
    return np.asarray(keras.ops.convert_to_numpy(inputs) if keras.ops.is_tensor(inputs) else inputs)
