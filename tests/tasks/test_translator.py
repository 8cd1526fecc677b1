"""The translator: trained on strings, decoded, saved, and rebuilt from its parts."""

import keras
import numpy as np
import pytest
from small_translator import PAIRS, make_translator, one_shape, trained_translator

import keras_embed as ke
from keras_embed.decoding import BeamSearch, Greedy, MinimumLength, Sampling
from keras_embed.tasks import TranslatedText

SOURCES, TARGETS = map(list, zip(*PAIRS, strict=True))


def logits(translator, sources, targets):
    features, labels = translator.preprocessor(sources, y=targets)
    outputs = translator({name: x.numpy() for name, x in features.items()})
    return keras.ops.convert_to_numpy(outputs), labels.numpy()


def log_softmax(x):
    x = x - x.max(-1, keepdims=True)
    return x - np.log(np.exp(x).sum(-1, keepdims=True))


def test_it_learns_its_pairs_by_heart():
    translator = trained_translator()
    assert [str(found) for found in translator.translate(SOURCES)] == TARGETS
    assert translator.predict(SOURCES[:3]) == TARGETS[:3]
    scores = translator.evaluate(PAIRS, batch_tokens=256, verbose=0, return_dict=True)
    assert scores["token_accuracy"] == 1.0 and scores["perplexity"] < 1.2


def test_answers_keep_the_order_whatever_the_batches():
    translator = trained_translator()
    mixed = [SOURCES[i] for i in (20, 3, 11, 0, 7)]
    assert translator.predict(mixed, batch_size=2) == [TARGETS[i] for i in (20, 3, 11, 0, 7)]
    assert translator.translate([]) == []


def test_probabilities_are_those_of_the_network():
    """The log-probability of a hypothesis, by the search step by step, is what the whole model gives its tokens."""
    translator = trained_translator()
    found = translator.translate(SOURCES[:4], search=Greedy())
    outputs, labels = logits(translator, SOURCES[:4], [f.text for f in found])
    each = np.take_along_axis(log_softmax(outputs), np.maximum(labels, 0)[..., None], -1)[..., 0]
    expected = np.where(labels >= 0, each, 0).sum(1)
    np.testing.assert_allclose([f.hypotheses[0].log_probability for f in found], expected, atol=1e-4)


def test_hypotheses_and_alignments():
    translator = trained_translator()
    (found,) = translator.translate(["der hund geht weg"], beam=4, n_best=3, return_alignments=True)
    assert isinstance(found, TranslatedText) and found.text == "the dog walks away" == str(found)
    scores = [hypothesis.score for hypothesis in found.hypotheses]
    assert len(scores) == 3 and scores == sorted(scores, reverse=True) and len(set(scores)) == 3
    assert found.tokens == ("the", "dog", "walks", "away") and found.source_tokens[-1] == "</s>"
    assert found.alignment.shape == (4, 5)
    np.testing.assert_allclose(found.alignment.sum(1), 1, atol=1e-5)
    assert translator.translate(["der hund"])[0].alignment is None


def test_padding_changes_no_logit():
    translator = trained_translator()
    short, labels = logits(translator, ["der hund"], ["the dog"])
    both, _ = logits(translator, ["der hund", "ein fisch " * 6], ["the dog", "a fish " * 6])
    assert both.shape[1] > short.shape[1]
    real = (labels >= 0).sum()
    np.testing.assert_allclose(short[0, :real], both[0, :real], atol=1e-5)


def test_what_a_search_may_be_told():
    translator = trained_translator()
    assert translator.translate(["der hund"], prefixes=["a"], beam=2)[0].text.startswith("a ")
    long = translator.translate(["der hund"], constraints=[MinimumLength(6)], search=Greedy())[0]
    assert len(long.tokens) >= 5
    short = translator.translate(["der hund geht weg"], max_length=2, search=Greedy())[0]
    assert short.tokens == ("the", "dog")
    drawn = translator.translate(["der hund"] * 2, search=Sampling(num_samples=3, seed=1))
    assert all(len(found.hypotheses) == 3 for found in drawn)


