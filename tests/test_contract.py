"""Contract tests of every exported layer, loss and metric, on the current backend.

A new class is one new row. `test_every_exported_class_has_a_row` fails until it is there.
"""

import importlib
import inspect
import json

import keras
import numpy as np
import pytest
from contract import (
    BATCH,
    MASK,
    RNG,
    TIME,
    LayerRow,
    NoLoss,
    ScoreRow,
    assert_equal,
    assert_same,
    call,
    features,
    floats,
    model_of,
    numpy,
    pad_time,
    potentials,
    sequence,
    symbolic,
)

from keras_embed import backbones, layers, losses, metrics
from keras_embed.layers import (
    answer_spans,
    attention_flow,
    crf,
    language_model_stack,
    maxout,
    positions,
    pretraining_heads,
    token_encoder,
    transformer_blocks,
)
from keras_embed.text import allowed_transitions

TAGS = 3
FEATURES = features()
SOME_TAGS = ["O", "B-PER", "I-PER"]
LABELS = np.where(MASK, RNG.integers(0, TAGS, MASK.shape), -1).astype("int32")


def pick(*names):
    """Some of the features."""
    return {name: FEATURES[name] for name in names}


CHAIN = potentials(TAGS)
UNPACKED = dict(real=lambda output: output[:, : TAGS + 2 + TIME], tokens=False)
CONSTRAINTS = allowed_transitions(SOME_TAGS, "BIO")

BAG = {"term_ids": FEATURES["token_ids"], "term_weights": np.where(MASK, floats(BATCH, TIME), 0).astype("float32")}
SCALES = floats(9, 4)
WHOLE = dict(real=lambda output: output, tokens=False)  # one vector for a whole text
LOGITS = sequence(TAGS)
SPANS = np.array([[1, 3], [0, 0], [2, 2]], "int32")
CLASS_IDS, CLASS_HOT, SCORES = np.array([0, 2, 2]), np.eye(TAGS, dtype="float32"), floats(BATCH, TAGS)
RATINGS = np.array([4.0, 1.5, 1.5], "float32")


def to_itself(layer, x, mask):
    """Attention of T queries to as many."""
    return layer(x, x, mask=mask[:, None])


def with_itself(layer, x, mask):
    """Two texts that are the same."""
    return layer(x, x, mask, mask)


def blocked(layer, x, mask):
    return layer(x, mask=mask[:, None])[0]


def with_memory(layer, x, mask):
    """The first of a decoder's answers; its block takes masks that are ready to use."""
    if isinstance(layer, transformer_blocks.TransformerDecoderBlock):
        return layer(x, x, mask=mask[:, None], memory_mask=mask[:, None])[0]
    return layer(x, x, memory_mask=mask)[0]


PLACES = np.tile(np.arange(TIME, dtype="int32"), (BATCH, 1))


SIZES = {"num_heads": 2, "feed_forward_dim": 6}


def elmo_encoder():
    """ELMo's encoder of words, small."""
    return token_encoder.ElmoTokenEncoder(char_dim=4, filters=((1, 3), (2, 4)), num_highway=1, projection_dim=5)


def small_elmo():
    sizes = {"filters": ((1, 3), (2, 4)), "char_dim": 4, "num_highway": 1, "max_characters": 8}
    return backbones.ElmoBackbone(num_layers=2, hidden_dim=6, projection_dim=3, **sizes)


def two_steps(layer, inputs, mask):
    """Context and weights of an attention's second step: in the first, nothing is remembered yet."""
    query, memory = inputs["query"], inputs["memory"]
    _, _, state = layer(query, memory, mask=mask)
    return layer(query, memory, mask=mask, state=state)[:2]


def attention_row(name, make, **arguments):
    """A row of an attention of T queries over a memory of T steps."""
    inputs = {"query": sequence(4), "memory": sequence(4)}
    cut = dict(real=lambda output: output[:, :TIME, :TIME], tokens=False)  # contexts (B, T, 4), weights (B, T, T)
    return LayerRow(name, make, inputs, mask=MASK, apply=two_steps, **cut, **arguments)


def additive():
    return layers.BahdanauAttention(5, normalize=True)


