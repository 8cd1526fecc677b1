"""Files of all formats compared with the original tools, in and out of vocabulary, to 1e-6."""

import json
from pathlib import Path

import numpy as np
import pytest

from keras_embed import text, vectors

UNKNOWN = ("qwertzuiop", "преступниками", "unbelievableness", "щ", "日本", "naïve", "x", "rejection!")
TOLERANCE = {"rtol": 0, "atol": 1e-6}
FACEBOOK = (
    *("gensim_fixtures/crime-and-punishment.bin", "gensim_fixtures/lee_fasttext.bin"),
    *("gensim_fixtures/lee_fasttext_new.bin", "gensim_fixtures/non_ascii_fasttext.bin"),
    *("static/gensim/toy-model.bin", "static/gensim/toy-model-pretrained.bin", "static/finalfusion/fasttext.bin"),
)
WORD2VEC_BINARY = (
    *("gensim_fixtures/euclidean_vectors.bin", "static/made/w2vc_ru.bin", "static/made/gensim44.bin"),
    *("static/made/rusvectores_like.bin", "static/finalfusion/embeddings.w2v", "static/gensim/high_precision.kv.bin"),
    "static/finalfusion/utf8-incomplete.bin",
)
WITH_HEADER = (
    *("gensim_fixtures/crime-and-punishment.vec", "gensim_fixtures/lee_fasttext.vec.gz"),
    *("gensim_fixtures/pang_lee_polarity_fasttext.vec.gz", "gensim_fixtures/word2vec_pre_kv_c.gz"),
    *("vectors_googlenews_1000/googlenews_1000_300d.vec.gz", "static/made/w2vc_ru.txt", "static/gensim/toy-model.vec"),
    *("static/made/rusvectores_like.txt", "static/finalfusion/embeddings.dims.txt"),
    *("static/finalfusion/utf8-incomplete.dims", "static/gensim/high_precision.kv.txt"),
)
WITHOUT_HEADER = (
    *("gensim_fixtures/test_glove.txt", "glove_samples/glove.6B.100d.sample.txt.gz"),
    *("glove_samples/glove.6B.300d.sample.txt.gz", "glove_samples/glove_viz_subset_100d.txt"),
    *("static/made/glove_ru.m0.txt", "static/made/glove_ru.m1.txt", "static/made/glove_ru.m2.txt"),
    *("static/finalfusion/embeddings.txt", "static/finalfusion/utf8-incomplete.txt"),
)


@pytest.fixture
def find(data_dir):
    """Returns the path of real data, or of a fixture beside it, "static/made/..."."""

    def path(name: str) -> Path:
        found = data_dir.parent / "fixtures" / name if name.startswith("static/") else data_dir / name
        if not found.exists():
            pytest.skip(f"no {found}")
        return found

    return path


@pytest.fixture
def gensim_models():
    return pytest.importorskip("gensim.models", reason="needs the optional gensim")


def same(found: vectors.WordVectors, keyed, tolerance: dict | None = None) -> None:
    """The same words in the same order, and the same vectors."""
    assert list(found.words) == list(keyed.index_to_key)
    np.testing.assert_allclose(found.matrix, keyed.vectors, **(tolerance or TOLERANCE))


@pytest.mark.parametrize("name", FACEBOOK)
def test_fasttext_as_gensim(find, gensim_models, name):
    keyed = gensim_models.fasttext.load_facebook_vectors(str(find(name)))
    found = vectors.load(find(name))
    assert found.report.format == "fasttext"
    # gensim gives the end of a sentence n-grams, fastText does not.
    rows = [row for row, word in enumerate(found.words) if word != "</s>"]
    assert list(found.words) == list(keyed.index_to_key)
    np.testing.assert_allclose(found.matrix[rows], keyed.vectors[rows], **TOLERANCE)
    np.testing.assert_allclose(found.rows(UNKNOWN), [keyed.get_vector(word) for word in UNKNOWN], **TOLERANCE)
    assert found.counts.tolist() == [keyed.get_vecattr(word, "count") for word in found.words]


@pytest.mark.parametrize("name", ["ft_sg_ru", "ft_cbow_minn1_ru", "ft_nosub_ru", "ft_sup_ru", "ft_sup_ru.ftz"])
def test_fasttext_as_fasttext(find, name):
    golden = json.loads(find(f"static/made/{name}.json").read_text("utf-8"))
    found = vectors.load(find(f"static/made/{name if '.' in name else name + '.bin'}"))
    if name != "ft_sup_ru.ftz":  # get_words of a quantised model lists pruned words too
        assert list(found.words) == golden["words"]
    for word, vector in golden["vectors"].items():
        if word in found or found.subwords is not None:
            np.testing.assert_allclose(found[word], vector, err_msg=word, **TOLERANCE)
        else:
            assert not np.any(vector)  # fastText's vector of an unknown word, where there are no n-grams
    if "subwords" in golden and found.subwords is not None:
        for word, (grams, rows) in golden["subwords"].items():
            own = len(grams) - len(found.subwords.rows(word))
            assert [row - len(found) for row in rows[own:]] == found.subwords.rows(word).tolist()


