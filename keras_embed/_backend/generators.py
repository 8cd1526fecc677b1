"""The state of PyTorch's own random generators, which Keras' dropout draws from there; other backends have none."""

import importlib
from typing import Any

import numpy as np

from keras_embed._backend._lazy import keras


def save_generators(path: Any) -> None:
    """Writes the states of the process's generators; nothing where the backend has none.

    Args:
        path: of a ".npz" file to make.
    """
    if keras.config.backend() == "torch":
        torch = importlib.import_module("torch")
        states = [torch.get_rng_state(), *torch.cuda.get_rng_state_all()]
        np.savez(path, *(state.numpy() for state in states))


def restore_generators(path: Any) -> None:
    """Sets the generators to what `save_generators` wrote, as far as there are as many of them.

    Args:
        path: of the file.
    """
    if keras.config.backend() == "torch":
        torch = importlib.import_module("torch")
        with np.load(path) as file:
            states = [torch.from_numpy(file[name]) for name in file.files]
        torch.set_rng_state(states[0])
        for number in range(min(len(states) - 1, torch.cuda.device_count())):
            torch.cuda.set_rng_state(states[number + 1], number)