SPAN_SCORES = dict(real=lambda output: output[:, :, :TIME], tokens=False)  # (B, 2, T)
SPAN_SCORES_AND_NONE = dict(real=lambda output: output[:, :, : TIME + 1], tokens=False)
MASKS = {"sequence": sequence(4), "positions": RNG.integers(0, TIME, (BATCH, TIME)).astype("int32")}


def at_masks(layer, x):
    return layer(x["sequence"], x["positions"])


def tied_head():
    return pretraining_heads.MaskedLanguageModelHead(7, keras.layers.Embedding(7, 3), activation="relu")


ELMO = pick("elmo_ids", "char_index", "padding_mask")

LAYERS = [
    LayerRow("AttentionFlow", layers.AttentionFlow, sequence(4), mask=MASK, apply=with_itself),
    LayerRow("AttentionFlow query", lambda: layers.AttentionFlow("query"), sequence(4), mask=MASK, apply=with_itself),
    LayerRow("AttentionPooling", lambda: layers.AttentionPooling(2), sequence(4), mask=MASK, **WHOLE),
    attention_row("BahdanauAttention", lambda: layers.BahdanauAttention(5)),
    attention_row("BahdanauAttention normal", additive),
    LayerRow("CRF", lambda: layers.CRF(TAGS, CONSTRAINTS), sequence(TAGS), mask=MASK, **UNPACKED),
    LayerRow("CRF free", lambda: layers.CRF(TAGS, use_boundary=False), sequence(TAGS), mask=MASK, **UNPACKED),
    LayerRow("IndependentTags", crf.IndependentTags, sequence(TAGS), mask=MASK, **UNPACKED),
    LayerRow("CRFDecode", layers.CRFDecode, CHAIN, learns=False),
    LayerRow(
        "CRFDecode entropy",
        lambda: layers.CRFDecode("entropy"),
        CHAIN,
        learns=False,
        real=lambda output: output,
        tokens=False,
    ),
    LayerRow("CRFDecode k_best", lambda: layers.CRFDecode("k_best", 2), CHAIN, learns=False, real=None),
    LayerRow("CRFDecode marginals", lambda: layers.CRFDecode("marginals"), CHAIN, learns=False),
    LayerRow(
        "CRFDecode sample", lambda: layers.CRFDecode("sample", 2, seed=1), CHAIN, learns=False, real=None, random=True
    ),
    LayerRow("CasingEmbedding", lambda: layers.CasingEmbedding(9, 4), pick("casing_ids")),
    LayerRow("CharacterCNN", lambda: layers.CharacterCNN(7, 4, 3, (2, 3)), pick("char_ids", "char_index")),
    LayerRow("CharacterLSTM", lambda: layers.CharacterLSTM(7, 4, 3), pick("char_ids", "char_index")),
    attention_row("CoverageAttention", lambda: layers.CoverageAttention(additive(), 2.0)),
    LayerRow("ElmoBackbone", small_elmo, ELMO),
    LayerRow("ElmoEmbedding", lambda: layers.ElmoEmbedding(small_elmo(), 2, projection_dim=4), ELMO),
    LayerRow("ElmoEmbedding normal", lambda: layers.ElmoEmbedding(small_elmo(), layer_norm="with_boundaries"), ELMO),
    LayerRow("ElmoTokenEncoder", elmo_encoder, RNG.integers(0, 262, (BATCH, 8)).astype("int32"), real=None),
    LayerRow("EmbeddingBag", lambda: layers.EmbeddingBag(9, 4, activation="tanh"), BAG, **WHOLE),
    LayerRow("EmbeddingBag scaled", lambda: layers.EmbeddingBag(9, 4, scales=SCALES), BAG, **WHOLE),
    LayerRow("FirstPooling", layers.FirstPooling, sequence(4), mask=MASK, **WHOLE),
    LayerRow("Highway", layers.Highway, sequence(4)),
    LayerRow("HighwayLSTM", lambda: layers.HighwayLSTM(3), sequence(4), mask=MASK),
    LayerRow("HighwayLSTM backwards", lambda: layers.HighwayLSTM(3, True), sequence(4), mask=MASK),
    LayerRow("LanguageModelStack", lambda: language_model_stack.LanguageModelStack(2, 6, 3), sequence(2, 3), mask=MASK),
    LayerRow(
        "LanguageModelStack square", lambda: language_model_stack.LanguageModelStack(1, 3, 3), sequence(2, 3), mask=MASK
    ),
    LayerRow("LastPooling", layers.LastPooling, sequence(4), mask=MASK, **WHOLE),
    LayerRow("LastPooling both", lambda: layers.LastPooling(True), sequence(4), mask=MASK, **WHOLE),
    attention_row("LocalAttention", lambda: layers.LocalAttention(additive(), window=2)),
    attention_row("LocalAttention steps", lambda: layers.LocalAttention(additive(), "monotonic", 2)),
    attention_row("LocationSensitiveAttention", lambda: layers.LocationSensitiveAttention(additive(), 2, 3)),
    attention_row("LuongAttention concat", lambda: layers.LuongAttention("concat", 5)),
    attention_row("LuongAttention general", lambda: layers.LuongAttention("general", 4)),
    attention_row("LuongAttention scaled", lambda: layers.LuongAttention("scaled_dot")),
    LayerRow("LearnedPositions", lambda: positions.LearnedPositions(12), sequence(4)),
    LayerRow(
        "MultiHeadAttention",
        lambda: layers.MultiHeadAttention(2),
        sequence(4),
        mask=MASK,
        apply=lambda *a, **k: to_itself(*a, **k)[0],
    ),
    LayerRow(
        "ParallelScheduledSampling",
        lambda: layers.ParallelScheduledSampling(share=0.5, decay="constant"),
        pick("token_ids"),
        learns=False,
        apply=lambda layer, x: layer(x["token_ids"], keras.ops.one_hot(x["token_ids"], 9)),
    ),
    LayerRow(
        "RelativePositions",
        lambda: positions.RelativePositions(2),
        {"places": PLACES},
        apply=lambda layer, x: layer(x["places"], x["places"]),
        real=lambda output: output[..., :TIME, :TIME],
        tokens=False,
    ),
    LayerRow("RotaryPositions", positions.RotaryPositions, sequence(4)),
    LayerRow("SinusoidalPositions", positions.SinusoidalPositions, sequence(4)),
    LayerRow(
        "TransformerDecoder", lambda: layers.TransformerDecoder(1, **SIZES), sequence(4), mask=MASK, apply=with_memory
    ),
    LayerRow(
        "TransformerDecoderBlock",
        lambda: transformer_blocks.TransformerDecoderBlock(**SIZES),
        sequence(4),
        mask=MASK,
        apply=with_memory,
    ),
    LayerRow("TransformerEncoder", lambda: layers.TransformerEncoder(1, **SIZES), sequence(4), mask=MASK),
    LayerRow(
        "TransformerEncoder rotary",
        lambda: layers.TransformerEncoder(1, positions="rotary", causal=True, **SIZES),
        sequence(4),
        mask=MASK,
    ),
    LayerRow(
        "TransformerEncoderBlock",
        lambda: transformer_blocks.TransformerEncoderBlock(**SIZES),
        sequence(4),
        mask=MASK,
        apply=blocked,
    ),
    LayerRow("MaskedLanguageModelHead", lambda: pretraining_heads.MaskedLanguageModelHead(7), MASKS, apply=at_masks),
    LayerRow("MaskedLanguageModelHead tied", tied_head, MASKS, apply=at_masks),
    LayerRow("Maxout", lambda: maxout.Maxout(3, num_pieces=2), sequence(4)),
    LayerRow("MaxPooling", layers.MaxPooling, sequence(4), mask=MASK, **WHOLE),
    LayerRow("MeanPooling", layers.MeanPooling, sequence(4), mask=MASK, **WHOLE),
    attention_row("MonotonicAttention", lambda: layers.MonotonicAttention(additive())),
    attention_row("MonotonicAttention hard", lambda: layers.MonotonicAttention(additive(), "hard"), learns=False),
    attention_row("MonotonicAttention loop", lambda: layers.MonotonicAttention(additive(), "recursive")),
    LayerRow("PredicateEmbedding", lambda: layers.PredicateEmbedding(4), pick("predicate_ids")),
    LayerRow("NextSentenceHead", pretraining_heads.NextSentenceHead, sequence(4)),
    LayerRow("PartlyFrozenEmbedding", lambda: layers.PartlyFrozenEmbedding(9, 4, [2, 5, 6]), FEATURES["token_ids"]),
    LayerRow("RecurrentDecoder", lambda: layers.RecurrentDecoder([keras.layers.GRUCell(4)]), sequence(3)),
    LayerRow("ScalarMix", lambda: layers.ScalarMix(2), sequence(2, 3), mask=MASK),
    LayerRow("ScalarMix normal", lambda: layers.ScalarMix(2, layer_norm=True), sequence(2, 3), mask=MASK),
    LayerRow("ScheduledSampling", lambda: layers.ScheduledSampling(scale=9.0), FEATURES["token_ids"], learns=False),
    LayerRow("SelfAttentionFlow", attention_flow.SelfAttentionFlow, sequence(4), mask=MASK),
    LayerRow("SoftAlignment", attention_flow.SoftAlignment, sequence(4), mask=MASK, apply=with_itself),
    LayerRow("SpanDecode", lambda: answer_spans.SpanDecode(3, 2), floats(BATCH, 2, TIME), learns=False, real=None),
    LayerRow("SpanHead", answer_spans.SpanHead, sequence(4), mask=MASK, **SPAN_SCORES),
    LayerRow("SpanHead learnt", lambda: answer_spans.SpanHead(True), sequence(4), mask=MASK, **SPAN_SCORES_AND_NONE),
    LayerRow("SubwordEmbedding", lambda: layers.SubwordEmbedding(9, 4), pick("subword_ids")),
    LayerRow("TagConstraints", lambda: crf.TagConstraints(CONSTRAINTS), CHAIN, **UNPACKED),
    LayerRow("VariationalDropout", lambda: layers.VariationalDropout(0.5), sequence(3)),
    LayerRow("WordDropout", lambda: layers.WordDropout(0.5), MASK),
    LayerRow("WordEmbedding partly frozen", lambda: layers.WordEmbedding(9, 4, frozen_rows=[3, 4]), pick("token_ids")),
    LayerRow("WordEmbedding", lambda: layers.WordEmbedding(9, 4, unknown_dropout=0.2), pick("token_ids")),
]
TEXTS = np.array(["To be, or not to be", "", "Быть или не быть"], object)


