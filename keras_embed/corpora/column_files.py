"""Readers of tagged and plain sentences: CoNLL columns, CoNLL-U, tokenized text, and line-aligned files."""

import re
import sys
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence

from keras_embed import _errors
from keras_embed.corpora.lines import Source, aligned_lines, line_error, numbered_lines, source_name
from keras_embed.corpora.sentences import Sentence

_DOCUMENT = "-DOCSTART-"
# Not `str.split`: U+00A0, U+0085 and U+2028 may be part of a token.
_WHITESPACE = re.compile("[ \t]+")
# Usual comments. Without a space after "#", a key and "=": "#text" may be a token of a tweet.
_COMMENT = re.compile(
    r"#+[ \t]*(new(doc|par)\b|[\w.:-]+ *= |(begin|end) document\b|global\.columns\b)"
    r"|#+ +((text|sent_id|sentence|id|doc|docid|document|source|domain|lang|language)\b)"
)
# What may be a tag of the token "#": "O", "B-X", "SYM"; not a word in small letters.
_PLAIN_WORD = re.compile("[a-z]{3,}")


class _Documents:
    """Counts documents. A border without sentences since the previous one does not start another document."""

    def __init__(self) -> None:
        self.index = 0
        self.sentences = 0
        self._sentences_at_border = 0

    def border(self) -> None:
        # A border before the first sentence opens document 0.
        if self.sentences > self._sentences_at_border:
            self.index += 1
        self._sentences_at_border = self.sentences

    def check_not_empty(self, source: Source, line: int) -> None:
        if not self.sentences:
            raise line_error(source, max(line, 1), "at least one sentence", "a file without any")


def read_conll(
    path_or_file: Source,
    columns: Sequence[str | None] = ("tokens", "tags"),
    tags: str | None = "tags",
    separator: str | None = None,
    comment: str | None = None,
    encoding: str = "utf-8",
) -> Iterator[Sentence]:
    r"""Streams sentences from a column file (CoNLL-2003, WNUT17, any TSV with one token per line).

    A line that is empty or holds only spaces and tabs ends a sentence. A line whose first field is `-DOCSTART-`, or a
    comment that starts with `newdoc`, starts a document.

    Args:
        path_or_file: a path, an open file or a list of lines; gz and xz are decompressed.
        columns: the names of the fields of a line, in order; None skips a field. One name has to be "tokens".
        tags: the column that becomes `Sentence.tags`, or None for no tags. The others become `Sentence.columns`.
        separator: the string between fields. None: tabs if the first line has a tab, otherwise runs of spaces. Spaces
            around fields and empty fields at the end of a line are dropped.
        comment: the prefix of comment lines, such as "# ". Comments become `Sentence.comments`, split at " = " into key
            and value. None: lines before a sentence in a usual form, such as "# text = ..." or "# newdoc", are
            comments, which is a warning; "" for no comments, since a token may be "#".
        encoding: the encoding of the file.

    Yields:
        `Sentence`.

    Raises:
        ValueError: If `columns` lacks "tokens" or `tags`, immediately. While reading, with file and line: for a line
            with another number of fields, an empty token, a separator that differs from that of the first line, a line
            that may be a comment, invalid bytes, a truncated file, a file without sentences.

    Example:
    >>> import io
    >>> [s.tags for s in read_conll(io.StringIO("EU\tB-ORG\nrejects\tO\n\nHello\tO\n"))]
    [('B-ORG', 'O'), ('O',)]
    """
    # Checked here and not in the generator, which runs only once it is iterated.
    if isinstance(columns, str) or "tokens" not in columns:
        raise ValueError(_errors.message('a column "tokens" in `columns`', columns, '("tokens", "tags")'))
    if tags is not None and tags not in columns:
        raise ValueError(_errors.message(f"the tag column {tags!r} in `columns`", columns, "tags=None for no tags"))
    return _conll_sentences(path_or_file, tuple(columns), tags, separator, comment, encoding)


