"""Tag schemes: laws, and seqeval as a second opinion."""

import warnings

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from seqeval import scheme as seqeval_schemes
from seqeval.metrics.sequence_labeling import get_entities

from keras_embed.text import (
    SCHEMES,
    Span,
    TagScheme,
    allowed_transitions,
    convert,
    infer_scheme,
    register_scheme,
    spans,
    tag_schemes,
)
from keras_embed.text.tag_schemes import check_sequence, continuations, span_tables, span_types, split_tag, tags_of

PREFIXES = {"IOB1": "BI", "BIO": "BI", "BIOES": "BIES", "BIOUL": "BIUL", "BMES": "BMES"}
TAGS = {s: ["O", *(f"{p}-{t}" for t in ("PER", "creative-work") for p in PREFIXES[s])] for s in SCHEMES}
TO_BIOES = {"BIOUL": str.maketrans("UL", "SE"), "BMES": str.maketrans("M", "I")}
MANY = settings(max_examples=300)


def sequences(scheme):
    return st.lists(st.sampled_from(TAGS[scheme]), max_size=9)


@st.composite
def span_lists(draw):
    """A length and spans within it, adjacent ones of one type included."""
    position, found = 0, []
    for gap, length, type_ in draw(
        st.lists(st.tuples(st.integers(0, 2), st.integers(1, 4), st.sampled_from(["PER", "LOC"])), max_size=5)
    ):
        found.append(Span(position + gap, position + gap + length, type_))
        position += gap + length
    return found, position + draw(st.integers(0, 2))


@pytest.mark.parametrize("scheme", SCHEMES)
@MANY
@given(span_lists())
def test_spans_to_tags_and_back(scheme, case):
    found, length = case
    tags = tags_of(found, length, scheme)
    assert spans(tags, scheme) == found
    assert spans(tags, scheme, strict=True) == found
    check_sequence(tags, scheme)


@pytest.mark.parametrize("source", SCHEMES)
@pytest.mark.parametrize("target", SCHEMES)
@given(span_lists())
def test_conversion_round_trip(source, target, case):
    tags = tags_of(*case, source)
    assert convert(convert(tags, source, target), target, source) == tags


@pytest.mark.parametrize("scheme", SCHEMES)
@MANY
@given(st.data())
def test_conlleval_reading_is_that_of_seqeval(scheme, data):
    tags = data.draw(sequences(scheme))
    in_bioes = [tag[0].translate(TO_BIOES.get(scheme, {})) + tag[1:] for tag in tags]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = [Span(start, end + 1, type_) for type_, start, end in get_entities(in_bioes)]
    assert spans(tags, scheme) == expected


def seqeval_strict(tags, scheme):
    name = {"IOB1": "IOB1", "BIO": "IOB2", "BIOES": "IOBES", "BIOUL": "BILOU"}[scheme]
    entities = seqeval_schemes.Tokens(tags, getattr(seqeval_schemes, name)).entities
    return [Span(entity.start, entity.end, entity.tag) for entity in entities]


@pytest.mark.parametrize("scheme", ["BIO", "BIOES", "BIOUL"])
@MANY
@given(st.data())
def test_strict_reading_is_that_of_seqeval(scheme, data):
    tags = data.draw(sequences(scheme))
    assert spans(tags, scheme, strict=True) == seqeval_strict(tags, scheme)


@MANY
@given(sequences("IOB1"))
def test_strict_iob1_is_that_of_seqeval_where_every_b_is_in_place(tags):
    try:
        check_sequence(tags, "IOB1")
    except ValueError:
        assume(False)
    assert spans(tags, "IOB1", strict=True) == seqeval_strict(tags, "IOB1")


def test_strict_iob1_leaves_out_where_seqeval_cuts():
    """After a B that stands in no place of its own, seqeval counts the rest of the span as a span; we count none."""
    tags = ["O", "B-PER", "I-PER"]
    assert spans(tags, "IOB1", strict=True) == []
    assert seqeval_strict(tags, "IOB1") == [Span(2, 3, "PER")]


