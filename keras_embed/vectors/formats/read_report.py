"""What a reader of word vectors found, and what it mended."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ReadReport:
    """What a file was, and what was wrong with it.

    Attributes:
        path: the file.
        format: what it was read as.
        rows: words that have a vector now.
        dim: width of a vector.
        header: rows and width that the file announces, `None` where it announces nothing.
        rows_seen: rows that the file holds, where it was read to its end, bad lines and repeated words counted.
        wrong_header: whether the header is contradicted by the rows.
        invalid_utf8: words whose bytes are no UTF-8; the bytes stand in them as `\\xd1`.
        duplicates: rows that were left out because their word had been seen before.
        bad_lines: lines that were left out because they hold too few numbers, too many, or none.
        examples: the first of what was mended, each with its line or row.

    Example:
    >>> print(ReadReport("my.vec", "text", rows=2, dim=3, duplicates=1, examples=("line 3: 'the' again",)))
    my.vec: 2 words of 3 numbers, read as text
      1 repeated word left out
      line 3: 'the' again
    """

    path: str
    format: str
    rows: int
    dim: int
    header: tuple[int, int] | None = None
    rows_seen: int | None = None
    wrong_header: bool = False
    invalid_utf8: int = 0
    duplicates: int = 0
    bad_lines: int = 0
    examples: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        """Whether nothing had to be mended."""
        return not (self.wrong_header or self.invalid_utf8 or self.duplicates or self.bad_lines)

    @property
    def complete(self) -> bool:
        """Whether no row is missing: no line was left out, and the header announces no more than there is."""
        fewer = self.wrong_header and self.header is not None and (self.rows_seen or 0) < self.header[0]
        return not (self.bad_lines or fewer)

    def __str__(self) -> str:
        lines = [f"{self.path}: {self.rows:,} words of {self.dim} numbers, read as {self.format}"]
        if self.wrong_header and self.header is not None:
            announced = "{:,} rows of {}".format(*self.header)
            lines.append(f"the header announces {announced}, the file holds {self.rows_seen:,} rows of {self.dim}")
        for count, one, many in (
            (self.bad_lines, "bad line left out", "bad lines left out"),
            (self.duplicates, "repeated word left out", "repeated words left out"),
            (self.invalid_utf8, "word that is no UTF-8, its bytes kept", "words that are no UTF-8, their bytes kept"),
        ):
            if count:
                lines.append(f"{count:,} {one if count == 1 else many}")
        return "\n  ".join([*lines, *self.examples])
