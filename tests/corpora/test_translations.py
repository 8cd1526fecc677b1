import gzip
import io
import warnings

import pytest

from keras_embed import corpora
from keras_embed.corpora import Translations, read_tab_separated, read_translations
from keras_embed.corpora.translations import Translation


def two_files(source, target):
    return list(read_translations(io.StringIO(source), io.StringIO(target)))


def test_two_files():
    pairs = two_files(" Ein Hund .\nGut\u2028so\n", "A dog.\nWell done \n")
    assert pairs == [("Ein Hund .", "A dog."), ("Gut\u2028so", "Well done")]
    assert pairs[0].source == "Ein Hund ." and pairs[0].reversed() == Translation("A dog.", "Ein Hund .")


def test_compressed_files_by_path(tmp_path):
    (tmp_path / "a.de.gz").write_bytes(gzip.compress("Grüße\n".encode()))
    (tmp_path / "a.en").write_text("Greetings\r\n")
    assert list(read_translations(tmp_path / "a.de.gz", tmp_path / "a.en")) == [("Grüße", "Greetings")]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        (("a\nb\n", "A\n"), "<file>, line 2: Expected files of the same length (<file>, <file>)"),
        (("a\n", "A\nB\n"), "<file>, line 2: Expected files of the same length (<file>, <file>)"),
        (("a\n \n", "A\nB\n"), "<file>, line 2: Expected a text in each line. Received: an empty line."),
        (("", ""), "<file>, line 1: Expected at least one pair. Received: an empty file."),
    ],
)
def test_two_files_refuse(files, expected):
    with pytest.raises(ValueError) as error:
        two_files(*files)
    assert str(error.value).startswith(expected)


def test_errors_name_file_and_line(tmp_path):
    (tmp_path / "a.de").write_bytes(b"gut\n\xff\n")
    (tmp_path / "a.en").write_text("good\nbad\n")
    with pytest.raises(ValueError, match=r"a\.de, line 2: Expected text in UTF-8. Received: byte 0xff at offset 4"):
        list(read_translations(tmp_path / "a.de", tmp_path / "a.en"))
    (tmp_path / "a.de").write_bytes(gzip.compress(b"gut\n" * 1000)[:-20])
    with pytest.raises(ValueError, match=r"a\.de, line \d+: Expected a complete gz or xz file"):
        list(read_translations(tmp_path / "a.de", tmp_path / "a.de"))


def test_one_file_with_tabs():
    assert list(read_tab_separated(io.StringIO("Go.\tVa !\tCC-BY\nRun! \t Cours !\n"))) == [
        ("Go.", "Va !"),
        ("Run!", "Cours !"),
    ]
    for line in ("Go.\n", "Go.\t \n", "\n"):
        with pytest.raises(ValueError, match="<file>, line 2: Expected a text, a tab and its translation"):
            list(read_tab_separated(io.StringIO("a\tb\n" + line)))
    with pytest.raises(ValueError, match="<file>, line 1: Expected at least one pair"):
        list(read_tab_separated(io.StringIO("")))


def test_translations_are_a_sequence():
    corpus = Translations([("a", "A"), ("b", "B"), ("c", "C")], "mine")
    assert len(corpus) == 3 and corpus[1] == ("b", "B") and corpus[1:].sources == ["b", "c"]
    assert corpus[1:].name == "mine" and corpus == Translations(list(corpus)) != corpus[1:]
    assert hash(corpus) == hash(Translations(corpus))
    assert corpus.reversed().sources == corpus.targets == ["A", "B", "C"]


def test_parallel_text_has_no_tags(data_dir, monkeypatch):
    monkeypatch.setenv("KERAS_EMBED_DATA", str(data_dir))
    with pytest.raises(ValueError, match="Expected `tags` to be one of"):
        corpora.load("multi30k_de_en", "validation", tags="upos")


@pytest.mark.parametrize(
    ("name", "split", "pairs", "first"),
    [
        ("multi30k_de_en", "train", 29000, "Zwei junge weiße Männer sind im Freien in der Nähe vieler Büsche."),
        ("multi30k_en_de", "validation", 1014, "A group of men are loading cotton onto a truck"),
        ("multi30k_fr_cs", "test2016", 1000, "Un homme avec un chapeau orange regardant quelque chose."),
        ("multi30k_cs_fr", "test2016", 1000, "Muž v oranžovém klobouku na něco zírá."),
        ("tatoeba_eng_fra", "train", 142787, "Go."),
        ("tatoeba_fra_eng", "train", 142787, "Va !"),
    ],
)
def test_registered_parallel_texts(data_dir, monkeypatch, name, split, pairs, first):
    monkeypatch.setenv("KERAS_EMBED_DATA", str(data_dir))
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # the files are the ones that were registered
        corpus = corpora.load(name, split)
    assert corpus.name == f"{name}/{split}" and len(corpus) == pairs and corpus[0].source == first


def test_twelve_directions_and_where_the_files_lie(tmp_path, monkeypatch):
    assert len([name for name in corpora.names() if name.startswith("multi30k_")]) == 12
    entry = corpora.describe("multi30k_cs_de")
    assert entry.folder == "multi30k" and entry.licence and "Elliott" in entry.citation
    assert [file.path for file in entry.splits["test2016"]] == ["test_2016_flickr.cs", "test_2016_flickr.de"]
    assert all(file.url.startswith("https://raw.githubusercontent.com/multi30k/") for file in entry.splits["train"])
    monkeypatch.setenv("KERAS_EMBED_DATA", str(tmp_path))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    with pytest.raises(FileNotFoundError, match=r"holds tatoeba_fra_eng/fra\.txt, also as \.gz or \.xz"):
        corpora.load("tatoeba_eng_fra")