@pytest.mark.parametrize("scheme", SCHEMES)
@MANY
@given(st.data())
def test_strict_spans_are_among_the_others_and_all_of_them_where_the_scheme_is_kept(scheme, data):
    tags = data.draw(sequences(scheme))
    strict, loose = spans(tags, scheme, strict=True), spans(tags, scheme)
    assert set(strict) <= set(loose)
    assert sum(span.end - span.start for span in loose) == sum(tag != "O" for tag in tags)
    if follows(tags, scheme):
        check_sequence(tags, scheme)
        assert strict == loose
        assert tags_of(loose, len(tags), scheme) == tags
    else:
        with pytest.raises(ValueError, match=f"Expected tags that keep to {scheme}"):
            check_sequence(tags, scheme)
        assert tags_of(loose, len(tags), scheme) != tags


def follows(tags, scheme):
    """Whether the constraints allow a sequence."""
    ids = [TAGS[scheme].index(tag) for tag in tags]
    constraints = allowed_transitions(TAGS[scheme], scheme)
    inner = all(constraints.transitions[i, j] for i, j in zip(ids, ids[1:], strict=False))
    return not ids or bool(inner and constraints.start[ids[0]] and constraints.end[ids[-1]])


def test_constraints_of_bioes():
    tags = ["O", "B-X", "I-X", "E-X", "S-X", "I-Y"]
    transitions, start, end = allowed_transitions(tags, "BIOES")
    assert [tags[j] for j in np.flatnonzero(transitions[1])] == ["I-X", "E-X"]
    assert [tags[j] for j in np.flatnonzero(transitions[3])] == ["O", "B-X", "S-X"]
    assert [tags[j] for j in np.flatnonzero(start)] == ["O", "B-X", "S-X"]
    assert [tags[j] for j in np.flatnonzero(end)] == ["O", "E-X", "S-X"]


@pytest.mark.parametrize("scheme", SCHEMES)
def test_tables_say_what_the_sequences_say(scheme):
    tags = TAGS[scheme]
    goes_on = continuations(tags, scheme)
    types, type_ids = span_types(tags, scheme)
    assert types == ("PER", "creative-work")
    for i, first in enumerate(tags):
        assert type_ids[i] == (-1 if first == "O" else types.index(split_tag(first)[1]))
        for j, second in enumerate(tags):
            assert goes_on[i, j] == any(span.end - span.start == 2 for span in spans([first, second], scheme))
    tables = span_tables(tags, scheme, strict=True)
    assert (tables.continues[:-1, :-1] == goes_on).all()
    assert not tables.continues[-1].any()
    assert not tables.continues[:, -1].any()
    single = [bool(spans([tag], scheme, strict=True)) for tag in tags[1:]]
    assert (tables.begins_well[-1, 1:-1] & tables.ends_well[1:-1]).tolist() == single
    assert span_tables(tags, scheme).begins_well.all()
    assert span_tables(tags, scheme).ends_well.all()


def test_an_empty_list_of_tags():
    assert allowed_transitions([], "BIO").transitions.shape == (0, 0)
    assert spans([], "BIO") == []
    assert tags_of([], 0, "BIO") == []


@pytest.mark.parametrize(
    ("tags", "scheme"),
    [
        ({"O", "I-PER"}, "IOB1"),
        ({"O", "B-PER", "I-PER"}, "BIO"),
        ({"O", "B-PER"}, "BIO"),
        ({"O", "B-A", "I-A", "E-A", "S-A"}, "BIOES"),
        ({"O", "S-A"}, "BIOES"),
        ({"O", "U-A", "L-A", "B-A"}, "BIOUL"),
        ({"B", "M", "E", "S"}, "BMES"),
        ({"B", "I", "O"}, "BIO"),
        ({"NOUN", "VERB", "X"}, None),
        ({"S", "E"}, None),
        ({"O"}, None),
        (set(), None),
        ({"B-PER", "O"}, "BIO"),
        ({"", "B-PER", "O"}, "BIO"),
    ],
)
def test_schemes_are_inferred(tags, scheme):
    assert infer_scheme(tags) == scheme


