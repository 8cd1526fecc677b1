import matplotlib.colors
import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="pictures need matplotlib")

from keras_embed import plots  # noqa: E402

TOKENS = ["Ada", "Hill", "left", "New", "York"]
TAGS = ["B-PER", "I-PER", "O", "B-LOC", "I-LOC"]


def shown(ax):
    return [text.get_text() for text in ax.texts]


def test_words_types_and_confidences_are_written():
    ax = plots.tagged_sentence(TOKENS, TAGS, [0.999, 0.5, 0.07, 0.9, 0.256])
    expected = ["Ada", "PER", "1.0", "Hill", ".50", "left", ".07", "New", "LOC", ".90", "York", ".26"]
    assert shown(ax) == expected


def test_each_type_has_its_colour_and_a_sure_tag_more_of_it():
    ax = plots.tagged_sentence(TOKENS, TAGS, [0.9, 0.1, 1.0, 0.9, 0.9])
    colors = [collection.get_facecolor()[0] for collection in ax.collections]  # of the four words with a tag
    assert len(colors) == 4
    assert np.allclose(colors[0][:3], colors[1][:3]) and not np.allclose(colors[0][:3], colors[2][:3])
    assert colors[0][3] > colors[1][3] > 0
    (label,) = (text for text in ax.texts if text.get_text() == "PER")
    assert np.allclose(matplotlib.colors.to_rgb(label.get_color()), colors[0][:3])


def test_pieces_of_one_span_touch_and_neighbours_do_not():
    def grounds(tags):
        ax = plots.tagged_sentence(["a", "b"], tags)
        return [collection.get_paths()[0].get_extents() for collection in ax.collections]

    first, second = grounds(["B-PER", "I-PER"])
    assert second.x0 == pytest.approx(first.x1)
    first, second = grounds(["B-PER", "B-PER"])
    assert second.x0 > first.x1 + 0.1


def test_a_long_sentence_goes_on_in_the_next_line():
    ax = plots.tagged_sentence(["word"] * 10, ["O"] * 10, width=24)
    places = [text.get_position() for text in ax.texts]
    assert [y for _, y in places] == [0] * 5 + [-1] * 5  # five words of four letters and a blank
    assert [x for x, _ in places[:5]] == [x for x, _ in places[5:]]
    low, high = ax.get_ylim()
    assert low < -1 and high > 0


def test_tags_without_a_scheme_and_letters_of_double_width():
    ax = plots.tagged_sentence(["東京", "is"], ["PROPN", "AUX"])
    assert shown(ax) == ["東京", "PROPN", "is", "AUX"]
    (first, _), (second, _) = ax.texts[0].get_position(), ax.texts[2].get_position()
    assert second - first >= 4


def test_it_draws_into_the_axes_it_is_given():
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    assert plots.tagged_sentence(TOKENS, TAGS, ax=ax) is ax


def test_wrong_numbers_say_so():
    with pytest.raises(ValueError, match="a tag for each of 5 words"):
        plots.tagged_sentence(TOKENS, TAGS[:2])
    with pytest.raises(ValueError, match="at least one|there is one"):
        plots.tagged_sentence([], [])
    with pytest.raises(ValueError, match=r"scores of shape \(5,\).*\(2,\)"):
        plots.tagged_sentence(TOKENS, TAGS, [0.5, 0.5])
    with pytest.raises(ValueError, match="width"):
        plots.tagged_sentence(TOKENS, TAGS, width=0)
