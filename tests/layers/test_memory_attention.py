"""Attention layers over many steps: against brute force, in a loop with gradients, with beams, in files."""

import attention_oracle as oracle
import keras
import numpy as np
import pytest
from keras import ops

from keras_embed import _backend
from keras_embed.layers import (
    BahdanauAttention,
    CoverageAttention,
    LocalAttention,
    LocationSensitiveAttention,
    LuongAttention,
    MonotonicAttention,
)

RNG = np.random.default_rng(9)
BATCH, STEPS, TIME, WIDTH, UNITS = 3, 6, 4, 4, 5
MASK = np.arange(STEPS) < np.array([[STEPS], [4], [0]])  # one row has nothing real
QUERY = RNG.normal(size=(BATCH, TIME, WIDTH)).astype("float32")  # one query after the other
MEMORY = RNG.normal(size=(BATCH, STEPS, WIDTH)).astype("float32")


def bahdanau(**arguments):
    return BahdanauAttention(UNITS, **arguments)


KINDS = {
    "bahdanau": bahdanau,
    "bahdanau normalised": lambda: bahdanau(normalize=True),
    "luong dot": lambda: LuongAttention("dot"),
    "luong scaled": lambda: LuongAttention("scaled_dot"),
    "luong general": lambda: LuongAttention("general", WIDTH),
    "luong concat": lambda: LuongAttention("concat", UNITS),
    "local-m": lambda: LocalAttention(LuongAttention("dot"), "monotonic", 1),
    "local-p": lambda: LocalAttention(bahdanau(), "predictive", 2),
    "monotonic": lambda: MonotonicAttention(bahdanau(normalize=True), noise=0.0),
    "monotonic recursive": lambda: MonotonicAttention(LuongAttention("dot"), "recursive", noise=0.0),
    "location": lambda: LocationSensitiveAttention(bahdanau(), 2, 3),
    "location of all": lambda: LocationSensitiveAttention(LuongAttention("dot"), 2, 3, cumulative=True),
    "coverage": lambda: CoverageAttention(bahdanau()),
    "coverage with fertility": lambda: CoverageAttention(bahdanau(), 2.0),
    "monotonic over location": lambda: MonotonicAttention(LocationSensitiveAttention(bahdanau(), 2, 3), noise=0.0),
}
LEARNING = {name: KINDS[name] for name in ("local-p", "location", "coverage with fertility")}
LEARNING["monotonic with noise"] = lambda: MonotonicAttention(bahdanau(), "recursive", seed=3)
every = pytest.mark.parametrize("make", KINDS.values(), ids=KINDS.keys())


def numpy(x):
    return ops.convert_to_numpy(x)


def assert_close(actual, expected, tolerance=1e-5):
    np.testing.assert_allclose(numpy(actual), expected, rtol=tolerance, atol=tolerance)


def random_weights(layer):
    """Sets what starts at 0 too."""
    layer.build(QUERY.shape, MEMORY.shape)
    layer.set_weights([RNG.normal(size=weight.shape) for weight in layer.weights])
    return layer


def over_time(layer, query=QUERY, memory=MEMORY, mask=MASK, **arguments):
    """Contexts (B, T, M) and weights (B, T, S), one step after the other."""
    keys, state, outputs = layer.project(ops.convert_to_tensor(memory)), (), []
    for t in range(query.shape[1]):
        context, weights, state = layer(query[:, t : t + 1], memory, keys, mask=mask, state=state, **arguments)
        outputs.append((numpy(context), numpy(weights)))
    return tuple(np.concatenate(part, axis=1) for part in zip(*outputs, strict=True))


def scores_of(scorer, query, extra=0.0):
    """A scorer's scores by brute force; `extra` (B, Q, S, U) goes to the keys."""
    kernels = {name: numpy(getattr(scorer, name).kernel) for name in ("query", "key") if getattr(scorer, name)}
    keys = MEMORY @ kernels["key"] if "key" in kernels else MEMORY
    if isinstance(scorer, BahdanauAttention):
        keys = keys + numpy(scorer.key.bias)
    keys = keys[:, None] + extra if np.ndim(extra) else keys
    if "query" in kernels:
        gain = numpy(scorer.gain) if getattr(scorer, "gain", None) is not None else None
        return oracle.each_score(oracle.additive(numpy(scorer.vector), gain), query @ kernels["query"], keys)
    scale = 1.0 if scorer.scale is None else numpy(scorer.scale)
    return oracle.each_score(lambda q, k: scale * (q @ k), query, keys)


