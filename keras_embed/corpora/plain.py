"""Tokenised text, a sentence a line."""

import itertools
import re
from collections.abc import Iterator, Mapping

from keras_embed.corpora._lines import Source, error, numbered_lines, source_name
from keras_embed.corpora.sentence import Sentence

_SPACES = re.compile("[ \t]+")


def read_plain(path_or_file: Source) -> Iterator[Sentence]:
    r"""Streams sentences from tokenised text: a sentence a line, spaces or tabs between tokens.

    An empty line starts a document.

    Args:
        path_or_file: a path or an open file; gz and xz are read directly.

    Yields:
        `Sentence` without tags.

    Raises:
        ValueError: while reading, with file and line: for bytes that are not UTF-8, a truncated file, a file without
            sentences.

    Example:
    >>> import io
    >>> [(s.tokens, s.document) for s in read_plain(io.StringIO("A b .\nC .\n\nD\n"))]
    [(('A', 'b', '.'), 0), (('C', '.'), 0), (('D',), 1)]
    """
    document = sentences = documents = 0
    for _, line in numbered_lines(path_or_file):
        tokens = _tokens(line)
        if tokens:
            yield Sentence(tokens, document=document)
            sentences += 1
        elif sentences > documents:
            document += 1
            documents = sentences
    if not sentences:
        raise error(path_or_file, 1, "at least one sentence", "a file without any")


def read_parallel(tokens: Source, tags: Source, comments: Mapping[str, Source] | None = None) -> Iterator[Sentence]:
    r"""Streams sentences from files that belong together line by line: tokens, tags, and labels of the sentence.

    Args:
        tokens: a sentence a line, spaces or tabs between tokens.
        tags: the tags of that sentence.
        comments: name -> file with one text for each sentence, such as its intent; goes to `Sentence.comments`.

    Yields:
        `Sentence`.

    Raises:
        ValueError: while reading, with file and line: for another number of tags than of tokens, an empty line, a file
            that ends before the others, and all that `read_plain` refuses.

    Example:
    >>> import io
    >>> next(read_parallel(io.StringIO("play jazz\n"), io.StringIO("O B-genre\n"))).tags
    ('O', 'B-genre')
    """
    files = {"tokens": tokens, "tags": tags, **{f"comments[{name}]": file for name, file in (comments or {}).items()}}
    number = 0
    for number, lines in enumerate(itertools.zip_longest(*map(numbered_lines, files.values())), start=1):
        for file, line in zip(files.values(), lines, strict=True):
            if line is None:
                names = ", ".join(map(source_name, files.values()))
                raise error(
                    file, number, f"files of the same length ({names})", "the end of this one before the others"
                )
        words, labels = _tokens(lines[0][1]), _tokens(lines[1][1])
        if not words:
            raise error(tokens, number, "a sentence in each line", "an empty line")
        if len(words) != len(labels):
            raise error(tags, number, f"{len(words)} tags, one for each token", f"{len(labels)}: {' '.join(labels)}")
        texts = (text.strip(" \t") for _, text in lines[2:])
        yield Sentence(words, labels, comments=dict(zip(comments or {}, texts, strict=True)))
    if not number:
        raise error(tokens, 1, "at least one sentence", "an empty file")


def _tokens(line: str) -> tuple[str, ...]:
    line = line.strip(" \t")
    return tuple(_SPACES.split(line)) if line else ()
