"""BLEU in `fit`, with a stand-in for a translator."""

import sys

import keras
import numpy as np
import pytest

sacrebleu = pytest.importorskip("sacrebleu", reason="BLEU needs sacrebleu")

from keras_embed.callbacks import BLEU  # noqa: E402

SOURCES = ["Der Hund läuft schnell durch den Park.", "Zwei Frauen trinken Tee im Garten."]
REFERENCES = ["The dog runs quickly through the park.", "Two women drink tea in the garden."]


class Learner(keras.Sequential):
    """Translates as many words as its weight, which each batch increases by one."""

    def __init__(self):
        dense = keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")
        super().__init__([keras.Input((1,)), dense])
        self.asked = []

    def translate(self, sources, shout=False):
        known = round(float(self.get_weights()[0][0, 0]))
        self.asked.append(known)
        texts = [" ".join(reference.split()[:known]) for reference in REFERENCES]
        return [text.upper() for text in texts] if shout else texts


def fitted(epochs, *callbacks):
    model = Learner()
    model.compile(keras.optimizers.SGD(1.0), "mean_absolute_error")  # |100 - w|: each step adds 1
    history = model.fit(np.ones((1, 1)), np.full((1, 1), 100.0), epochs=epochs, callbacks=list(callbacks), verbose=0)
    return model, history.history


def expected(known, **settings):
    texts = [" ".join(reference.split()[:known]) for reference in REFERENCES]
    return sacrebleu.corpus_bleu(texts, [REFERENCES], **settings).score


def test_each_epoch_is_measured_with_the_weights_that_it_left():
    bleu = BLEU(SOURCES, REFERENCES)
    model, history = fitted(7, bleu)
    assert model.asked == [1, 2, 3, 4, 5, 6, 7]
    assert history["val_bleu"] == pytest.approx([expected(known) for known in range(1, 8)])
    assert history["val_bleu"][-1] == pytest.approx(100.0)
    assert len(history["loss"]) == 7
    assert bleu.translations == REFERENCES
    assert "tok:13a" in bleu.signature


def test_between_measurements_the_logs_repeat_the_last_one():
    model, history = fitted(7, BLEU(SOURCES, REFERENCES, every=3, name="bleu"))
    assert model.asked == [3, 6]
    assert history["bleu"] == pytest.approx([expected(3)] * 3 + [expected(6)] * 2)


def test_later_callbacks_see_it(tmp_path):
    stop = keras.callbacks.EarlyStopping("val_bleu", mode="max", patience=4)
    file = tmp_path / "{epoch}.weights.h5"
    best = keras.callbacks.ModelCheckpoint(file, "val_bleu", mode="max", save_best_only=True, save_weights_only=True)
    _, history = fitted(20, BLEU(SOURCES, REFERENCES), best, stop)
    assert len(history["loss"]) == 11  # whole after 7
    assert [path.name for path in sorted(tmp_path.iterdir())][-1] == "7.weights.h5"


def test_it_is_in_the_progress_bar(capsys):
    model = Learner()
    model.compile(keras.optimizers.SGD(1.0), "mean_absolute_error")
    model.fit(np.ones((1, 1)), np.ones((1, 1)), callbacks=[BLEU(SOURCES, REFERENCES)], verbose=2)
    assert "val_bleu" in capsys.readouterr().out


def test_settings_and_several_references():
    first, second = (["A B C D E", "one two three four"], ["a b c d x", "1 2 3 4"])
    pairs = [list(pair) for pair in zip(first, second, strict=True)]
    bleu = BLEU(SOURCES, pairs, lowercase=True, tokenize="char", options={"shout": True})
    _, history = fitted(6, bleu)
    texts = [" ".join(reference.split()[:6]).upper() for reference in REFERENCES]
    score = sacrebleu.corpus_bleu(texts, [first, second], lowercase=True, tokenize="char").score
    assert history["val_bleu"][-1] == pytest.approx(score)


@pytest.mark.parametrize("references", [REFERENCES[:1], [REFERENCES, REFERENCES[:1]], []])
def test_references_that_do_not_fit_are_refused(references):
    with pytest.raises(ValueError, match="references for every source"):
        BLEU(SOURCES, references)


def test_a_model_that_leaves_sentences_out_is_noticed():
    bleu = BLEU(SOURCES[:1], REFERENCES[:1])
    with pytest.raises(ValueError, match="one string for each source"):
        fitted(1, bleu)


def test_without_sacrebleu_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "sacrebleu.metrics", None)
    with pytest.raises(ImportError, match=r"keras-embed\[translation\]"):
        BLEU(SOURCES, REFERENCES)
