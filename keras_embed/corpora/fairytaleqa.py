"""FairytaleQA: questions that experts in education ask about fairy tales."""

import csv
import io
import tarfile
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from keras_embed import _errors
from keras_embed.corpora._lines import BROKEN, Source, open_decompressed, source_name
from keras_embed.corpora.answers import find_answer
from keras_embed.corpora.questions import Answer, Question

SPLITS = {"train": "train", "validation": "val", "test": "test"}
_ANSWERS = tuple(f"answer{number}" for number in range(1, 7))


def read_fairytaleqa(archive: Source, split: str) -> Iterator[Question]:
    """Reads a split of FairytaleQA.

    The text of a question is the sections of the story that it is about, an empty line between them. An answer that
    stands in it, but for case, punctuation and articles, has its place and is the text that stands there; others have
    none, see `Questions.located`.

    Args:
        archive: path of `fairytaleqa_by_split.tar`, or of the same as gz or xz, or an open file.
        split: "train", "validation" or "test".

    Yields:
        `Question`, `title` the story's name, `comments`: `explicit` "explicit" where an annotator found the answer in
        the text, else "implicit"; `scope` "local" or "summary"; `attribute` such as "character" or "action".

    Raises:
        ValueError: for what is no such archive, with the file that is missing or wrong.

    References:
        Xu et al. 2022, https://aclanthology.org/2022.acl-long.34.
    """
    _errors.check_one_of("split", split, sorted(SPLITS))
    folder = SPLITS[split]
    files = _files(archive, folder)
    asked = sorted(path for path in files if path.parent == PurePosixPath("questions") / folder)
    if not asked:
        received = f"an archive with {len(files)} files of that split"
        raise ValueError(f"{source_name(archive)}: {_errors.message(f'questions/{folder}/...csv', received)}")
    for path in asked:
        story = path.name.removesuffix("-questions.csv")
        told = PurePosixPath("section-stories") / folder / f"{story}-story.csv"
        where = f"{source_name(archive)}, {told}"
        if told not in files:
            raise ValueError(f"{where}: {_errors.message('the sections of each story', 'no such file')}")
        sections = {row["section"].strip(): row["text"] for row in _rows(files[told], ("section", "text"), where)}
        where = f"{source_name(archive)}, {path}"
        for row in _rows(files[path], ("question_id", "cor_section", "question", "ex-or-im1", "answer1"), where):
            yield _question(row, story, sections, where)


def _question(row: dict[str, str], story: str, sections: dict[str, str], where: str) -> Question:
    numbers = [number.strip() for number in row["cor_section"].split(",")]
    missing = [number for number in numbers if number not in sections]
    if missing:
        received = f"{missing} in question {row['question_id']}"
        raise ValueError(f"{where}: {_errors.message(f'sections among {list(sections)}', received)}")
    context = "\n\n".join(sections[number] for number in numbers)
    texts = dict.fromkeys(row.get(column, "").strip() for column in _ANSWERS)
    comments = {
        "explicit": row["ex-or-im1"].strip(),
        "scope": row.get("local-or-sum", "").strip(),
        "attribute": row.get("attribute1", "").strip(),
    }
    answers = tuple(_answer(context, text) for text in texts if text)
    return Question(row["question"].strip(), context, answers, f"{story}/{row['question_id'].strip()}", story, comments)


def _answer(context: str, text: str) -> Answer:
    place = find_answer(context, text)
    return Answer(text) if place is None else Answer(context[slice(*place)], place[0])


def _files(archive: Source, folder: str) -> dict[PurePosixPath, bytes]:
    """The files of a split, by their paths; some archives hold all in one more folder."""
    wanted = {("questions", folder), ("section-stories", folder)}
    found: dict[PurePosixPath, bytes] = {}
    try:
        stream: Any
        with open_decompressed(archive) as stream, tarfile.open(fileobj=stream, mode="r|") as tar:  # type: ignore[arg-type]
            for member in tar:
                path = PurePosixPath(*PurePosixPath(member.name).parts[-3:])
                content = tar.extractfile(member) if path.parts[:2] in wanted else None
                if content is not None:
                    found[path] = content.read()
    except (*BROKEN, tarfile.TarError) as error:
        expected = "a complete tar archive, as it is or as gz or xz"
        received = f"{type(error).__name__}: {error}"
        raise ValueError(f"{source_name(archive)}: {_errors.message(expected, received)}") from error
    return found


def _rows(content: bytes, columns: tuple[str, ...], where: str) -> list[dict[str, str]]:
    try:
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        found, rows = reader.fieldnames or (), list(reader)
    except (csv.Error, UnicodeDecodeError) as error:
        expected = f"a table in UTF-8 with cells of at most {csv.field_size_limit()} characters"
        advice = "csv.field_size_limit(10**8), for longer ones"
        raise ValueError(f"{where}: {_errors.message(expected, str(error), advice)}") from error
    if not set(columns) <= set(found):
        raise ValueError(f"{where}: {_errors.message(f'the columns {list(columns)}', found)}")
    return [{key: value or "" for key, value in row.items() if key} for row in rows]
