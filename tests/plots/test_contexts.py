import pytest

pytest.importorskip("matplotlib", reason="pictures need matplotlib")

from keras_embed import plots  # noqa: E402

CONTEXTS = [("she held a red rose".split(), 4), ("he rose early".split(), 1)]
NEIGHBORS = [[("a white lily grew there".split(), 2, 0.71)], [("she got up".split(), 2, 0.6), (["sleep"], 0, 0.2)]]


def lines(ax):
    """Maps the height of each line to its texts, from left to right."""
    found = {}
    for text in sorted(ax.texts, key=lambda text: text.get_position()[0]):
        found.setdefault(text.get_position()[1], []).append(text.get_text())
    return [found[height] for height in sorted(found, reverse=True)]


def test_the_words_that_are_meant_stand_below_each_other():
    ax = plots.neighbors_in_context(CONTEXTS, NEIGHBORS)
    assert lines(ax) == [
        ["she held a red", "rose", ""],
        ["a white", "lily", "grew there", "0.71"],
        ["he", "rose", "early"],
        ["she got", "up", "", "0.60"],
        ["", "sleep", "", "0.20"],
    ]
    meant = [text for text in ax.texts if text.get_weight() == "bold"]
    assert [text.get_text() for text in meant] == ["rose", "lily", "rose", "up", "sleep"]
    assert {text.get_position()[0] for text in meant} == {0}
    assert [meant[0].get_color() == text.get_color() for text in meant] == [True, True, False, False, False]


def test_long_sentences_are_cut_between_words():
    sentence = [f"word{number:02}" for number in range(40)]
    ax = plots.neighbors_in_context([(sentence, 20)], [[]], letters=20)
    ((before, word, behind),) = lines(ax)
    assert (before, word) == ("word17 word18 word19", "word20")
    assert behind == "word21 word22 word23"  # 10 letters are kept for the word, of which it needs six


def test_it_draws_into_the_axes_it_is_given():
    from matplotlib.figure import Figure

    ax = Figure().subplots()
    assert plots.neighbors_in_context(CONTEXTS, NEIGHBORS, ax=ax) is ax


def test_wrong_requests_say_so():
    with pytest.raises(ValueError, match="2 contexts and 1 lists"):
        plots.neighbors_in_context(CONTEXTS, NEIGHBORS[:1])
    with pytest.raises(ValueError, match="at least one context"):
        plots.neighbors_in_context([], [])
    with pytest.raises(ValueError, match="one of 3 words.*3"):
        plots.neighbors_in_context([("he rose early".split(), 3)], [[]])
    with pytest.raises(ValueError, match="one of 1 words"):
        plots.neighbors_in_context(CONTEXTS[:1], [[(["sleep"], 1, 0.5)]])
    with pytest.raises(ValueError, match="letters"):
        plots.neighbors_in_context(CONTEXTS, NEIGHBORS, letters=0)
