"""ELMo in PyTorch's orientation, `W @ x`, as AllenNLP and ELMoForManyLangs keep it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_embed._errors import message
from keras_embed.checkpoints._arrays import Arrays
from keras_embed.checkpoints._elmo_weights import ElmoWeights, Lstm, with_padding_row

_DIRECTIONS = ("forward", "backward")


@dataclass(frozen=True)
class Names:
    """What a library calls the arrays.

    Args:
        characters: the table of characters.
        convolution: the filters of a number, to which `.weight` and `.bias` are added.
        highway: the highway layer of a number.
        projection: the layer behind the filters.
        lstm: a layer of a direction and a number.
        words: the table of words, where there may be one.
        padding_row: whether the tables begin with a row for padding.
    """

    characters: str
    convolution: str
    highway: str
    projection: str
    lstm: str
    words: str = ""
    padding_row: bool = False


ALLENNLP = Names(
    characters="_token_embedder._char_embedding_weights",
    convolution="_token_embedder.char_conv_{}",
    highway="_token_embedder._highways._layers.{}",
    projection="_token_embedder._projection",
    lstm="_elmo_lstm.{}_layer_{}",
    padding_row=True,
)
MANY_LANGS = Names(
    characters="char_emb_layer.embedding.weight",
    convolution="convolutions.{}",
    highway="highways._layers.{}",
    projection="projection",
    lstm="{}_layer_{}",
    words="word_emb_layer.embedding.weight",
)


def of_state_dict(source: Any, state: Mapping[str, Any], prefix: str = "", names: Any = None) -> Arrays:
    """The arrays behind a prefix; `names`, where given, keeps those that begin so."""
    kept = {
        name.removeprefix(prefix): name
        for name in state
        if name.startswith(prefix) and (names is None or name.removeprefix(prefix).startswith(names))
    }
    return Arrays(source, {name: np.shape(array) for name, array in state.items()}, state.__getitem__, kept)


def sizes_of(arrays: Arrays, names: Names) -> dict[str, Any]:
    """The settings that show in the shapes."""
    kernels = [
        arrays.shape(f"{names.convolution.format(number)}.weight")
        for number in range(arrays.number(names.convolution + ".weight"))
    ]
    first = names.lstm.format(_DIRECTIONS[0], 0)
    return {
        "char_dim": arrays.shape(names.characters)[1],
        "num_characters": arrays.shape(names.characters)[0] + (not names.padding_row),
        "filters": [(width, number) for number, _, width in kernels],
        "num_highway": arrays.number(names.highway + ".weight"),
        "num_layers": arrays.number(names.lstm.format(_DIRECTIONS[0], "{}") + ".state_linearity.bias"),
        "hidden_dim": arrays.shape(first + ".state_linearity.bias")[0] // 4,
        "projection_dim": arrays.shape(first + ".input_linearity.weight")[1],
    }


def read(arrays: Arrays, names: Names, settings: dict[str, Any]) -> ElmoWeights:
    """The weights of a model with these settings; arrays may be left over.

    Raises:
        ValueError: if an array is missing or has another shape.
    """
    filters, dim = settings["filters"], settings["projection_dim"]
    char_dim, word_dim = settings["char_dim"], settings.get("word_dim", 0)
    total = sum(number for _, number in filters)
    convolutions = []
    for place, (width, number) in enumerate(filters):
        name = names.convolution.format(place)
        kernel = arrays.take(f"{name}.weight", (number, char_dim, width))
        convolutions.append((kernel.transpose(2, 1, 0), arrays.take(f"{name}.bias", (number,))))
    highways = [_highway(arrays, names.highway.format(place), total) for place in range(settings["num_highway"])]
    words = None
    if word_dim:
        words = with_padding_row(arrays.take(names.words, (settings["vocabulary_size"] - 1, word_dim)))
    return ElmoWeights(
        settings,
        _characters(arrays, names, settings),
        convolutions,
        [gate for gate, _ in highways],
        [transform for _, transform in highways],
        _projection(arrays, names, word_dim, total, dim),
        words,
        [_lstm(arrays, names, settings["hidden_dim"], dim, layer) for layer in range(settings["num_layers"])],
    )


def _characters(arrays: Arrays, names: Names, settings: dict[str, Any]) -> Any:
    rows = settings["num_characters"] - (not names.padding_row)
    table = arrays.take(names.characters, (rows, settings["char_dim"]))
    return table if names.padding_row else with_padding_row(table)


def _highway(arrays: Arrays, name: str, dim: int) -> tuple[tuple[Any, Any], tuple[Any, Any]]:
    """Gate and transform. Their gate opens for the input that is carried over, ours for the transformed one."""
    kernel = arrays.take(f"{name}.weight", (2 * dim, dim)).T
    bias = arrays.take(f"{name}.bias", (2 * dim,))
    return (-kernel[:, dim:], -bias[dim:]), (kernel[:, :dim], bias[:dim])


def _projection(arrays: Arrays, names: Names, word_dim: int, total: int, dim: int) -> tuple[Any, Any] | None:
    there = f"{names.projection}.weight" in arrays
    if word_dim or total != dim:
        kernel = arrays.take(f"{names.projection}.weight", (dim, word_dim + total))
        return kernel.T, arrays.take(f"{names.projection}.bias", (dim,))
    if there:
        raise ValueError(
            f"{arrays.source}: "
            + message(f"no projection from {total} filters to as many", f"{names.projection}.weight")
        )
    return None


def _lstm(arrays: Arrays, names: Names, hidden: int, dim: int, layer: int) -> Lstm:
    inputs: list[Any] = []
    recurrent: list[Any] = []
    biases: list[Any] = []
    projections: list[Any] = []
    for direction in _DIRECTIONS:
        name = names.lstm.format(direction, layer)
        inputs.append(_gates(arrays.take(f"{name}.input_linearity.weight", (4 * hidden, dim)).T))
        recurrent.append(_gates(arrays.take(f"{name}.state_linearity.weight", (4 * hidden, dim)).T))
        bias = _gates(arrays.take(f"{name}.state_linearity.bias", (4 * hidden,)))
        bias[2 * hidden : 3 * hidden] -= 1.0  # theirs holds the whole bias of the forget gate
        biases.append(bias)
        if dim < hidden:
            projections.append(arrays.take(f"{name}.state_projection.weight", (dim, hidden)).T)
    projection = np.stack(projections) if projections else None
    return Lstm(np.stack(inputs), np.stack(recurrent), np.stack(biases), projection)


def _gates(array: Any) -> Any:
    """From input, forget, candidate, output to input, candidate, forget, output."""
    i, f, g, o = np.split(array, 4, axis=-1)
    return np.concatenate([i, g, f, o], axis=-1)
