import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="pictures need matplotlib")

from keras_embed import plots  # noqa: E402


def test_a_bar_for_each_layer_of_each_task():
    ax = plots.layer_weights({"one": [0.2, 0.5, 0.3], "two": np.array([0.1, 0.1, 0.8])})
    assert [bar.get_height() for bar in ax.patches] == [0.2, 0.5, 0.3, 0.1, 0.1, 0.8]
    middles = [bar.get_x() + bar.get_width() / 2 for bar in ax.patches]
    np.testing.assert_allclose(np.add(middles[:3], middles[3:]) / 2, [0, 1, 2], atol=1e-9)  # side by side
    assert [text.get_text() for text in ax.texts] == ["0.20", "0.50", "0.30", "0.10", "0.10", "0.80"]
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["one", "two"]
    (uniform,) = ax.lines
    assert list(uniform.get_ydata()) == [1 / 3, 1 / 3]


def test_layers_may_have_other_names():
    ax = plots.layer_weights({"one": [0.4, 0.6]}, layers=["low", "high"])
    assert [label.get_text() for label in ax.get_xticklabels()] == ["low", "high"]


def test_wrong_numbers_say_so():
    with pytest.raises(ValueError, match=r"\(2,\), \(3,\)"):
        plots.layer_weights({"one": [0.4, 0.6], "two": [0.2, 0.5, 0.3]})
    with pytest.raises(ValueError, match="at least one"):
        plots.layer_weights({})
    with pytest.raises(ValueError, match="2 names"):
        plots.layer_weights({"one": [0.4, 0.6]}, layers=["low"])
