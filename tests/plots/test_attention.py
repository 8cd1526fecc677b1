import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="pictures need matplotlib")

from keras_embed import plots  # noqa: E402

RNG = np.random.default_rng(0)
SOURCE = ["Два", "человека", "в", "оранжевых", "куртках"]
TARGET = ["Two", "people", "in", "orange", "jackets", "."]


def labels(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def inside(ax):
    """Returns True if all labels are inside the figure."""
    ax.figure.draw_without_rendering()
    boxes = [label.get_window_extent() for label in (*ax.get_xticklabels(), *ax.get_yticklabels(), ax.title)]
    width, height = ax.figure.bbox.size
    return all(box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height for box in boxes)


@pytest.mark.parametrize("colorbar", [True, False])
def test_an_alignment_has_the_target_in_rows(colorbar, tmp_path):
    weights = RNG.dirichlet(np.ones(8), size=9)  # padded
    ax = plots.alignment(SOURCE, TARGET, weights, colorbar=colorbar)
    np.testing.assert_allclose(ax.images[0].get_array(), weights[:6, :5])
    assert (labels(ax.xaxis), labels(ax.yaxis)) == (SOURCE, TARGET)
    low, high = ax.get_ylim()
    assert low > high  # the first word stands on top
    assert ax.images[0].get_clim() == (0, 1)
    assert len(ax.figure.axes) == 1 + colorbar
    assert inside(ax)
    ax.figure.savefig(tmp_path / "alignment.png")


def test_an_alignment_draws_into_the_axes_it_is_given():
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    assert plots.alignment(["a"], ["b", "c"], [[1.0], [0.5]], ax=ax) is ax


def test_long_sentences_get_large_pictures():
    few, many = (plots.alignment(["word"] * n, ["word"] * n, np.eye(n)).figure.get_size_inches() for n in (10, 40))
    assert all(many > few + 8)


@pytest.mark.parametrize(("heads", "columns", "grid"), [(6, 4, (4, 2)), (2, 4, (2, 1)), (3, 1, (1, 3))])
def test_each_head_has_a_picture(heads, columns, grid):
    weights = RNG.dirichlet(np.ones(6), size=(heads, 6))
    pictures = plots.attention_heads(TARGET, weights, columns=columns)
    assert [ax.get_title() for ax in pictures] == [f"head {number + 1}" for number in range(heads)]
    for ax, matrix in zip(pictures, weights, strict=True):
        np.testing.assert_allclose(ax.images[0].get_array(), matrix)
    places = {(round(ax.get_position().x0, 2), round(ax.get_position().y0, 2)) for ax in pictures}
    assert len(places) == heads == len(pictures[0].figure.axes)
    assert all(inside(ax) for ax in pictures)
    assert [bool(labels(ax.yaxis)) for ax in pictures] == [n % grid[0] == 0 for n in range(heads)]
    assert [bool(labels(ax.xaxis)) for ax in pictures] == [n < grid[0] for n in range(heads)]


def test_heads_that_look_at_another_sentence():
    pictures = plots.attention_heads(TARGET, RNG.uniform(size=(1, 7, 9)), SOURCE, names=["the only one"])
    assert (labels(pictures[0].xaxis), labels(pictures[0].yaxis)) == (SOURCE, TARGET)
    assert pictures[0].images[0].get_array().shape == (6, 5)
    assert pictures[0].get_title() == "the only one"


def test_letters_of_other_scripts_come_from_fonts_that_have_them(monkeypatch):
    monkeypatch.setattr("matplotlib.font_manager.get_font_names", lambda: ["Noto Sans CJK SC", "DejaVu Sans"])
    ax = plots.alignment(["我", "喜欢", "茶"], ["I", "like", "tea"], np.eye(3))
    assert ax.get_xticklabels()[0].get_fontfamily() == ["sans-serif", "Noto Sans CJK SC"]


def test_weights_of_another_shape_are_refused():
    with pytest.raises(ValueError, match=r"\(2, 3\) or larger"):
        plots.alignment(["a", "b", "c"], ["d", "e"], np.ones((3, 2)))
    with pytest.raises(ValueError, match="at least one word"):
        plots.alignment([], ["d"], np.ones((1, 0)))
    with pytest.raises(ValueError, match=r"\(H, T, S\)"):
        plots.attention_heads(["a"], np.ones((1, 1)))
    with pytest.raises(ValueError, match="2 names"):
        plots.attention_heads(["a"], np.ones((2, 1, 1)), names=["one"])


def test_positions_run_downward_and_zero_is_white():
    angles = np.arange(30)[:, None] / 100.0 ** (np.arange(8) / 8)
    ax = plots.positional_encodings(np.sin(angles))
    np.testing.assert_allclose(ax.images[0].get_array(), np.sin(angles))
    low, high = ax.images[0].get_clim()
    assert low == -high == -np.abs(np.sin(angles)).max()
    assert ax.get_ylim()[0] > ax.get_ylim()[1]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("dimension", "position")
    plots.positional_encodings(np.zeros((2, 2)))
    with pytest.raises(ValueError, match=r"\(T, D\)"):
        plots.positional_encodings(np.ones(3))


def test_marks_of_blanks_are_not_shown():
    ax = plots.alignment(["Ġein", "▁Hund", "Ġ"], ["a"], [[0.1, 0.8, 0.1]])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["ein", "Hund", "Ġ"]


def test_long_words_of_long_sentences_stay_inside():
    source = "eine alte frau mit einem roten hut liest auf einer bank im park eine zeitung . </s>".split()
    target = "an old woman in a red hat is reading a newspaper on a bench in the park .".split()
    assert inside(plots.alignment(source, target, RNG.random((18, 17))))