@pytest.mark.parametrize("scheme", SCHEMES)
def test_the_scheme_of_a_full_set(scheme):
    """B and I stand in both IOB1 and BIO; the commoner one is taken."""
    assert infer_scheme(TAGS[scheme]) == ("BIO" if scheme == "IOB1" else scheme)


WORDS = [["B-PER", "O", "O", "B-LOC"], ["B-PER", "I-PER", "O"]]


@pytest.mark.parametrize(
    ("odd", "near"),
    [
        ("0", "O"),
        ("o", "O"),
        ("-", "O"),
        ("_", "O"),
        ("B-", None),
        ("B_LOC", "B-LOC"),
        ("b-loc", "B-LOC"),
        ("BPER", "B-PER"),
        ("PER-B", "B-PER"),
        ("[PAD]", None),
        ("domain=en", None),
        ("X", None),
    ],
)
def test_one_odd_tag_is_named_and_switches_off_no_scheme(odd, near):
    sentences = [*WORDS, ["O", odd], [odd]]
    with pytest.raises(ValueError) as error:
        infer_scheme(sentences)
    assert f"{odd!r} (2 times, first in sentence 2" in str(error.value)
    assert near is None or f"nearest {near!r}" in str(error.value)
    with pytest.raises(ValueError, match="1 times"):
        infer_scheme({"O", "B-PER", "I-PER", odd})


def test_a_few_labels_that_look_like_spans():
    with pytest.warns(UserWarning, match="'B-PER' look like spans. scheme= overrules"):
        assert infer_scheme(["B-PER", "NOUN", "VERB"]) is None
    with pytest.raises(ValueError, match="'NOUN' .*first in sentence 0"):
        infer_scheme([["NOUN", "B-PER"]])
    with pytest.raises(ValueError, match="'0'"):
        infer_scheme([["B", "I", "O", "0"]])


@pytest.mark.parametrize(
    ("tags", "form", "convert"),
    [
        ("o b-per i-per", "prefixes in lower case", lambda tag: tag[:1].upper() + tag[1:]),
        ("O B_PER I_PER", "an underscore after the prefix", lambda tag: tag.replace("_", "-", 1)),
        ("O B:PER I:PER", "a colon, slash or bar", lambda tag: tag[:1] + "-" + tag[2:] if tag != "O" else tag),
        ("O PER-B PER-I", "the prefix after the type", lambda tag: tag if tag == "O" else tag[-1] + "-" + tag[:-2]),
        ("O PER_B PER_I", "the prefix after the type", lambda tag: tag if tag == "O" else tag[-1] + "-" + tag[:-2]),
    ],
)
def test_other_forms_are_named_and_the_advice_is_good(tags, form, convert):
    with pytest.raises(ValueError, match=f"{form}.*Try .* for each tag"):
        infer_scheme([tags.split()])
    assert infer_scheme([[convert(tag) for tag in tags.split()]]) == "BIO"


def test_iob1_is_told_from_bio_by_sequences():
    # The first sentence of CoNLL-2003, as published: every span begins with I.
    published = [["I-ORG", "O", "I-MISC", "O"], ["I-PER", "I-PER"], ["I-LOC", "B-LOC"]]
    with pytest.warns(UserWarning, match="read as IOB1: 4 spans begin with I, the first in sentence 0"):
        assert infer_scheme(published) == "IOB1"
    with pytest.warns(UserWarning, match="read as IOB1: no span begins with B"):
        assert infer_scheme(published[:2]) == "IOB1"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert infer_scheme([["B-ORG", "O"], ["B-LOC", "B-LOC", "I-LOC"]]) == "BIO"
        assert infer_scheme([["B-ORG", "", "I-ORG"]]) == "BIO"
    with pytest.warns(UserWarning, match="read as BIO: 2 spans begin with B, but 1 with I, the first in sentence 1"):
        assert infer_scheme([["B-ORG", "O"], ["B-LOC", "O", "I-LOC"]]) == "BIO"


