"""Small ELMos for tests: with published weights, or random ones, and those as published datasets for the oracle."""

import keras
import numpy as np
from elmo_oracle import read

import keras_embed as ke

SIZES = {"hidden_dim": 6, "projection_dim": 3, "filters": ((1, 2), (2, 3)), "char_dim": 3, "max_characters": 10}
SENTENCES = [["Ada", "lives", "in", "Rome", "."], ["nobody"], ["дом", "", "Ada"], []]
TOKENWISE = ("char_index", "padding_mask")
CHARACTERS = ke.text.ElmoCharacters(SIZES["max_characters"])


def fixture_folder(data_dir):
    """The folder of published test files, beside that of the data."""
    return data_dir.parent / "fixtures" / "elmo"


def small_elmo(seed=0, **arguments):
    """Returns an ELMo with positive and negative weights, large enough that both clips take effect."""
    elmo = ke.backbones.ElmoBackbone(**{**SIZES, "cell_clip": 0.8, "projection_clip": 0.5, **arguments})
    rng = np.random.default_rng(seed)
    for weight in (*elmo.token_encoder.weights, *elmo.stack.weights):
        weight.assign(0.7 * rng.normal(size=weight.shape))
    return elmo


def features(sentences=SENTENCES, **arguments):
    """Returns the inputs of a small ELMo."""
    return ke.text.elmo_features(sentences, arguments.pop("characters", CHARACTERS), **arguments)


def one_size(batch, steps=64, words=64):
    """The same batch with `steps` steps and `words` distinct words a row: compilers build one program for all."""
    rows, width = batch["elmo_ids"].shape[0], batch["elmo_ids"].shape[2]
    flat = batch["elmo_ids"].reshape(-1, width)
    table = np.zeros((rows * words, width), "int32")
    table[: len(flat)] = flat
    longer = {name: np.pad(batch[name], [(0, 0), (0, steps - batch[name].shape[1])]) for name in TOKENWISE}
    return {**longer, "elmo_ids": table.reshape(rows, words, width)}


def named_weights(elmo):
    """Returns name of a published dataset -> pairs of a variable and its slice."""
    encoder = elmo.token_encoder
    found = {"char_embed": (encoder.embedding.embeddings, slice(1, None))}
    for place, layer in enumerate(encoder.convolutions):
        found |= {f"CNN/W_cnn_{place}": (layer.kernel, None), f"CNN/b_cnn_{place}": (layer.bias, ...)}
    for place, (gate, transform) in enumerate(zip(encoder.gates, encoder.transforms, strict=True)):
        for kind, layer in (("carry", gate), ("transform", transform)):
            found[f"CNN_high_{place}/W_{kind}"] = (layer.kernel, ...)
            found[f"CNN_high_{place}/b_{kind}"] = (layer.bias, ...)
    if encoder.projection is not None:
        found |= {
            "CNN_proj/W_proj": (encoder.projection.kernel, ...),
            "CNN_proj/b_proj": (encoder.projection.bias, ...),
        }
    return found


def cells(elmo):
    """(prefix of published datasets, direction, `ProjectedLSTM`) of each cell."""
    for number, lstm in enumerate(elmo.stack.lstms):
        for direction in (0, 1):
            yield f"RNN_{direction}/RNN/MultiRNNCell/Cell{number}/LSTMCell/", direction, lstm


def oracle_weights(elmo):
    """The weights of an ELMo as the datasets of a published file."""
    number = keras.ops.convert_to_numpy
    found = {name: number(variable)[place] for name, (variable, place) in named_weights(elmo).items()}
    for prefix, direction, lstm in cells(elmo):
        kernels = [number(lstm.input_kernel)[direction], number(lstm.cell.recurrent_kernel)[direction]]
        found |= {prefix + "W_0": np.concatenate(kernels), prefix + "B": number(lstm.bias)[direction]}
        if lstm.cell.projection is not None:
            found[prefix + "W_P_0"] = number(lstm.cell.projection)[direction]
    return {name: array.astype("float64") for name, array in found.items()}


def published_elmo(data_dir, **arguments):
    """The ELMo of AllenNLP's own tests."""
    weights = read(fixture_folder(data_dir) / "allennlp" / "elmo" / "lm_weights.hdf5")
    filters = ((1, 4), (2, 8), (3, 16), (4, 32), (5, 64))
    sizes = {"hidden_dim": 64, "projection_dim": 16, "filters": filters, "char_dim": 4}
    elmo = ke.backbones.ElmoBackbone(**{**sizes, **arguments})
    for name, (variable, place) in named_weights(elmo).items():
        rows = np.concatenate([np.zeros((1, 4)), weights[name]]) if name == "char_embed" else weights[name]
        variable.assign(rows[0] if place is None else rows)  # a published kernel has an axis of height
    parts = {}
    for prefix, _, lstm in cells(elmo):
        kernel = weights[prefix + "W_0"]
        arrays = (kernel[:16], kernel[16:], weights[prefix + "B"], weights[prefix + "W_P_0"])
        variables = (lstm.input_kernel, lstm.cell.recurrent_kernel, lstm.bias, lstm.cell.projection)
        for variable, array in zip(variables, arrays, strict=True):
            parts.setdefault(variable.path, (variable, []))[1].append(array)
    for variable, both in parts.values():
        variable.assign(np.stack(both))
    return elmo