def test_quantised_language_model_as_fasttext(find):
    golden = json.loads((Path(__file__).parent / "lid176_by_fasttext.json").read_text("utf-8"))
    found = vectors.load(find("fasttext_lid176/lid.176.ftz"))
    assert (len(found), found.dim) == (golden["words"], golden["dim"])
    for word, vector in golden["vectors"].items():
        np.testing.assert_allclose(found[word], vector, err_msg=word, **TOLERANCE)


def test_supervised_model_without_n_grams_and_with_words_of_other_encodings(find):
    """A version 11 supervised model: its header has n-gram lengths, but it was trained without n-grams."""
    model = vectors.load(find("gensim_fixtures/pang_lee_polarity_fasttext.bin"))
    listed = vectors.load(find("gensim_fixtures/pang_lee_polarity_fasttext.vec.gz"))
    assert model.subwords is None
    assert list(model.words) == list(listed.words)
    assert model.report.invalid_utf8 == listed.report.invalid_utf8 == 5
    assert "clich\\xe9s" in model
    np.testing.assert_allclose(model.matrix, listed.matrix, rtol=1e-4, atol=1e-6)


def test_n_grams_of_words_that_are_no_utf8_are_of_their_bytes(find, gensim_models):
    """fastText hashes bytes, gensim hashes the decoded text, so only ASCII words are comparable."""
    path = find("static/gensim/cp852_fasttext.bin")
    found, keyed = vectors.load(path), gensim_models.fasttext.load_facebook_vectors(str(path), encoding="cp852")
    assert found.report.invalid_utf8 == 69
    assert [word.encode("cp852") for word in keyed.index_to_key] == [
        word.encode("ascii", "backslashreplace").decode("unicode_escape").encode("latin1") for word in found.words
    ]
    ascii_rows = [row for row, word in enumerate(keyed.index_to_key) if word.isascii()]
    assert len(ascii_rows) == 102
    np.testing.assert_allclose(found.matrix[ascii_rows], keyed.vectors[ascii_rows], **TOLERANCE)
    subwords = found.subwords
    raw = b"kter\xec"  # each byte from 0x80 to 0xbf goes on with a character, 0xec begins one
    grams = [(b"<" + raw + b">")[start : start + n] for start in range(7) for n in (2, 3, 4) if start + n <= 7]
    rows = [text.ngrams.fnv1a(gram) % subwords.num_buckets for gram in grams]
    row = found.index("kter\\xec")
    expected = (subwords.word_rows[row] + subwords.matrix[rows].sum(axis=0)) / (1 + len(rows))
    np.testing.assert_allclose(found.matrix[row], expected, **TOLERANCE)


@pytest.mark.parametrize("name", WORD2VEC_BINARY)
def test_word2vec_binary_as_gensim(find, gensim_models, name):
    found = vectors.load(find(name))
    assert found.report.format == "word2vec_binary"
    keyed = gensim_models.KeyedVectors.load_word2vec_format(
        str(find(name)), binary=True, unicode_errors="backslashreplace"
    )
    same(found, keyed, {"rtol": 0, "atol": 0})


@pytest.mark.parametrize("name", WITH_HEADER + WITHOUT_HEADER)
def test_text_as_gensim(find, gensim_models, name):
    found = vectors.load(find(name))
    assert found.report.format == "text"
    assert (found.report.header is not None) == (name in WITH_HEADER)
    keyed = gensim_models.KeyedVectors.load_word2vec_format(
        str(find(name)), no_header=name in WITHOUT_HEADER, unicode_errors="backslashreplace"
    )
    same(found, keyed, {"rtol": 0, "atol": 0})
    assert not (found.report.duplicates or found.report.bad_lines or found.report.wrong_header)


def test_header_of_glove_does_not_count_the_unknown_word(find):
    found, plain = (vectors.load(find(f"static/made/glove_ru.{name}.txt"), repair=False) for name in ("m2h", "m2"))
    assert list(found.words) == list(plain.words)
    assert (found.report.header, len(found)) == ((229, 5), 230)
    assert found.report.clean
    np.testing.assert_array_equal(found.matrix, plain.matrix)