@pytest.mark.parametrize("name", [name for name in KINDS if name.startswith(("bahdanau", "luong"))])
def test_a_scorer_is_its_formula_for_all_queries_at_once(name):
    layer = random_weights(KINDS[name]())
    context, weights, state = layer(QUERY, MEMORY, mask=MASK)
    expected = oracle.softmax(scores_of(layer, QUERY), MASK)
    assert_close(weights, expected)
    assert_close(context, oracle.contexts(expected, MEMORY))
    assert state == ()


def test_local_m_follows_the_step_and_stays_at_the_end():
    layer = random_weights(KINDS["local-m"]())
    lengths = MASK.sum(1)
    centre = np.minimum(np.arange(TIME)[None], lengths[:, None] - 1)
    inside = oracle.in_window(centre, MASK, 1)
    context, weights = over_time(layer)
    assert_close(weights, oracle.softmax(scores_of(layer.scorer, QUERY), inside))
    assert_close(context, oracle.contexts(weights, MEMORY))
    beyond = over_time(layer, np.repeat(QUERY, 3, axis=1))[1]
    assert_close(beyond.sum(-1), np.repeat(lengths[:, None] > 0, 3 * TIME, axis=1).astype(float))


def test_local_p_weighs_by_distance_from_where_it_predicts():
    layer = random_weights(KINDS["local-p"]())
    logits = np.tanh(QUERY @ numpy(layer.hidden.kernel)) @ numpy(layer.position.kernel)
    centre = MASK.sum(1)[:, None] / (1 + np.exp(-logits[..., 0].astype("float64")))
    inside = oracle.softmax(scores_of(layer.scorer, QUERY), oracle.in_window(centre, MASK, 2))
    expected = inside * oracle.gaussian(centre, MASK, 1.0)
    context, weights, _ = layer(QUERY, MEMORY, mask=MASK)
    assert_close(weights, expected)
    assert_close(context, oracle.contexts(expected, MEMORY))
    # The step that is nearest to the centre loses least.
    kept = np.divide(expected, inside, out=np.zeros_like(inside), where=inside > 0)
    for b, q in np.ndindex(2, TIME):
        nearest = np.abs(np.arange(MASK[b].sum()) - centre[b, q]).argmin()
        assert kept[b, q].argmax() == nearest


@pytest.mark.parametrize("name", ["monotonic", "monotonic recursive"])
def test_monotonic_attention_goes_on_from_the_step_before(name):
    layer = random_weights(KINDS[name]())
    scores = scores_of(layer.scorer, QUERY) + numpy(layer.bias)
    before, expected = np.eye(STEPS)[np.zeros((BATCH, 1), int)], []
    for t in range(TIME):
        before = oracle.monotonic(scores[:, t : t + 1], before, MASK)
        expected.append(before)
    context, weights = over_time(layer)
    assert_close(weights, np.concatenate(expected, axis=1))
    assert_close(context, oracle.contexts(weights, MEMORY))


def test_hard_attention_walks():
    layer = random_weights(MonotonicAttention(bahdanau(), "parallel", inference_mode="hard", noise=0.0))
    scores = scores_of(layer.scorer, QUERY) + numpy(layer.bias)
    weights = over_time(layer)[1]
    for b in range(BATCH):
        places = oracle.walk(scores[b], MASK[b])
        assert [row.argmax() if row.any() else None for row in weights[b]] == places
    assert not np.isin(over_time(layer, training=True)[1], [0.0, 1.0]).all()


@pytest.mark.parametrize("name", ["location", "location of all"])
def test_location_features_are_convolutions_of_the_weights_before(name):
    layer = random_weights(KINDS[name]())
    kernel, location = numpy(layer.convolution.kernel)[0, :, 0], numpy(layer.location.kernel)
    seen, expected = np.zeros((BATCH, 1, STEPS)), []
    for t in range(TIME):
        scores = scores_of(layer.scorer, QUERY[:, t : t + 1], oracle.convolved(seen, kernel) @ location)
        weights = oracle.softmax(scores, MASK)
        expected.append(weights)
        seen = seen + weights if layer.cumulative else weights
    assert_close(over_time(layer)[1], np.concatenate(expected, axis=1))


@pytest.mark.parametrize("name", ["coverage", "coverage with fertility"])
def test_coverage_is_the_sum_of_the_weights_before(name):
    layer = random_weights(KINDS[name]())
    fertility = np.ones((BATCH, STEPS))
    if layer.max_fertility:
        fertility = 2 / (1 + np.exp(-(MEMORY @ numpy(layer.fertility.kernel))[..., 0].astype("float64")))
    covered, expected = np.zeros((BATCH, 1, STEPS)), []
    for t in range(TIME):
        terms = (covered / fertility[:, None])[..., None] * numpy(layer.coverage.kernel)[0]
        weights = oracle.softmax(scores_of(layer.scorer, QUERY[:, t : t + 1], terms), MASK)
        expected.append(weights)
        covered = covered + weights
    assert_close(over_time(layer)[1], np.concatenate(expected, axis=1))


