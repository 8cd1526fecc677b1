"""The CRF layers as users build with them: plain Keras models, several heads, saved and compiled."""

import keras
import numpy as np
import pytest
from keras import ops

from keras_embed.functional import linear_chain
from keras_embed.layers import CRF, CRFDecode
from keras_embed.layers.crf import IndependentTags
from keras_embed.losses import CRFLoss
from keras_embed.metrics import TagAccuracy
from keras_embed.text import allowed_transitions

BATCH, TIME, TAGS = 4, 6, 5
BIO = ["O", "B-X", "I-X", "B-Y", "I-Y"]


@pytest.fixture(scope="module")
def data():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(BATCH, TIME, 3)).astype("float32")
    mask = np.arange(TIME) < np.array([[6], [4], [1], [5]])
    return {"x": x, "mask": mask}, np.where(mask, rng.integers(0, TAGS, (BATCH, TIME)), -1).astype("int32")


def two_heads():
    inputs = {"x": keras.Input((None, 3), name="x"), "mask": keras.Input((None,), dtype="bool", name="mask")}
    heads = {}
    for name, tags in (("ner", TAGS), ("pos", 7)):
        emissions = keras.layers.Dense(tags, name=f"{name}_emissions")(inputs["x"])
        heads[name] = CRF(tags, name=name)(emissions, mask=inputs["mask"])
    return keras.Model(inputs, heads)


def test_several_heads_with_sample_weights_train_and_reload_with_their_compile_state(data, tmp_path):
    features, labels = data
    model = two_heads()
    model.compile(
        "sgd",
        loss={"ner": CRFLoss(), "pos": CRFLoss()},
        weighted_metrics={"ner": [TagAccuracy()], "pos": [TagAccuracy()]},
    )
    targets = {"ner": labels, "pos": labels}
    weights = {"ner": np.ones(BATCH, "float32"), "pos": np.array([1, 0, 1, 0], "float32")}
    logs = model.fit(features, targets, sample_weight=weights, batch_size=BATCH, verbose=0).history
    assert {"loss", "ner_loss", "pos_loss", "ner_tag_accuracy", "pos_tag_accuracy"} <= set(logs)
    model.save(tmp_path / "heads.keras")
    loaded = keras.saving.load_model(tmp_path / "heads.keras")
    for state in (model, loaded):
        state.fit(features, targets, sample_weight=weights, batch_size=BATCH, verbose=0)
    for a, b in zip(model.weights, loaded.weights, strict=True):
        np.testing.assert_allclose(ops.convert_to_numpy(a), ops.convert_to_numpy(b), atol=1e-6)


def test_sample_weights_weigh_sentences(data):
    features, labels = data
    potentials = two_heads()(features)["ner"]
    each = ops.convert_to_numpy(CRFLoss(reduction=None)(labels, potentials))
    weights = np.array([1.0, 0.0, 2.0, 0.5], "float32")
    np.testing.assert_allclose(float(CRFLoss()(labels, potentials, weights)), np.mean(each * weights), rtol=1e-5)


def test_weights_for_tokens_are_refused(data):
    _, labels = data
    potentials = IndependentTags()(np.zeros((BATCH, TIME, TAGS), "float32"))
    with pytest.raises(ValueError, match=r"Expected `sample_weight` of shape \(B,\).*Received: shape \(4, 6\).*Try"):
        CRFLoss()(labels, potentials, np.ones((BATCH, TIME), "float32"))


def test_labels_of_another_length_are_refused():
    potentials = IndependentTags()(np.zeros((BATCH, TIME, TAGS), "float32"))
    with pytest.raises(ValueError, match=r"Expected `y_true` of shape \(B, 6\).*Received: shape \(4, 5\)"):
        CRFLoss()(np.zeros((BATCH, TIME - 1), "int32"), potentials)


def test_constraints_hold_in_decoding_and_in_the_loss(data):
    features, _ = data
    constraints = allowed_transitions(BIO, "BIO")
    layer = CRF(TAGS, constraints)
    emissions = 5 * np.random.default_rng(1).normal(size=(BATCH, TIME, TAGS)).astype("float32")
    potentials = layer(emissions, mask=features["mask"])
    decoded = ops.convert_to_numpy(CRFDecode("k_best", num_paths=3)(potentials)["tags"])
    for b, length in enumerate(features["mask"].sum(axis=1)):
        for path in decoded[b][:, :length]:
            assert constraints.start[path[0]]
            assert constraints.transitions[path[:-1], path[1:]].all()
    posterior = linear_chain.posterior(linear_chain.unpack(potentials))
    assert not ops.convert_to_numpy(posterior.transitions)[:, ~constraints.transitions].any()


