"""Preprocessor of taggers: words and tags to features and tag ids, and decoded tags to strings and spans."""

from collections.abc import Iterable, Sequence
from functools import partial
from typing import Any, Self

import keras
import numpy as np
from numpy.typing import NDArray

from keras_embed import text
from keras_embed._backend import tf
from keras_embed._backend.ragged import dense, ragged_strings
from keras_embed._errors import message
from keras_embed._types import Dataset, Features, LabelData, StringData, Tensor, TFTensor
from keras_embed.preprocessors.embeddings import word_embeddings
from keras_embed.preprocessors.features import word_windows
from keras_embed.preprocessors.preprocessor import StringPreprocessor
from keras_embed.tokenizers.encoder_tokenizer import EncoderTokenizer
from keras_embed.tokenizers.word_featurizer import WordFeaturizer

#: Label of a token whose tag is unknown: any tag is right.
ANY_TAG = ""


@keras.saving.register_keras_serializable(package="keras_embed")
class TaggerPreprocessor(StringPreprocessor):
    """Converts tokenized sentences and their tags to features and tag ids, and decoded tags back to strings.

    Args:
        tokenizer: `WordFeaturizer`, words to features; or `EncoderTokenizer`, words to subwords.
        tags: the K tags, in the order of their ids.
        scheme: how tags mark spans: one of `text.SCHEMES`, or `None` for tags that mark no spans (parts of speech).
        **kwargs: `name`, `config_file`.

    Call arguments:
        x: ragged strings (B, None), lists of lists of words, or `corpora.Corpus`; texts, strings (B,), are split by the
            tokenizer.
        y: the tags, in the same form; "" is a tag that is unknown (partial labels).
        sample_weight: (B,) floats, a weight for each sentence.
        names: names of the features to compute; `None`: all but ELMo's, see `WordFeaturizer.encode`.

    Returns:
        features, or `(features, tag ids (B, T) int32)`, or with the weights too; see `WordFeaturizer.encode`, and
        `word_windows` for an `EncoderTokenizer`. Tag ids are -1 at padding and for unknown tags.

    Raises:
        ValueError: If `tags` are not different non-empty strings.

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

    tokenizer_cls = WordFeaturizer
    config_arguments = ("tags", "scheme")
    unit = "sentence"

    def __init__(
        self,
        tokenizer: WordFeaturizer | EncoderTokenizer,
        tags: Sequence[str],
        scheme: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(tokenizer, **kwargs)
        self.tags = tuple(tags)
        if not self.tags or len(set(self.tags)) != len(self.tags) or ANY_TAG in self.tags:
            raise ValueError(
                message("`tags` to be different non-empty strings, at least one", tags, "sorted(set(all_tags))")
            )
        self.scheme = scheme
        self._tag_vocabulary = text.Vocabulary(self.tags)

    @classmethod
    def from_corpus(
        cls,
        corpus: StringData,
        tags: Sequence[Sequence[str]] | None = None,
        min_count: int = 1,
        scheme: str | None = None,
        tokenizer: WordFeaturizer | EncoderTokenizer | None = None,
        **kwargs: Any,
    ) -> Self:
        """Learns words, characters and tags from training data.

        Args:
            corpus: `corpora.Corpus` with tags, or lists of words.
            tags: lists of tags, if `corpus` is lists of words.
            min_count: rarer words are out of vocabulary.
            scheme: scheme of the tags; "none" if they mark no spans; `None` infers it, see `text.infer_scheme`. Tags of
                the scheme that the corpus lacks (an I-LOC that never occurs) are added.
            tokenizer: a `WordFeaturizer` or an `EncoderTokenizer`; `None` learns a `WordFeaturizer`.
            **kwargs: arguments of `WordFeaturizer.from_tokens`.

        Raises:
            ValueError: If there are no tags, or words and tags do not match. The message names the sentence.
        """
        words, labels = cls.words_and_tags(corpus, tags)
        if labels is None:
            raise ValueError(message("tags beside the words", "words alone", "from_corpus(words, tags)"))
        seen = {tag for sentence in labels for tag in sentence} - {ANY_TAG}
        if scheme is None:
            scheme = text.infer_scheme(labels)
        elif scheme == "none":
            scheme = None
        return cls(
            tokenizer or WordFeaturizer.from_tokens(words, min_count=min_count, **kwargs),
            tags=_all_tags(seen, scheme),
            scheme=scheme,
        )

    @classmethod
    def words_and_tags(
        cls, corpus: StringData, tags: Sequence[Sequence[str]] | None = None
    ) -> tuple[list[Any], list[Any] | None]:
        """Returns the words and tags of a `corpora.Corpus`, or of lists of both; tags are `None` if there are none."""
        if hasattr(corpus, "tokens") and hasattr(corpus, "tags"):
            return cls.words_of(corpus), list(corpus.tags)
        words = list(corpus)
        for sentence in words:
            if isinstance(sentence, (str, bytes)):
                raise ValueError(message("every sentence as a list of words", repr(sentence), "sentence.split()"))
        return words, None if tags is None else list(tags)

    @staticmethod
    def words_of(corpus: StringData) -> list[list[str]]:
        """Returns the words of each sentence of a `corpora.Corpus`, as `Tagger.tag` takes them."""
        return list(corpus.tokens)

    def embeddings(  # type: ignore[override]
        self,
        word_dim: int = 100,
        char_filters: int = 30,
        char_dim: int = 30,
        casing_dim: int = 8,
        char_encoder: str = "cnn",
        char_kernel_sizes: Sequence[int] = (3,),
        unknown_dropout: float = 0.02,
        dropout: float = 0.0,
        weights: NDArray[Any] | None = None,
    ) -> list[keras.layers.Layer]:
        """Returns embedding layers that fit these features, for a backbone. A width of 0 omits a layer.

        Args:
            word_dim: width of `layers.WordEmbedding`.
            char_filters: output width of the character encoder, for each kernel size.
            char_dim: width of the characters' embeddings.
            casing_dim: width of `layers.CasingEmbedding`.
            char_encoder: "cnn" (`layers.CharacterCNN`) or "lstm" (`layers.CharacterLSTM`).
            char_kernel_sizes: kernel sizes of the CNN.
            unknown_dropout: rate at which words are replaced by the out-of-vocabulary word in training.
            dropout: dropout rate of the word vectors.
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

    @property
    def subwords(self) -> bool:
        """True if words are split into subwords."""
        return getattr(self.tokenizer, "splits_words", False)

    # === Strings to features ===

    def signature(self) -> dict[str, TFTensor]:
        return {"text": tf.TensorSpec([None], tf.string, name="text")}

    def columns(self, x: StringData, y: LabelData = None, sample_weight: LabelData = None) -> tuple[Any, Any, Any]:
        """Returns words, which need no splitting, as ragged strings (B, None); texts are split."""
        if hasattr(x, "tokens") and hasattr(x, "tags"):
            x, y = self.words_and_tags(x, y)
        tokens = self.tokens_of(x)
        if y is not None and not isinstance(y, tf.RaggedTensor):
            _check_tags(tokens.to_list(), y, self.tags, self.scheme)
            y = ragged_strings(y, "tag")
        return tokens, y, sample_weight

    def tokens_of(self, x: StringData) -> TFTensor:
        """Returns ragged words (B, None) of ragged words, lists of words, or texts."""
        if isinstance(x, tf.RaggedTensor):
            return x
        if isinstance(x, (list, tuple)) and x and not isinstance(x[0], (str, bytes)):
            return ragged_strings(x)
        if isinstance(x, (list, tuple)):
            return self.tokenizer.tokenize(ragged_strings([x], "text").flat_values)
        return self.tokenizer.tokenize(tf.convert_to_tensor(x, tf.string))

    def tokenize(self, columns: dict[str, TFTensor]) -> TFTensor:
        return self.tokenizer.tokenize(columns["text"])

    def encode(self, tokens: TFTensor, names: Iterable[str] | None = None) -> Features:
        """Computes the features of ragged words (B, None), in TensorFlow graph code."""
        encode = partial(word_windows, self.tokenizer) if self.subwords else self.tokenizer.encode
        return encode(tokens, names=names)  # type: ignore[no-any-return]

    def encode_labels(self, y: TFTensor, tokens: TFTensor, features: Features) -> TFTensor:
        """Returns the ids of ragged tags, (B, T) int32, with -1 at padding and for unknown tags."""
        same = tf.debugging.assert_equal(
            tokens.row_lengths(), y.row_lengths(), "Expected as many tags as tokens in every sentence."
        )
        with tf.control_dependencies([same] if same is not None else []):
            length = tf.shape(features["word_mask" if self.subwords else "padding_mask"])[1]
        return dense(y.with_flat_values(self._tag_ids(y.flat_values)), length, -1)

    def _tag_ids(self, tags: TFTensor) -> TFTensor:
        """Returns int32 ids of flat tag strings, -1 for `ANY_TAG`."""
        # The vocabulary reserves id 0 for "" and 1 for unknown strings: after the shift these are -2 and -1.
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
        x: StringData,
        y: LabelData = None,
        sample_weight: LabelData = None,
        batch_size: int = 32,
        seed: int | None = None,
    ) -> Dataset:
        """Returns a `tf.data.Dataset` of batches `(words, tags[, weights])` of similar length, checked, not encoded.

        Args:
            x: `corpora.Corpus`, or lists of words.
            y: lists of tags, if `x` is lists of words.
            sample_weight: a weight for each sentence.
            batch_size: sentences in a batch.
            seed: seed of the shuffling, which differs in every epoch; `None` sorts by length.

        Raises:
            ValueError: If there are no sentences, or a sentence has another number of tags than of words, an unknown
                tag, tags that break the scheme, or a lone surrogate. The message names the sentence.
        """
        words, tags = self.words_and_tags(x, y)
        return super().dataset(words, tags, sample_weight, batch_size, seed)

    def postprocess(self, tokens: TFTensor, decoded: dict[str, Tensor]) -> dict[str, TFTensor]:  # type: ignore[override]
        """Converts a decoder's outputs to strings and spans, in TensorFlow graph code; see `tagged_spans`."""
        return tagged_spans(tokens, decoded, self.tags, self.scheme)


