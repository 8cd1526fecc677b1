"""What holds for every search: constraints, prefixes, lengths, state, and rows that do not see each other."""

import keras
import numpy as np
import pytest
from keras import ops
from search_oracles import END, START, assert_found, beam_search, trigram_state, trigram_step

from keras_embed._backend import compiled
from keras_embed.decoding import (
    BeamSearch,
    ForbiddenTokens,
    Greedy,
    MinimumLength,
    NoRepeatedNgrams,
    RepetitionPenalty,
    Sampling,
    decode,
)

RNG = np.random.default_rng(8)
ROWS, VOCABULARY, LENGTH = 12, 6, 7
LOGITS = (2 * RNG.normal(size=(ROWS, *[VOCABULARY] * 3))).astype("float32")
BEAMS = BeamSearch(3, length_penalty=0.6, n_best=2)


def search(how, logits=LOGITS, length=LENGTH, **kwargs):
    """`decode` on trigrams, with NumPy out of it."""

    @compiled()
    def run(logits, start_ids, tensors):
        step, state = trigram_step(logits), trigram_state(len(start_ids), how.width)
        return decode(step, state, start_ids, length, END, search=how, **others, **tensors)

    tensors = {name: x for name, x in kwargs.items() if isinstance(x, np.ndarray)}
    others = {name: x for name, x in kwargs.items() if name not in tensors}
    found = run(logits, np.full(len(logits), START), tensors)
    return {name: ops.convert_to_numpy(x) for name, x in found.items()}


def hypotheses(found):
    """Every hypothesis' tokens, as lists."""
    pairs = zip(found["token_ids"].reshape(-1, found["token_ids"].shape[-1]), found["lengths"].ravel(), strict=True)
    return [tokens[:length].tolist() for tokens, length in pairs]


def test_constraints_hold_together():
    constraints = (ForbiddenTokens((0, START)), MinimumLength(4, END), NoRepeatedNgrams(2))
    for how in (BEAMS, Sampling(num_samples=4, seed=1)):
        for tokens in hypotheses(search(how, constraints=constraints)):
            assert len(tokens) >= 4 and not {0, START} & set(tokens)
            pairs = list(zip(tokens, tokens[1:], strict=False))
            assert len(set(pairs)) == len(pairs)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_exactly_the_tokens_that_repeat_an_ngram_are_blocked(size):
    history = RNG.integers(0, 3, (4, 2, 9)).astype("int32")
    for position in (0, 1, 2, 6, 9):
        found = NoRepeatedNgrams(size)(np.zeros((4, 2, 3), "float32"), ops.convert_to_tensor(history), position)
        for (row, beam), _ in np.ndenumerate(history[..., 0]):
            tokens = history[row, beam, :position].tolist()
            seen = [tokens[start : start + size] for start in range(position - size + 1)]
            for token in range(3):
                repeats = position >= size - 1 and [*tokens[position - size + 1 :], token][-size:] in seen
                assert (ops.convert_to_numpy(found)[row, beam, token] < 0) == repeats, (tokens, token)


def test_tokens_that_were_there_cost_more():
    history = ops.convert_to_tensor(np.array([[[4, 1, 2, 0]]], "int32"))
    found = RepetitionPenalty(1.5)(np.full((1, 1, 5), -2.0, "float32"), history, 2)
    np.testing.assert_allclose(ops.convert_to_numpy(found)[0, 0], [-2, -3, -2, -2, -3])


