"""Brute-force reference implementations in float64 NumPy."""

import itertools

import numpy as np


class Paths:
    """Every tag path of one sentence of a linear chain, with its score.

    Args:
        emissions: (T, K). mask: (T,) bool. transitions: (K, K). start, end: (K,).
    """

    def __init__(self, emissions, mask, transitions, start, end):
        self.shape = emissions.shape
        self.positions = [t for t, on in enumerate(mask) if on]
        num_tags = emissions.shape[1]
        self.paths = list(itertools.product(range(num_tags), repeat=len(self.positions)))
        scores = []
        for path in self.paths:
            score = 0.0
            if path:
                score += start[path[0]] + end[path[-1]]
                score += sum(emissions[t, tag] for t, tag in zip(self.positions, path, strict=True))
                score += sum(transitions[a, b] for a, b in itertools.pairwise(path))
            scores.append(score)
        self.scores = np.array(scores)
        self.log_partition = np.logaddexp.reduce(self.scores)
        self.probabilities = np.exp(self.scores - self.log_partition)

    def ranked(self):
        """Scores and paths, best first."""
        order = np.argsort(-self.scores, kind="stable")
        return [(self.scores[i], self.paths[i]) for i in order]

    def marginals(self):
        """(T, K), zero where masked."""
        table = np.zeros(self.shape)
        for probability, path in zip(self.probabilities, self.paths, strict=True):
            for t, tag in zip(self.positions, path, strict=True):
                table[t, tag] += probability
        return table

    def counts(self):
        """Expected transitions (K, K), first tags (K,), last tags (K,)."""
        num_tags = self.shape[1]
        pairs, first, last = np.zeros((num_tags, num_tags)), np.zeros(num_tags), np.zeros(num_tags)
        for probability, path in zip(self.probabilities, self.paths, strict=True):
            for a, b in itertools.pairwise(path):
                pairs[a, b] += probability
            if path:
                first[path[0]] += probability
                last[path[-1]] += probability
        return pairs, first, last

    def entropy(self):
        """In nats."""
        p = self.probabilities[self.probabilities > 0]
        return -np.sum(p * np.log(p))

    def negative_log_likelihood(self, labels):
        """-log of the mass of all paths that agree with labels (T,), -1 = any."""
        agree = [
            all(labels[t] in (-1, tag) for t, tag in zip(self.positions, path, strict=True)) for path in self.paths
        ]
        return self.log_partition - np.logaddexp.reduce(self.scores[agree])

    def successors(self, tags):
        """(T, K+1): p(next tag | y_t = tags_t), last column "none"; zero where masked."""
        table = np.zeros((self.shape[0], self.shape[1] + 1))
        for place, t in enumerate(self.positions):
            for probability, path in zip(self.probabilities, self.paths, strict=True):
                if path[place] == tags[t]:
                    table[t, path[place + 1] if place + 1 < len(path) else -1] += probability
            table[t] /= table[t].sum()
        return table