def adapted(**arguments):
    """A row's layer that has seen the texts."""

    def make():
        layer = layers.TfidfVectorization(**arguments)
        layer.adapt(TEXTS)
        return layer

    return make


# Layers of strings: what they learn is no weight, and only TensorFlow lets strings into a compiled model.
STRING_LAYERS = [
    LayerRow("TfidfVectorization", adapted(ngrams=(1, 2), sublinear_tf=True), TEXTS),
    LayerRow("TfidfVectorization count", adapted(output="count", stemmer="russian"), TEXTS),
    LayerRow("TfidfVectorization one_hot", adapted(output="one_hot", stop_words="english"), TEXTS),
]
LOSSES = [
    ScoreRow("CRFLoss", losses.CRFLoss, LABELS, CHAIN),
    ScoreRow("MultiLabelCrossentropy", losses.MultiLabelCrossentropy, CLASS_HOT, SCORES, padding=None),
    ScoreRow("OneVersusRestHinge", losses.OneVersusRestHinge, CLASS_IDS, SCORES, padding=None),
    ScoreRow("OneVersusRestHinge hot", losses.OneVersusRestHinge, CLASS_HOT, SCORES, padding=None),
    ScoreRow("SpanLoss", losses.SpanLoss, SPANS, floats(BATCH, 2, TIME), padding=None),
    ScoreRow("SmoothedCrossentropy", losses.SmoothedCrossentropy, LABELS, LOGITS),
]
METRICS = [
    ScoreRow("ClassF1", lambda: metrics.ClassF1(TAGS), CLASS_IDS, SCORES, padding=None),
    ScoreRow("ClassF1 hot", lambda: metrics.ClassF1(TAGS, "weighted", 0.0), CLASS_HOT, SCORES, padding=None),
    ScoreRow("EntityF1", lambda: metrics.EntityF1(SOME_TAGS), LABELS, CHAIN),
    ScoreRow("EntityF1 strict", lambda: metrics.EntityF1(SOME_TAGS, mode="strict"), LABELS, np.maximum(LABELS, 0)),
    ScoreRow("Matthews", lambda: metrics.Matthews(TAGS), CLASS_IDS, SCORES, padding=None),
    ScoreRow("Pearson", metrics.Pearson, RATINGS, SCORES[:, :1], padding=None),
    ScoreRow("Spearman", lambda: metrics.Spearman(8), RATINGS, SCORES[:, :1], padding=None),
    ScoreRow("SpanF1", lambda: metrics.SpanF1(3), SPANS, floats(BATCH, 2, TIME), padding=None),
    ScoreRow("SpanMatch", metrics.SpanMatch, SPANS, floats(BATCH, 2, TIME), padding=None),
    ScoreRow("TagAccuracy", metrics.TagAccuracy, LABELS, CHAIN),
    ScoreRow("TokenAccuracy", metrics.TokenAccuracy, LABELS, LOGITS),
    ScoreRow("TokenPerplexity", metrics.TokenPerplexity, LABELS, LOGITS),
]


