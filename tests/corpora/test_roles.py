import gzip
import io

import pytest

from keras_embed.corpora import Sentence, read_roles

# The example of the shared task's description (Carreras and Marquez 2005, figure 1), words pasted to props.
CONLL2005 = """\
The          -         (A0*   (A0*
$            -            *      *
1.4          -            *      *
billion      -            *      *
robot        -            *      *
spacecraft   -            *)     *)
faces        face       (V*)     *
a            -         (A1*      *
six-year     -            *      *
journey      -            *      *
to           -            *      *
explore      explore      *    (V*)
Jupiter      -            *   (A1*
and          -            *      *
its          -            *      *
16           -            *      *
known        -            *      *
moons        -            *)     *)
.            -            *      *

Nothing -
. -
"""
CONLL2012 = """\
#begin document (bc/cctv/00/cctv_0001); part 000
bc/cctv/00/cctv_0001 0 0 They PRP (TOP(S(NP*) - - - Speaker#1 * (ARG1*) * (3)
bc/cctv/00/cctv_0001 0 1 were VBD (VP* be 03 - Speaker#1 * (V*) * -
bc/cctv/00/cctv_0001 0 2 carried VBN (VP* carry 01 1 Speaker#1 * * (V* -
bc/cctv/00/cctv_0001 0 3 out RP *))) - - - Speaker#1 * * *) -

#end document
"""
OF_2012 = {"tokens": 3, "predicates": 6, "first_role": 11, "behind": 1}


def read(text, **columns):
    return list(read_roles(io.StringIO(text), **columns))


def test_the_example_of_the_shared_task():
    faces, explore = read(CONLL2005)
    assert faces.tokens == explore.tokens and len(faces) == 19
    assert faces.tags == ("B-A0", *["I-A0"] * 5, "B-V", "B-A1", *["I-A1"] * 10, "O")
    assert explore.tags == ("B-A0", *["I-A0"] * 5, *["O"] * 5, "B-V", "B-A1", *["I-A1"] * 5, "O")
    assert [place for place, lemma in enumerate(explore.columns["predicate"]) if lemma == "explore"] == [11]


def test_conll_2012_with_a_verb_of_two_words():
    were, carried = read(CONLL2012, **OF_2012)
    assert were == Sentence(were.tokens, ("B-ARG1", "B-V", "O", "O"), {"predicate": ("-", "be", "-", "-")})
    assert carried.tags == ("O", "O", "B-V", "I-V")
    assert carried.columns["predicate"] == ("-", "-", "carry", "carry")


def test_other_columns_gz_and_a_predicate_without_brackets(tmp_path):
    path = tmp_path / "props.gz"
    path.write_bytes(gzip.compress(b"Ada NNP - (A0*)\nwrites VBZ write *\n# NN - (A1*)\n"))
    [one] = read_roles(path, predicates=2, first_role=3)
    assert one == Sentence(("Ada", "writes", "#"), ("B-A0", "O", "B-A1"), {"predicate": ("-", "write", "-")})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a - *\nb b\n", r"<file>, line 2: Expected 3 columns. Received: 2"),
        ("a\n", "line 1: Expected at least 2 columns"),
        ("a a (V*)\nb - (A0*\n", "line 2: Expected the bracket of A0 to close. Received: the end of the sentence"),
        ("a a (V*)\nb - (A0(A1*))\n", "line 2: Expected brackets that are not nested"),
        ("a a (V*)\nb - *)\n", "line 2: Expected brackets that are not nested and close once"),
        ("a a (V*)\nb - A0\n", "line 2: Expected brackets such as"),
        ("\na - (A0*)\n", "line 2: Expected a predicate in every column of roles. Received: none in column 2"),
        ("\n", "Expected at least one sentence"),
    ],
)
def test_broken_files_are_named_with_their_line(text, expected):
    with pytest.raises(ValueError, match=expected):
        read(text)


def test_columns_must_rise():
    with pytest.raises(ValueError, match="Expected columns of words and predicates before those of roles"):
        read_roles(io.StringIO(""), predicates=2)
