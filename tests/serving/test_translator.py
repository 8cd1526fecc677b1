"""The exported translator, loaded by a process that has TensorFlow and nothing of ours."""

import numpy as np
from served_elsewhere import answers_elsewhere
from small_translator import PAIRS, trained_translator


def test_another_process_gives_equal_answers_for_any_number_of_texts(tmp_path):
    translator = trained_translator()
    translator.export(tmp_path / "1")
    texts = [*(source for source, _ in PAIRS[::5]), "", "hund " * 20, "ein wolf"]
    many, one = answers_elsewhere(tmp_path / "1", texts)
    expected = translator.translate(texts)
    for answer, count in ((many, len(texts)), (one, 1)):
        assert answer["text"] == [found.text for found in expected[:count]]
        assert [row[0] for row in answer["hypotheses"]] == answer["text"]
        scores = [found.score for found in expected[:count]]
        np.testing.assert_allclose(np.array(answer["scores"])[:, 0], scores, atol=1e-4)
