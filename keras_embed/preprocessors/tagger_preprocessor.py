"""Sentences and tags in, features and tag ids out; and back."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any

import keras
import keras_hub

from keras_embed import text
from keras_embed._backend import tf
from keras_embed._backend.ragged import dense, ragged_strings
from keras_embed._errors import message
from keras_embed.preprocessors._tagged_data import ANY_TAG, all_tags, check_tags, sentences_of
from keras_embed.preprocessors._word_embeddings import word_embeddings
from keras_embed.preprocessors.batching import batched_dataset
from keras_embed.preprocessors.tagged_spans import tagged_spans
from keras_embed.preprocessors.word_windows import word_windows
from keras_embed.tokenizers.any_backbone import ANY_BACKBONE
from keras_embed.tokenizers.word_featurizer import WordFeaturizer


@keras.saving.register_keras_serializable(package="keras_embed")
class TaggerPreprocessor(keras_hub.models.Preprocessor):
    """Turns tokenised sentences and their tags into what a tagger is trained on, and its answers back into strings.

    Args:
        tokenizer: `WordFeaturizer`, words to features; or `EncoderTokenizer`, words to pieces.
        tags: the K tags, in the order of their ids.
        scheme: how spans are written: one of `text.SCHEMES`, or `None` for tags that mark no spans (parts of speech).
        **kwargs: `name`, `config_file`.

    Call arguments:
        x: ragged strings (B, None) or lists of lists of words; texts, strings (B,), are split by the tokenizer.
        y: the tags, in the same form; "" marks a tag that is not known (partial labels).
        sample_weight: (B,) floats, a weight for each sentence.
        names: the features to make; `None`: all but ELMo's, see `WordFeaturizer.encode`.

    Returns:
        features, or `(features, tag ids (B, T) int32)`, or with the weights too; see `WordFeaturizer.encode`, and
        `word_windows` for an `EncoderTokenizer`. Tag ids are -1 at padding and for unknown tags.

    Raises:
        ValueError: for tags that are no different non-empty strings.

    Example:
    >>> from keras_embed.preprocessors import TaggerPreprocessor
    >>> words, tags = [["Ada", "lives", "in", "Rome"]], [["B-PER", "O", "O", "B-LOC"]]
    >>> preprocessor = TaggerPreprocessor.from_corpus(words, tags)
    >>> preprocessor.tags, preprocessor.scheme
    (('O', 'B-LOC', 'B-PER', 'I-LOC', 'I-PER'), 'BIO')
    >>> features, tag_ids = preprocessor(words, y=tags)
    >>> tag_ids.numpy().tolist()
    [[2, 0, 0, 1, -1, -1, -1, -1]]
    """

    backbone_cls = ANY_BACKBONE
    tokenizer_cls = WordFeaturizer

    def __init__(self, tokenizer: Any, tags: Sequence[str], scheme: str | None = None, **kwargs: Any) -> None:
        kwargs.pop("dtype", None)
        super().__init__(dtype="float32", **kwargs)
        self.tokenizer = tokenizer
        self.tags = tuple(tags)
        if not self.tags or len(set(self.tags)) != len(self.tags) or ANY_TAG in self.tags:
            raise ValueError(
                message("`tags` to be different non-empty strings, at least one", tags, "sorted(set(all_tags))")
            )
        self.scheme = scheme
        self._tag_vocabulary = text.Vocabulary(self.tags)
        self.built = True

    @classmethod
    def from_corpus(
        cls,
        corpus: Any,
        tags: Any = None,
        min_count: int = 1,
        scheme: str | None = None,
        tokenizer: Any = None,
        **kwargs: Any,
    ) -> "TaggerPreprocessor":
        """Learns words, characters and tags from training data.

        Args:
            corpus: `corpora.Corpus` with tags, or lists of words.
            tags: lists of tags, where `corpus` is lists of words.
            min_count: rarer words become unknown.
            scheme: the scheme the tags are in; found out from the tags where `None`. Tags that the scheme has and the
                corpus lacks (an I-LOC never seen) are added.
            tokenizer: a `WordFeaturizer` or an `EncoderTokenizer`; a `WordFeaturizer` is learnt where `None`.
            **kwargs: for `WordFeaturizer.from_tokens`.

        Raises:
            ValueError: for words without tags, and data that does not fit together. It names the sentence.
        """
        words, labels = cls.words_and_tags(corpus, tags)
        if labels is None:
            raise ValueError(message("tags beside the words", "words alone", "from_corpus(words, tags)"))
        seen = {tag for sentence in labels for tag in sentence} - {ANY_TAG}
        scheme = scheme if scheme is not None else text.infer_scheme(seen)
        return cls(
            tokenizer or WordFeaturizer.from_tokens(words, min_count=min_count, **kwargs),
            tags=all_tags(seen, scheme),
            scheme=scheme,
        )

    @classmethod
    def words_and_tags(cls, corpus: Any, tags: Any = None) -> tuple[list[Any], list[Any] | None]:
        """Words and tags of a `corpora.Corpus`, or of lists of both; tags are `None` where there are none."""
        words, labels = sentences_of(corpus, tags)
        return cls.words_of(corpus) if hasattr(corpus, "tokens") else words, labels

    @staticmethod
    def words_of(corpus: Any) -> list[list[str]]:
        """The words of each sentence of a `corpora.Corpus`, as `Tagger.tag` takes them."""
        return list(corpus.tokens)

    def embeddings(
        self,
        word_dim: int = 100,
        char_filters: int = 30,
        char_dim: int = 30,
        casing_dim: int = 8,
        char_encoder: str = "cnn",
        char_kernel_sizes: Sequence[int] = (3,),
        unknown_dropout: float = 0.02,
        dropout: float = 0.0,
        weights: Any = None,
    ) -> list[keras.layers.Layer]:
        """Embedding layers that fit these features, for a backbone. A dimension of 0 leaves its layer out.

        Args:
            word_dim: of `layers.WordEmbedding`.
            char_filters: output width of the character encoder, for each kernel size.
            char_dim: of the characters.
            casing_dim: of `layers.CasingEmbedding`.
            char_encoder: "cnn" (`layers.CharacterCNN`) or "lstm" (`layers.CharacterLSTM`).
            char_kernel_sizes: widths of the CNN's filters.
            unknown_dropout: rate at which words are read as unknown in training.
            dropout: on the words' vectors.
            weights: (vocabulary, word_dim) pretrained word vectors.
        """
        return word_embeddings(
            self.tokenizer,
            word_dim,
            char_filters,
            casing_dim,
            char_dim,
            char_encoder,
            char_kernel_sizes,
            unknown_dropout,
            dropout,
            weights,
        )

    def call(self, x: Any, y: Any = None, sample_weight: Any = None, names: Any = None) -> Any:
        tokens = self.tokens_of(x)
        features = self.features(tokens, names)
        if y is None:
            return keras.utils.pack_x_y_sample_weight(features)
        if not isinstance(y, tf.RaggedTensor):
            check_tags(tokens.to_list(), y, self.tags, self.scheme)
            y = ragged_strings(y, "tag")
        same = tf.debugging.assert_equal(
            tokens.row_lengths(), y.row_lengths(), "Expected as many tags as tokens in every sentence."
        )
        with tf.control_dependencies([same] if same is not None else []):
            length = tf.shape(features["word_mask" if self.subwords else "padding_mask"])[1]
        ids = self._tag_ids(y.flat_values)
        tag_ids = dense(y.with_flat_values(ids), length, -1)
        return keras.utils.pack_x_y_sample_weight(features, tag_ids, sample_weight)

    def build(self, input_shape: Any = None) -> None:
        """Nothing to build."""

    @property
    def subwords(self) -> bool:
        """Whether words are cut into pieces."""
        return hasattr(self.tokenizer, "pieces")

    def features(self, tokens: Any, names: Iterable[str] | None = None) -> dict[str, Any]:
        """What a tagger reads of ragged words (B, None), in TensorFlow graph code.

        Args:
            tokens: of `tokens_of`.
            names: the features to make.
        """
        encode = partial(word_windows, self.tokenizer) if self.subwords else self.tokenizer.encode
        return encode(tokens, names=names)

    def tokens_of(self, x: Any) -> Any:
        """Whatever stands for sentences, as ragged words (B, None): ragged already, lists of words, or texts."""
        if isinstance(x, tf.RaggedTensor):
            return x
        if isinstance(x, (list, tuple)) and x and not isinstance(x[0], (str, bytes)):
            return ragged_strings(x)
        if isinstance(x, (list, tuple)):
            return self.tokenizer.tokenize(ragged_strings([x], "text").flat_values)
        return self.tokenizer.tokenize(tf.convert_to_tensor(x, tf.string))

    def _tag_ids(self, tags: Any) -> Any:
        """Flat tag strings -> int32 ids, -1 for "" (any tag)."""
        # The vocabulary keeps 0 for "" and 1 for what it does not know.
        ids = self._tag_vocabulary.lookup(tags) - 2
        known = tf.debugging.Assert(
            tf.reduce_all(ids != -1),
            [
                f"Expected every tag to be one of the {len(self.tags)} the preprocessor knows. Received:",
                tags[ids == -1],
            ],
        )
        with tf.control_dependencies([known] if known is not None else []):
            return tf.maximum(ids, -1)

    def dataset(
        self,
        corpus: Any,
        tags: Any = None,
        sample_weight: Any = None,
        batch_size: int = 32,
        seed: int | None = None,
    ) -> Any:
        """A `tf.data.Dataset` of batches `(words, tags[, weights])` of similar length, checked, not yet encoded.

        Args:
            corpus: `corpora.Corpus`, or lists of words.
            tags: lists of tags, where `corpus` is lists of words.
            sample_weight: a weight for each sentence.
            batch_size: sentences in a batch.
            seed: shuffles anew every epoch; `None` sorts by length.

        Raises:
            ValueError: for no sentences, a sentence with more or fewer tags than words, a tag that is not known or
                that breaks the scheme, a lone surrogate. It names the sentence.
        """
        words, labels = self.words_and_tags(corpus, tags)
        if not words:
            raise ValueError(message("at least one sentence", "none"))
        columns = [ragged_strings(words)]
        if labels is not None:
            check_tags(words, labels, self.tags, self.scheme)
            columns.append(ragged_strings(labels, "tag"))
        if sample_weight is not None:
            columns.append(tf.constant(sample_weight, tf.float32))
        return batched_dataset(tuple(columns), batch_size, seed)

    def postprocess(self, tokens: Any, decoded: dict[str, Any]) -> dict[str, Any]:
        """A decoder's numbers as strings and spans, in TensorFlow graph code; see `tagged_spans`."""
        return tagged_spans(tokens, decoded, self.tags, self.scheme)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "tags": self.tags, "scheme": self.scheme}
