"""Keras' low-rank adaptation of encoders under our heads: few trained weights, and equal outputs after loading."""

import keras
import keras_hub
import numpy as np
import pytest

from keras_embed.backbones import RecurrentBackbone, TransformerBackbone
from keras_embed.layers import WordEmbedding
from keras_embed.tasks import TextClassifier

IDS = np.array([[1, 2, 3, 0], [4, 5, 0, 0], [6, 1, 2, 8]], "int32")
LABELS = np.array([0, 1, 1])


def bert():
    return keras_hub.models.BertBackbone(9, 1, 2, 4, 8, max_sequence_length=8)


def transformer():
    return TransformerBackbone([WordEmbedding(9, 4)], num_layers=1, num_heads=2, hidden_dim=4)


@pytest.mark.parametrize("make", [bert, transformer])
def test_only_the_added_weights_and_the_head_are_trained(make, tmp_path):
    backbone = make()
    backbone.enable_lora(2)
    classifier = TextClassifier(backbone, num_classes=2)
    trained = [weight.path for weight in classifier.trainable_weights]
    added = [path for path in trained if "lora" in path]
    assert len(added) == 4  # two matrices each: of queries and values, or of the feed-forward part
    others = [path for path in trained if path not in added and path in {w.path for w in backbone.weights}]
    assert all(path.endswith("bias") for path in others) and len(others) == 2  # of the same layers
    features = {"token_ids": IDS, "padding_mask": IDS > 0, "segment_ids": np.zeros_like(IDS)}
    features = {name: features[name].astype(tensor.dtype) for name, tensor in classifier.input.items()}
    frozen = [np.array(keras.ops.convert_to_numpy(w)) for w in backbone.non_trainable_weights if "float" in w.dtype]
    before = keras.ops.convert_to_numpy(classifier(features))
    classifier.compile(keras.optimizers.Adam(0.05), jit_compile=False)
    classifier.fit(features, LABELS, epochs=2, verbose=0)
    expected = keras.ops.convert_to_numpy(classifier(features))
    assert not np.allclose(expected, before, atol=1e-4)
    after = [keras.ops.convert_to_numpy(w) for w in backbone.non_trainable_weights if "float" in w.dtype]
    for old, new in zip(frozen, after, strict=True):
        np.testing.assert_array_equal(old, new)
    classifier.save(tmp_path / "classifier.keras")
    loaded = keras.saving.load_model(tmp_path / "classifier.keras")
    np.testing.assert_allclose(keras.ops.convert_to_numpy(loaded(features)), expected, atol=1e-5)


def test_names_that_no_layer_has_freeze_nothing():
    backbone = RecurrentBackbone([WordEmbedding(9, 4)], hidden_dim=3)
    with pytest.raises(ValueError, match=r"names of layers that support low-rank updates.*Received: \['query_dense'"):
        backbone.enable_lora(2)
    assert backbone.trainable_weights