def _conll_sentences(
    source: Source,
    columns: tuple[str | None, ...],
    tags: str | None,
    separator: str | None,
    comment: str | None,
    encoding: str,
) -> Iterator[Sentence]:
    rows: list[list[str]] = []  # the fields of the lines of the current sentence
    comments: dict[str, str] = {}
    documents, number, told = _Documents(), 0, False
    with_tabs: bool | None = None  # of the first token, if the separator is inferred
    for number, line in numbered_lines(source, encoding):
        empty = not line.strip(" \t")
        # Comments precede their sentence: after its first token, a line with the prefix is a token.
        usual = comment is None and not rows and _COMMENT.match(line) is not None
        is_comment = usual or (bool(comment) and not rows and line.startswith(comment or ""))
        fields = [] if empty or is_comment else _fields(line, separator, len(columns))
        border = bool(fields) and fields[0] == _DOCUMENT
        if (empty or border) and rows:
            yield _conll_sentence(rows, columns, tags, comments, documents.index)
            documents.sentences += 1
            rows, comments = [], {}
        if usual and not told:
            told = True
            advice = 'comment="# " names the prefix, comment="" reads such lines as tokens.'
            warnings.warn(
                f"{source_name(source)}, line {number}: {line[:60]!r} is taken for a comment. {advice}", stacklevel=2
            )
        if is_comment:
            content = line.lstrip("#").lstrip(" \t") if usual else line[len(comment or "") :]
            key, _, value = content.partition(" = ")
            comments[key.strip()] = value
            border = key.startswith("newdoc")
        if border:
            documents.border()
        elif fields:
            _check_fields(fields, columns, source, number)
            if comment is None and not rows:
                _check_no_comment(line, fields, source, number)
            if separator is None:
                with_tabs = "\t" in line if with_tabs is None else with_tabs
                _check_separator(line, with_tabs, len(columns), source, number)
            rows.append(fields)
    if rows:  # the last sentence may lack an empty line after it
        yield _conll_sentence(rows, columns, tags, comments, documents.index)
        documents.sentences += 1
    documents.check_not_empty(source, number)


def _fields(line: str, separator: str | None, width: int) -> list[str]:
    if separator is None and "\t" not in line:
        return _WHITESPACE.split(line.strip(" "))
    # Spaces around a separator are no part of a field, but a space alone may be a token.
    fields = [field.strip(" ") or field for field in line.split(separator or "\t")]
    # Drops empty fields after the last column.
    while len(fields) > width and not fields[-1].strip(" "):
        fields.pop()
    return fields


def _check_no_comment(line: str, fields: list[str], source: Source, number: int) -> None:
    """Raises `ValueError` for a first line of a sentence that is rather a comment than a token."""
    if (fields[0] == "#" and _PLAIN_WORD.fullmatch(fields[-1])) or (fields[0].startswith("# ") and len(fields) > 1):
        advice = 'comment="# " if it is a comment, comment="" if it is a token'
        raise line_error(source, number, "a token and its tag", f"{line[:60]!r}, which may be a comment", advice)


def _check_separator(line: str, with_tabs: bool, width: int, source: Source, number: int) -> None:
    """Raises `ValueError` if a line of several columns is separated in another way than the first one."""
    if width > 1 and ("\t" in line) != with_tabs:
        expected = f"{'tabs' if with_tabs else 'spaces'} between columns, as in the first line"
        raise line_error(source, number, expected, repr(line[:60]), "separator=")


def _check_fields(fields: list[str], columns: tuple[str | None, ...], source: Source, number: int) -> None:
    # Errors show a skipped column as "-".
    names = ", ".join(name or "-" for name in columns)
    if len(fields) != len(columns):
        expected, received = f"{len(columns)} columns ({names})", f"{len(fields)} in {fields}"
        raise line_error(source, number, expected, received, "other `columns` or another `separator`")
    if not all(value for name, value in zip(columns, fields, strict=True) if name):
        raise line_error(source, number, f"a text in each of the columns ({names})", f"an empty one in {fields}")