def rows(table, wanted=lambda row: True):
    """Parametrises a test over the rows of a table that it applies to."""
    return pytest.mark.parametrize("row", [row for row in table if wanted(row)], ids=lambda row: row.name)


@pytest.mark.parametrize(
    ("room", "table"), [("layers", [*LAYERS, *STRING_LAYERS]), ("losses", LOSSES), ("metrics", METRICS)]
)
def test_every_exported_class_has_a_row(room, table):
    module = importlib.import_module(f"keras_embed.{room}")
    exported = {name for name in getattr(module, "__all__", ()) if inspect.isclass(getattr(module, name))}
    covered = {type(row.make()).__name__ for row in table}
    assert exported <= covered, f"rows missing in the contract table: {sorted(exported - covered)}"


@rows(STRING_LAYERS)
def test_a_layer_of_strings_promises_what_it_gives(row):
    layer = row.make()
    real = layer(row.inputs)
    for shape in [(None,), (BATCH,), (BATCH, 1)]:
        promised = layer(keras.Input(batch_shape=shape, dtype="string"))
        assert len(promised.shape) == len(real.shape) and promised.shape[-1] == real.shape[-1]
        assert keras.backend.standardize_dtype(promised.dtype) == keras.backend.standardize_dtype(real.dtype)


@rows(STRING_LAYERS)
def test_a_layer_of_strings_round_trips(row, tmp_path):
    layer = row.make()
    expected = layer(row.inputs)
    config = layer.get_config()
    json.dumps(keras.saving.serialize_keras_object(layer))
    assert sum(np.size(x) for x in keras.tree.flatten(config)) < 1000
    inputs = keras.Input((), dtype="string")
    model = keras.Model(inputs, layer(inputs))
    model.save(tmp_path / "model.keras")
    model.save_weights(tmp_path / "model.weights.h5")
    loaded = keras.saving.load_model(tmp_path / "model.keras").layers[-1]
    assert_same(row, loaded(row.inputs), expected)
    fresh = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(layer))
    again = keras.Model(inputs, fresh(inputs))
    again.load_weights(tmp_path / "model.weights.h5")
    assert_same(row, fresh(row.inputs), expected)


