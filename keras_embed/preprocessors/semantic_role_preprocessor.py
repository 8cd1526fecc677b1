"""Sentences with a marked predicate, and what plays which role to it."""

from typing import Any

import keras

from keras_embed import tokenizers
from keras_embed.layers import PredicateEmbedding
from keras_embed.preprocessors.tagger_preprocessor import TaggerPreprocessor
from keras_embed.tokenizers.predicate_tokenizer import PredicateTokenizer, without_marks

#: The column of a corpus that says which word is the predicate, and what stands at all others.
_COLUMN, _NONE = "predicate", "-"


@keras.saving.register_keras_serializable(package="keras_embed")
class SemanticRolePreprocessor(TaggerPreprocessor):
    r"""What a `Tagger` needs to label semantic roles: who did what to whom, asked predicate by predicate.

    A sentence is read once for each of its predicates, with a mark before the predicate's word, see
    `tokenizers.mark_predicate`. `corpora.read_roles` yields them so; of its corpora the marks are made here.

    Args:
        tokenizer: `PredicateTokenizer`.
        tags: the K tags, such as "B-A0"; the predicate's own are "B-V" and "I-V".
        scheme: how spans are written, one of `text.SCHEMES`.
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
        corpus: Any,
        tags: Any = None,
        min_count: int = 1,
        scheme: str | None = None,
        tokenizer: Any = None,
        **kwargs: Any,
    ) -> "SemanticRolePreprocessor":
        """Learns words, characters and roles from training data; arguments as of `TaggerPreprocessor.from_corpus`."""
        words, tags = cls.words_and_tags(corpus, tags)
        tokenizer = tokenizer or PredicateTokenizer.from_tokens(words, min_count=min_count, **kwargs)
        return super().from_corpus(words, tags, scheme=scheme, tokenizer=tokenizer)  # type: ignore[return-value]

    @staticmethod
    def words_of(corpus: Any) -> list[list[str]]:
        """The words of each sentence of a `corpora.Corpus`, marked where its column `predicate` is not "-"."""
        return [_marked(sentence) for sentence in corpus]

    def embeddings(self, *args: Any, predicate_dim: int = 100, **kwargs: Any) -> list[keras.layers.Layer]:
        """As of `TaggerPreprocessor`, and a `layers.PredicateEmbedding` of width `predicate_dim`."""
        return [*super().embeddings(*args, **kwargs), PredicateEmbedding(predicate_dim, name="predicate_embedding")]

    def postprocess(self, tokens: Any, decoded: dict[str, Any]) -> dict[str, Any]:
        """As `TaggerPreprocessor.postprocess`; the words come back without marks."""
        return super().postprocess(without_marks(tokens), decoded)


def _marked(sentence: Any) -> list[str]:
    named = sentence.columns.get(_COLUMN, (_NONE,) * len(sentence))
    return tokenizers.mark_predicate(sentence.tokens, *(place for place, name in enumerate(named) if name != _NONE))
