"""Tokenizers of words and of parts of words: whole words, WordPiece, and the vocabulary of a BERT."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import keras

from keras_embed._backend import tf, tf_text
from keras_embed._errors import check_positive
from keras_embed._types import Config, PathLike, Splitter, TFTensor
from keras_embed.text.strings import StringLookup
from keras_embed.text.vocabulary import Vocabulary
from keras_embed.tokenizers.any_splitter import as_tokenizer, deserialize_tokenizer, serialize_tokenizer
from keras_embed.tokenizers.subword_tokenizer import SPECIAL_TOKENS, UNKNOWN_ID, SubwordTokenizer

_INNER = "##"
_NUM_SPECIAL = len(SPECIAL_TOKENS)
#: First tokens of a vocabulary that `bert_vocabulary` learns: padding, out-of-vocabulary, start, end and mask.
BERT_SPECIAL_TOKENS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")


class _SplitTokenizer(SubwordTokenizer):
    """Base class of the tokenizers that first split a text into words."""

    def __init__(
        self,
        words: Sequence[str] | None = None,
        splitter: Splitter | Config | None = None,
        lowercase: bool = False,
        form: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(lowercase, form, **kwargs)
        self.splitter = deserialize_tokenizer(splitter) if isinstance(splitter, dict) else as_tokenizer(splitter)
        # In a namespace, so that neither Keras nor TensorFlow tracks what is created lazily.
        self._loaded = SimpleNamespace(vocabulary=None, strings=None, cutter=None)
        if words is not None:
            self._set(words)

    def _set(self, words: Sequence[str]) -> None:
        vocabulary = Vocabulary((*SPECIAL_TOKENS[2:], *words))
        self._loaded = SimpleNamespace(vocabulary=vocabulary, strings=StringLookup(self._spelled(vocabulary)))
        self._loaded.cutter = None

    @staticmethod
    def _spelled(vocabulary: Vocabulary) -> list[str]:
        """Returns the strings that the tokens are decoded to."""
        return list(vocabulary)

    @property
    def has_vocabulary(self) -> bool:
        """False for a tokenizer created from a config, before `load_assets`."""
        return self._loaded.vocabulary is not None

    @property
    def tokens(self) -> tuple[str, ...] | None:
        """Tokens by id."""
        return None if self._loaded.vocabulary is None else tuple(self._loaded.vocabulary)

    def save_assets(self, dir_path: PathLike) -> None:
        """Writes the vocabulary."""
        self._check_loaded()
        self._loaded.vocabulary.save(Path(dir_path) / self.asset)

    def load_assets(self, dir_path: PathLike) -> None:
        """Reads the vocabulary."""
        self._set(tuple(Vocabulary.load(Path(dir_path) / self.asset))[_NUM_SPECIAL:])

    def get_config(self) -> Config:
        """Returns the settings; the vocabulary is an asset."""
        return {**super().get_config(), "splitter": serialize_tokenizer(self.splitter)}


@keras.saving.register_keras_serializable(package="keras_embed")
class WholeWordTokenizer(_SplitTokenizer):
    """Tokenizer of whole words; decoded texts have one space between words.

    Args:
        words: by id, from 4 on: without the four special tokens. `None` before `load_assets`.
        splitter: splits texts into words: any object that `as_tokenizer` accepts. `None`: `WordTokenizer()`.
        lowercase: see `SubwordTokenizer`.
        form: see `SubwordTokenizer`.
        **kwargs: `name`, `config_file`.

    Example:
    >>> tokenizer = WholeWordTokenizer.train(["a man and a dog", "a dog ."], min_count=2)
    >>> tokenizer.tokens
    ('', '[UNK]', '<s>', '</s>', 'a', 'dog')
    >>> ids = tokenizer.tokenize(["a cat", "dog !"])
    >>> ids.to_list(), tokenizer.detokenize(ids).numpy().tolist()
    ([[4, 1], [5, 1]], [b'a [UNK]', b'dog [UNK]'])
    """

    asset = "words.json"

    @classmethod
    def learn(
        cls, texts: TFTensor, vocabulary_size: int | None, min_count: int = 1, **settings: Any
    ) -> "WholeWordTokenizer":
        """Counts words; the most frequent come first, ties by code point.

        Args:
            texts: normalised strings (N,).
            vocabulary_size: greatest number of tokens, the four special ones included; `None`: no limit.
            min_count: rarer words are out of vocabulary.
            **settings: constructor arguments.
        """
        tokenizer = cls(**settings)
        words, _, counts = tf.unique_with_counts(tokenizer.splitter.tokenize(texts).flat_values)
        seen = {word.decode("utf-8"): int(count) for word, count in zip(words.numpy(), counts.numpy(), strict=True)}
        for special in SPECIAL_TOKENS[2:]:
            seen.pop(special, None)
        # `Vocabulary` reserves two of the four special tokens itself.
        size = None if vocabulary_size is None else vocabulary_size - (_NUM_SPECIAL - 2)
        tokenizer._set(tuple(Vocabulary.from_counts(seen, min_count, size))[2:])
        return tokenizer

    def encode_normalized(self, strings: TFTensor) -> TFTensor:
        """Looks up the words of texts (B,)."""
        return _without_special(self._loaded.vocabulary.lookup(self.splitter.tokenize(strings)))

    def decode_ids(self, ids: TFTensor) -> TFTensor:
        """Joins words with spaces."""
        return tf.strings.reduce_join(self._loaded.strings.gather(ids), axis=-1, separator=" ")

    def resources(self) -> list[Any]:
        """Returns the lookup table and the splitter."""
        self._check_loaded()
        return [self._loaded.vocabulary.table, self.splitter]


@keras.saving.register_keras_serializable(package="keras_embed")
class WordPieceSubwordTokenizer(_SplitTokenizer):
    """WordPiece: each word is split from left to right into the longest known subwords; "##" marks inner ones.

    Decoded texts have one space between words. A word with a character that is in no subword, or of more than 100
    bytes, is out of vocabulary. tensorflow_text must be imported before an exported graph is loaded.

    Args:
        words: words and parts of words by id, from 4 on: without the four special tokens. `None` before `load_assets`.
        splitter: splits texts into words: any object that `as_tokenizer` accepts. `None`: `WordTokenizer()`.
        lowercase: see `SubwordTokenizer`.
        form: see `SubwordTokenizer`.
        **kwargs: `name`, `config_file`.

    References:
        Wu et al. 2016. Google's Neural Machine Translation System. arXiv:1609.08144.
        Song, Salcianu, Song, Dopson, Zhou 2021. Fast WordPiece Tokenization. EMNLP 2021.

    Example:
    >>> tokenizer = WordPieceSubwordTokenizer(["a", "dog", "##s", "."])
    >>> ids = tokenizer.tokenize(["a dogs.", "a cat"])
    >>> ids.to_list(), tokenizer.detokenize(ids).numpy().tolist()
    ([[4, 5, 6, 7], [4, 1]], [b'a dogs .', b'a [UNK]'])
    """

    asset = "word_pieces.json"

    @staticmethod
    def _spelled(vocabulary: Vocabulary) -> list[str]:
        return [token.removeprefix(_INNER) if token.startswith(_INNER) else f" {token}" for token in vocabulary]

    @classmethod
    def learn(
        cls, texts: TFTensor, vocabulary_size: int | None, min_count: int = 1, **settings: Any
    ) -> "WordPieceSubwordTokenizer":
        """Learns subwords with the package `tokenizers`.

        Args:
            texts: normalised strings (N,).
            vocabulary_size: greatest number of tokens; characters come first.
            min_count: rarer pairs are not merged.
            **settings: constructor arguments.

        Raises:
            ValueError: If `vocabulary_size` is not a positive integer.
        """
        from tokenizers import Tokenizer, models, pre_tokenizers, trainers

        check_positive("vocabulary_size", vocabulary_size or 0)
        made = cls(**settings)
        learner = Tokenizer(models.WordPiece(unk_token=SPECIAL_TOKENS[UNKNOWN_ID]))
        learner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
        trainer = trainers.WordPieceTrainer(
            vocab_size=(vocabulary_size or 0) - _NUM_SPECIAL,
            min_frequency=min_count,
            continuing_subword_prefix=_INNER,
            show_progress=False,
        )
        words = made.splitter.tokenize(texts).numpy()
        learner.train_from_iterator((b" ".join(row).decode("utf-8") for row in words), trainer)
        learnt = learner.get_vocab()
        made._set([token for token in sorted(learnt, key=learnt.__getitem__) if token not in SPECIAL_TOKENS])
        return made

    def encode_normalized(self, strings: TFTensor) -> TFTensor:
        """Splits the words of texts (B,) into subwords."""
        if self._loaded.cutter is None:
            with tf.init_scope():  # outside any graph being traced, so that later graphs can use it too
                self._loaded.cutter = tf_text.FastWordpieceTokenizer(
                    vocab=["[PAD]", *self.known_tokens()[1:]],  # it accepts no empty string
                    suffix_indicator=_INNER,
                    unknown_token=SPECIAL_TOKENS[UNKNOWN_ID],
                    token_out_type=tf.int32,
                    no_pretokenization=True,
                )
        return _without_special(self._loaded.cutter.tokenize(self.splitter.tokenize(strings)).merge_dims(1, 2))

    def decode_ids(self, ids: TFTensor) -> TFTensor:
        """Joins subwords, with spaces between words."""
        return tf.strings.regex_replace(tf.strings.reduce_join(self._loaded.strings.gather(ids), axis=-1), r"\A ", "")

    def resources(self) -> list[Any]:
        """Returns the splitter, which may hold resources."""
        return [self.splitter]


def _without_special(ids: TFTensor) -> TFTensor:
    """Replaces special ids by that of out-of-vocabulary words: "<s>" in a text is not a start."""
    return ids.with_flat_values(tf.where(ids.flat_values < _NUM_SPECIAL, UNKNOWN_ID, ids.flat_values))


def bert_vocabulary(
    texts: Iterable[str], vocabulary_size: int = 8000, lowercase: bool = True, min_count: int = 2
) -> tuple[str, ...]:
    """Learns a BERT's WordPiece vocabulary; words are split as BERT does, at whitespace and around punctuation.

    Args:
        texts: strings.
        vocabulary_size: greatest number of tokens, the five special ones included. All characters are among them.
        lowercase: lower-cases texts.
        min_count: rarer pairs of subwords are not merged.

    Returns:
        the tokens by id: `BERT_SPECIAL_TOKENS`, then the others, sorted, so that equal texts give equal ids; "##"
        marks subwords that do not begin a word.

    Raises:
        ValueError: If `vocabulary_size` is not a positive integer.

    References:
        Schuster and Nakajima 2012, https://research.google/pubs/pub37842/; Devlin et al. 2019, section 3,
        https://arxiv.org/abs/1810.04805

    Example:
    >>> bert_vocabulary(["A dog, a dog."], vocabulary_size=20)[5:]
    ('##g', '##o', ',', '.', 'a', 'd', 'do', 'dog', 'g', 'o')
    """
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers

    check_positive("vocabulary_size", vocabulary_size)
    learner = Tokenizer(models.WordPiece(unk_token=BERT_SPECIAL_TOKENS[1]))
    learner.normalizer = normalizers.BertNormalizer(lowercase=lowercase, strip_accents=False)
    learner.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=vocabulary_size,
        min_frequency=min_count,
        special_tokens=list(BERT_SPECIAL_TOKENS),
        continuing_subword_prefix=_INNER,
        show_progress=False,
    )
    learner.train_from_iterator(texts, trainer)
    return (*BERT_SPECIAL_TOKENS, *sorted(set(learner.get_vocab()) - set(BERT_SPECIAL_TOKENS)))