def test_unknown_words_come_from_the_source():
    """Unknown subwords in the output are replaced by the source subword with the largest attention weight."""
    translator = trained_translator()
    only_unknown = [ke.decoding.ForbiddenTokens(range(4, size(translator))), MinimumLength(3)]
    settings = dict(search=Greedy(), constraints=only_unknown, max_length=2)
    plain = translator.translate(["der hund"], **settings)[0]
    assert set(plain.tokens) == {"[UNK]"}
    found = translator.translate(
        ["der hund"],
        search=Greedy(),
        constraints=only_unknown,
        max_length=2,
        replace_unknown=True,
        return_alignments=True,
    )[0]
    expected = [("der", "hund")[place] for place in found.alignment[:, :2].argmax(1)]
    assert list(found.tokens) == expected and found.text == " ".join(expected)


def size(translator):
    return translator.preprocessor.target_tokenizer.vocabulary_size()


def test_file_round_trip(tmp_path):
    translator = trained_translator()
    translator.save(tmp_path / "translator.keras")
    loaded = keras.saving.load_model(tmp_path / "translator.keras")
    assert loaded.search == translator.search
    assert loaded.predict(SOURCES[:4]) == TARGETS[:4]
    loaded.fit(one_shape(loaded), epochs=1, verbose=0)


def test_preset_round_trip(tmp_path):
    translator = trained_translator()
    translator.save_to_preset(str(tmp_path / "preset"))
    loaded = ke.Translator.from_preset(str(tmp_path / "preset"))
    np.testing.assert_allclose(
        logits(loaded, SOURCES[:2], TARGETS[:2])[0], logits(translator, SOURCES[:2], TARGETS[:2])[0], atol=1e-6
    )
    assert loaded.translate(SOURCES[:1])[0].text == TARGETS[0]


def test_two_passes_of_scheduled_sampling_learn_too():
    sampling = ke.layers.ParallelScheduledSampling("linear", slope=0.05, minimum=0.5, seed=3)
    translator = make_translator(scheduled_sampling=sampling, tie_embeddings=None)
    translator.compile(optimizer=keras.optimizers.Adam(0.02))
    history = translator.fit(one_shape(translator), epochs=12, verbose=0)
    assert history.history["loss"][-1] < history.history["loss"][0]
    assert float(sampling.rate) == 0.5 and int(keras.ops.convert_to_numpy(sampling.steps)) >= 10


def test_recurrent_architecture():
    translator = make_translator_recurrent()
    translator.compile()
    history = translator.fit(PAIRS[:8], epochs=2, batch_tokens=96, verbose=0, validation_data=PAIRS[:8])
    assert {"loss", "val_loss", "perplexity", "val_token_accuracy"} <= set(history.history)
    (found,) = translator.translate(["der hund"], return_alignments=True)
    assert found.alignment.shape[1] == 3


def make_translator_recurrent():
    preprocessor = trained_translator().preprocessor
    return ke.Translator.from_corpus(
        PAIRS, "recurrent", preprocessor, attention="luong_general", embedding_dim=8, hidden_dim=8, dropout=0.0
    )


def small_backbone():
    return ke.backbones.TransformerSeq2SeqBackbone(5, 5, 1, 1, num_heads=1, hidden_dim=2, feed_forward_dim=2)


@pytest.mark.parametrize(
    "call, text",
    [
        (lambda t: t.translate("der hund"), "Expected a list of texts. Received: der hund. Try"),
        (lambda t: t.fit(["der hund"]), "Expected pairs of a source and its translation"),
        (lambda t: t.fit(PAIRS, batch_tokens=0), "Expected `batch_tokens` to be a positive integer. Received: 0."),
        (lambda t: ke.Translator.from_corpus(PAIRS, "convolutional"), "Expected `architecture` to be one of"),
        (
            lambda t: ke.Translator(ke.backbones.TransformerSeq2SeqBackbone(5, 5), t.preprocessor),
            "Expected a backbone for",
        ),
        (lambda t: ke.Translator(t.backbone).translate(["x"]), "Expected a translator with a preprocessor"),
    ],
)
def test_errors(call, text):
    with pytest.raises(ValueError, match=text):
        call(trained_translator())


def test_beam_is_never_worse_than_greedy_by_its_own_score():
    translator = trained_translator()
    strange = ["ein ein hund", "weg geht der", "schläft schläft"]
    greedy = translator.translate(strange, search=Greedy())
    beam = translator.translate(strange, search=BeamSearch(8, length_penalty=0.0))
    for one, many in zip(greedy, beam, strict=True):
        assert many.hypotheses[0].log_probability >= one.hypotheses[0].log_probability - 1e-5
