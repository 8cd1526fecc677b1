import keras
import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="pictures need matplotlib")

from keras_embed import plots  # noqa: E402
from keras_embed.vectors import WordVectors  # noqa: E402

WORDS = [f"word{number}" for number in range(24)]


WORDS_NEAR = ("far", "away", "alone", "first", "second", "third")


@pytest.fixture(scope="module")
def vectors():
    """Returns two distant groups of 12 words."""
    rng = np.random.default_rng(3)
    centres = np.repeat(rng.normal(size=(2, 8)) * 4, 12, axis=0)
    return WordVectors(WORDS, (centres + rng.normal(size=(24, 8))).astype("float32"))


def points(ax):
    return np.concatenate([collection.get_offsets() for collection in ax.collections])


def test_pca_keeps_the_distances_of_points_in_a_plane():
    """Points in a plane are only rotated, as by scikit-learn's PCA: their distances stay."""
    rng = np.random.default_rng(0)
    angles = rng.uniform(0, 2 * np.pi, 6)
    flat = np.stack([np.cos(angles), np.sin(angles)], 1) @ np.linalg.qr(rng.normal(size=(5, 2)))[0].T
    vectors = WordVectors(list("abcdef"), flat)
    drawn = points(plots.word_map(vectors, list("abcdef")))
    distances = np.linalg.norm(flat[:, None] - flat[None], axis=-1)
    np.testing.assert_allclose(np.linalg.norm(drawn[:, None] - drawn[None], axis=-1), distances, atol=1e-5)


# UMAP compiles for half a minute, and no picture depends on Keras' backend.
UMAP = pytest.param(
    "umap",
    marks=[
        pytest.mark.slow,
        pytest.mark.skipif(keras.config.backend() != "tensorflow", reason="UMAP is tried once, under TensorFlow"),
    ],
)


@pytest.mark.parametrize("method", ["pca", "tsne", UMAP])
def test_a_map_keeps_groups_apart(vectors, method):
    if method == "umap":
        pytest.importorskip("umap", reason="UMAP needs umap-learn")
    ax = plots.word_map(vectors, {"one": WORDS[:12], "two": WORDS[12:]}, method=method)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["one", "two"]
    drawn = points(ax)
    one, two = drawn[:12], drawn[12:]
    spread = max(np.linalg.norm(part - part.mean(0), axis=1).mean() for part in (one, two))
    assert np.linalg.norm(one.mean(0) - two.mean(0)) > spread


def test_a_map_is_repeatable(vectors):
    first, second = (points(plots.word_map(vectors, WORDS, method="tsne", seed=5)) for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_map_draws_into_the_axes_it_is_given(vectors):
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    assert plots.word_map(vectors, WORDS[:5], ax=ax) is ax
    assert [text.get_text() for text in ax.texts] == WORDS[:5]


def test_words_of_near_points_keep_out_of_each_others_way():
    rng = np.random.default_rng(2)
    near = np.concatenate([np.eye(4)[:3] * 3, rng.normal([0, 0, 0, 4], 0.05, (3, 4))])  # three far points, three near
    ax = plots.word_map(WordVectors(WORDS_NEAR, near), WORDS_NEAR)
    ax.figure.canvas.draw()
    boxes = [text.get_window_extent() for text in ax.texts]
    assert not any(one.overlaps(other) for number, one in enumerate(boxes) for other in boxes[:number])


def test_vectors_of_one_dimension_lie_on_a_line():
    drawn = points(plots.word_map(WordVectors(["a", "b", "c"], [[1.0], [-1.0], [1.0]]), ["a", "b", "c"]))
    assert np.ptp(drawn[:, 1]) < 1e-6 < np.ptp(drawn[:, 0])


def test_wrong_requests_say_so(vectors):
    with pytest.raises(ValueError, match="three words"):
        plots.word_map(vectors, WORDS[:2])
    with pytest.raises(ValueError, match="pca"):
        plots.word_map(vectors, WORDS, method="mds")
    with pytest.raises(KeyError, match="nowhere"):
        plots.word_map(vectors, ["nowhere", *WORDS])


def test_bars_are_as_long_as_the_similarities(vectors):
    ax = plots.nearest_neighbors(vectors, "word0", top=4)
    expected = vectors.most_similar("word0", top=4)
    assert [label.get_text() for label in ax.get_yticklabels()] == [n.word for n in expected]
    np.testing.assert_allclose([bar.get_width() for bar in ax.patches], [n.score for n in expected], rtol=1e-6)
    low, high = ax.get_ylim()
    assert low > high  # the nearest stands on top


def test_without_matplotlib_the_error_names_the_extra(vectors, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.pyplot", None)
    with pytest.raises(ImportError, match=r"keras-embed\[plots\]"):
        plots.word_map(vectors, WORDS)
