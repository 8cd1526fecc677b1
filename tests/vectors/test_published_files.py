"""Every file of the data folder and the fixtures, as gensim and fastText read it."""

import gzip
import json
import warnings

import numpy as np
import pytest

from keras_embed import vectors

UNSEEN = ["необыкновенный", "unbelievables", "ёж", "Straße", "x"]


@pytest.fixture(scope="module")
def fixtures(data_dir):
    folder = data_dir.parent / "fixtures" / "static"
    if not folder.is_dir():
        pytest.skip(f"no files with known answers at {folder}")
    return folder


def load(path, **arguments):
    """Our reading; its warnings about repairs are looked at where a test is about them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return vectors.load(path, **arguments)


def same(ours, words, matrix):
    assert list(ours.words) == list(words)
    np.testing.assert_allclose(ours.rows(words), matrix, atol=1e-6)


TEXTS = {  # file: gensim's arguments
    "crime-and-punishment.vec": {},
    "lee_fasttext.vec.gz": {},
    "pang_lee_polarity_fasttext.vec.gz": {"unicode_errors": "backslashreplace"},
    "test_glove.txt": {"no_header": True},
    "word2vec_pre_kv_c.gz": {},
    "euclidean_vectors.bin": {"binary": True},
}


@pytest.mark.parametrize("name", TEXTS)
def test_files_of_gensims_own_tests(data_dir, name):
    gensim = pytest.importorskip("gensim.models", reason="gensim is the oracle")
    path = data_dir / "gensim_fixtures" / name
    expected = gensim.KeyedVectors.load_word2vec_format(str(path), **TEXTS[name])
    same(load(path), expected.index_to_key, expected.vectors)


@pytest.mark.parametrize(
    ("folder", "name", "header"),
    [
        ("glove_samples", "glove.6B.100d.sample.txt.gz", False),
        ("glove_samples", "glove.6B.300d.sample.txt.gz", False),
        ("glove_samples", "glove_viz_subset_100d.txt", False),
        ("vectors_googlenews_1000", "googlenews_1000_300d.vec.gz", True),
    ],
)
def test_real_vectors_are_what_a_plain_loop_reads(data_dir, folder, name, header):
    path = data_dir / folder / name
    content = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    lines = [line.rstrip(" ") for line in content.decode("utf-8").split("\n") if line][int(header) :]
    dim = len(lines[-1].split(" ")) - 1
    expected: dict[str, list[float]] = {}
    for line in lines:
        fields = line.split(" ")
        expected.setdefault(" ".join(fields[:-dim]), [float(number) for number in fields[-dim:]])
    ours = load(path)
    assert list(ours.words) == list(expected)
    np.testing.assert_array_equal(ours.matrix, np.array(list(expected.values())).astype("float32"))


@pytest.mark.parametrize(
    "name",
    [
        "crime-and-punishment.bin",
        "lee_fasttext.bin",
        "lee_fasttext_new.bin",
        "non_ascii_fasttext.bin",
    ],
)
def test_fasttext_models_with_words_never_seen(data_dir, name):
    fasttext = pytest.importorskip("gensim.models.fasttext", reason="gensim is the oracle")
    path = data_dir / "gensim_fixtures" / name
    expected = fasttext.load_facebook_vectors(str(path))
    ours = load(path)
    assert list(ours.words) == expected.index_to_key
    # gensim gives the end of a sentence n-grams, and fastText none: see `test_fasttext_models_as_fasttext_reads_them`.
    words = [word for word in ours.words if word != "</s>"]
    np.testing.assert_allclose(ours.rows(words), expected[words], atol=1e-6)
    for word in UNSEEN:
        assert word not in ours
        np.testing.assert_allclose(ours[word], expected.get_vector(word), atol=1e-6)


def test_a_supervised_model_has_the_vectors_of_its_text_file(data_dir):
    """gensim refuses supervised models. The text has five significant digits."""
    folder = data_dir / "gensim_fixtures"
    ours, written = (load(folder / f"pang_lee_polarity_fasttext.{kind}") for kind in ("bin", "vec.gz"))
    assert list(ours.words) == list(written.words)
    np.testing.assert_allclose(ours.matrix, written.matrix, rtol=1e-4, atol=1e-6)


def test_a_published_quantised_model(data_dir):
    """Numbers by fastText 0.9.2's `get_word_vector`; `x` has only buckets that were pruned away."""
    ours = load(data_dir / "fasttext_lid176" / "lid.176.ftz")
    assert (len(ours), ours.dim) == (7235, 16)
    known = {
        "</s>": [-0.411339, 0.050631, -0.214867, 0.221705],
        "one": [0.132599, 0.239985, -0.809749, 0.183809],
        "привет": [0.210162, -0.294041, 0.141196, -1.184237],
        "unbelievable": [-0.229104, -0.162901, -0.591713, -0.497181],
        "ёж": [2.123631, -1.85388, -0.366034, -2.103175],
        "x": [0.0, 0.0, 0.0, 0.0],
    }
    for word, numbers in known.items():
        np.testing.assert_allclose(ours[word][:4], numbers, atol=1e-6)


