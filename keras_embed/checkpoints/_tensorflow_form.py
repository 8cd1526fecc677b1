"""ELMo in the names of bilm-tf: `x @ W`, gates i, j, f, o, the forget gate's 1 outside of the bias."""

import re
from collections.abc import Iterable
from typing import Any

import numpy as np

from keras_embed._errors import message
from keras_embed.checkpoints._arrays import Arrays
from keras_embed.checkpoints._elmo_weights import ElmoWeights, Lstm, with_padding_row

BYTES_AND_MARKS = 261
_DIRECTIONS = (0, 1)
_ENCODER = re.compile(r"(?:^|/)(char_embed|CNN/[Wb]_cnn_\d+|CNN_high_\d+/[Wb]_(?:carry|transform)|CNN_proj/[Wb]_proj)$")
# A one-layer model has no number of its cell; what trained the model kept its averages behind the names.
_LSTM = re.compile(r"(?:^|/)RNN_(\d)/(?:.*[Cc]ell_?(\d+)/)?.*(?:lstm_cell|LSTMCell)/([^/]+(?:/kernel)?)$")
_PARTS = {"kernel": "W_0", "bias": "B", "projection/kernel": "W_P_0", "W_0": "W_0", "B": "B", "W_P_0": "W_P_0"}


def lstm_name(direction: int, layer: int, part: str, num_layers: int = 2) -> str:
    """The name of an LSTM's array in an hdf5 file; `part` is W_0, B or W_P_0."""
    cell = f"MultiRNNCell/Cell{layer}/" if num_layers > 1 else ""
    return f"RNN_{direction}/RNN/{cell}LSTMCell/{part}"


def hdf5_names(names: Iterable[str]) -> dict[str, str]:
    """Name in an hdf5 file of several layers -> the given name, for all that are weights of the model.

    Checkpoints and TF-Hub modules call the same arrays `lm/...` or `bilm/...`, and an LSTM's otherwise.
    """
    found: dict[str, str] = {}
    for name in names:
        if encoder := _ENCODER.search(name):
            short = encoder[1]
        elif (lstm := _LSTM.search(name)) and lstm[3] in _PARTS:
            short = lstm_name(int(lstm[1]), int(lstm[2] or 0), _PARTS[lstm[3]])
        else:
            continue
        if short in found:
            raise ValueError(message("the weights of one language model", f"two arrays, {found[short]} and {name}"))
        found[short] = name
    return found


def sizes_of(arrays: Arrays) -> dict[str, Any]:
    """The settings that show in the shapes."""
    char_dim = arrays.shape("char_embed")[1]
    kernels = [arrays.shape(f"CNN/W_cnn_{number}") for number in range(arrays.number("CNN/W_cnn_{}"))]
    first = lstm_name(0, 0, "B")
    hidden = arrays.shape(first)[0] // 4
    projection = lstm_name(0, 0, "W_P_0")
    return {
        "char_dim": char_dim,
        "filters": [(kernel[1], kernel[3]) for kernel in kernels],
        "num_highway": arrays.number("CNN_high_{}/W_carry"),
        "num_layers": arrays.number(lstm_name(0, 0, "B").replace("Cell0", "Cell{}")),
        "hidden_dim": hidden,
        "projection_dim": arrays.shape(projection)[1] if projection in arrays else hidden,
    }


def read(arrays: Arrays, settings: dict[str, Any]) -> ElmoWeights:
    """The weights of a model with these settings.

    Raises:
        ValueError: if an array is missing, has another shape, or is left over.
    """
    embedding, filters, dim = settings["char_dim"], settings["filters"], settings["projection_dim"]
    total = sum(number for _, number in filters)

    def pair(folder: str, name: str, *shape: int) -> tuple[Any, Any]:
        return arrays.take(f"{folder}/W_{name}", shape), arrays.take(f"{folder}/b_{name}", shape[-1:])

    convolutions = []
    for number, (width, answers) in enumerate(filters):
        kernel, bias = pair("CNN", f"cnn_{number}", 1, width, embedding, answers)
        convolutions.append((kernel[0], bias))
    highways = [f"CNN_high_{number}" for number in range(settings["num_highway"])]
    weights = ElmoWeights(
        settings,
        _characters(arrays, embedding),
        convolutions,
        [pair(highway, "carry", total, total) for highway in highways],  # "carry" opens for the transformed input
        [pair(highway, "transform", total, total) for highway in highways],
        pair("CNN_proj", "proj", total, dim) if total != dim else None,
        None,
        [_lstm(arrays, settings["hidden_dim"], dim, layer) for layer in range(settings["num_layers"])],
    )
    arrays.check_all_taken()
    return weights


def _lstm(arrays: Arrays, hidden: int, dim: int, layer: int) -> Lstm:
    kernel = np.stack([arrays.take(lstm_name(d, layer, "W_0"), (2 * dim, 4 * hidden)) for d in _DIRECTIONS])
    bias = np.stack([arrays.take(lstm_name(d, layer, "B"), (4 * hidden,)) for d in _DIRECTIONS])
    projection = None
    if dim < hidden:
        projection = np.stack([arrays.take(lstm_name(d, layer, "W_P_0"), (hidden, dim)) for d in _DIRECTIONS])
    return Lstm(kernel[:, :dim], kernel[:, dim:], bias, projection)


def _characters(arrays: Arrays, dim: int) -> Any:
    rows = arrays.shape("char_embed")[0]
    if rows not in (BYTES_AND_MARKS, BYTES_AND_MARKS + 1):
        raise ValueError(
            f"{arrays.source}: "
            + message("char_embed of 261 rows, bytes and marks, or 262, padding before them", f"{rows} rows")
        )
    table = arrays.take("char_embed", (rows, dim))
    if rows == BYTES_AND_MARKS:
        return with_padding_row(table)
    # Training with n_characters 262 by mistake leaves a row behind the marks that nothing ever read.
    return table if not table[0].any() else with_padding_row(table[:BYTES_AND_MARKS])


def written(weights: ElmoWeights) -> dict[str, Any]:
    """Name in an hdf5 file -> array."""
    found = {"char_embed": weights.characters[1:]}
    for number, (kernel, bias) in enumerate(weights.convolutions):
        found |= {f"CNN/W_cnn_{number}": kernel[None], f"CNN/b_cnn_{number}": bias}
    for name, layers in (("carry", weights.gates), ("transform", weights.transforms)):
        for number, (kernel, bias) in enumerate(layers):
            found |= {f"CNN_high_{number}/W_{name}": kernel, f"CNN_high_{number}/b_{name}": bias}
    if weights.projection is not None:
        found |= {"CNN_proj/W_proj": weights.projection[0], "CNN_proj/b_proj": weights.projection[1]}
    for layer, lstm in enumerate(weights.lstms):
        for direction in _DIRECTIONS:
            kernel = np.concatenate([lstm.input_kernel[direction], lstm.recurrent_kernel[direction]])
            parts = {"W_0": kernel, "B": lstm.bias[direction]}
            if lstm.projection is not None:
                parts["W_P_0"] = lstm.projection[direction]
            found |= {lstm_name(direction, layer, part, len(weights.lstms)): array for part, array in parts.items()}
    return found