def _conll_sentence(
    rows: list[list[str]], columns: tuple[str | None, ...], tags: str | None, comments: dict[str, str], document: int
) -> Sentence:
    # Transpose: one tuple per column, without the skipped ones.
    named = {name: column for name, column in zip(columns, zip(*rows, strict=True), strict=True) if name}
    tokens = named.pop("tokens")
    return Sentence(tokens, None if tags is None else named.pop(tags), named, comments, document)


_COLUMNS = ("id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc")
_KINDS = {"word": re.compile("[0-9]+"), "range": re.compile("[0-9]+-[0-9]+"), "empty": re.compile("[0-9]+[.][0-9]+")}


def read_conllu(
    path_or_file: Source,
    tags: str | None = "upos",
    include: Collection[str] = ("word",),
    encoding: str = "utf-8",
) -> Iterator[Sentence]:
    r"""Streams sentences from a CoNLL-U file (https://universaldependencies.org/format.html).

    A comment `# key = value` becomes an item of `Sentence.comments`; `# newdoc` starts a document.

    Args:
        path_or_file: a path or an open file; gz and xz are decompressed.
        tags: the column that becomes `Sentence.tags`: "upos", "xpos", "lemma", "feats", "deprel" ..., or None for no
            tags. The others become `Sentence.columns`. The tokens are the column "form".
        include: kinds of lines that become tokens: "word" (`3`), "range" (`3-4`, a surface token of several words) and
            "empty" (`3.1`, a node of the enhanced graph without a surface form).
        encoding: the encoding of the file.

    Yields:
        `Sentence`.

    Raises:
        ValueError: For an unknown column or kind, immediately. While reading, with file and line: for a line without 10
            columns, an invalid id or one out of order, bytes that are not UTF-8, a truncated file, a file without
            sentences.

    Example:
    >>> import io
    >>> rest = "\t_" * 6
    >>> text = f"# sent_id = 1\n1\tDogs\tdog\tNOUN{rest}\n2\tbark\tbark\tVERB{rest}\n"
    >>> sentence, = read_conllu(io.StringIO(text))
    >>> sentence.tokens, sentence.tags, sentence.comments
    (('Dogs', 'bark'), ('NOUN', 'VERB'), {'sent_id': '1'})
    """
    # Checked here and not in the generator, which runs only once it is iterated.
    if tags is not None:
        _errors.check_one_of("tags", tags, [name for name in _COLUMNS if name != "form"])
    for kind in include:
        _errors.check_one_of("include", kind, _KINDS)
    return _conllu_sentences(path_or_file, tags, frozenset(include), encoding)


def is_conllu(lines: Sequence[str]) -> bool:
    """Returns True if the first line of a token has the form of CoNLL-U: 10 fields, of which the first is an id."""
    for line in lines:
        if line.strip(" \t") and not line.startswith("#"):
            fields = line.split("\t")
            return len(fields) == len(_COLUMNS) and any(kind.fullmatch(fields[0]) for kind in _KINDS.values())
    return False


def _conllu_sentences(source: Source, tags: str | None, include: frozenset[str], encoding: str) -> Iterator[Sentence]:
    rows: list[list[str]] = []  # the included lines of the current sentence
    comments: dict[str, str] = {}
    documents, words, number = _Documents(), 0, 0  # `words` counts the word lines of the current sentence
    for number, line in numbered_lines(source, encoding):
        # A token may be "#", but in CoNLL-U a token line starts with its id.
        if line.startswith("#"):
            key, _, value = line[1:].partition("=")
            comments[key.strip()] = value.strip(" ")
            if key.split(maxsplit=1)[:1] == ["newdoc"]:
                documents.border()
        elif line.strip(" \t"):
            fields = line.split("\t")
            kind = _check_conllu_line(fields, words, source, number)
            words += kind == "word"
            if kind in include:
                rows.append(fields)
        elif words:
            yield _conllu_sentence(rows, tags, comments, documents.index)
            documents.sentences += 1
            rows, comments, words = [], {}, 0
    if words:  # the last sentence may lack an empty line after it
        yield _conllu_sentence(rows, tags, comments, documents.index)
        documents.sentences += 1
    documents.check_not_empty(source, number)


