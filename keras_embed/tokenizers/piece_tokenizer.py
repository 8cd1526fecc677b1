"""From texts to numbers of words or subwords, and back."""

from collections.abc import Sequence
from typing import Any

import keras
import keras_hub
import numpy as np

from keras_embed import text
from keras_embed._backend import tf
from keras_embed._backend.ragged import encoded_texts
from keras_embed._errors import check_one_of, message
from keras_embed.tokenizers.byte_pairs import BytePairCodec
from keras_embed.tokenizers.sentence_pieces import SentencePieceCodec
from keras_embed.tokenizers.subword_tokenizer import Codec, real_ids
from keras_embed.tokenizers.whole_words import WordCodec
from keras_embed.tokenizers.word_pieces import WordPieceCodec

#: Kind -> the class that learns and holds the pieces.
CODECS: dict[str, Any] = {
    "bpe": BytePairCodec,
    "sentencepiece": SentencePieceCodec,
    "wordpiece": WordPieceCodec,
    "words": WordCodec,
}
_KINDS = {codec.__name__: codec for codec in CODECS.values()}


@keras.saving.register_keras_serializable(package="keras_embed")
class PieceTokenizer(keras_hub.tokenizers.Tokenizer):
    """Texts to the numbers of their pieces, words or subwords, and numbers to texts.

    All of it is TensorFlow graph code, on every backend, so it runs inside `tf.data` and inside a SavedModel. Number 0
    is padding, 1 unknown, 2 the start `<s>`, 3 the end `</s>`; no text gives 0, 2 or 3.

    Args:
        codec: `tokenizers.Codec`, what texts are cut into. `None` only while a saved tokenizer is loaded.
        lowercase: whether texts are put into lower case first, by Unicode's rules.
        form: Unicode's normal form that texts are put into first, "NFC", "NFD", "NFKC" or "NFKD"; `None`: as they are.
            With a form, an exported graph needs tensorflow_text to be imported where it is loaded.
        **kwargs: `name`, `config_file`.

    Example:
    >>> from keras_embed.tokenizers import PieceTokenizer
    >>> tokenizer = PieceTokenizer.train(["A dog.", "A man."], "words", lowercase=True)
    >>> ids = tokenizer.tokenize(["A dog!"])
    >>> ids.to_list(), tokenizer.detokenize(ids).numpy().tolist()
    ([[5, 6, 1]], [b'a dog [UNK]'])
    """

    def __init__(self, codec: Any = None, lowercase: bool = False, form: str | None = None, **kwargs: Any) -> None:
        kwargs.pop("dtype", None)
        super().__init__(dtype="int32", **kwargs)
        self.codec = codec if isinstance(codec, Codec) else None
        self._described = codec if isinstance(codec, dict) else _description(codec)
        self.lowercase = lowercase
        self.form = form
        self._steps: list[text.WordStep] = [text.UnicodeNormalize(form)] if form is not None else []
        self._steps += [text.Lowercase()] if lowercase else []
        self.file_assets = [_KINDS[self._described["class_name"]].file]
        self.built = True

    @classmethod
    def train(
        cls,
        texts: Sequence[str | bytes],
        kind: str = "bpe",
        vocabulary_size: int | None = 10000,
        lowercase: bool = False,
        form: str | None = None,
        min_count: int = 1,
        config_file: str | None = None,
        **config: Any,
    ) -> "PieceTokenizer":
        """Learns the pieces of some texts.

        Args:
            texts: strings.
            kind: "bpe" (bytes, and pairs merged of them) and "sentencepiece" (pieces of text and bytes) know every text
                and give it back as it was; "wordpiece" (words and parts of words) and "words" do not.
            vocabulary_size: greatest number of pieces, the four special ones included; `None`, for words: no limit.
            lowercase: see the class.
            form: see the class.
            min_count: rarer words, or pairs of pieces, are left out; not for SentencePiece, which has its own measure.
            config_file: see the class.
            **config: for the codec: `splitter` for words and WordPiece, `model_type` for SentencePiece.

        Raises:
            ValueError: for a text that is no string or that UTF-8 cannot hold.
        """
        check_one_of("kind", kind, CODECS)
        files = {} if config_file is None else {"config_file": config_file}
        # The graph's own normaliser, so that what is learnt and what is encoded can never disagree.
        blank = cls(BytePairCodec(()), lowercase, form)
        normalized = blank.normalize(tf.constant(encoded_texts(texts), tf.string)).numpy()
        codec = CODECS[kind].train(normalized.tolist(), vocabulary_size, min_count, **config)
        return cls(codec, lowercase, form, **files)

    def normalize(self, strings: Any) -> Any:
        """Texts (B,) as they are encoded: UTF-8 (U+FFFD for what is none), in the normal form, in lower case."""
        strings = tf.strings.unicode_transcode(strings, "UTF-8", "UTF-8")
        for step in self._steps:
            strings = step.tensor(strings)
        return strings

    def tokenize(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Texts, strings (B,), to ragged int32 (B, None), without start and end."""
        return self._codec().encode(self.normalize(tf.convert_to_tensor(inputs, tf.string)))

    def detokenize(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Numbers, ragged or padded (..., T), to strings (...). What follows the first end is passed over."""
        if isinstance(inputs, tf.RaggedTensor):
            return self._codec().decode(real_ids(inputs))
        ids = inputs if tf.is_tensor(inputs) else tf.constant(_array(inputs), tf.int32)
        rows = tf.reshape(ids, [-1, tf.shape(ids)[-1]])
        return tf.reshape(self._codec().decode(real_ids(rows)), tf.shape(ids)[:-1])

    def resources(self) -> list[Any]:
        """What an exporter must hold for `tokenize` and `detokenize` to be saved in a graph."""
        return self._codec().resources()

    def build(self, input_shape: Any = None) -> None:
        """Nothing to build."""

    def vocabulary_size(self) -> int:
        """Number of pieces, the four special ones included."""
        return len(self._codec())

    def get_vocabulary(self) -> list[str]:
        """Pieces by number."""
        return list(self._codec().pieces)

    def id_to_token(self, id: int) -> str:
        """The piece with this number."""
        return str(self._codec().pieces[id])

    def token_to_id(self, token: str) -> int:
        """The number of a piece, 1 if there is no such piece."""
        pieces = self._codec().pieces
        return pieces.index(token) if token in pieces else 1

    def save_assets(self, dir_path: str) -> None:
        """Writes the pieces into a folder."""
        self._codec().save(dir_path)

    def load_assets(self, dir_path: str) -> None:
        """Reads what `save_assets` wrote."""
        self.codec = _KINDS[self._described["class_name"]].load(dir_path, **self._described["config"])

    def _codec(self) -> Any:
        if self.codec is None:
            tries = "keras.saving.load_model, from_preset or PieceTokenizer.train"
            raise ValueError(message("a tokenizer with a codec", "one that was made from a config alone", tries))
        return self.codec

    def get_config(self) -> dict[str, Any]:
        """All but the pieces, which are an asset."""
        return {**super().get_config(), "codec": self._described, "lowercase": self.lowercase, "form": self.form}


def _description(codec: Any) -> dict[str, Any]:
    name = type(codec).__name__
    if _KINDS.get(name) is not type(codec):
        raise TypeError(message(f"a codec of `keras_embed.text`, one of {sorted(_KINDS)}", codec))
    return {"class_name": name, "config": codec.get_config()}


def _array(inputs: Any) -> Any:
    """Lists, arrays and tensors of any backend."""
    return keras.ops.convert_to_numpy(inputs) if keras.ops.is_tensor(inputs) else np.asarray(inputs)
