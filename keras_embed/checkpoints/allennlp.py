"""ELMo out of the state dict of an AllenNLP model."""

from pathlib import Path
from typing import Any

import numpy as np

from keras_embed._errors import message
from keras_embed.checkpoints import _torch_form
from keras_embed.checkpoints._elmo_weights import PUBLISHED_SETTINGS, make_backbone
from keras_embed.checkpoints._folders import Place, existing, find_file, is_archive, opened
from keras_embed.checkpoints._mixes import Mixes, make_embedding
from keras_embed.checkpoints._torch_pickle import load_state_dict
from keras_embed.checkpoints.bilm import read_options
from keras_embed.layers import ElmoEmbedding

_MODEL = "_elmo_lstm."
_CHARACTERS = _MODEL + _torch_form.ALLENNLP.characters


def load_allennlp(
    weights: Place,
    options: Place | None = None,
    prefix: str | None = None,
    dropout: float = 0.5,
    **kwargs: Any,
) -> ElmoEmbedding:
    """The ELMo inside of a model that AllenNLP trained, with its mixes: an `Elmo` module or a task's whole model.

    The file is read without PyTorch, and nothing in it is run.

    Args:
        weights: a state dict such as `best.th` or `weights.th`, or a folder, zip or tar archive (`model.tar.gz`) that
            holds one.
        options: the options file of its language model. None: the settings that the shapes do not tell are those of
            all published models.
        prefix: where the names of the module's arrays begin, up to and with the last ".", where there are several ELMos
            in the file.
        dropout: of `ElmoEmbedding`; the file does not know it.
        **kwargs: further arguments of `ElmoBackbone`, such as `trainable` and `dtype`.

    Returns:
        `layers.ElmoEmbedding` with as many mixes as the file has; `.elmo` is the backbone.

    Raises:
        ValueError: for a file of another kind or without an ELMo, and for arrays that do not fit together.
        OSError: if there is no such file.
    """
    path = existing(weights)
    if path.is_dir() or (is_archive(path) and path.suffix != ".th"):
        with opened(path) as folder:
            path = find_file(folder, "weights.th", "best.th", "*.th")
            state = load_state_dict(path)
    else:
        state = load_state_dict(path)
    prefix = _prefix(state, path) if prefix is None else prefix
    arrays = _torch_form.of_state_dict(path, state, prefix + _MODEL)
    settings = PUBLISHED_SETTINGS | _torch_form.sizes_of(arrays, _torch_form.ALLENNLP)
    if options is not None:
        settings |= read_options(existing(options))
    elmo = make_backbone(_torch_form.read(arrays, _torch_form.ALLENNLP, settings), **kwargs)
    return make_embedding(elmo, _mixes(state, path, prefix, elmo), dropout=dropout)


def _prefix(state: dict[str, Any], path: Path) -> str:
    found = sorted(name.removesuffix(_CHARACTERS) for name in state if name.endswith(_CHARACTERS))
    if len(found) != 1:
        received = f"{len(found)} in {path}" + (f", behind {', '.join(map(repr, found))}" if found else "")
        raise ValueError(message("one ELMo", received, "`prefix`" if found else None))
    return found[0]


def _mixes(state: dict[str, Any], path: Path, prefix: str, elmo: Any) -> Mixes:
    arrays = _torch_form.of_state_dict(path, state, prefix)
    weights = []
    for number in range(arrays.number("scalar_mix_{}.gamma")):
        name = f"scalar_mix_{number}."
        scalars = [arrays.take(f"{name}scalar_parameters.{layer}", (1,)) for layer in range(elmo.num_layers + 1)]
        weights.append((np.concatenate(scalars), arrays.take(f"{name}gamma", (1,))))
    # The projection belongs to the token embedder around the module.
    outer = _torch_form.of_state_dict(path, state, prefix.removesuffix("_elmo."))
    if prefix.endswith("_elmo.") and "_projection.weight" in outer:
        width = outer.shape("_projection.weight")[0]
        kernel = outer.take("_projection.weight", (width, 2 * elmo.projection_dim))
        return Mixes(weights, (kernel.T, outer.take("_projection.bias", (width,))))
    return Mixes(weights)
