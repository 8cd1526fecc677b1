"""Tables, trees and JSON lines of labelled texts, and what is refused; real files by counts that others published."""

import csv
import gzip
import io

import pytest

from keras_embed import corpora
from keras_embed.corpora import LabelledPairs, LabelledTexts
from keras_embed.corpora.labelled import LabelledPair, LabelledText, read_label_ids, read_sst, read_sts

# The first tree of the training part, https://nlp.stanford.edu/sentiment, shortened.
TREE = "(3 (2 (2 The) (2 Rock)) (4 (3 (2 is) (4 (2 destined) (2 great))) (2 .)))"


def texts(content, **arguments):
    return list(corpora.read_texts(io.StringIO(content), **arguments))


def pairs(content, **arguments):
    return list(corpora.read_pairs(io.StringIO(content), **arguments))


def test_quotes_in_commas_reach_over_lines():
    content = '1,"He said ""no"",\nand left.",bad\n\n2,Fine,good\n'
    found = texts(content, text=1, label=2)
    assert found == [('He said "no",\nand left.', "bad"), ("Fine", "good")]
    assert texts("a;b,c\n", separator=";") == [("a", "b,c")]


def test_quotes_between_tabs_are_letters():
    assert texts('"Fine\tgood\n', separator="\t") == [('"Fine', "good")]


def test_columns_by_name_and_number():
    content = "id,label,text\n1,x,A\n2,y,B\n"
    expected = [("A", "x"), ("B", "y")]
    assert texts(content, text="text", label="label") == expected
    assert texts(content, text=2, label=1, header=True) == expected
    assert texts(content, text="text", label=1) == expected
    assert texts(content, text="text", label=None) == [("A", None), ("B", None)]
    assert pairs(content, first="text", second="id", label="label") == [("A", "1", "x"), ("B", "2", "y")]


def test_several_labels_and_none():
    assert [label for _, label in texts("a\t1, 2\nb\t\n", separator="\t", label_separator=",")] == [("1", "2"), ()]


def test_gz_and_other_encodings(tmp_path):
    path = tmp_path / "table.tsv.gz"
    path.write_bytes(gzip.compress("naïve\tyes\r\n".encode("latin-1")))
    assert list(corpora.read_texts(path, separator="\t", encoding="latin-1")) == [("naïve", "yes")]
    with pytest.raises(ValueError, match="line 1: Expected text in UTF-8.*byte 0xef"):
        list(corpora.read_texts(path, separator="\t"))


@pytest.mark.parametrize(
    ("content", "arguments", "reason"),
    [
        ("a,b\nc\n", {}, "line 2: Expected at least 2 columns. Received: 1: 'c'"),
        ("text,label\na,b\n", {"text": "body"}, r"line 1: Expected a column 'body'. Received: columns \['text'"),
        ('a,"b\nc,d\n', {}, "line 2: Expected terminated quotes"),
        ("", {}, "line 1: Expected at least one row"),
        ("text,label\n", {"text": "text"}, "Expected at least one row"),
        ("a,b\n", {"text": "text", "header": False}, "Expected columns by index"),
    ],
)
def test_tables_that_are_refused(content, arguments, reason):
    with pytest.raises(ValueError, match=reason):
        texts(content, **arguments)


def test_a_cell_may_be_as_long_as_csv_allows():
    limit = csv.field_size_limit()
    assert len(texts("a" * limit + ",b\n")[0].text) == limit
    with pytest.raises(
        ValueError, match=rf"line 1: .*at most {limit} characters.*Try .*csv\.field_size_limit\(10\*\*8\)"
    ):
        texts("a" * (limit + 1) + ",b\n")


@pytest.mark.parametrize("cell", ["high", "", "nan", "inf"])
def test_scores_are_finite_numbers(cell):
    assert pairs("a,b,2\n", scores=True) == [("a", "b", 2.0)]
    with pytest.raises(ValueError, match="line 2: Expected a number as score"):
        pairs(f"a,b,2\nc,d,{cell}\n", scores=True)


def test_sentences_and_phrases_of_trees():
    five = list(read_sst(io.StringIO(TREE + "\n\n(0 (1 a) (2 b))\n")))
    assert five == [("The Rock is destined great .", "positive"), ("a b", "very negative")]
    phrases = list(read_sst(io.StringIO(TREE), phrases=True))
    assert phrases[:4] == [
        ("The Rock is destined great .", "positive"),
        ("The Rock", "neutral"),
        ("The", "neutral"),
        ("Rock", "neutral"),
    ]
    assert len(phrases) == TREE.count("(")
    two = list(read_sst(io.StringIO(TREE), classes=2, phrases=True))
    good = ["The Rock is destined great .", "is destined great .", "is destined great", "destined great"]
    assert two == [(text, "positive") for text in good]
    assert list(read_sst(io.StringIO(r"(2 (2 -LRB-) (2 and\/or))"))) == [("( and/or", "neutral")]


@pytest.mark.parametrize(
    ("tree", "reason"),
    [
        ("(3 (2 a) (2 b)", "a bracket that does not close"),
        ("(3 (2 a) (2 b)))", r"'\)' outside of brackets"),
        ("(2 a) (2 b)", "a second tree"),
        ("(5 a)", "'5' as label"),
        ("(2 (2 a) (2))", "a node without words"),
        ("a b", "'a' outside of brackets"),
        ("", "at least one tree"),
    ],
)
def test_what_is_no_tree(tree, reason):
    with pytest.raises(ValueError, match=reason):
        list(read_sst(io.StringIO(tree)))


def test_classes_of_trees_are_two_or_five():
    with pytest.raises(ValueError, match="`classes` to be one of"):
        list(read_sst(io.StringIO(TREE), classes=3))