def _all_tags(tags: Iterable[str], scheme: str | None) -> list[str]:
    """Returns the tags, sorted, "O" first; with a scheme, every tag that it has for their types."""
    found = set(tags)
    if scheme is not None:
        types = {text.tag_schemes.split_tag(tag)[1] for tag in found} - {""}
        found.add(text.tag_schemes.OUTSIDE)
        for name in types:  # a long, an adjacent and a short span: together they have every tag of the type
            spans = [text.Span(0, 3, name), text.Span(3, 6, name), text.Span(6, 7, name)]
            found |= set(text.tag_schemes.tags_of(spans, 7, scheme))
    return sorted(found, key=lambda tag: (tag != text.tag_schemes.OUTSIDE, tag))


def _check_tags(
    words: Sequence[Sequence[bytes]], labels: Sequence[Sequence[str]], tags: Sequence[str], scheme: str | None
) -> None:
    """Raises `ValueError` for tags that cannot be learned from, naming the sentence."""
    if len(words) != len(labels):
        raise ValueError(message("tags for every sentence", f"{len(words)} sentences, {len(labels)} lists of tags"))
    known = {*tags, ANY_TAG}
    for index, (sentence, sequence) in enumerate(zip(words, labels, strict=True)):
        if len(sentence) != len(sequence):
            shown = b" ".join(sentence[:8]).decode("utf-8", "replace")
            raise ValueError(
                message(
                    f"as many tags as words in sentence {index}",
                    f"{len(sequence)} tags for {len(sentence)} words ({shown} ...)",
                )
            )
        for position, tag in enumerate(sequence):
            if tag not in known:
                raise ValueError(
                    message(
                        f"every tag to be one of {list(tags)}",
                        f"{tag!r} in sentence {index} at position {position}",
                        "making the preprocessor from all data that has tags",
                    )
                )
        if scheme is not None and ANY_TAG not in sequence:
            text.tag_schemes.check_sequence(sequence, scheme, where=f"sentence {index}")


