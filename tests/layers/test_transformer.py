"""Transformer stacks against loops in NumPy: all at once, and step by step with beams that change places."""

import keras
import numpy as np
import pytest
import transformer_oracle as oracle
from keras import ops

from keras_embed.layers import MultiHeadAttention, TransformerDecoder, TransformerEncoder
from keras_embed.layers.positions import LearnedPositions, RelativePositions

RNG = np.random.default_rng(17)
B, T, S, D, M = 2, 5, 4, 8, 6
X = RNG.normal(size=(B, T, D)).astype("float32")
MEMORY = RNG.normal(size=(B, S, M)).astype("float32")
SOURCE_MASK = np.array([[True, True, True, False], [True, True, False, False]])
MASK = np.array([[True] * 5, [True, True, True, False, False]])
KINDS = ["sinusoidal", "learned", "rotary", "relative"]


def decoder(positions: str = "sinusoidal", norm_first: bool = True, **kwargs) -> TransformerDecoder:
    stack = TransformerDecoder(
        num_layers=2, num_heads=2, feed_forward_dim=16, positions=positions, norm_first=norm_first, **kwargs
    )
    stack.build((None, None, D), (None, None, M))
    return shaken(stack)


def encoder(positions: str = "sinusoidal", norm_first: bool = True, **kwargs) -> TransformerEncoder:
    stack = TransformerEncoder(
        num_layers=2, num_heads=2, feed_forward_dim=16, positions=positions, norm_first=norm_first, **kwargs
    )
    stack.build((None, None, D))
    return shaken(stack)


def shaken(stack):
    """Biases and scales of their own, so that none of them can be left out without a test that notices."""
    rng = np.random.default_rng(3)
    for weight in stack.weights:
        if "seed" not in weight.path:
            weight.assign(np.asarray(weight) + rng.normal(size=weight.shape) * 0.3)
    return stack


@pytest.mark.parametrize("positions", KINDS)
@pytest.mark.parametrize("norm_first", [True, False])
def test_encoder_against_loops(positions, norm_first):
    stack = encoder(positions, norm_first, causal=norm_first)
    outputs = ops.convert_to_numpy(stack(X, mask=MASK))
    np.testing.assert_allclose(outputs, oracle.encoder(stack, X, MASK), atol=2e-5)


@pytest.mark.parametrize("positions", KINDS)
@pytest.mark.parametrize("norm_first", [True, False])
def test_decoder_against_loops_and_step_by_step(positions, norm_first):
    stack = decoder(positions, norm_first)
    outputs, weights = (ops.convert_to_numpy(y) for y in stack(X, MEMORY, memory_mask=SOURCE_MASK))
    expected, seen = oracle.decoder(stack, X, MEMORY, SOURCE_MASK)
    np.testing.assert_allclose(outputs, expected, atol=2e-5)
    np.testing.assert_allclose(weights, seen[:, -1].mean(1), atol=1e-5)

    # One beam goes through X, the other through noise; before step 3 they change places.
    noise = RNG.normal(size=X.shape).astype("float32")
    source, mask = ops.convert_to_tensor(MEMORY), ops.convert_to_tensor(SOURCE_MASK)
    beam_state, memory = stack.begin(source, mask, 2, T + 1, D)
    for t in range(T):
        own = 0 if t < 3 else 1
        if t == 3:
            beam_state = ops.take(beam_state, [1, 0], axis=1)
        pair = (X[:, t], noise[:, t]) if own == 0 else (noise[:, t], X[:, t])
        x = ops.convert_to_tensor(np.stack(pair, 1))
        y, attention, (beam_state, memory) = stack.step(x, ops.convert_to_tensor(t, "int32"), (beam_state, memory))
        np.testing.assert_allclose(ops.convert_to_numpy(y)[:, own], expected[:, t], atol=2e-5)
        np.testing.assert_allclose(ops.convert_to_numpy(attention)[:, own], weights[:, t], atol=1e-5)


@pytest.mark.parametrize("positions", KINDS)
def test_causal_encoder_step_by_step(positions):
    stack = encoder(positions, causal=True)
    expected = oracle.encoder(stack, X, np.ones((B, T), bool))
    state = stack.begin(B, 1, T, D)
    for t in range(T):
        x = ops.convert_to_tensor(X[:, t : t + 1])
        y, state = stack.step(x, ops.convert_to_tensor(t, "int32"), state)
        np.testing.assert_allclose(ops.convert_to_numpy(y)[:, 0], expected[:, t], atol=2e-5)