@pytest.mark.parametrize(
    ("name", "answers"),
    [
        ("ft_sg_ru.bin", "ft_sg_ru.json"),
        ("ft_cbow_minn1_ru.bin", "ft_cbow_minn1_ru.json"),
        ("ft_nosub_ru.bin", "ft_nosub_ru.json"),
        ("ft_sup_ru.bin", "ft_sup_ru.json"),
        ("ft_sup_ru.ftz", "ft_sup_ru.ftz.json"),
    ],
)
def test_fasttext_models_as_fasttext_reads_them(fixtures, name, answers):
    known = json.loads((fixtures / "made" / answers).read_text(encoding="utf-8"))
    ours = load(fixtures / "made" / name)
    if name.endswith(".ftz"):  # pruned after the words were listed; those that went are words never seen
        assert set(ours.words) < set(known["words"])
    else:
        assert list(ours.words) == known["words"]
    for word, numbers in known["vectors"].items():
        if word in ours or ours.subwords is not None:
            np.testing.assert_allclose(ours[word], numbers, atol=1e-6, err_msg=word)
        else:  # a model without n-grams knows nothing of a new word, and fastText says zero
            assert not np.any(numbers)


@pytest.mark.parametrize(
    ("binary", "text"), [("toy-model.bin", "toy-model.vec"), ("crime-and-punishment.bin", "crime-and-punishment.vec")]
)
def test_a_fasttext_model_has_the_vectors_of_its_text_file(fixtures, binary, text):
    """The text has five decimals."""
    ours, written = load(fixtures / "gensim" / binary), load(fixtures / "gensim" / text)
    assert list(ours.words) == list(written.words)
    np.testing.assert_allclose(ours.matrix, written.matrix, atol=1e-4)


def test_word2vec_text_and_binary_are_the_same_model(fixtures):
    text, binary = (load(fixtures / "made" / name) for name in ("w2vc_ru.txt", "w2vc_ru.bin"))
    assert text.words[0] == binary.words[0] == "</s>"
    assert list(text.words) == list(binary.words)
    np.testing.assert_allclose(text.matrix, binary.matrix, atol=1e-6)  # six decimals
    assert any("\\x" in word for word in text.words)  # one token is cut inside a letter: its bytes are kept
    assert text.report.invalid_utf8 == binary.report.invalid_utf8 == 1


def test_glove_with_and_without_a_header(fixtures):
    plain, headed = (load(fixtures / "made" / name) for name in ("glove_ru.m2.txt", "glove_ru.m2h.txt"))
    assert list(plain.words) == list(headed.words) and plain.words[-1] == "<unk>"
    np.testing.assert_array_equal(plain.matrix, headed.matrix)


@pytest.mark.parametrize(
    ("name", "binary"),
    [("made/gensim44.bin", True), ("gensim/high_precision.kv.bin", True), ("gensim/high_precision.kv.txt", False)],
)
def test_files_that_gensim_wrote(fixtures, name, binary):
    gensim = pytest.importorskip("gensim.models", reason="gensim is the oracle")
    expected = gensim.KeyedVectors.load_word2vec_format(str(fixtures / name), binary=binary)
    same(load(fixtures / name), expected.index_to_key, expected.vectors)