def test_snli_without_what_is_undecided():
    lines = "".join(
        f'{{"annotator_labels": [], "gold_label": "{label}", "sentence1": "a", "sentence2": "b {label}"}}\n'
        for label in ("entailment", "-", "contradiction")
    )
    decided = [("a", "b entailment", "entailment"), ("a", "b contradiction", "contradiction")]
    assert list(corpora.read_snli(io.StringIO(lines))) == decided
    assert list(corpora.read_snli(io.StringIO(lines), undecided=True))[1] == LabelledPair("a", "b -", None)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "an object with sentence1"),
        ('{"sentence1": "a", "sentence2": "b"}', "KeyError: 'gold_label'"),
        ("[]", "TypeError"),
        ('{"sentence1": "a", "sentence2": 3, "gold_label": "neutral"}', "Expected strings"),
        ("", "at least one pair"),
    ],
)
def test_snli_that_is_refused(line, reason):
    with pytest.raises(ValueError, match=reason):
        list(corpora.read_snli(io.StringIO(line)))


def test_the_sts_benchmark():
    row = "main-news\tMSRpar\t2012\t7\t3.2\t\"Yes ,' he said.\tHe said no.\thttp://a\thttp://b\n"
    assert list(read_sts(io.StringIO(row))) == [("\"Yes ,' he said.", "He said no.", 3.2)]
    with pytest.raises(ValueError, match=r"at least 7 columns.*Try read_pairs\(file, scores=True\)"):
        list(read_sts(io.StringIO("A,B,1.0\n")))
    with pytest.raises(ValueError, match="a number as score"):
        list(read_sts(io.StringIO(row.replace("3.2", "x"))))
    with pytest.raises(ValueError, match="at least one pair"):
        list(read_sts(io.StringIO("\n")))


def test_lists_with_a_name():
    corpus = LabelledTexts([("a", "x"), ("b", ("x", "y"))], name="mine")
    assert corpus[1] == LabelledText("b", ("x", "y")) and len(corpus[1:]) == 1
    assert corpus[1:].name == "mine" and corpus == LabelledTexts(list(corpus)) and hash(corpus) == hash(corpus[:])
    assert corpus != LabelledPairs([("a", "b", 1.0)])
    assert repr(LabelledPairs([("a", "b", 1.0)], "p")) == "LabelledPairs(name='p', pairs=1)"
    assert corpus.labels == ["x", ("x", "y")]


# Sizes: Cer et al. 2017, May 2021; Pang and Lee 2004, 2005; Mikhailov et al. 2022; Almeida et al. 2011;
# Casanueva et al. 2020; Demszky et al. 2020.
@pytest.mark.parametrize(
    ("name", "split", "size", "classes"),
    [
        ("stsb_en", "train", 5749, None),
        ("stsb_en", "dev", 1500, None),
        ("stsb_ru", "dev", 1500, None),
        ("mr", "train", 10662, {"negative": 5331, "positive": 5331}),
        ("subj", "train", 10000, {"subjective": 5000, "objective": 5000}),
        ("rucola", "train", 7869, None),
        ("sms_spam", "train", 5574, {"ham": 4827, "spam": 747}),
        ("banking77", "train", 10003, 77),
        ("goemotions", "dev", 5426, 28),
    ],
)
def test_registered_files(data_dir, monkeypatch, name, split, size, classes):
    monkeypatch.setenv("KERAS_EMBED_DATA", str(data_dir))
    corpus = corpora.load(name, split)
    assert len(corpus) == size
    labels = [one for label in corpus.labels for one in (label if isinstance(label, tuple) else (label,))]
    if isinstance(classes, int):
        assert len(set(labels)) == classes
    elif classes is not None:
        assert {label: labels.count(label) for label in classes} == classes
    elif name.startswith("stsb"):
        assert min(labels) == 0 and max(labels) == 5
    with pytest.raises(ValueError, match="`tags` to be one of"):
        corpora.load(name, split, tags="upos")


def test_ids_of_labels_are_lines_of_a_file():
    names = "joy\nfear\n"
    assert list(read_label_ids(io.StringIO("a\t1,0\tx\n"), io.StringIO(names))) == [("a", ("fear", "joy"))]
    for cell in ("2", "x"):
        with pytest.raises(ValueError, match="line 1: Expected integers below 2, separated by commas"):
            list(read_label_ids(io.StringIO(f"a\t{cell}\n"), io.StringIO(names)))


def test_a_checksum_is_of_one_file_and_not_of_all_with_its_name():
    found = {
        (entry.folder or entry.name, file.path): file.sha256
        for entry in map(corpora.describe, corpora.names())
        for files in entry.splits.values()
        for file in files
    }
    assert found["banking77", "train.csv"].startswith("b06e26ac")
    assert found["goemotions", "train.tsv"].startswith("1c254a14")
    assert [folder for folder, path in found if path == "train.csv"] == ["banking77"]
    assert found["sms_spam", "SMSSpamCollection"] and found["goemotions", "test.tsv"] is None


def test_registered_archives_are_put_into_place_by_hand(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_EMBED_DATA", str(tmp_path))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "cache"))
    with pytest.raises(FileNotFoundError, match=r"snli/snli_1\.0_dev\.jsonl.*nlp\.stanford\.edu/projects/snli"):
        corpora.load("snli", "dev")
    (tmp_path / "sst").mkdir()
    (tmp_path / "sst" / "train.txt").write_text(TREE)
    assert len(corpora.load("sst5")) == 1 and len(corpora.load("sst5_phrases")) == TREE.count("(")
    assert corpora.load("sst2").labels == ["positive"] and len(corpora.load("sst2_phrases")) == 4
