"""Questions about texts: SQuAD's JSON, FairytaleQA's archive, and answers that are looked for in a text."""

import gzip
import io
import itertools
import json
import lzma
import tarfile
import warnings
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from keras_embed import corpora
from keras_embed.corpora import Answer, Question, Questions
from keras_embed.corpora.answers import answer_f1, closest_window, find_answer, normalize_answer
from keras_embed.corpora.questions import read_fairytaleqa


def squad(qas, context="In Rome, the old city.", title="Ada"):
    return {"version": "v2.0", "data": [{"title": title, "paragraphs": [{"context": context, "qas": qas}]}]}


def read(data, **arguments):
    return list(corpora.read_squad(io.StringIO(json.dumps(data)), **arguments))


QA = {"id": "1", "question": "Where?", "answers": [{"text": "Rome", "answer_start": 3}]}


def test_squad_of_both_versions():
    nowhere = {"id": "2", "question": "When?", "answers": [], "is_impossible": True}
    nowhere["plausible_answers"] = [{"text": "old", "answer_start": 13}]
    found = read(squad([QA, nowhere]))
    assert found == [
        Question("Where?", "In Rome, the old city.", (Answer("Rome", 3),), "1", "Ada"),
        Question("When?", "In Rome, the old city.", (), "2", "Ada"),
    ]


def test_places_count_characters_and_not_bytes():
    text = {"id": "1", "question": "Кто?", "answers": [{"text": "Анна 🦊", "answer_start": 3}]}
    [question] = read(squad([text], "Да, Анна 🦊!".replace(",", "")))
    assert question.answers == (Answer("Анна 🦊", 3),)


@pytest.mark.parametrize("suffix", ["", ".gz", ".xz"])
def test_compressed_files(tmp_path, suffix):
    content = json.dumps(squad([QA])).encode()
    pack = {"": bytes, ".gz": gzip.compress, ".xz": lzma.compress}[suffix]
    path = tmp_path / f"dev.json{suffix}"
    path.write_bytes(pack(content))
    assert next(corpora.read_squad(path)).texts == ("Rome",)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ({"dat": []}, r"Expected an object with 'data', a list. Received: the keys \['dat'\]"),
        ({"data": [{"title": "x"}]}, "article 0: Expected an object with 'paragraphs', a list"),
        (squad([{"id": "1", "answers": []}]), "question 1: Expected an object with 'question', a str"),
        (squad([QA | {"answers": [{"text": "Rome"}]}]), "question 1: Expected an object with 'answer_start', a int"),
        (squad([QA | {"id": None}]), "Expected an object with 'id', a str or int. Received: None"),
        (
            squad([QA | {"answers": [{"text": "Rome", "answer_start": 4}]}]),
            "question 1: Expected the answer 'Rome' at character 4 of the text. Received: 'ome,' there. Try check",
        ),
    ],
)
def test_errors_name_the_place(data, error):
    with pytest.raises(ValueError, match=error):
        read(data)


def test_what_is_no_json(tmp_path):
    path = tmp_path / "dev.json"
    path.write_text('{"data": [\n}')
    with pytest.raises(ValueError, match=r"dev.json: Expected JSON. Received: .* at line 2, column 1"):
        next(corpora.read_squad(path))


def test_answers_elsewhere_lose_their_place_where_asked():
    [question] = read(squad([QA | {"answers": [{"text": "Rome", "answer_start": 4}]}]), check_places=False)
    assert question.answers == (Answer("Rome", None),)
    assert Questions([question]).located()[0].answers == (Answer("Rome", 3),)


def test_predictions_are_read_back(tmp_path):
    path = tmp_path / "predictions.json"
    corpora.write_squad_predictions({"1": "Übung 🦊", "2": ""}, path)
    assert json.loads(path.read_text(encoding="utf-8")) == {"1": "Übung 🦊", "2": ""}
    corpora.write_squad_predictions({"1": 0.25}, path)
    assert json.loads(path.read_text()) == {"1": 0.25}
    with pytest.raises(ValueError, match="Received: None for question 1"):
        corpora.write_squad_predictions({"1": None}, path)
    assert json.loads(path.read_text()) == {"1": 0.25}
    with pytest.raises(UnicodeEncodeError):
        corpora.write_squad_predictions({"1": "half of a \ud83e"}, path)
    assert [one.name for one in tmp_path.iterdir()] == ["predictions.json"]


def archive(path, questions, sections, folder="test"):
    files = {f"questions/{folder}/wolf-questions.csv": questions, f"section-stories/{folder}/wolf-story.csv": sections}
    with tarfile.open(path, "w:xz") as tar:
        for name, text in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))
    return path


HEAD = "question_id,local-or-sum,cor_section,attribute1,question,ex-or-im1,answer1,answer2,answer4\n"
ROW = '7,summary,"1,2",action,Who came? ,explicit,A gray wolf.,nobody at all,a gray wolf\n'
SECTIONS = '\ufeffsection,text\n1,"Then came\na gray wolf."\n2,"He said ""Ho""."\n'