@pytest.mark.parametrize("name", ["made/gensim44.kv", "gensim/model-from-gensim-3.8.0.w2v"])
def test_gensims_own_files(fixtures, name):
    gensim = pytest.importorskip("gensim.models", reason="gensim reads its pickles itself")
    loaded = gensim.KeyedVectors.load(str(fixtures / name))
    expected = getattr(loaded, "wv", loaded)
    same(load(fixtures / name, format="gensim"), expected.index_to_key, expected.vectors)


def test_a_gensim_file_that_gensim_refuses(fixtures):
    pytest.importorskip("gensim", reason="gensim reads its pickles itself")
    with pytest.raises(ValueError, match="gensim"):
        load(fixtures / "gensim" / "ft_kv_3.6.0.model.gz", format="gensim")


def test_gensims_neighbours(fixtures):
    ours = load(fixtures / "made" / "gensim44.bin")
    known = json.loads((fixtures / "made" / "gensim44.most_similar.json").read_text(encoding="utf-8"))
    for word, neighbors in known.items():
        found = ours.most_similar(word, top=len(neighbors))
        assert [neighbor.word for neighbor in found] == [name for name, _ in neighbors]
        np.testing.assert_allclose([n.score for n in found], [score for _, score in neighbors], atol=1e-5)


def test_finalfusion_in_its_four_forms(fixtures):
    names = ("embeddings.txt", "embeddings.dims.txt", "embeddings.w2v", "embeddings.fifu")
    text, headed, binary, native = (load(fixtures / "finalfusion" / name) for name in names)
    for other in (headed, binary, native):
        assert list(other.words) == list(text.words)
        np.testing.assert_allclose(other.normalized().matrix, text.normalized().matrix, atol=1e-5)


@pytest.mark.parametrize("name", ["utf8-incomplete.txt", "utf8-incomplete.dims", "utf8-incomplete.bin"])
def test_a_word_cut_inside_a_letter_is_kept_and_counted(fixtures, name):
    ours = load(fixtures / "finalfusion" / name)
    assert ours.report.invalid_utf8 >= 1
    with pytest.raises(ValueError, match="UTF-8"):
        load(fixtures / "finalfusion" / name, repair=False)


def test_navec(fixtures):
    pytest.importorskip("navec", reason="navec reads its own archives")
    known = json.loads((fixtures / "made" / "navec_mini.json").read_text(encoding="utf-8"))
    ours = load(fixtures / "made" / "navec_mini.tar")
    for word, numbers in zip(known["words"], known["matrix"], strict=True):
        if word in ours:
            np.testing.assert_allclose(ours[word], numbers, atol=1e-6)
    assert set(known["words"]) - set(ours.words) <= {"<pad>"}


def test_words_that_break_other_readers(fixtures):
    known = json.loads((fixtures / "made" / "nasty_glove.json").read_text(encoding="utf-8"))
    ours = load(fixtures / "made" / "nasty_glove.txt")
    first: dict[str, list[float]] = {}
    for word, numbers in known:
        first.setdefault(word.removesuffix(" (invalid utf-8)"), numbers)
    assert list(ours.words) == list(first)
    for word, numbers in first.items():
        np.testing.assert_array_equal(ours[word], np.array(numbers, "float32"), err_msg=repr(word))
    assert ours.report.duplicates == 1


@pytest.mark.parametrize("name", ["rusvectores_like.txt", "rusvectores_like.bin"])
def test_keys_with_parts_of_speech(fixtures, name):
    ours = load(fixtures / "made" / name)
    assert any(word.endswith("_NOUN") for word in ours.words) and any("::" in word for word in ours.words)


def test_only_the_words_of_a_vocabulary(data_dir):
    path = data_dir / "glove_samples" / "glove.6B.100d.sample.txt.gz"
    whole = load(path)
    some = load(path, words=[*whole.words[5:400:7], "not-in-the-file"])
    assert list(some.words) == list(whole.words[5:400:7])
    np.testing.assert_array_equal(some.matrix, whole.rows(some.words))