@every
def test_padding_changes_nothing_and_gets_nothing(make):
    layer = random_weights(make())
    context, weights = over_time(layer)
    assert (weights[~np.broadcast_to(MASK[:, None], weights.shape)] == 0).all()
    assert (context[2] == 0).all()
    wider = [(0, 0), (0, 3)]
    memory = np.pad(MEMORY, [*wider, (0, 0)], constant_values=7.0)
    padded = over_time(layer, memory=memory, mask=np.pad(MASK, wider))
    assert_close(padded[0], context)
    assert_close(padded[1][..., :STEPS], weights)


@every
def test_each_beam_is_as_if_alone(make):
    """Beams stand along the query axis; after a step each goes on from the state of its parent."""
    layer = random_weights(make())
    keys = layer.project(ops.convert_to_tensor(MEMORY))
    beams = RNG.normal(size=(2, BATCH, 3, WIDTH)).astype("float32")  # two steps
    parents = np.array([[2, 0, 0], [1, 1, 2], [0, 1, 2]])
    state = layer.initial_state(keys, ops.convert_to_tensor(MASK), 3)
    _, _, state = layer(beams[0], MEMORY, keys, mask=MASK, state=state)
    rows = np.arange(BATCH)[:, None]
    state = tuple(ops.convert_to_tensor(numpy(leaf)[rows, parents]) for leaf in state)
    _, together, _ = layer(beams[1], MEMORY, keys, mask=MASK, state=state)
    for beam in range(3):
        alone = np.stack([beams[0][rows[:, 0], parents[:, beam]], beams[1][:, beam]], axis=1)
        assert_close(numpy(together)[:, beam], over_time(layer, alone)[1][:, 1])


@keras.saving.register_keras_serializable(package="keras_embed_tests")
class OverTime(keras.layers.Layer):
    """An attention for one query after the other, in the loop of recurrent layers or, unrolled, in Python's."""

    def __init__(self, attention, unrolled, **kwargs):
        super().__init__(**kwargs)
        self.attention = attention
        self.unrolled = unrolled

    def build(self, query_shape, memory_shape):
        if not self.attention.built:
            self.attention.build(query_shape, memory_shape)
        self.built = True

    def call(self, query, memory, padding, training=False):
        keys = self.attention.project(memory)
        state = self.attention.initial_state(keys, padding, 1)

        def step(state, inputs):
            answer = self.attention(inputs[0][:, None], memory, keys, mask=padding, state=state[1:])
            return answer[0][:, 0], (answer[0][:, 0], *answer[2])

        state = (ops.zeros_like(memory[:, 0]), *state)
        if not self.unrolled:
            contexts, _ = _backend.loop(step, state, (ops.transpose(query, (1, 0, 2)),), state[0].shape)
            return ops.transpose(contexts, (1, 0, 2))
        contexts = []
        for t in range(query.shape[1]):
            context, state = step(state, (query[:, t],))
            contexts.append(context)
        return ops.stack(contexts, axis=1)


def after_training(attention, unrolled):
    """The weights of an attention after a step of training."""
    inputs = [keras.Input((TIME, WIDTH)), keras.Input((None, WIDTH)), keras.Input((None,), dtype="bool")]
    model = keras.Model(inputs, OverTime(attention, unrolled)(*inputs))
    model.compile(keras.optimizers.SGD(0.5), "mse", jit_compile=False)
    model.fit([QUERY, MEMORY, MASK], np.ones_like(QUERY), batch_size=BATCH, shuffle=False, verbose=0)
    return [numpy(weight) for weight in attention.trainable_weights]


@pytest.mark.parametrize("make", LEARNING.values(), ids=LEARNING.keys())
def test_gradients_go_through_time_and_reach_every_weight(make):
    looped, unrolled = random_weights(make()), make()
    unrolled.build(QUERY.shape, MEMORY.shape)
    unrolled.set_weights(looped.get_weights())
    before = [numpy(weight) for weight in looped.trainable_weights]
    after = after_training(looped, unrolled=False)
    for old, one, other in zip(before, after, after_training(unrolled, unrolled=True), strict=True):
        assert np.isfinite(one).all() and not np.array_equal(old, one)
        assert_close(one, other, 1e-4)