def test_softmax_is_the_chain_without_pairs(data):
    features, labels = data
    logits = np.random.default_rng(2).normal(size=(BATCH, TIME, TAGS)).astype("float32")
    potentials = IndependentTags()(logits, mask=features["mask"])
    mask = features["mask"]
    decoded = {name: ops.convert_to_numpy(x) for name, x in CRFDecode()(potentials).items()}
    np.testing.assert_array_equal(decoded["tags"][mask], logits.argmax(-1)[mask])
    softmax = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    np.testing.assert_allclose(decoded["probabilities"][mask], softmax.max(-1)[mask], rtol=1e-4)
    tokens = -np.log(np.take_along_axis(softmax, np.maximum(labels, 0)[..., None], -1)[..., 0]) * mask
    np.testing.assert_allclose(
        ops.convert_to_numpy(CRFLoss(reduction=None)(labels, potentials)), tokens.sum(axis=1), rtol=1e-4
    )


def test_the_implicit_mask_is_read_and_dropped():
    ids = np.array([[1, 2, 0], [3, 0, 0]])
    vectors = keras.layers.Embedding(4, TAGS, mask_zero=True)(ids)
    potentials = CRF(TAGS)(vectors)
    np.testing.assert_array_equal(ops.convert_to_numpy(linear_chain.unpack(potentials).mask), ids > 0)
    assert getattr(potentials, "_keras_mask", None) is None


def test_potentials_are_float32_under_mixed_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    emissions = keras.layers.Dense(TAGS)(np.ones((2, 3, 4), "float32"))
    assert keras.backend.standardize_dtype(CRF(TAGS)(emissions).dtype) == "float32"


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: CRF(0), "Expected `num_tags` to be a positive integer. Received: 0"),
        (lambda: CRF(3, np.ones((2, 2))), "Expected `constraints` to be three boolean arrays"),
        (lambda: CRF(3)(np.zeros((1, 2, 4), "float32")), r"Expected emissions of shape \(B, T, 3\)"),
        (lambda: CRFDecode("k_best", num_paths=0), "Expected `num_paths` to be a positive integer"),
        (lambda: CRFDecode("best"), "Expected `output` to be one of .*'k_best'.*Received: 'best'"),
    ],
)
def test_errors_say_what_was_expected(make, error):
    with pytest.raises(ValueError, match=error):
        make()


def one_head():
    inputs = {"x": keras.Input((None, 3), name="x"), "mask": keras.Input((None,), dtype="bool", name="mask")}
    potentials = CRF(TAGS)(keras.layers.Dense(TAGS)(inputs["x"]), mask=inputs["mask"])
    return keras.Model(inputs, potentials)


def test_it_trains_when_compiled(data):
    if keras.config.backend() == "torch":
        pytest.skip("torch.compile unrolls loops: minutes for one call; Keras leaves it off by default")
    features, labels = data
    compiled, plain = one_head(), one_head()
    plain.set_weights(compiled.get_weights())
    for model, jit_compile in ((compiled, True), (plain, False)):
        model.compile(keras.optimizers.SGD(0.1), CRFLoss(), jit_compile=jit_compile)
        model.fit(features, labels, batch_size=BATCH, epochs=3, shuffle=False, verbose=0)
    for a, b in zip(compiled.get_weights(), plain.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)


def test_a_plain_keras_model_exports_with_dynamic_batch_and_time(data, tmp_path):
    if keras.config.backend() == "torch":
        pytest.skip("Keras has no SavedModel export with dynamic axes from PyTorch")
    tf = pytest.importorskip("tensorflow")
    features, _ = data
    model = one_head()
    decoder = keras.Model(model.input, CRFDecode()(model.output))
    shapes = [{"x": "(batch, time, 3)", "mask": "(batch, time)"}]
    extra = {"jax2tf_kwargs": {"polymorphic_shapes": shapes}} if keras.config.backend() == "jax" else {}
    decoder.export(tmp_path / "served", verbose=False, **extra)
    served = tf.saved_model.load(str(tmp_path / "served"))
    for rows, steps in ((4, 6), (1, 3)):
        batch = {name: value[:rows, :steps] for name, value in features.items()}
        expected = decoder.predict_on_batch(batch)
        actual = served.serve({name: tf.constant(value) for name, value in batch.items()})
        for name, value in expected.items():
            np.testing.assert_allclose(actual[name].numpy(), value, atol=1e-5)