def test_all_weights_on_request():
    stack = decoder()
    _, weights = stack(X, MEMORY, memory_mask=SOURCE_MASK, return_attention=True)
    np.testing.assert_allclose(
        ops.convert_to_numpy(weights), oracle.decoder(stack, X, MEMORY, SOURCE_MASK)[1], atol=1e-5
    )
    _, own = encoder()(X, mask=MASK, return_attention=True)
    own = ops.convert_to_numpy(own)  # (B, L, H, T, T)
    assert own.shape == (B, 2, 2, T, T)
    np.testing.assert_allclose(own.sum(-1), 1, atol=1e-5)
    assert not own[1, ..., 3:].any()


def test_masks_are_arguments_and_padding_changes_nothing():
    """Two layers attend to one masked memory: Keras' own layer would clear the mask after the first."""
    stack = decoder()
    full = ops.convert_to_numpy(stack(X, MEMORY, memory_mask=SOURCE_MASK)[0])
    for row, length in enumerate(SOURCE_MASK.sum(1)):
        alone = ops.convert_to_numpy(stack(X[row : row + 1], MEMORY[row : row + 1, :length])[0])
        np.testing.assert_allclose(full[row : row + 1], alone, atol=1e-5)
    stack = encoder()
    full = ops.convert_to_numpy(stack(X, mask=MASK))
    alone = ops.convert_to_numpy(stack(X[1:, :3]))
    np.testing.assert_allclose(full[1:, :3], alone, atol=1e-5)


def test_a_source_without_a_token_gives_numbers():
    outputs, weights = decoder()(X, MEMORY, memory_mask=np.zeros((B, S), bool))
    assert np.isfinite(ops.convert_to_numpy(outputs)).all() and not ops.convert_to_numpy(weights).any()


def test_dropout_only_in_training():
    layer = MultiHeadAttention(num_heads=2, dropout=0.5)
    plain = ops.convert_to_numpy(layer(X, X)[0])
    np.testing.assert_array_equal(plain, ops.convert_to_numpy(layer(X, X)[0]))
    dropped, weights = layer(X, X, training=True)
    assert np.abs(plain - ops.convert_to_numpy(dropped)).max() > 1e-3
    np.testing.assert_allclose(ops.convert_to_numpy(weights).sum(-1), 1, atol=1e-5)  # those that are given are whole


def test_half_precision_is_near():
    keras.utils.set_random_seed(1)
    whole = decoder("sinusoidal")
    half = decoder("sinusoidal", dtype="mixed_bfloat16")
    half.set_weights(whole.get_weights())
    y, weights = half(X, MEMORY, memory_mask=SOURCE_MASK)
    assert keras.backend.standardize_dtype(y.dtype) == "bfloat16"
    assert keras.backend.standardize_dtype(weights.dtype) == "float32"
    expected, _ = whole(X, MEMORY, memory_mask=SOURCE_MASK)
    difference = ops.convert_to_numpy(ops.cast(y, "float32")) - ops.convert_to_numpy(expected)
    assert np.abs(difference).max() < 0.15
    state = half.begin(ops.convert_to_tensor(MEMORY), ops.convert_to_tensor(SOURCE_MASK), 1, T, D)
    step, _, _ = half.step(ops.convert_to_tensor(X[:, :1]), ops.convert_to_tensor(0, "int32"), state)
    assert np.abs(ops.convert_to_numpy(ops.cast(step, "float32")) - ops.convert_to_numpy(expected)[:, :1]).max() < 0.15


def test_learned_positions_share_the_last_vector():
    layer = LearnedPositions(max_length=3)
    added = ops.convert_to_numpy(layer(np.zeros((1, 5, 2), "float32")))
    np.testing.assert_array_equal(added[0, 2:], np.tile(added[0, 2], (3, 1)))


@pytest.mark.parametrize(
    "make, text",
    [
        (lambda: TransformerEncoder(1, 3, 8)(X), "Expected a width that 3 heads can share. Received: 8."),
        (lambda: TransformerEncoder(1, 2, 8, positions="round"), "Expected `positions` to be one of"),
        (lambda: RelativePositions(2, num_buckets=6), "Expected `num_buckets` to be a multiple of 4. Received: 6."),
        (lambda: TransformerEncoder(1, 2, 8, dropout=1.0), "Expected `dropout` in"),
        (lambda: TransformerEncoder(0, 2, 8), "Expected `num_layers` to be a positive integer"),
    ],
)
def test_errors(make, text):
    with pytest.raises(ValueError, match=text):
        make()