def tagged_spans(
    tokens: TFTensor, decoded: dict[str, Tensor], tags: Sequence[str], scheme: str | None
) -> dict[str, TFTensor]:
    """Converts tag ids to tags, spans and their probabilities, in TensorFlow graph code.

    The score of a span is its exact probability under the model: that it starts and ends where it does and has its
    type, summed over all tags of the rest of the sentence.

    Args:
        tokens: ragged strings (B, None).
        decoded: `tags` (B, T) int, `probabilities` (B, T) and `successors` (B, T, K+1), from `layers.CRFDecode`.
        tags: K strings.
        scheme: one of `text.SCHEMES`; `None` for no spans.

    Returns:
        dict of dense tensors:
            `tokens` (B, N) string, `tags` (B, N) string, "" as padding; `token_scores` (B, N) float32, the
            probability of each tag; `lengths` (B,) int32.
            `span_starts`, `span_ends` (B, S) int32, indices of the first token and of the one after the last, -1 as
            padding; `span_types` (B, S) string; `span_scores` (B, S) float32.
    """
    lengths = tokens.row_lengths()
    words = tokens.to_tensor()  # (B, N)
    width = tf.shape(words)[1]
    mask = tf.sequence_mask(lengths, width)
    ids = tf.where(mask, tf.cast(decoded["tags"], tf.int32)[:, :width], len(tags))  # id K is "no tag"
    names = tf.constant([*tags, ""])
    spans = _spans(ids, decoded["probabilities"][:, :width], decoded["successors"][:, :width], tags, scheme)
    return {
        "tokens": words,
        "tags": tf.gather(names, ids),
        "token_scores": tf.where(mask, decoded["probabilities"][:, :width], 0.0),
        "lengths": tf.cast(lengths, tf.int32),
        **spans,
    }