def test_a_prefix_is_forced_and_the_rest_is_the_best_behind_it():
    prefix = RNG.integers(0, VOCABULARY, (ROWS, 3))
    prefix[prefix == END] = START  # also what a constraint forbids
    mask = np.arange(3) < RNG.integers(0, 4, (ROWS, 1))
    how = BeamSearch(3, length_penalty=0.0, n_best=2)
    found = search(how, prefix=prefix, prefix_mask=mask, constraints=(ForbiddenTokens((START,)),))
    for row, (start, length) in enumerate(zip(prefix, mask.sum(1), strict=True)):
        assert (found["token_ids"][row, :, :length] == start[:length]).all()
        assert START not in found["token_ids"][row, :, length:]
    found = search(how, prefix=prefix, prefix_mask=mask)
    starts = [start[:length].tolist() for start, length in zip(prefix, mask.sum(1), strict=True)]
    expected = [beam_search(x, 3, LENGTH, n_best=2, prefix=start) for x, start in zip(LOGITS, starts, strict=True)]
    assert_found(found, expected)
    drawn = hypotheses(search(Sampling(top_k=2, num_samples=2, seed=1), prefix=prefix, prefix_mask=mask))
    for n, tokens in enumerate(drawn):
        assert tokens[: len(starts[n // 2])] == starts[n // 2]


def test_rows_have_their_own_maximum_and_come_out_as_if_alone():
    limits = RNG.integers(1, LENGTH + 1, ROWS)
    found = search(BEAMS, max_lengths=limits)
    assert_found(found, [beam_search(x, 3, n, 0.6, 2) for x, n in zip(LOGITS, limits, strict=True)])
    how = BeamSearch(3, stop="likely")
    together, alone = search(how, max_lengths=limits), search(how, LOGITS[1:2], max_lengths=limits[1:2])
    assert hypotheses(alone) == hypotheses(together)[1:2]


def test_rows_that_end_first_stay_as_they_are():
    short, long = search(Greedy(), length=LENGTH), search(Greedy(), length=LENGTH + 6)
    ended = short["lengths"] < LENGTH
    assert ended.any() and not ended.all()
    np.testing.assert_array_equal(long["token_ids"][ended], np.pad(short["token_ids"][ended], ((0, 0), (0, 6))))
    np.testing.assert_allclose(long["scores"][ended], short["scores"][ended], rtol=1e-5)


@pytest.mark.parametrize("how", [Greedy(), BEAMS, Sampling(seed=1)], ids=["greedy", "beams", "sampling"])
def test_without_an_end_the_length_is_the_maximum(how):
    found = search(how, constraints=(MinimumLength(99, END),))
    assert (found["lengths"] == LENGTH).all() and (found["token_ids"] != END).all()
    assert (found["log_probabilities"] > -1e5).all()


def test_a_row_without_enough_hypotheses_says_so():
    logits = np.full((1, 4, 4, 4), -np.inf, "float32")
    logits[..., END], logits[..., 1] = 0.0, -1.0
    found = search(BeamSearch(4, n_best=4), logits, length=2)
    assert hypotheses(found) == [[3], [1, 3], [1, 1], []]
    assert np.isneginf(found["scores"][0, 3]) and np.isfinite(found["scores"][0, :3]).all()


def test_logits_of_half_precision_do():
    @compiled()
    def run(table, start_ids):
        def step(tokens, position, state):
            return ops.take(ops.cast(table, "bfloat16"), tokens, axis=0), None, state

        return decode(step, ((), ()), start_ids, 5, END, search=BEAMS)

    table = np.round(4 * LOGITS[0, 0]) / 4  # bfloat16 holds these
    found = run(table, np.full(2, START))
    assert_found(found, [beam_search(np.broadcast_to(table, (VOCABULARY, *table.shape)), 3, 5, 0.6, 2)] * 2)


def test_what_is_fixed_stays_and_an_ancestry_that_moves_finds_it():
    """A cache of all beams' tokens as they came, read through a table that says which beam's is whose."""
    how = BeamSearch(4, length_penalty=0.3, n_best=4)

    @compiled()
    def run(logits, start_ids):
        flat = ops.reshape(logits, (ROWS, -1, VOCABULARY))
        steps, slots = ops.arange(LENGTH), ops.arange(4, dtype="int32")

        def step(tokens, position, state):
            (ancestors,), (slabs,) = state  # (B, K, L), (B, L, K)
            ancestors = ops.where(steps == position, slots[:, None], ancestors)
            slabs = ops.where((steps == position)[:, None], tokens[:, None], slabs)
            history = ops.take_along_axis(slabs, ops.transpose(ancestors, (0, 2, 1)), axis=2)  # (B, L, K)
            before = ops.take(history, ops.maximum(position - 1, 0), axis=1)
            rows = before * VOCABULARY + tokens
            return ops.take_along_axis(flat, rows[..., None], axis=1), None, ((ancestors,), (slabs,))

        state = (ops.zeros((ROWS, 4, LENGTH), "int32"),), (ops.zeros((ROWS, LENGTH, 4), "int32"),)
        return decode(step, state, start_ids, LENGTH, END, search=how)

    found = run(LOGITS, np.full(ROWS, START))
    assert_found(found, [beam_search(x, 4, LENGTH, 0.3, 4) for x in LOGITS])


def test_wrong_arguments_are_refused():
    with pytest.raises(ValueError, match="source_mask"):
        search(BEAMS, return_alignments=True)
    with pytest.raises(ValueError, match="a step that returns attention"):
        search(BEAMS, source_mask=np.ones((ROWS, 3), bool), return_alignments=True)
    for wrong in (dict(beams=2, n_best=3), dict(beams=0), dict(length_penalty=-1.0), dict(stop="soon")):
        with pytest.raises(ValueError, match="Expected"):
            BeamSearch(**wrong)
    for wrong in (dict(temperature=0.0), dict(top_p=0.0), dict(top_k=0)):
        with pytest.raises(ValueError, match="Expected"):
            Sampling(**wrong)


@pytest.mark.skipif(keras.config.backend() == "jax", reason="JAX traces a step once")
def test_the_loop_ends_when_nothing_can_change():
    counts = {}
    for name, how in {
        "greedy": Greedy(),
        "no penalty": BeamSearch(3, length_penalty=0.0),
        "exact": BeamSearch(3, length_penalty=1.0),
        "likely": BeamSearch(3, length_penalty=1.0, stop="likely"),
        "never": BeamSearch(3, length_penalty=9.0),
    }.items():
        logits = np.zeros((2, 5), "float32")
        logits[:, END] = 1.0
        calls = []

        def step(tokens, position, state, calls=calls, logits=logits):
            calls.append(position)
            return ops.take(logits, tokens * 0, axis=0), None, state

        decode(step, ((), ()), np.full(2, START), 30, END, search=how)
        counts[name] = len(calls)
    assert counts["greedy"] == counts["no penalty"] == 1 and counts["never"] == 30
    assert (counts["likely"], counts["exact"]) == (1, 3)