@rows(LAYERS)
@pytest.mark.parametrize("dynamic", [False, True], ids=["static", "dynamic"])
def test_symbolic_output_is_what_eager_gives(row, dynamic):
    eager = keras.tree.flatten(call(row, row.make()))
    promised = keras.tree.flatten(call(row, row.make(), *symbolic(row, dynamic)))
    assert len(eager) == len(promised)
    for real, spec in zip(eager, promised, strict=True):
        assert len(spec.shape) == len(real.shape)
        assert all(known in {None, size} for known, size in zip(spec.shape, real.shape, strict=True))
        assert dynamic or None not in spec.shape
        assert keras.backend.standardize_dtype(spec.dtype) == keras.backend.standardize_dtype(real.dtype)


@rows(LAYERS)
def test_layer_config_round_trip(row):
    layer = row.make()
    expected = call(row, layer)
    config = layer.get_config()
    json.dumps(keras.saving.serialize_keras_object(layer))
    again = type(layer).from_config(config)
    call(row, again)
    again.set_weights(layer.get_weights())
    assert_same(row, call(row, again), expected)
    assert sum(np.size(x) for x in keras.tree.flatten(config)) < 1000, (
        "large arrays are weights or assets, never config"
    )


@rows(LAYERS)
def test_layer_keras_file_round_trip(row, tmp_path):
    model, inputs = model_of(row)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert_same(row, loaded(inputs), model(inputs))


