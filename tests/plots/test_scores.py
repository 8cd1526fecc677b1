import keras
import numpy as np
import pytest

pytest.importorskip("matplotlib", reason="pictures need matplotlib")

from keras_embed import plots  # noqa: E402


def test_curves_of_one_run():
    ax = plots.learning_curves({"f1": [0.1, 0.4, 0.5], "val_f1": [0.2, 0.3, 0.3], "loss": [3, 2, 1]}, metric="f1")
    training, validation = ax.lines
    assert training.get_xdata().tolist() == [1, 2, 3]
    assert (training.get_ydata().tolist(), validation.get_ydata().tolist()) == ([0.1, 0.4, 0.5], [0.2, 0.3, 0.3])
    assert (training.get_linestyle(), validation.get_linestyle()) == ("--", "-")
    assert ax.get_ylabel() == "f1"


def test_curves_of_several_runs_each_with_a_colour():
    history = keras.callbacks.History()
    history.history = {"loss": [2.0, 1.0]}
    ax = plots.learning_curves({"small": history, "large": {"loss": [1.0, 0.5]}})
    assert [line.get_label() for line in ax.lines] == ["small, training", "large, training"]
    assert len({line.get_color() for line in ax.lines}) == 2
    assert {line.get_linestyle() for line in ax.lines} == {"-"}


def test_a_figure_that_is_not_there_says_which_are():
    with pytest.raises(ValueError, match="accuracy.*loss"):
        plots.learning_curves({"loss": [1.0]}, metric="accuracy")


def test_a_confusion_matrix_has_truth_in_rows():
    ax = plots.confusion_matrix(np.array([[5, 1], [0, 4]]), ["no", "yes"])
    placed = {text.get_position(): text.get_text() for text in ax.texts}  # (column, row)
    assert placed == {(0, 0): "5", (1, 0): "1", (0, 1): "0", (1, 1): "4"}
    assert [label.get_text() for label in ax.get_yticklabels()] == ["no", "yes"]
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted", "true")


def test_a_class_without_examples_has_no_shares():
    ax = plots.confusion_matrix([[0, 0], [1, 3]], ["a", "b"], normalize=True)
    assert [text.get_text() for text in ax.texts] == ["0.00", "0.00", "0.25", "0.75"]


def test_a_matrix_of_another_size_is_refused():
    with pytest.raises(ValueError, match=r"\(3, 3\)"):
        plots.confusion_matrix(np.eye(2), ["a", "b", "c"])