def _check_conllu_line(fields: list[str], words: int, source: Source, number: int) -> str:
    """Returns the kind of a line that follows `words` words of its sentence."""
    if len(fields) != len(_COLUMNS):
        expected, received = f"{len(_COLUMNS)} columns separated by tabs", f"{len(fields)} in {fields}"
        raise line_error(source, number, expected, received, "`read_conll` for other column files")
    if not fields[1]:
        raise line_error(source, number, "a text in the column `form`", f"an empty one in {fields}")
    for kind, pattern in _KINDS.items():
        if pattern.fullmatch(fields[0]):
            if kind == "word" and int(fields[0]) != words + 1:
                expected, advice = f"word {words + 1} of the sentence", "an empty line between sentences"
                raise line_error(source, number, expected, f"id {fields[0]}", advice)
            return kind
    raise line_error(source, number, "an id such as 3, 3-4 or 3.1", fields[0])


def _conllu_sentence(rows: list[list[str]], tags: str | None, comments: dict[str, str], document: int) -> Sentence:
    # Millions of cells hold the same few strings, so that interning saves most of the memory.
    cells = [tuple(map(sys.intern, column)) for column in zip(*rows, strict=True)] or [()] * len(_COLUMNS)
    columns = dict(zip(_COLUMNS, cells, strict=True))
    tokens = columns.pop("form")
    return Sentence(tokens, None if tags is None else columns.pop(tags), columns, comments, document)


def read_plain(path_or_file: Source, encoding: str = "utf-8") -> Iterator[Sentence]:
    r"""Streams sentences from tokenized text: one sentence per line, tokens separated by spaces or tabs.

    An empty line starts a document.

    Args:
        path_or_file: a path, an open file or a list of lines; gz and xz are decompressed.
        encoding: the encoding of the file.

    Yields:
        `Sentence` without tags.

    Raises:
        ValueError: While reading, with file and line: for bytes that are not UTF-8, a truncated file, a file without
            sentences.

    Example:
    >>> import io
    >>> [(s.tokens, s.document) for s in read_plain(io.StringIO("A b .\nC .\n\nD\n"))]
    [(('A', 'b', '.'), 0), (('C', '.'), 0), (('D',), 1)]
    """
    documents = _Documents()
    for _, line in numbered_lines(path_or_file, encoding):
        tokens = _tokens(line)
        if tokens:
            yield Sentence(tokens, document=documents.index)
            documents.sentences += 1
        else:
            documents.border()
    documents.check_not_empty(path_or_file, 1)


def read_parallel(
    tokens: Source, tags: Source, comments: Mapping[str, Source] | None = None, encoding: str = "utf-8"
) -> Iterator[Sentence]:
    r"""Streams sentences from line-aligned files: tokens, tags, and labels of the sentences.

    Args:
        tokens: one sentence per line, tokens separated by spaces or tabs.
        tags: the tags of that sentence.
        comments: name -> file with one text for each sentence, such as its intent; becomes `Sentence.comments`.
        encoding: the encoding of the files.

    Yields:
        `Sentence`.

    Raises:
        ValueError: While reading, with file and line: if the numbers of tags and tokens differ, for an empty line, for
            files of different lengths, and as `read_plain`.

    Example:
    >>> import io
    >>> next(read_parallel(io.StringIO("play jazz\n"), io.StringIO("O B-genre\n"))).tags
    ('O', 'B-genre')
    """
    comments = comments or {}
    for number, lines in aligned_lines(tokens, tags, *comments.values(), unit="sentence", encoding=encoding):
        words, labels = _tokens(lines[0]), _tokens(lines[1])
        if not words:
            raise line_error(tokens, number, "a sentence in each line", "an empty line")
        if len(words) != len(labels):
            received = f"{len(labels)}: {' '.join(labels)}"
            raise line_error(tags, number, f"{len(words)} tags, one for each token", received)
        texts = (text.strip(" \t") for text in lines[2:])
        yield Sentence(words, labels, comments=dict(zip(comments, texts, strict=True)))


def _tokens(line: str) -> tuple[str, ...]:
    line = line.strip(" \t")
    return tuple(_WHITESPACE.split(line)) if line else ()
