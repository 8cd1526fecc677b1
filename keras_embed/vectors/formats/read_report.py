"""The report of a reader of word vectors."""

from dataclasses import dataclass


@dataclass(frozen=True)
class ReadReport:
    """Report of the format and the repairs of a file.

    Attributes:
        path: the file.
        format: the format it was read as.
        rows: number of words that were read.
        dim: width of a vector.
        header: rows and width that the file announces, `None` if it has no header.
        rows_seen: number of rows in the file, including bad lines and repeated words; `None` if it was not read to its
            end.
        wrong_header: True if the header contradicts the rows.
        invalid_utf8: number of words that are not valid UTF-8; their bytes are written as `\\xd1`.
        duplicates: number of rows that were skipped because their word is repeated.
        bad_lines: number of lines that were skipped because of too few numbers, too many, or none.
        nonfinite: number of rows with NaN or inf. They are kept, but are no neighbours, and `align` does not use them.
        examples: the first repairs, each with its line or row.

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
    nonfinite: int = 0
    examples: tuple[str, ...] = ()

    @property
    def clean(self) -> bool:
        """True if nothing was repaired."""
        return not (self.wrong_header or self.invalid_utf8 or self.duplicates or self.bad_lines or self.nonfinite)

    @property
    def complete(self) -> bool:
        """True if no row is missing: no line was skipped, and the header announces no more rows than there are."""
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
            (self.nonfinite, "row with NaN or inf", "rows with NaN or inf"),
            (self.invalid_utf8, "word that is not valid UTF-8", "words that are not valid UTF-8"),
        ):
            if count:
                lines.append(f"{count:,} {one if count == 1 else many}")
        return "\n  ".join([*lines, *self.examples])
