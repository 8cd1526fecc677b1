"""The exported model gives the answers of the model that it was made from."""

import keras
import pytest
from small_span_qa import FILLER, QUESTIONS, trained_model

from keras_embed._backend import tf

ASKED = [(one.question, one.context) for one in QUESTIONS[:5]]
ASKED += [("Where does Ян live?", FILLER * 6 + "Ян lives in café 🦊."), ("Who?", ""), ("", "Ada lives in Rome.")]


@pytest.mark.parametrize("kind", ["joint", "bidaf"])
def test_equal_answers_for_any_number_of_texts_of_any_length(kind, tmp_path):
    if keras.config.backend() == "torch" and kind == "joint":
        pytest.skip("the way through another process is slow, and the same for all models")
    model = trained_model(kind)
    model.export(tmp_path / "1")
    served = tf.saved_model.load(str(tmp_path / "1")).signatures["serving_default"]
    for asked in (ASKED, ASKED[5:6]):
        questions, contexts = (tf.constant(column) for column in zip(*asked, strict=True))
        found = {name: value.numpy() for name, value in served(question=questions, context=contexts).items()}
        for row, expected in enumerate(model.answer(asked, num_best=5)):
            assert found["answer"][row].decode() == expected.text
            assert (found["start"][row], found["end"][row]) == (
                -1 if expected.start is None else expected.start,
                -1 if expected.end is None else expected.end,
            )
            assert found["probability"][row] == pytest.approx(expected.probability, abs=1e-4)
            assert found["none_probability"][row] == pytest.approx(expected.none_probability, abs=1e-4)
            names = [text.decode() for text in found["answers"][row] if text]
            assert names == [one.text for one in expected.candidates]