def _spans(
    ids: TFTensor, probabilities: TFTensor, successors: TFTensor, tags: Sequence[str], scheme: str | None
) -> dict[str, TFTensor]:
    num_tags = len(tags)
    if scheme is None:
        none = np.zeros((num_tags + 1, num_tags + 1), bool)
        tables = text.tag_schemes.SpanTables(none, none, none[0], np.full(num_tags + 1, -1, np.int32), ())
    else:
        tables = text.tag_schemes.span_tables(tags, scheme)
    batch = tf.shape(ids)[0]
    nothing = tf.fill([batch, 1], num_tags)
    left, right = tf.concat([nothing, ids], 1)[:, :-1], tf.concat([ids, nothing], 1)[:, 1:]  # (B, N)
    # A token starts a span if its tag does not continue the one on its left, and ends one if the tag on its right does
    # not continue its own.
    continues = tf.constant(tables.continues)  # (K+1, K+1)
    type_ids = tf.constant(tables.type_ids)  # (K+1,)
    inside = tf.gather(type_ids, ids) >= 0
    starts = inside & ~tf.gather_nd(continues, tf.stack([left, ids], -1))
    lasts = inside & ~tf.gather_nd(continues, tf.stack([ids, right], -1))

    # For a span from i to j in a first-order chain, with tags y_i .. y_j:
    #   p(span) = p(y_i) * prod_{t=i}^{j-1} p(y_{t+1} | y_t) * (1 - p(a tag that continues the span at j+1 | y_j)).
    # The product is a difference of cumulative log-sums.
    tiny = tf.constant(1e-37)
    link = tf.math.log(tf.maximum(tf.gather(successors, right, axis=2, batch_dims=2), tiny))  # log p(y_{t+1} | y_t)
    before = tf.cumsum(link, axis=1, exclusive=True)  # (B, N)
    stays = tf.reduce_sum(successors * tf.cast(tf.gather(continues, ids), tf.float32), axis=-1)
    closing = before + tf.math.log(tf.maximum(1.0 - stays, tiny))
    opening = before - tf.math.log(tf.maximum(probabilities, tiny))

    # Every span has one start and one last token, and both lists are in reading order, so that they match.
    first, last = tf.where(starts), tf.where(lasts)  # (M, 2)
    scores = tf.exp(tf.gather_nd(closing, last) - tf.gather_nd(opening, first))  # (M,)
    types = tf.gather(tf.constant([*tables.types, ""]), tf.gather(type_ids, tf.gather_nd(ids, first)))

    def padded(values: TFTensor, padding: str | float) -> TFTensor:  # (M,) -> (B, S)
        return tf.RaggedTensor.from_value_rowids(values, first[:, 0], nrows=tf.cast(batch, tf.int64)).to_tensor(padding)

    return {
        "span_starts": padded(tf.cast(first[:, 1], tf.int32), -1),
        "span_ends": padded(tf.cast(last[:, 1] + 1, tf.int32), -1),
        "span_types": padded(types, ""),
        "span_scores": padded(tf.minimum(scores, 1.0), 0.0),
    }
