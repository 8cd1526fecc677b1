"""Windows, labels and answers of texts against loops over their words."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from small_span_qa import FILLER, QUESTIONS, make_preprocessor

from keras_embed._backend import tf
from keras_embed.corpora import Answer, Question
from keras_embed.functional.spans import IMPOSSIBLE
from keras_embed.preprocessors import SpanPreprocessor
from keras_embed.tokenizers import EncoderTokenizer, WordFeaturizer

KINDS = ["joint", "bidaf"]
PREPROCESSORS = {}


def preprocessor(kind):
    if kind not in PREPROCESSORS:
        PREPROCESSORS[kind] = make_preprocessor(kind)
    return PREPROCESSORS[kind]


def split(kind, pairs):
    columns = [tf.constant([side.encode() for side in column]) for column in zip(*pairs, strict=True)]
    return (columns[1], *preprocessor(kind).split(*columns))


@given(st.lists(st.integers(0, 40), min_size=1, max_size=4), st.integers(1, 30), st.integers(1, 9))
def test_windows_against_a_loop(lengths, stride, room):
    words = WordFeaturizer.from_tokens([["w"]])
    made = SpanPreprocessor(words, max_length=room, stride=stride)
    texts = [[f"w{place}" for place in range(length)] for length in lengths]
    _, windows = made.split(tf.fill([len(texts)], "q"), tf.constant([" ".join(text) for text in texts]))
    step, expected = min(stride, room), []
    for row, text in enumerate(texts):
        first = 0
        while True:
            expected.append((row, first, text[first : first + room]))
            if first + room >= len(text):
                break
            first += step
    found = zip(windows.rows.numpy(), windows.first.numpy(), windows.context.to_list(), strict=True)
    assert [(row, first, [word.decode() for word in text]) for row, first, text in found] == expected

    # Each position starts an answer in one window: one whose middle is nearest.
    owners = {}
    for (row, first, text), owned in zip(expected, windows.start_mask.to_list(), strict=True):
        assert len(owned) == len(text)
        for place, yes in enumerate(owned):
            if yes:
                assert owners.setdefault((row, first + place), first) == first, "a position with two owners"
    for row, text in enumerate(texts):
        for place in range(len(text)):
            middles = [first for r, first, _ in expected if r == row]
            distance = {first: abs(place - first - (room - 1) / 2) for first in middles}
            assert distance[owners[row, place]] == min(distance.values())


@pytest.mark.parametrize("kind", KINDS)
def test_labels_are_the_words_of_the_answer(kind):
    """In every window that holds them all; elsewhere there is no answer."""
    made = preprocessor(kind)
    text = FILLER * 2 + "Eve lives in old Bern. " + FILLER
    start = text.index("old Bern")
    questions = [("Where does Eve live?", text), ("Where?", text), ("Where?", "")]
    features, labels = made(questions, y=[("old Bern", start), None, None])
    _, texts, windows = split(kind, questions)
    ids = features["token_ids" if kind == "joint" else "context_token_ids"].numpy()
    holding = 0
    for window, (first, last) in enumerate(labels.numpy()):
        positions = windows.context.to_list()[window]
        row, begin = int(windows.rows[window]), int(windows.first[window])
        starts = texts.starts.to_list()[row][begin : begin + len(positions)]
        wanted = [place for place, byte in enumerate(starts) if start <= byte < start + len("old Bern")]
        everything = sum(start <= byte < start + len("old Bern") for byte in texts.starts.to_list()[row])
        if row > 0 or len(wanted) < everything:
            assert (first, last) == (0, 0)
            continue
        holding += 1
        assert last - first + 1 == everything
        if kind == "joint":
            pieces = [made.tokenizer.id_to_token(int(number)) for number in ids[window, first : last + 1]]
            assert "".join(pieces).replace("##", "") == "oldbern"
        else:
            assert [made.tokenizer.id_to_token(int(number)) for number in ids[window, first - 1 : last]] == [
                "old",
                "bern",
            ]
    assert holding >= 1


def test_features_in_a_row():
    made = preprocessor("joint")
    features = made([("Who?", "Ada lives in Rome."), ("", "")])
    tokens = [[made.tokenizer.id_to_token(int(number)) for number in row] for row in features["token_ids"].numpy()]
    context = [token for token, yes in zip(tokens[0], features["answer_mask"].numpy()[0], strict=True) if yes]
    assert "".join(context).replace("##", "") == "adalivesinrome."
    assert tokens[0][0] == "[CLS]"
    assert tokens[0].count("[SEP]") == 2
    segments = features["segment_ids"].numpy()[0]
    assert set(segments[features["answer_mask"].numpy()[0]]) == {1}
    assert not features["answer_mask"].numpy()[1].any()
    assert tokens[1][:3] == ["[CLS]", "[SEP]", "[SEP]"]


@pytest.mark.parametrize("kind", KINDS)
def test_right_scores_give_the_right_strings_back(kind):
    """Whatever bytes and characters the words have, and wherever the windows are."""
    made = preprocessor(kind)
    asked = [
        Question("a?", "Ян\u00a0живёт «в café» 🦊 now", (Answer("café", 12),)),
        Question("b?", FILLER * 5 + "Bob lives.", (Answer("Bob", len(FILLER) * 5),)),
        Question("c?", "", ()),
        Question("d?", "👩‍👩‍👧 и Ада", (Answer("Ада", 8),)),
    ]
    for question in asked:
        for answer in question.answers:
            assert question.context[answer.start :].startswith(answer.text)
    contexts, texts, windows = split(kind, [(one.question, one.context) for one in asked])
    _, labels = made(asked)
    labels = labels.numpy()
    owned = made.encode({name: getattr(windows, name) for name in ("question", "context", "start_mask", "end_mask")})
    prefix, shift = ("", 0) if kind == "joint" else ("context_", 1)
    start_mask = owned[f"{prefix}start_mask"].numpy()
    there = np.array([first > 0 and start_mask[row, first - shift] for row, (first, _) in enumerate(labels)])
    found = {
        "starts": np.stack([np.where(there, labels[:, 0], 0), np.zeros(len(labels), int)], 1).astype("int32"),
        "ends": np.stack([np.where(there, labels[:, 1], 0), np.zeros(len(labels), int)], 1).astype("int32"),
        "scores": np.stack([np.where(there, 5.0, 2 * IMPOSSIBLE), np.full(len(labels), 2 * IMPOSSIBLE)], 1),
        "none": np.where(there, -5.0, 5.0),
        "total": np.where(there, 5.0, -9.0),
    }
    found = {name: value.astype("float32") if value.dtype.kind == "f" else value for name, value in found.items()}
    answer = {name: value.numpy() for name, value in made.postprocess(contexts, texts, windows, found, 0.5).items()}
    assert [text.decode() for text in answer["answer"]] == ["café", "Bob", "", "Ада"]
    assert answer["start"].tolist() == [12, len(FILLER) * 5, -1, 8]
    assert answer["end"].tolist() == [16, len(FILLER) * 5 + 3, -1, 11]


def test_windows_of_a_text_are_joined():
    """By brute force over their spans."""
    made = preprocessor("bidaf")
    generator = np.random.default_rng(0)
    contexts, texts, windows = split("bidaf", [("a", FILLER * 4), ("b", FILLER)])
    rows, count = windows.rows.numpy(), len(windows.first)
    assert len(set(rows)) == 2
    scores = np.sort(generator.normal(size=(count, 2)).astype("float32"))[:, ::-1]
    starts = np.stack([np.full(count, 6), np.full(count, 8)], 1).astype("int32")
    found = {"starts": starts, "ends": starts, "scores": scores, "none": generator.normal(size=count)}
    found["total"] = np.logaddexp(*scores.T) + 0.1
    found = {
        name: np.asarray(value, "float32") if name not in ("starts", "ends") else value for name, value in found.items()
    }
    answer = {name: value.numpy() for name, value in made.postprocess(contexts, texts, windows, found, 1.0).items()}
    for row in (0, 1):
        mine = np.flatnonzero(rows == row)
        none = found["none"][mine].min()
        everything = np.logaddexp.reduce([none, *found["total"][mine]])
        best = sorted(
            ((scores[w, n], int(windows.first[w]) + starts[w, n] - 1) for w in mine for n in (0, 1)), reverse=True
        )[:2]
        np.testing.assert_allclose(answer["probabilities"][row], [np.exp(s - everything) for s, _ in best], rtol=1e-5)
        assert answer["none_probability"][row] == pytest.approx(np.exp(none - everything), rel=1e-5)
        words = texts.starts.to_list()[row]
        assert answer["starts"][row].tolist() == [words[place] for _, place in best]


@pytest.mark.parametrize("kind", KINDS)
def test_all_ways_to_hand_over_questions_are_one(kind):
    made = preprocessor(kind)
    asked = QUESTIONS[:4]
    features, labels, weights = made(asked, sample_weight=tf.constant([1.0, 2.0, 3.0, 4.0]))
    columns = {"question": tf.constant(asked.questions), "context": tf.constant(asked.contexts)}
    answers = [one.answers[0] if one.answers else Answer("", 0) for one in asked]
    y = {"text": tf.constant([a.text for a in answers]), "start": tf.constant([a.start for a in answers])}
    pairs = list(zip(asked.questions, asked.contexts, strict=True))
    ways = [
        made(columns, y=y, sample_weight=tf.constant([1.0, 2.0, 3.0, 4.0])),
        made(columns, y=[a.text for a in answers], sample_weight=[1.0, 2.0, 3.0, 4.0]),
        made(pairs, y=[a.text for a in answers], sample_weight=[1.0, 2.0, 3.0, 4.0]),
        made(pairs, y=[tuple(a) if a.text else None for a in answers], sample_weight=[1.0, 2.0, 3.0, 4.0]),
    ]
    for other, other_labels, other_weights in ways:
        assert other.keys() == features.keys()
        for name, value in features.items():
            np.testing.assert_array_equal(value, other[name])
        np.testing.assert_array_equal(labels, other_labels)
        np.testing.assert_array_equal(weights, other_weights)
    assert (labels.numpy() > 0).any()


def test_batches_of_windows():
    made = preprocessor("bidaf")
    pairs = [("Who?", FILLER * 3), ("Where?", "In Rome.")]
    dataset = made.dataset(pairs, ["nobody", "Rome"], [2.0, 3.0], batch_size=3, seed=1)
    batches = [made(*batch) for batch in dataset]
    labels = np.concatenate([labels.numpy() for _, labels, _ in batches])
    weights = np.concatenate([weights.numpy() for *_, weights in batches])
    _, every, _ = made(pairs, y=["nobody", "Rome"], sample_weight=[2.0, 3.0])
    assert sorted(map(tuple, labels.tolist())) == sorted(map(tuple, every.numpy().tolist()))
    assert sorted(weights.tolist()) == [2.0] * (len(every) - 1) + [3.0]


@pytest.mark.parametrize(
    ("pairs", "answers", "error"),
    [
        ([("a", "b")], [[("b", 0)]], "an answer: .* as answer 0. Try several answers: corpora.Question"),
        ([("a", "b")], ["x"], "'x', which does not, as answer 0. Try Questions.located"),
        ([("a", "b c")], [("c", 1)], "'c' at character 1 of its text. Received: ' ' there, as answer 0"),
        ([("a", "b")], ["b", "b"], "2 answers, 1 questions"),
        ([("a", "b")], None, r"answers `y`, or a list of corpora.Question"),
        (["a"], ["b"], "'a' as question 0"),
        ("ab", ["b"], "a list of questions"),
        ([("a", 3)], ["b"], "every text to be a string. Received: 3 in question 0"),
        ([], [], "at least one question"),
    ],
)
def test_errors(pairs, answers, error):
    with pytest.raises(ValueError, match=error):
        preprocessor("bidaf").dataset(pairs, answers)


def test_wrong_settings():
    words = WordFeaturizer.from_tokens([["w"]])
    pieces = EncoderTokenizer.train(["w"], min_count=1, max_length=32)
    with pytest.raises(ValueError, match="stride"):
        SpanPreprocessor(words, stride=0)
    with pytest.raises(ValueError, match="`max_length` of at most that of the tokenizer, 32. Received: 40"):
        SpanPreprocessor(pieces, max_length=40)
    with pytest.raises(ValueError, match="room for question, 3 special tokens and some of the text"):
        SpanPreprocessor(pieces, max_length=20, max_question_length=17)
    with pytest.raises(ValueError, match="a preprocessor with a WordFeaturizer"):
        SpanPreprocessor(pieces, max_question_length=8).embeddings()


def test_config_round_trip():
    made = preprocessor("joint")
    again = SpanPreprocessor.from_config(made.get_config())
    assert (again.max_length, again.stride, again.max_question_length, again.max_answer_length) == (20, 5, 8, 4)
    assert again.joint