def test_noise_is_drawn_in_training_only_anew_for_each_step_and_each_call():
    layer = random_weights(MonotonicAttention(bahdanau(), seed=3))
    query = np.repeat(QUERY[:1, :1], 2, axis=1)
    keys, mask = layer.project(ops.convert_to_tensor(MEMORY[:1])), MASK[:1]
    _, _, second = layer(query, MEMORY[:1], keys, training=True)
    start = layer.initial_state(keys, mask, 2)
    assert not numpy(start[1]).any()  # nothing is drawn outside of training
    quiet, again = (numpy(layer(query, MEMORY[:1], keys, state=start)[1]) for _ in range(2))
    np.testing.assert_array_equal(quiet, again)
    now, later = ((start[0], np.array([[seed, seed]], "int32")) for seed in ([5, 0], [5, 1]))
    drawn = [numpy(layer(query, MEMORY[:1], keys, state=state, training=True)[1]) for state in (now, now, later)]
    np.testing.assert_array_equal(drawn[0], drawn[1])
    assert not np.allclose(drawn[0], drawn[2]) and not np.allclose(drawn[0], quiet)
    assert not np.allclose(drawn[0][:, 0], drawn[0][:, 1])  # equal queries, unequal noise
    calls = [numpy(layer(query, MEMORY[:1], keys, training=True)[1]) for _ in range(2)]
    assert not np.allclose(*calls)
    same = MonotonicAttention(bahdanau(), seed=3)
    same.build(QUERY.shape, MEMORY.shape)
    same.set_weights(layer.get_weights())
    np.testing.assert_array_equal(numpy(same(query, MEMORY[:1], keys, training=True)[2][1]), numpy(second[1]))


@every
def test_under_mixed_precision_weights_and_state_stay_in_float32(make):
    keras.config.set_dtype_policy("mixed_float16")
    layer = make()
    context, weights, state = layer(QUERY[:, :1], MEMORY, mask=MASK)
    context, weights, after = layer(QUERY[:, :1], MEMORY, mask=MASK, state=state)
    assert keras.backend.standardize_dtype(context.dtype) == "float16"
    assert keras.backend.standardize_dtype(weights.dtype) == "float32"
    assert np.isfinite(numpy(weights)).all()
    dtypes = [[keras.backend.standardize_dtype(leaf.dtype) for leaf in leaves] for leaves in (state, after)]
    assert dtypes[0] == dtypes[1] and {*dtypes[0]} <= {"float32", "int32"}


def test_an_accumulated_state_is_not_rounded_on_its_way_in():
    keras.config.set_dtype_policy("mixed_bfloat16")
    layer = CoverageAttention(bahdanau())
    exact = np.full((BATCH, 1, STEPS), 1 + 2**-12, "float32")  # bfloat16 would make 1 of it
    _, weights, state = layer(QUERY[:, :1], MEMORY, mask=MASK, state=(exact,))
    np.testing.assert_array_equal(numpy(state[0]), exact + numpy(weights))


def test_a_frozen_attention_has_nothing_to_train():
    layer = LocationSensitiveAttention(bahdanau(), trainable=False)
    layer.build(QUERY.shape, MEMORY.shape)
    assert not layer.trainable_weights and layer.weights


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: BahdanauAttention(0), "Expected `units` to be a positive integer"),
        (lambda: LuongAttention("cosine"), "Expected `score` to be one of"),
        (lambda: LuongAttention("dot", 3), "Expected no `units`, a dot product has none"),
        (lambda: LuongAttention("general"), "Expected `units`, the width of W"),
        (lambda: LocalAttention(bahdanau(), "diagonal"), "Expected `kind` to be one of"),
        (lambda: LocalAttention(bahdanau(), window=0), "Expected `window` to be a positive integer"),
        (lambda: LocalAttention(keras.layers.Dense(2)), "Expected a `scorer` whose weights are a softmax of scores"),
        (lambda: MonotonicAttention(KINDS["local-m"]()), "Expected a `scorer` whose weights are a softmax of scores"),
        (lambda: MonotonicAttention(bahdanau(), "soft"), "Expected `mode` to be one of"),
        (lambda: MonotonicAttention(bahdanau(), inference_mode="soft"), "Expected `inference_mode` to be one of"),
        (lambda: MonotonicAttention(bahdanau(), noise=-1.0), "Expected `noise` of at least 0"),
        (lambda: CoverageAttention(bahdanau(), 0.0), "Expected `max_fertility` above 0"),
        (lambda: LocationSensitiveAttention(bahdanau(), 0), "Expected `filters` to be a positive integer"),
        (lambda: bahdanau().project(keras.Input((None, WIDTH))), "Expected a tensor as memory of `project`"),
        (lambda: LuongAttention("dot").build((1, 1, 3), (1, 5, 4)), "Expected queries and keys of one width"),
    ],
)
def test_errors_say_what_was_expected(make, text):
    with pytest.raises(ValueError, match=text):
        make()
