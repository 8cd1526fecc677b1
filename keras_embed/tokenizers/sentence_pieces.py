"""SentencePiece: subwords that include whitespace."""

import io
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras

from keras_embed._backend import tf, tf_text
from keras_embed._errors import check_one_of, check_positive, message
from keras_embed._types import PathLike, TFTensor
from keras_embed.text.strings import StringLookup
from keras_embed.tokenizers.subword_tokenizer import SPECIAL_TOKENS, SubwordTokenizer

#: SentencePiece writes a space as U+2581; a U+2581 of the text is replaced by a noncharacter of Unicode.
_SPACE, _ESCAPED = "\u2581", "\U0010fffe"
_BYTE = re.compile("<0x[0-9A-F]{2}>")
_MODELS = ("unigram", "bpe")


@keras.saving.register_keras_serializable(package="keras_embed")
class SentencePieceSubwordTokenizer(SubwordTokenizer):
    """SentencePiece with byte fallback for rare characters, so that every text is decoded to itself.

    tensorflow_text must be imported before an exported graph is loaded.

    Args:
        model: a model of SentencePiece's trainer with ids 0 to 3 for padding, out-of-vocabulary, start and end. `None`
            before `load_assets`.
        lowercase: see `SubwordTokenizer`.
        form: see `SubwordTokenizer`.
        **kwargs: `name`, `config_file`.

    References:
        Kudo, Richardson 2018. SentencePiece: A simple and language independent subword tokenizer. EMNLP 2018.
        Kudo 2018. Subword Regularization. ACL 2018 (the unigram model).

    Example:
    >>> tokenizer = SentencePieceSubwordTokenizer.train(["a man and a dog"] * 9, vocabulary_size=300)
    >>> tokenizer.detokenize(tokenizer.tokenize(["a dog, 6 cats"])).numpy().tolist()
    [b'a dog, 6 cats']
    """

    asset = "pieces.spm"

    def __init__(
        self, model: bytes | None = None, lowercase: bool = False, form: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(lowercase, form, **kwargs)
        self.model = model
        # In a namespace, so that neither Keras nor TensorFlow tracks what is created lazily.
        self._lazy = SimpleNamespace(function=None, tokens=None, strings=None)

    @classmethod
    def learn(
        cls,
        texts: TFTensor,
        vocabulary_size: int | None,
        min_count: int = 1,
        model_type: str = "unigram",
        **settings: Any,
    ) -> "SentencePieceSubwordTokenizer":
        """Learns a model with the package `sentencepiece`.

        Args:
            texts: normalised strings (N,).
            vocabulary_size: number of tokens, 256 bytes included; fewer if the texts do not yield as many.
            min_count: 1; the trainer has its own measure.
            model_type: "unigram" or "bpe".
            **settings: constructor arguments.

        Raises:
            ValueError: If `vocabulary_size` or `min_count` is out of range, or `model_type` is unknown.
        """
        import sentencepiece

        check_positive("vocabulary_size", vocabulary_size or 0)
        if min_count != 1:
            raise ValueError(message(f"`min_count` of 1 for {cls.__name__}", min_count, "another `vocabulary_size`"))
        check_one_of("model_type", model_type, _MODELS)
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(_escape(texts).numpy()),
            model_writer=model,
            vocab_size=vocabulary_size,
            model_type=model_type,
            normalization_rule_name="identity",  # texts are normalised already
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
        return cls(model.getvalue(), **settings)

    @property
    def has_vocabulary(self) -> bool:
        """False for a tokenizer created from a config, before `load_assets`."""
        return self.model is not None

    @property
    def tokens(self) -> tuple[str, ...] | None:
        """Tokens by id; U+2581 is a space."""
        if self.model is not None and self._lazy.tokens is None:
            with tf.init_scope():
                runner = self._runner()
                tokens = runner.id_to_string(tf.range(runner.vocab_size())).numpy()
            others = (token.decode("utf-8") for token in tokens[len(SPECIAL_TOKENS) :])
            self._lazy.tokens = (*SPECIAL_TOKENS, *others)
        return self._lazy.tokens

    def encode_normalized(self, strings: TFTensor) -> TFTensor:
        """Splits texts (B,)."""
        if self._lazy.function is None:
            # The graph that uses the model loads it. A model loaded outside would be lost when TensorFlow clears its
            # caches, as it does when a seed is set.
            self._lazy.function = tf.function(
                lambda strings: self._runner().tokenize(_escape(strings)),
                input_signature=[tf.TensorSpec([None], tf.string)],
            )
        return self._lazy.function(strings)

    def decode_ids(self, ids: TFTensor) -> TFTensor:
        """Joins subwords; bytes that are not UTF-8 become U+FFFD."""
        if self._lazy.strings is None:
            # SentencePiece's own decoder drops all leading spaces.
            first = len(SPECIAL_TOKENS)
            spelled = [_spelled(token) for token in self.known_tokens()[first:]]
            self._lazy.strings = StringLookup([b""] * first + spelled)
        joined = tf.strings.reduce_join(self._lazy.strings.gather(ids), axis=-1)
        text = tf.strings.unicode_transcode(joined, "UTF-8", "UTF-8")
        return tf.strings.regex_replace(tf.strings.regex_replace(text, r"\A ", ""), _ESCAPED, _SPACE)

    def resources(self) -> list[Any]:
        """Returns nothing: the graph contains the model."""
        return []

    def save_assets(self, dir_path: PathLike) -> None:
        """Writes the model in SentencePiece's format."""
        self._check_loaded()
        (Path(dir_path) / self.asset).write_bytes(self.model or b"")

    def load_assets(self, dir_path: PathLike) -> None:
        """Reads the model."""
        self.model = (Path(dir_path) / self.asset).read_bytes()
        self._lazy = SimpleNamespace(function=None, tokens=None, strings=None)

    def _runner(self) -> TFTensor:
        return tf_text.SentencepieceTokenizer(self.model, out_type=tf.int32)


def _spelled(token: str) -> bytes:
    """Returns the bytes of a token's text."""
    return bytes([int(token[3:5], 16)]) if _BYTE.fullmatch(token) else token.replace(_SPACE, " ").encode("utf-8")


def _escape(strings: TFTensor) -> TFTensor:
    return tf.strings.regex_replace(strings, _SPACE, _ESCAPED)
