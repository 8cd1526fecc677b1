"""Training of ELMo: losses, learning, and resuming after an interruption."""

import ast
import os
import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import ops

from keras_embed.backbones import ElmoBackbone
from keras_embed.preprocessors import LanguageModelWindows
from keras_embed.tasks import BidirectionalLanguageModel
from keras_embed.text import LanguageModelVocabulary

TEXT = "the cat sat .\nthe dog ran away .\na bird sang\nthe cat ran\n"
VOCABULARY = LanguageModelVocabulary(["the", ".", "cat", "ran", "dog", "sat", "away", "a", "bird"])
ROWS, WINDOW, WIDTH = 2, 4, 8
DIM, HIDDEN = 4, 6


@pytest.fixture
def text(tmp_path):
    file = tmp_path / "shard.txt"
    file.write_text(TEXT * 5)
    return file


def windows(text, **arguments):
    arguments = {"batch_size": ROWS, "window": WINDOW, "negatives": 5, "seed": 3, **arguments}
    return LanguageModelWindows([text], VOCABULARY, max_characters=WIDTH, **arguments)


def made(dropout=0.0, batch_size=ROWS, seed=5):
    keras.utils.set_random_seed(seed)
    elmo = ElmoBackbone(
        hidden_dim=HIDDEN,
        projection_dim=DIM,
        filters=((1, 4), (2, 4)),
        num_highway=1,
        char_dim=4,
        max_characters=WIDTH,
        dropout=dropout,
    )
    return BidirectionalLanguageModel(elmo, VOCABULARY, batch_size=batch_size)


def reference_losses(model, features, state):
    """Full softmax, from the encoder and the stack, direction by direction in NumPy."""
    backbone = model.backbone
    words = ops.convert_to_numpy(backbone.token_encoder(features["elmo_ids"]))
    streams = words[features["char_index"]].transpose(0, 2, 1, 3)
    layers, state = backbone.stack(streams, initial_state=state, return_state=True)
    top = ops.convert_to_numpy(layers)[:, :, -1].astype("float64")
    kernel, bias = (ops.convert_to_numpy(weight).astype("float64") for weight in model.head.weights)
    logits = np.einsum("btgd,vd->bgtv", top, kernel) + bias
    target = np.take_along_axis(logits, features["targets"][..., None], axis=-1)[..., 0]
    return np.log(np.exp(logits).sum(-1)) - target, state


def test_perplexity_is_that_of_the_full_softmax_with_the_state_carried(text):
    model = made()
    total = count = 0.0
    state = None
    for features in windows(text, negatives=1, shuffle=False).once():
        weights = features.pop("weights")
        losses, state = reference_losses(model, features, state)
        total, count = total + np.sum(losses * weights), count + np.sum(weights)
    assert count == 2 * (sum(len(line.split()) + 1 for line in TEXT.splitlines()) * 5)
    np.testing.assert_allclose(model.perplexity([text], ROWS, WINDOW), np.exp(total / count), rtol=1e-5)


def test_evaluation_leaves_the_training_state_alone(text):
    model = made()
    model.fit(windows(text), epochs=1, steps_per_epoch=2, verbose=0)
    before = [ops.convert_to_numpy(weight) for weight in (model.hidden_state, model.cell_state)]
    assert np.any(before[0] != 0.0)
    model.perplexity([text], 3, 5)
    after = [ops.convert_to_numpy(weight) for weight in (model.hidden_state, model.cell_state)]
    np.testing.assert_array_equal(before[0], after[0])
    np.testing.assert_array_equal(before[1], after[1])


def test_the_state_goes_from_window_to_window_and_the_loss_is_the_sum_over_a_window(text):
    model, source = made(), windows(text)
    first, second = source.next_window(), source.next_window()
    model(first)
    state = [ops.convert_to_numpy(weight) for weight in (model.hidden_state, model.cell_state)]
    expected, _ = reference_losses(model, second, tuple(state))
    full = {name: second[name] for name in ("elmo_ids", "char_index", "targets")}
    losses = model(full)
    np.testing.assert_allclose(ops.convert_to_numpy(losses), expected, rtol=2e-5, atol=1e-5)
    loss = ops.convert_to_numpy(model.compute_loss(y_pred=losses))
    np.testing.assert_allclose(loss, expected.sum(axis=-1).mean(), rtol=1e-5)


def test_an_interruption_leaves_no_trace(text, tmp_path):
    whole = made(dropout=0.3).fit(windows(text), epochs=4, steps_per_epoch=3, verbose=0).history["loss"]
    folder = tmp_path / "run"
    begun = made(dropout=0.3).fit(windows(text), epochs=2, steps_per_epoch=3, checkpoint=folder, verbose=0)
    # Everything made anew, as in another process, and other weights at first.
    source, again = windows(text), made(dropout=0.3, seed=6)
    rest = again.fit(source, epochs=4, steps_per_epoch=3, checkpoint=folder, verbose=0).history["loss"]
    assert begun.history["loss"] + rest == whole
    assert [path.name for path in folder.iterdir()] == ["epoch-4"]


