"""The exported masked language model, against the task."""

import keras
import numpy as np
import pytest
from small_pretraining import trained_model

from keras_embed._backend import tf
from keras_embed.tasks import MaskedLanguageModel

TEXTS = ["The smallest [MASK] sleeps in a [MASK]", "", "No mask", "[MASK][MASK][MASK]", "hen " * 60]


@pytest.mark.slow
def test_texts_are_filled_in_the_graph(tmp_path):
    if keras.config.backend() == "torch":
        pytest.skip("the way through another process is slow, and the same for all tasks")
    model = trained_model()
    model.export(tmp_path / "1")
    served = tf.saved_model.load(str(tmp_path / "1")).signatures["serving_default"]
    for texts in (TEXTS, TEXTS[:1]):
        answer = {name: tensor.numpy() for name, tensor in served(text=tf.constant(texts)).items()}
        expected = model.fill(texts)
        assert answer["num_masks"].tolist() == [len(one.fillings) for one in expected]
        for row, one in enumerate(expected):
            for place, filling in enumerate(one.fillings):
                assert [token.decode() for token in answer["tokens"][row, place]] == [best.token for best in filling]
                probabilities = [best.probability for best in filling]
                np.testing.assert_allclose(answer["probabilities"][row, place], probabilities, rtol=1e-3, atol=1e-6)


def test_only_a_model_with_a_preprocessor_can_be_served(tmp_path):
    with pytest.raises(ValueError, match="Expected a masked language model with a preprocessor"):
        MaskedLanguageModel(trained_model().backbone).export(tmp_path / "1")
