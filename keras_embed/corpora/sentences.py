"""Tokenized sentences with tags and other annotations, and corpora of them."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from keras_embed import _errors
from keras_embed.corpora.rows import Rows


@dataclass(frozen=True)
class Sentence:
    """A tokenized sentence and its annotations.

    Args:
        tokens: the words.
        tags: one tag for each token, or None.
        columns: further annotations by name, one string for each token.
        comments: annotations of the whole sentence, such as `sent_id` or `intent`.
        document: index of the document in its file.

    Raises:
        ValueError: If the number of tags, or of strings in a column, differs from the number of tokens.

    Example:
    >>> Sentence(("EU", "rejects"), ("B-ORG", "O"))
    Sentence(tokens=('EU', 'rejects'), tags=('B-ORG', 'O'), columns={}, comments={}, document=0)
    """

    tokens: tuple[str, ...]
    tags: tuple[str, ...] | None = None
    columns: Mapping[str, tuple[str, ...]] = field(default_factory=dict, hash=False)
    comments: Mapping[str, str] = field(default_factory=dict, hash=False)
    document: int = 0

    def __post_init__(self) -> None:
        rows = dict(self.columns) if self.tags is None else {"tags": self.tags, **self.columns}
        for name, row in rows.items():
            if len(row) != len(self.tokens):
                raise ValueError(
                    _errors.message(
                        f"as many `{name}` as tokens",
                        f"{len(row)} `{name}` for {len(self.tokens)} tokens {self.tokens}",
                    )
                )

    def __len__(self) -> int:
        return len(self.tokens)


class Corpus(Rows[Sentence]):
    """An immutable sequence of sentences with a name.

    Args:
        sentences: any iterable of `Sentence`, such as a reader.
        name: name of the corpus.

    Example:
    >>> corpus = Corpus([Sentence(("Hello", "Ann"), ("O", "B-PER"))], name="mine")
    >>> corpus
    Corpus(name='mine', sentences=1, tokens=2)
    >>> corpus.tags
    [['O', 'B-PER']]
    """

    def __init__(self, sentences: Iterable[Sentence], name: str = "") -> None:
        super().__init__(sentences, name)

    def __repr__(self) -> str:
        tokens = sum(map(len, self))
        return f"Corpus(name={self.name!r}, sentences={len(self)}, tokens={tokens})"

    @property
    def tokens(self) -> list[list[str]]:
        """The tokens of each sentence."""
        return [list(sentence.tokens) for sentence in self]

    @property
    def tags(self) -> list[list[str]]:
        """The tags of each sentence.

        Raises:
            ValueError: If a sentence has no tags.
        """
        tags = []
        for index, sentence in enumerate(self):
            if sentence.tags is None:
                raise ValueError(
                    _errors.message(
                        "every sentence to have tags",
                        f"none in sentence {index} of corpus {self.name!r}",
                        "a reader with tags=, or `with_tags(column)`",
                    )
                )
            tags.append(list(sentence.tags))
        return tags

    def with_tags(self, column: str) -> "Corpus":
        """Returns the same sentences with another column as their tags. The previous tags are dropped.

        Raises:
            ValueError: If a sentence has no such column.
        """
        for index, sentence in enumerate(self):
            if column not in sentence.columns:
                raise ValueError(
                    _errors.message(
                        f"a column `{column}` in every sentence",
                        f"columns {sorted(sentence.columns)} in sentence {index} of corpus {self.name!r}",
                    )
                )
        return Corpus((_retagged(sentence, column) for sentence in self), self.name)

    def documents(self) -> Iterator["Corpus"]:
        """Yields each document, a run of sentences with the same document index, as a corpus."""
        start = 0
        for stop in range(1, len(self) + 1):
            if stop == len(self) or self[stop].document != self[start].document:
                yield self[start:stop]
                start = stop


def _retagged(sentence: Sentence, column: str) -> Sentence:
    columns = {name: row for name, row in sentence.columns.items() if name != column}
    return replace(sentence, tags=sentence.columns[column], columns=columns)