def test_awkward_tokens_come_as_they_are(find):
    expected = json.loads(find("static/made/nasty_glove.json").read_text("utf-8"))
    found = vectors.load(find("static/made/nasty_glove.txt"))
    first = {}
    for word, row in expected:
        first.setdefault(word.removesuffix(" (invalid utf-8)"), row)
    assert list(found.words) == list(first)
    np.testing.assert_array_equal(found.matrix, np.array(list(first.values()), "float32"))
    assert (found.report.duplicates, found.report.invalid_utf8, found.report.bad_lines) == (1, 1, 0)


def test_gensim_native(find, gensim_models):
    found = vectors.load(find("static/made/gensim44.kv"))
    same(found, gensim_models.KeyedVectors.load(str(find("static/made/gensim44.kv"))), {"rtol": 0, "atol": 0})
    golden = json.loads(find("static/made/gensim44.most_similar.json").read_text("utf-8"))
    for word, neighbors in golden.items():
        own = found.most_similar(word, top=5)
        assert [neighbor.word for neighbor in own] == [other for other, _ in neighbors]
        np.testing.assert_allclose([neighbor.score for neighbor in own], [s for _, s in neighbors], **TOLERANCE)


def test_gensim_native_models(find, gensim_models):
    old = vectors.load(find("static/gensim/model-from-gensim-3.8.0.w2v"))
    same(old, gensim_models.Word2Vec.load(str(find("static/gensim/model-from-gensim-3.8.0.w2v"))).wv)
    path = find("static/gensim/compatible-hash-true.model")
    found, keyed = vectors.load(path), gensim_models.FastText.load(str(path)).wv
    same(found, keyed)
    # This gensim looks unknown words up in wrong rows, or in none. What gensim 3 composed of the same rows is right.
    np.testing.assert_allclose(found.subwords.vectors(found.words, found.subwords.word_rows), found.matrix, **TOLERANCE)
    some = vectors.load(path, words=["of", "in", "nothing"])
    assert list(some.words) == ["of", "in"]
    np.testing.assert_allclose(some["unseen"], found["unseen"], **TOLERANCE)


def test_gensim_native_fasttext_of_today(tmp_path, gensim_models):
    model = gensim_models.FastText(
        [["red", "green"], ["green", "blue"]] * 3, vector_size=4, min_count=1, bucket=50, workers=1
    )
    model.save(str(tmp_path / "all.model"))
    model.wv.save(str(tmp_path / "keyed.kv"))
    for name in ("all.model", "keyed.kv"):
        found = vectors.load(tmp_path / name)
        same(found, model.wv)
        np.testing.assert_allclose(found.rows(UNKNOWN), [model.wv.get_vector(word) for word in UNKNOWN], **TOLERANCE)
        assert found.counts.tolist() == [6, 3, 3]


def test_what_gensim_refuses_is_refused_clearly(find, gensim_models):
    with pytest.raises(ValueError, match="that the installed gensim can read.*TypeError.*Try the gensim that wrote it"):
        vectors.load(find("static/gensim/ft_kv_3.6.0.model.gz"))


def test_navec(find):
    pytest.importorskip("navec", reason="needs the optional navec")
    golden = json.loads(find("static/made/navec_mini.json").read_text("utf-8"))
    found = vectors.load(find("static/made/navec_mini.tar"))
    assert list(found.words) == golden["words"]
    np.testing.assert_allclose(found.matrix, golden["matrix"], **TOLERANCE)
    some = vectors.load(find("static/made/navec_mini.tar"), words=["<pad>", "дом", "none"])
    assert list(some.words) == ["дом", "<pad>"]
    np.testing.assert_array_equal(some.matrix, found.rows(some.words))
    assert len(vectors.load(find("static/made/navec_mini.tar"), words=[])) == 0


def test_finalfusion(find):
    """Its unit vectors times its norms are the vectors of the text file that it was converted from."""
    found = vectors.load(find("static/finalfusion/embeddings.fifu"))
    listed = vectors.load(find("static/finalfusion/embeddings.txt"))
    assert list(found.words) == list(listed.words)
    np.testing.assert_allclose(found.matrix, listed.matrix, rtol=1e-6, atol=1e-6)


def test_keys_of_rusvectores_pass_through(find):
    found = vectors.load(find("static/made/rusvectores_like.txt"))
    assert "новый::год_NOUN" in found
    assert "Москва_PROPN" in found


def test_what_holds_no_vectors_is_refused(find):
    for name in ("lee.cor", "lee_background.cor.gz", "simlex999.txt", "wordsim353.tsv", "COPYING"):
        with pytest.raises(ValueError, match=f"{name}: Expected a file of word vectors. Received: a file that begins"):
            vectors.load(find(f"gensim_fixtures/{name}"))
    for name in ("glove_ru.cooccur.bin", "glove_ru.m0.bin", "gensim44.kv.vectors.npy", "corpus_ru.txt"):
        with pytest.raises(ValueError, match="Expected a file of word vectors"):
            vectors.load(find(f"static/made/{name}"))