@pytest.mark.parametrize("scheme", ["IOB1", "BIO"])
@given(st.lists(span_lists(), min_size=3, max_size=6))
def test_the_scheme_of_sequences(scheme, cases):
    sentences = [tags_of(*case, scheme) for case in cases]
    assume(any(len(sentence) > 1 for sentence in sentences) and any(set(sentence) > {"O"} for sentence in sentences))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert infer_scheme(sentences) == scheme


def test_tags_that_are_none():
    for wrong in ("B-PER", [["B-PER", None]], [[3]]):
        with pytest.raises(ValueError, match="Expected tags"):
            infer_scheme(wrong)


def test_tags_without_a_type():
    assert spans(["B", "I", "O", "B"], "BIO") == [Span(0, 2, ""), Span(3, 4, "")]
    assert tags_of([Span(0, 2, "")], 2, "BMES") == ["B", "E"]


def test_errors_are_sentences():
    with pytest.raises(ValueError, match=r"Expected a tag of BIO \(O, or B, I with a type\). Received: 'E-PER'"):
        spans(["E-PER"], "BIO")
    with pytest.raises(ValueError, match="`scheme` to be one of"):
        spans(["O"], "IOE9")
    with pytest.raises(ValueError, match="prefixes of one of"):
        infer_scheme({"M-A", "U-A"})
    with pytest.raises(
        ValueError, match=r"^a\.txt:3: Expected tags that keep to BIO. Received: 'I-A' after 'O' at position 1"
    ):
        check_sequence(["O", "I-A"], "BIO", where="a.txt:3")
    with pytest.raises(ValueError, match="Received: the end after 'B-A' at position 1"):
        check_sequence(["B-A"], "BIOES")
    with pytest.raises(ValueError, match=r"^x: position 1: Expected a tag of BIO"):
        check_sequence(["O", "Z-A"], "BIO", where="x")
    for wrong in ([Span(0, 0, "A")], [Span(0, 2, "A"), Span(1, 3, "A")], [Span(2, 5, "A")]):
        with pytest.raises(ValueError, match="spans that are not empty and do not overlap, within 4 tokens"):
            tags_of(wrong, 4, "BIO")


@pytest.fixture
def own_schemes(monkeypatch):
    """Two registered schemes: IOE2, and one of inside tags only. Removed again after the test."""
    monkeypatch.setattr(tag_schemes, "_SCHEMES", dict(tag_schemes._SCHEMES))
    monkeypatch.setattr(tag_schemes, "SCHEMES", tag_schemes._SCHEMES)
    register_scheme(TagScheme("ends", inside="I", end="E"))
    register_scheme(TagScheme("inside", inside="X"))


@given(span_lists())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_scheme_of_ones_own(own_schemes, case):
    found, length = case
    tags = tags_of(found, length, "ends")
    assert spans(tags, "ends", strict=True) == spans(tags, "ends") == found
    check_sequence(tags, "ends")
    assert convert(tags, "ends", "BIOES") == tags_of(found, length, "BIOES")


def test_the_tables_of_a_scheme_of_ones_own(own_schemes):
    tags = ["O", "I-A", "E-A"]
    start, end = allowed_transitions(tags, "ends").start, allowed_transitions(tags, "ends").end
    assert start.tolist() == [True, True, True] and end.tolist() == [True, False, True]
    assert spans(["X-A", "X-A", "O", "X-B"], "inside") == [Span(0, 2, "A"), Span(3, 4, "B")]
    assert infer_scheme({"O", "X-A"}) == "inside"
    with pytest.raises(ValueError, match="no adjacent spans of one type in inside"):
        tags_of([Span(0, 1, "A"), Span(1, 2, "A")], 2, "inside")


def test_schemes_that_cannot_be(own_schemes):
    with pytest.raises(ValueError, match="a new name for the scheme"):
        register_scheme(TagScheme("BIO", inside="X"))
    register_scheme(SCHEMES["BIO"])
    for wrong in ({"inside": "B", "begin": "B"}, {"inside": "O"}, {"inside": "I-"}, {"inside": ""}):
        with pytest.raises(ValueError, match="distinct prefixes"):
            TagScheme("wrong", **wrong)