def test_a_question_of_fairytaleqa(tmp_path):
    [question] = read_fairytaleqa(archive(tmp_path / "f.tar.xz", HEAD + ROW, SECTIONS), "test")
    assert question.question == "Who came?"
    assert question.context == 'Then came\na gray wolf.\n\nHe said "Ho".'
    assert question.answers == (Answer("gray wolf", 12), Answer("nobody at all"), Answer("a gray wolf", 10))
    assert (question.id, question.title) == ("wolf/7", "wolf")
    assert question.comments == {"explicit": "explicit", "scope": "summary", "attribute": "action"}


@pytest.mark.parametrize(
    ("questions", "sections", "error"),
    [
        (HEAD + ROW, "section,txt\n1,a\n", r"wolf-story.csv: Expected the columns \['section', 'text'\]"),
        (HEAD + ROW, "section,text\n1,a\n", r"wolf-questions.csv: Expected sections among \['1'\]. Received: \['2'\]"),
        (
            HEAD + ROW,
            f"section,text\n1,{'a' * 200_000}\n",
            r"wolf-story.csv: Expected a table .* Try csv.field_size_limit",
        ),
    ],
)
def test_damaged_archives(tmp_path, questions, sections, error):
    with pytest.raises(ValueError, match=error):
        list(read_fairytaleqa(archive(tmp_path / "f.tar.xz", questions, sections), "test"))


def test_what_is_no_archive(tmp_path):
    path = tmp_path / "f.tar.xz"
    path.write_bytes(lzma.compress(b"no archive at all" * 100))
    with pytest.raises(ValueError, match="f.tar.xz: Expected a complete tar archive"):
        list(read_fairytaleqa(path, "test"))
    with pytest.raises(ValueError, match="split"):
        next(read_fairytaleqa(path, "dev"))


def test_questions_have_no_tags():
    with pytest.raises(ValueError, match="Expected `tags` to be one of None. Received: 'upos'"):
        corpora.load("squad", "dev", tags="upos")


def test_real_fairy_tales(data_dir, monkeypatch):
    """The numbers of questions that the paper gives."""
    monkeypatch.setenv("KERAS_EMBED_DATA", str(data_dir))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # the file is the one that was registered
        questions = corpora.load("fairytaleqa", "validation")
    assert (len(questions), questions.name) == (1025, "fairytaleqa/validation")
    for question in questions:
        for answer in question.answers:
            assert answer.start is None or question.context[answer.start :].startswith(answer.text)


WORDS = st.lists(st.sampled_from(["wolf", "Wolf,", "the", "fox", "old"]), min_size=1, max_size=7)


@given(WORDS, WORDS)
def test_an_answer_is_found_wherever_its_words_stand(context, answer):
    """Against every slice of the text that begins and ends at a word."""
    words = [normalize_answer(word) for word in context]
    wanted = normalize_answer(" ".join(answer)).split()
    slices = itertools.combinations(range(len(context) + 1), 2)
    there = any([word for word in words[i:j] if word] == wanted for i, j in slices) and bool(wanted)
    place = find_answer(" ".join(context), " ".join(answer))
    if wanted:
        assert (place is not None) == there
    if place is not None:
        assert normalize_answer(" ".join(context)[slice(*place)]).split() == wanted


@given(WORDS, WORDS)
def test_the_closest_window_is_the_best_of_all(context, answer):
    text, wanted = " ".join(context), normalize_answer(" ".join(answer)).split()
    best = 0.0
    for i, j in itertools.combinations(range(len(context) + 1), 2):
        window = normalize_answer(" ".join(context[i:j])).split()
        common = sum((Counter(window) & Counter(wanted)).values())
        if window and wanted and len(window) <= 2 * len(wanted):
            best = max(best, 2 * common / (len(window) + len(wanted)))
    score, start, limit = closest_window(text, " ".join(answer))
    assert score == pytest.approx(best)
    if score:
        assert answer_f1(" ".join(answer), text[start:limit]) == pytest.approx(score)


@pytest.mark.parametrize(
    ("context", "answer", "found"),
    [
        ("a preposition and a position", "position", "position"),  # whole words
        ("He saw “The King”.", "the king", "King"),
        ("well-known wolves", "known wolves", "known wolves"),
        ("old\n  wolves", "Old wolves!", "old\n  wolves"),
        ("the end", "the", "the"),
        ("nothing", "...", None),
        ("nothing", "", None),
    ],
)
def test_finding_answers(context, answer, found):
    place = find_answer(context, answer)
    assert (None if place is None else context[slice(*place)]) == found


def test_located_questions():
    asked = Questions(
        [
            Question("a?", "an old house stood there", (Answer("the old house"), Answer("stood"), Answer("nothing"))),
            Question("b?", "an old house", (Answer("house by the sea"),)),
            Question("c?", "an old house"),
        ],
        "mine",
    )
    exact = asked.located()
    assert [question.answers for question in exact] == [(Answer("old house", 3), Answer("stood", 13)), ()]
    assert exact.name == "mine"
    assert asked.located(0.4)[1].answers == (Answer("house", 7),)


def test_questions_are_a_sequence():
    asked = Questions([Question("a?", "x", id="1"), Question("b?", "y", id="2")], "mine")
    assert asked[:1] == Questions([Question("a?", "x", id="1")])
    assert hash(asked) == hash(asked[:])
    assert (asked.questions, asked.contexts, asked[1].id) == (["a?", "b?"], ["x", "y"], "2")
