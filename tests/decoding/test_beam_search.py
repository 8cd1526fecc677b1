"""Beam search against the textbook's, and against all sequences there are."""

import numpy as np
import pytest
from keras import ops
from search_oracles import (
    END,
    START,
    assert_found,
    beam_search,
    every_sequence,
    trigram_state,
    trigram_step,
)

from keras_embed._backend import compiled
from keras_embed.decoding import BeamSearch, Greedy, decode

RNG = np.random.default_rng(5)
ROWS, VOCABULARY, SOURCE = 40, 5, 4
LOGITS = (2 * RNG.normal(size=(ROWS, *[VOCABULARY] * 3))).astype("float32")
ATTENTION = RNG.dirichlet([0.3] * SOURCE, (ROWS, VOCABULARY)).astype("float32")
SOURCE_MASK = np.arange(SOURCE) < RNG.integers(1, SOURCE + 1, (ROWS, 1))


def search(how, length=6, logits=LOGITS, attention=None, **kwargs):
    @compiled()
    def run(logits, start_ids):
        step, state = trigram_step(logits, attention), trigram_state(len(start_ids), how.width)
        return decode(step, state, start_ids, length, END, search=how, **kwargs)

    return run(logits, np.full(len(logits), START))


@pytest.mark.parametrize("alpha", [0.0, 0.9])
def test_with_beams_enough_nothing_is_missed(alpha):
    logits = LOGITS[:, :4, :4, :4]
    found = search(BeamSearch(81, length_penalty=alpha, n_best=5), 4, logits)
    assert_found(found, [every_sequence(row, 4, alpha, n_best=5) for row in logits])


@pytest.mark.parametrize(("beams", "alpha", "n_best"), [(3, 0.0, 3), (4, 1.0, 2), (2, 0.6, 1)])
def test_few_beams_find_what_the_textbook_finds(beams, alpha, n_best):
    found = search(BeamSearch(beams, length_penalty=alpha, n_best=n_best))
    assert_found(found, [beam_search(row, beams, 6, alpha, n_best) for row in LOGITS])


def test_coverage_is_penalised_and_padding_needs_none():
    how = BeamSearch(4, length_penalty=0.7, coverage_penalty=0.4, n_best=3)
    found = search(how, attention=ATTENTION, source_mask=SOURCE_MASK)
    rows = zip(LOGITS, ATTENTION, SOURCE_MASK, strict=True)
    expected = [beam_search(x, 4, 6, 0.7, 3, beta=0.4, attention=a, mask=mask) for x, a, mask in rows]
    assert_found(found, expected)


def test_greedy_search_is_one_beam():
    one, greedy = search(BeamSearch(1, length_penalty=0.0)), search(Greedy())
    for name in one:
        np.testing.assert_allclose(*(ops.convert_to_numpy(found[name]) for found in (one, greedy)), rtol=1e-5)
    assert_found(greedy, [beam_search(row, 1, 6) for row in LOGITS])
