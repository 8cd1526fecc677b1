"""Recurrent layers that read both ways, however often a model is loaded."""

import gc

import keras
from keras.src.saving.serialization_lib import ObjectSharingScope

from keras_embed.layers._both_directions import both_directions


def test_what_reads_backwards_does_so_while_a_model_is_loaded():
    """Keras knows objects by their `id` then, which comes again when one is freed."""
    with ObjectSharingScope():
        layers = []
        for number in range(10):
            layers.append(both_directions(keras.layers.GRU(2, name=f"gru_{number}"), name=f"both_{number}"))
            gc.collect()
    assert [layer.forward_layer.name for layer in layers] == [f"forward_gru_{number}" for number in range(10)]
    assert all(layer.backward_layer.go_backwards for layer in layers)
