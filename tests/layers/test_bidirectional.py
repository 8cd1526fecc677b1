"""Bidirectional layers that are created while a model is loaded."""

import gc
import weakref

import keras
import pytest
from keras.src.saving import serialization_lib

from keras_embed.layers.bidirectional import bidirectional


class ScarceMemory:
    """An `id` that reuses the number of a freed object for the next one."""

    def __init__(self):
        self.places = []

    def __call__(self, thing):
        for number, place in enumerate(self.places):
            if place() is thing:
                return number
        for number, place in enumerate(self.places):
            if place() is None:
                self.places[number] = weakref.ref(thing)
                return number
        self.places.append(weakref.ref(thing))
        return len(self.places) - 1


def names_read(wrap, monkeypatch):
    """Names of the forward layers, and `go_backwards` of the others, for layers created while a model is loaded."""
    monkeypatch.setattr(serialization_lib, "id", ScarceMemory(), raising=False)
    gc.freeze()  # do not collect older objects each time
    try:
        with serialization_lib.ObjectSharingScope():
            layers = []
            for number in range(3):
                layers.append(wrap(keras.layers.GRU(2, name=f"gru_{number}"), name=f"both_{number}"))
                gc.collect()
    finally:
        gc.unfreeze()
    return [layer.forward_layer.name for layer in layers], [layer.backward_layer.go_backwards for layer in layers]


def test_backward_layers_read_backwards_while_a_model_is_loaded(monkeypatch):
    """Keras identifies objects by `id` then, which is reused when an object is freed."""
    expected = [f"forward_gru_{number}" for number in range(3)], [True] * 3
    assert names_read(bidirectional, monkeypatch) == expected


def test_keras_own_layer_needs_the_help(monkeypatch):
    """If this fails, Keras has fixed the fault, and `bidirectional` can be removed."""
    with pytest.raises(ValueError, match="different `go_backwards` value"):
        names_read(keras.layers.Bidirectional, monkeypatch)
