"""Sentences, and lists of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import overload

from keras_embed import _errors


@dataclass(frozen=True)
class Sentence:
    """Tokens, and what is known about each.

    Args:
        tokens: the words.
        tags: one tag for each token, or None.
        columns: other columns by name, one string for each token.
        comments: what is said of the whole sentence, such as `sent_id` or `intent`.
        document: number of the document in its file, from 0.

    Raises:
        ValueError: if the number of tags, or of strings in a column, is not that of the tokens.

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


class Corpus(Sequence[Sentence]):
    """An immutable list of sentences with a name.

    Args:
        sentences: any iterable of `Sentence`, such as a reader.
        name: where they come from.

    Example:
    >>> corpus = Corpus([Sentence(("Hello", "Ann"), ("O", "B-PER"))], name="mine")
    >>> corpus
    Corpus(name='mine', sentences=1, tokens=2)
    >>> corpus.tags
    [['O', 'B-PER']]
    """

    def __init__(self, sentences: Iterable[Sentence], name: str = "") -> None:
        self._sentences = tuple(sentences)
        self.name = name

    @overload
    def __getitem__(self, index: int) -> Sentence: ...

    @overload
    def __getitem__(self, index: slice) -> "Corpus": ...

    def __getitem__(self, index: int | slice) -> "Sentence | Corpus":
        if isinstance(index, slice):
            return Corpus(self._sentences[index], self.name)
        return self._sentences[index]

    def __len__(self) -> int:
        return len(self._sentences)

    def __iter__(self) -> Iterator[Sentence]:
        return iter(self._sentences)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Corpus) and self._sentences == other._sentences

    def __hash__(self) -> int:
        return hash(self._sentences)

    def __repr__(self) -> str:
        tokens = sum(map(len, self._sentences))
        return f"Corpus(name={self.name!r}, sentences={len(self)}, tokens={tokens})"

    @property
    def tokens(self) -> list[list[str]]:
        """The tokens of each sentence."""
        return [list(sentence.tokens) for sentence in self._sentences]

    @property
    def tags(self) -> list[list[str]]:
        """The tags of each sentence.

        Raises:
            ValueError: if a sentence has no tags.
        """
        tags = []
        for number, sentence in enumerate(self._sentences):
            if sentence.tags is None:
                raise ValueError(
                    _errors.message(
                        "every sentence to have tags",
                        f"none in sentence {number} of corpus {self.name!r}",
                        "a reader with tags=, or `with_tags(column)`",
                    )
                )
            tags.append(list(sentence.tags))
        return tags

    def with_tags(self, column: str) -> "Corpus":
        """The same sentences with another column as their tags. What were the tags is dropped.

        Raises:
            ValueError: if a sentence has no such column.
        """
        for number, sentence in enumerate(self._sentences):
            if column not in sentence.columns:
                raise ValueError(
                    _errors.message(
                        f"a column `{column}` in every sentence",
                        f"columns {sorted(sentence.columns)} in sentence {number} of corpus {self.name!r}",
                    )
                )
        return Corpus((_retagged(sentence, column) for sentence in self._sentences), self.name)

    def documents(self) -> Iterator["Corpus"]:
        """Each document, a run of sentences with one document number, as a corpus."""
        start = 0
        for stop in range(1, len(self) + 1):
            if stop == len(self) or self[stop].document != self[start].document:
                yield self[start:stop]
                start = stop


def _retagged(sentence: Sentence, column: str) -> Sentence:
    columns = {name: row for name, row in sentence.columns.items() if name != column}
    return replace(sentence, tags=sentence.columns[column], columns=columns)
