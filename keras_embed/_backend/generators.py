"""The state of PyTorch's global random generators, which Keras' dropout uses there; other backends have none."""

import importlib

import numpy as np

from keras_embed._backend.frameworks import keras
from keras_embed._types import PathLike


def save_generators(path: PathLike) -> None:
    """Writes the states of the process's generators; does nothing on other backends.

    Args:
        path: ".npz" file to write.
    """
    if keras.config.backend() == "torch":
        torch = importlib.import_module("torch")
        states = [torch.get_rng_state(), *torch.cuda.get_rng_state_all()]
        np.savez(path, *(state.numpy() for state in states))


def restore_generators(path: PathLike) -> None:
    """Restores the states that `save_generators` wrote, for as many devices as there are now.

    Args:
        path: ".npz" file to read.
    """
    if keras.config.backend() == "torch":
        torch = importlib.import_module("torch")
        with np.load(path) as file:
            states = [torch.from_numpy(file[name]) for name in file.files]
        torch.set_rng_state(states[0])
        for device in range(min(len(states) - 1, torch.cuda.device_count())):
            torch.cuda.set_rng_state(states[device + 1], device)
