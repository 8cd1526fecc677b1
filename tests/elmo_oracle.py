"""ELMo's forward pass, word by word and step by step, in float64 NumPy, straight from the file of the weights."""

import h5py
import numpy as np

BOS, EOS, BOW, EOW, PAD = 256, 257, 258, 259, 260


def read(path):
    """Dataset name -> float64 array, of an hdf5 file."""
    found = {}
    with h5py.File(path) as file:
        file.visititems(
            lambda name, thing: found.update({name: thing[()].astype("float64")}) if hasattr(thing, "shape") else None
        )
    return found


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def characters(word, width=50):
    """The row of a word, not shifted."""
    if word in ("<S>", "</S>"):
        inner = [BOS if word == "<S>" else EOS]
    else:
        inner = list(word.encode("utf-8", "ignore"))[: width - 2]
    row = [BOW, *inner, EOW]
    return row + [PAD] * (width - len(row))


def token_vector(weights, row, activation="relu"):
    """(D,) of one row of characters, not shifted."""
    letters = np.array([weights["char_embed"][number] for number in row])  # (L, E)
    answers = []
    number = 0
    while f"CNN/W_cnn_{number}" in weights:
        kernel, bias = weights[f"CNN/W_cnn_{number}"][0], weights[f"CNN/b_cnn_{number}"]  # (w, E, n)
        width = len(kernel)
        places = [
            sum(letters[start + offset] @ kernel[offset] for offset in range(width)) + bias
            for start in range(len(row) - width + 1)
        ]
        best = np.max(places, axis=0)
        answers.append(np.maximum(best, 0) if activation == "relu" else np.tanh(best))
        number += 1
    x = np.concatenate(answers)
    number = 0
    while f"CNN_high_{number}/W_carry" in weights:
        part = {key.split("/")[1]: value for key, value in weights.items() if key.startswith(f"CNN_high_{number}/")}
        gate = sigmoid(x @ part["W_carry"] + part["b_carry"])
        x = gate * np.maximum(x @ part["W_transform"] + part["b_transform"], 0) + (1 - gate) * x
        number += 1
    return x @ weights["CNN_proj/W_proj"] + weights["CNN_proj/b_proj"] if "CNN_proj/W_proj" in weights else x


class Direction:
    """One direction's layers, with a state that stays."""

    def __init__(self, weights, number, cell_clip=3.0, projection_clip=3.0, skip=True):
        prefix = f"RNN_{number}/RNN/MultiRNNCell/Cell"
        self.layers = []
        while f"{prefix}{len(self.layers)}/LSTMCell/B" in weights:
            here = f"{prefix}{len(self.layers)}/LSTMCell/"
            self.layers.append([weights[here + "W_0"], weights[here + "B"], weights.get(here + "W_P_0")])
        self.clips, self.skip = (cell_clip, projection_clip), skip
        self.forget()

    def forget(self):
        self.hidden = [np.zeros(self._dim(layer)) for layer in self.layers]
        self.cell = [np.zeros(len(layer[1]) // 4) for layer in self.layers]

    @staticmethod
    def _dim(layer):
        return len(layer[1]) // 4 if layer[2] is None else layer[2].shape[1]

    def step(self, x):
        """The outputs of all layers for one more word."""
        outputs = []
        for number, (kernel, bias, projection) in enumerate(self.layers):
            z = np.concatenate([x, self.hidden[number]]) @ kernel + bias
            i, j, f, o = np.split(z, 4)
            c = sigmoid(f + 1) * self.cell[number] + sigmoid(i) * np.tanh(j)
            if self.clips[0] is not None:
                c = np.clip(c, -self.clips[0], self.clips[0])
            h = sigmoid(o) * np.tanh(c)
            if projection is not None:
                h = h @ projection
                if self.clips[1] is not None:
                    h = np.clip(h, -self.clips[1], self.clips[1])
            self.hidden[number], self.cell[number] = h, c
            x = h + x if number > 0 and self.skip else h
            outputs.append(x)
        return outputs


class Oracle:
    """A whole model; each row of a batch keeps its own state."""

    def __init__(self, path, skip=True, width=50, clips=(3.0, 3.0), activation="relu"):
        self.weights = path if isinstance(path, dict) else read(path)
        self.skip, self.width, self.clips, self.activation = skip, width, clips, activation
        self.rows = {}

    def token(self, word):
        return token_vector(self.weights, characters(word, self.width), self.activation)

    def directions(self, row):
        if row not in self.rows:
            self.rows[row] = [Direction(self.weights, number, *self.clips, skip=self.skip) for number in (0, 1)]
        return self.rows[row]

    def sentence(self, words, row=0, boundaries=False):
        """(T, layers + 1, 2 D) of a sentence, as the next one of a batch's row."""
        vectors = [self.token(word) for word in ["<S>", *words, "</S>"]]
        forward, backward = self.directions(row)
        ahead = [forward.step(vector) for vector in vectors]
        back = [backward.step(vector) for vector in vectors[::-1]][::-1]
        steps = [
            [np.concatenate([vector, vector]), *(np.concatenate([a, b]) for a, b in zip(left, right, strict=True))]
            for vector, left, right in zip(vectors, ahead, back, strict=True)
        ]
        return np.array(steps) if boundaries else np.array(steps[1:-1])
