"""Gradient of a linear-chain CRF in float64 log space, as a reference for float32."""

import numpy as np


def gradient(problem):
    """Computes expected minus observed counts, summed over the batch, with unscaled forward-backward.

    Args:
        problem: `Problem`, padded on the right.

    Returns:
        float64 gradients of the summed negative log-likelihood: emissions (B, T, K), transitions (K, K), start (K,),
        end (K,).

    Reference: Lafferty et al. (2001); Rabiner (1989), equations 18-27.
    """
    emissions, transitions, start, end = (
        np.asarray(part, "float64") for part in (problem.emissions, problem.transitions, problem.start, problem.end)
    )
    mask, tags = problem.mask, problem.tags
    batch, length, num_tags = emissions.shape
    rows, last = np.arange(batch), mask.sum(1) - 1
    forward, backward = np.zeros_like(emissions), np.zeros_like(emissions)
    forward[:, 0] = start + emissions[:, 0]
    for t in range(1, length):
        forward[:, t] = np.logaddexp.reduce(forward[:, t - 1, :, None] + transitions, axis=1) + emissions[:, t]
    for t in reversed(range(length)):
        backward[:, t] = end
        if t + 1 < length:
            after = np.logaddexp.reduce(transitions + (emissions[:, t + 1] + backward[:, t + 1])[:, None], axis=2)
            backward[:, t] = np.where((t < last)[:, None], after, end)
    total = np.logaddexp.reduce(forward[rows, last] + end, axis=1)  # (B,)

    observed = np.eye(num_tags)[tags]
    expected = np.exp(np.where(mask[..., None], forward + backward - total[:, None, None], -np.inf))
    pairs = np.zeros_like(transitions)
    for t in range(1, length):
        step = forward[:, t - 1, :, None] + transitions + (emissions[:, t] + backward[:, t])[:, None]
        seen = observed[:, t - 1, :, None] * observed[:, t, None]
        on = mask[:, t]
        pairs += np.exp((step - total[:, None, None])[on]).sum(0) - seen[on].sum(0)
    unary = expected - observed * mask[..., None]
    return unary, pairs, unary[:, 0].sum(0), unary[rows, last].sum(0)