@rows(LAYERS, lambda row: row.learns)
def test_one_step_moves_every_weight(row):
    model, inputs = model_of(row)
    if not model.trainable_weights:
        return
    before = [numpy(weight)[0] for weight in model.trainable_weights]
    target = keras.tree.map_structure(lambda y: floats(*y.shape), model(inputs))
    model.compile(keras.optimizers.SGD(0.5), loss="mse", jit_compile=False)
    model.fit(inputs, target, batch_size=BATCH, verbose=0)
    still = [w.path for w, old in zip(model.trainable_weights, before, strict=True) if np.array_equal(numpy(w)[0], old)]
    assert not still, f"no gradient reached {still}"


@rows(LAYERS)
@pytest.mark.parametrize("policy", ["mixed_bfloat16", "mixed_float16"])
def test_mixed_precision_stays_finite(row, policy):
    keras.config.set_dtype_policy(policy)
    for output in numpy(call(row, row.make())):
        assert np.isfinite(output).all()


@rows(LAYERS)
def test_compiled_is_eager(row):
    if keras.config.backend() == "torch":
        pytest.skip("torch.compile unrolls loops: minutes for one call; Keras leaves it off by default")
    model, inputs = model_of(row)
    expected = model(inputs)
    model.compile(jit_compile=True)
    assert_same(row, model.predict(inputs, batch_size=BATCH, verbose=0), expected, tolerance=1e-4)


@rows(LAYERS, lambda row: row.real is not None)
def test_padding_cannot_leak_through_a_layer(row):
    layer = row.make()
    expected = numpy(call(row, layer))
    mask = None if row.mask is None else pad_time(row.mask)
    padded = numpy(call(row, layer, pad_time(row.inputs), mask))
    for short, long in zip(expected, padded, strict=True):
        cut = row.real(long)
        assert cut.shape == row.real(short).shape
        per_token = row.tokens and cut.shape[:2] == MASK.shape
        assert_equal(cut[MASK] if per_token else cut, row.real(short)[MASK] if per_token else row.real(short))


def scored(row, thing, y_true=None, y_pred=None) -> np.ndarray:
    """Returns the value of a loss or metric for a row's data."""
    data = (row.y_true if y_true is None else y_true, row.y_pred if y_pred is None else y_pred)
    if isinstance(thing, keras.losses.Loss):
        return np.concatenate([x.ravel() for x in numpy(thing(*data))])
    thing.reset_state()
    thing.update_state(*data)
    return np.concatenate([x.ravel() for x in numpy(thing.result())])


@rows([*LOSSES, *METRICS])
def test_score_config_round_trip(row):
    thing = row.make()
    json.dumps(keras.saving.serialize_keras_object(thing))
    assert_equal(scored(row, type(thing).from_config(thing.get_config())), scored(row, thing))


@rows([*LOSSES, *METRICS])
def test_score_keras_file_round_trip(row, tmp_path):
    """As compile state of a model; and the value of `evaluate` in a compiled graph equals that of the object alone."""
    thing = row.make()
    inputs = keras.Input(row.y_pred.shape[1:], dtype=str(row.y_pred.dtype))
    model = keras.Model(inputs, keras.layers.Activation("linear", dtype=str(row.y_pred.dtype))(inputs))
    if isinstance(thing, keras.losses.Loss):
        model.compile("sgd", loss=thing)
    else:
        model.compile("sgd", loss=NoLoss(), metrics=[thing])
    first = model.evaluate(row.y_pred, row.y_true, batch_size=BATCH, verbose=0, return_dict=True)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    second = loaded.evaluate(row.y_pred, row.y_true, batch_size=BATCH, verbose=0, return_dict=True)
    assert_equal(second, first)
    if isinstance(thing, keras.losses.Loss):
        assert_equal(first["loss"], scored(row, row.make())[0], tolerance=1e-4)


@rows([*LOSSES, *METRICS], lambda row: row.padding is not None)
def test_padding_cannot_leak_into_a_score(row):
    y_true, y_pred = pad_time(row.y_true, row.padding), pad_time(row.y_pred)
    assert y_true.shape[1] == row.y_true.shape[1] + TIME
    assert_equal(scored(row, row.make(), y_true, y_pred), scored(row, row.make()))


@rows(METRICS)
def test_a_metric_forgets_when_reset(row):
    thing = row.make()
    first = scored(row, thing)
    thing.update_state(row.y_true, row.y_pred)
    assert_equal(scored(row, thing), first)
