"""The exported language model: prompts in, texts out, equal to the eager ones; samples that are new and repeatable."""

import keras
import numpy as np
import pytest
from small_language_model import TEXTS, trained_model

import keras_embed as ke
from keras_embed._backend import tf
from keras_embed.decoding import BeamSearch, Greedy, Sampling

PROMPTS = ["the cat", "", "a dog ran", "something unknown"]
HOWS = {
    "greedy": Greedy(),
    "beams": BeamSearch(3, length_penalty=0.0, n_best=2),
    "sampling": Sampling(2.0, top_k=9, num_samples=2, seed=1),
}


def exported(kind, search, path):
    """The signatures, and the model with that search."""
    model = trained_model(kind)
    model = ke.LanguageModel(model.backbone, model.preprocessor, search)
    model.export(path / "1")
    loaded = tf.saved_model.load(str(path / "1"))
    signatures = loaded.signatures
    return signatures, model, loaded


def plain(answer):
    return {name: value.numpy().astype("U") if value.dtype == tf.string else value for name, value in answer.items()}


@pytest.mark.parametrize(("kind", "how"), [("recurrent", "beams"), ("transformer", "greedy"), ("transformer", "beams")])
def test_it_gives_the_eager_answers_for_any_number_of_prompts(kind, how, tmp_path):
    if keras.config.backend() == "torch" and (kind, how) != ("transformer", "beams"):
        pytest.skip("the way through another process is slow, and the same for all")
    signatures, model, _held = exported(kind, HOWS[how], tmp_path)
    assert list(signatures) == ["serving_default"]
    for prompts in (PROMPTS, PROMPTS[:1]):
        answer = plain(signatures["serving_default"](prompt=tf.constant(prompts)))
        expected = model.generate(prompts)
        assert answer["text"].tolist() == [one.text for one in expected]
        assert answer["continuation"].tolist() == [one.continuation for one in expected]
        assert answer["texts"].tolist() == [[c.text for c in one.continuations] for one in expected]
        scores = [[c.score for c in one.continuations] for one in expected]
        np.testing.assert_allclose(answer["scores"], scores, rtol=1e-4)
    with pytest.raises(tf.errors.InvalidArgumentError, match="prompts of fewer than 12 subwords"):
        signatures["serving_default"](prompt=tf.constant(["the " * 12]))


@pytest.mark.skipif(keras.config.backend() == "torch", reason="the way through another process is slow")
@pytest.mark.parametrize("kind", ["recurrent", "transformer"])
def test_samples_are_new_and_with_a_seed_repeatable(kind, tmp_path):
    signatures, model, _held = exported(kind, HOWS["sampling"], tmp_path)
    prompts = tf.constant(PROMPTS)
    draws = [plain(signatures["serving_default"](prompt=prompts))["texts"].tolist() for _ in range(2)]
    assert draws[0] != draws[1]
    seeded = [
        plain(signatures["seeded"](prompt=prompts, seed=tf.constant(seed, tf.int64)))["texts"].tolist()
        for seed in (7, 7, 8)
    ]
    assert seeded[0] == seeded[1] != seeded[2]
    features = {name: x.numpy() for name, x in model.preprocessor.prompts(prompts, 13).items()}
    features["draws"] = tf.random.stateless_uniform([4, 12, 2], [7, 0]).numpy()
    found = model.searcher().predict_on_batch(features)["token_ids"]
    assert seeded[0] == model.preprocessor.postprocess(found).numpy().astype("U").tolist()


def test_only_a_model_with_a_preprocessor_can_be_served(tmp_path):
    with pytest.raises(ValueError, match="a language model with a preprocessor"):
        ke.LanguageModel(trained_model("recurrent").backbone).export(tmp_path / "1")
    assert TEXTS and not list(tmp_path.iterdir())