def test_a_run_that_is_done_trains_nothing(text, tmp_path):
    made().fit(windows(text), epochs=1, steps_per_epoch=2, checkpoint=tmp_path / "run", verbose=0)
    history = made().fit(windows(text), epochs=1, steps_per_epoch=2, checkpoint=tmp_path / "run", verbose=0)
    assert history.history == {}


def test_a_small_model_learns_a_small_text(data_dir, tmp_path):
    """Uses the model, amount of text and bound of bilm-tf's own smoke test, with another text and Adam."""
    shard = data_dir.parent / "fixtures/elmo/allennlp-models/lm/language_modeling/shards/shard0"
    lines = shard.read_text(encoding="utf-8").splitlines()[:5]
    text = tmp_path / "train.txt"
    text.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    vocabulary = LanguageModelVocabulary.from_sentences(line.split() for line in lines)
    keras.utils.set_random_seed(1)
    elmo = ElmoBackbone(
        hidden_dim=16,
        projection_dim=8,
        filters=((1, 8), (2, 8), (3, 16), (4, 32), (5, 64)),
        activation="tanh",
        char_dim=4,
        num_highway=1,
        max_characters=10,
    )
    model = BidirectionalLanguageModel(elmo, vocabulary, batch_size=2)
    model.compile(keras.optimizers.Adam(0.01, global_clipnorm=1.0))
    before = model.perplexity([text])
    source = LanguageModelWindows([text], vocabulary, batch_size=2, window=10, negatives=16, max_characters=10)
    history = model.fit(source, epochs=1, steps_per_epoch=300, held_out=[text], verbose=0)
    assert sorted(history.history) == ["loss", "perplexity", "tokens/s", "val_perplexity"]
    assert before > 50
    assert history.history["val_perplexity"][-1] < 20


def test_the_published_recipe_is_the_default(text):
    model = made()
    model.compile()
    config = model.optimizer.get_config()
    expected = {"learning_rate": 0.2, "initial_accumulator_value": 1.0, "global_clipnorm": 10.0}
    assert {name: pytest.approx(config[name], rel=1e-6) for name in expected} == expected


def test_windows_that_do_not_fit(text):
    with pytest.raises(ValueError, match="Expected windows of 2 rows and a vocabulary of 12 words"):
        made().fit(windows(text, batch_size=3))
    other = LanguageModelWindows([text], VOCABULARY, batch_size=ROWS, window=4, negatives=1, max_characters=9)
    with pytest.raises(ValueError, match="Expected windows with max_characters=8, as the backbone has"):
        made().fit(other)


def test_a_checkpoint_of_another_model(text, tmp_path):
    made().fit(windows(text), epochs=1, steps_per_epoch=1, checkpoint=tmp_path, verbose=0)
    other = made(batch_size=3)
    with pytest.raises(ValueError, match="Expected a checkpoint of this model"):
        other.fit(windows(text, batch_size=3), epochs=2, steps_per_epoch=1, checkpoint=tmp_path, verbose=0)


PARALLEL = """
import sys
import jax, keras
from keras_embed.backbones import ElmoBackbone
from keras_embed.preprocessors import LanguageModelWindows
from keras_embed.tasks import BidirectionalLanguageModel
from keras_embed.text import LanguageModelVocabulary
assert len(jax.devices()) == 2
vocabulary = LanguageModelVocabulary(["the", ".", "cat", "ran", "dog", "sat", "away", "a", "bird"])
shape = dict(hidden_dim=6, projection_dim=4, filters=((1, 4), (2, 4)), num_highway=1, char_dim=4, max_characters=8)
losses = []
for distribution in (None, keras.distribution.DataParallel(auto_shard_dataset=False)):
    keras.distribution.set_distribution(distribution)
    keras.utils.set_random_seed(5)
    model = BidirectionalLanguageModel(ElmoBackbone(**shape), vocabulary, batch_size=4)
    windows = LanguageModelWindows([sys.argv[1]], vocabulary, batch_size=4, window=4, negatives=6, max_characters=8)
    losses.append(model.fit(windows, epochs=2, steps_per_epoch=3, verbose=0).history["loss"])
    print(len(model.head.kernel.value.sharding.device_set))
print(losses)
"""


@pytest.mark.skipif(keras.config.backend() != "jax", reason="keras.distribution is JAX's")
def test_losses_on_two_devices_are_those_on_one(text):
    flags = "--xla_force_host_platform_device_count=2 --xla_cpu_multi_thread_eigen=false"
    environment = {**os.environ, "KERAS_BACKEND": "jax", "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
    arguments = [sys.executable, "-c", PARALLEL, str(text)]
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    *devices, losses = map(ast.literal_eval, done.stdout.strip().splitlines()[-3:])
    assert devices == [1, 2]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-5)
