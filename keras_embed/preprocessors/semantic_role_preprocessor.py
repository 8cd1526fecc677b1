"""Preprocessor of semantic role labelling: sentences with a marked predicate."""

from collections.abc import Sequence
from typing import Any, Self

import keras

from keras_embed import tokenizers
from keras_embed._types import StringData, Tensor, TFTensor
from keras_embed.layers import PredicateEmbedding
from keras_embed.preprocessors.tagger_preprocessor import TaggerPreprocessor
from keras_embed.tokenizers.predicate_tokenizer import PredicateTokenizer, without_marks

#: The column of a corpus that names the predicate, and its value at all other words.
_COLUMN, _NONE = "predicate", "-"


@keras.saving.register_keras_serializable(package="keras_embed")
class SemanticRolePreprocessor(TaggerPreprocessor):
    r"""Preprocessor of a `Tagger` of semantic roles: who did what to whom, for each predicate.

    A sentence is one row for each of its predicates, whose word has a mark before it, see `tokenizers.mark_predicate`.
    Corpora of `corpora.read_roles` have such rows; their predicates are marked here.

    Args:
        tokenizer: `PredicateTokenizer`.
        tags: the K tags, such as "B-A0"; those of the predicate itself are "B-V" and "I-V".
        scheme: how tags mark spans, one of `text.SCHEMES`.
        **kwargs: `name`, `config_file`.

    Example:
    >>> import keras_embed as ke
    >>> words = ["Ada", "likes", "figures"]
    >>> sentences, roles = [ke.tokenizers.mark_predicate(words, 1)], [["B-A0", "B-V", "B-A1"]]
    >>> preprocessor = ke.preprocessors.SemanticRolePreprocessor.from_corpus(sentences, roles)
    >>> embeddings = preprocessor.embeddings(word_dim=8, char_filters=0, casing_dim=0, predicate_dim=4)
    >>> backbone = ke.backbones.AlternatingHighwayBackbone(embeddings, hidden_dim=4, num_layers=2)
    >>> tagger = ke.Tagger(backbone, preprocessor=preprocessor)
    >>> [answer] = tagger.tag([ke.tokenizers.mark_predicate(["Bob", "likes", "Ada"], 1)])
    >>> answer.tokens
    ('Bob', 'likes', 'Ada')
    """

    tokenizer_cls = PredicateTokenizer

    @classmethod
    def from_corpus(
        cls,
        corpus: StringData,
        tags: Sequence[Sequence[str]] | None = None,
        min_count: int = 1,
        scheme: str | None = None,
        tokenizer: Any = None,
        **kwargs: Any,
    ) -> Self:
        """Learns words, characters and roles from training data; arguments as of `TaggerPreprocessor.from_corpus`."""
        words, tags = cls.words_and_tags(corpus, tags)
        tokenizer = tokenizer or PredicateTokenizer.from_tokens(words, min_count=min_count, **kwargs)
        return super().from_corpus(words, tags, scheme=scheme, tokenizer=tokenizer)

    @staticmethod
    def words_of(corpus: StringData) -> list[list[str]]:
        """Returns the words of each sentence of a `corpora.Corpus`, marked where its column `predicate` is not "-"."""
        return [_marked(sentence) for sentence in corpus]

    def embeddings(self, *args: Any, predicate_dim: int = 100, **kwargs: Any) -> list[keras.layers.Layer]:
        """Returns the embeddings of `TaggerPreprocessor` and a `layers.PredicateEmbedding` of width `predicate_dim`."""
        return [*super().embeddings(*args, **kwargs), PredicateEmbedding(predicate_dim, name="predicate_embedding")]

    def postprocess(self, tokens: TFTensor, decoded: dict[str, Tensor]) -> dict[str, TFTensor]:  # type: ignore[override]
        """Does what `TaggerPreprocessor.postprocess` does; the words are returned without marks."""
        return super().postprocess(without_marks(tokens), decoded)


def _marked(sentence: Any) -> list[str]:
    named = sentence.columns.get(_COLUMN, (_NONE,) * len(sentence))
    return tokenizers.mark_predicate(sentence.tokens, *(index for index, name in enumerate(named) if name != _NONE))
