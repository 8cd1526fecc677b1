"""Presets that come with the package, whole and in half precision."""

import h5py
import keras
import keras_hub
import numpy as np
import pytest
from elmo_variables import check_same, run

from keras_embed import checkpoints, text
from keras_embed.backbones import ElmoBackbone, presets


def small():
    elmo = ElmoBackbone(hidden_dim=6, projection_dim=3, filters=((1, 3), (2, 4)), char_dim=4, max_characters=9)
    elmo.reader.warm_cell.assign(np.full((1, 2, 2, 6), 1 / 3))
    return elmo


@pytest.fixture
def root(tmp_path, monkeypatch):
    monkeypatch.setattr(presets, "ROOT", tmp_path / "presets")
    return tmp_path / "presets"


def outputs(elmo):
    features = text.elmo_features([["Ada", "wrote"], ["it"]], text.ElmoCharacters(9))
    return run(elmo, features)["layer_outputs"]


def test_a_shipped_preset_by_its_name(root):
    elmo = small()
    elmo.save_to_preset(str(root / "elmo_some_en"))
    again = ElmoBackbone.from_preset("elmo_some_en")
    np.testing.assert_array_equal(outputs(elmo), outputs(again))  # the state it starts from too
    frozen = ElmoBackbone.from_preset("elmo_some_en", trainable=False, dtype="mixed_float16")
    assert not frozen.trainable_weights and frozen.dtype_policy.name == "mixed_float16"
    fresh = ElmoBackbone.from_preset("elmo_some_en", load_weights=False)
    assert not np.any(keras.ops.convert_to_numpy(fresh.reader.warm_cell))


def test_a_folder_as_before(root, tmp_path):
    elmo = small()
    elmo.save_to_preset(str(tmp_path / "mine"))
    check_same(elmo, ElmoBackbone.from_preset(str(tmp_path / "mine")))
    check_same(elmo, ElmoBackbone.from_preset(tmp_path / "mine"))


def test_unknown_names_list_the_shipped_ones(root):
    small().save_to_preset(str(root / "elmo_some_en"))
    with pytest.raises(ValueError, match=r"among \['elmo_some_en'\], .* Received: 'elmo_sme_en'. Try 'elmo_some_en'"):
        ElmoBackbone.from_preset("elmo_sme_en")


def test_handles_go_to_keras_hub(root, monkeypatch):
    asked = []

    def loader(preset):
        asked.append(preset)
        raise FileNotFoundError

    monkeypatch.setattr("keras_hub.src.models.backbone.get_preset_loader", loader)
    handles = ["hf://user/elmo", "kaggle://user/elmo/keras/x", next(iter(keras_hub.models.BertBackbone.presets))]
    for handle in handles:
        with pytest.raises(FileNotFoundError):
            ElmoBackbone.from_preset(handle)
    assert asked == handles


def test_half_precision(root):
    elmo = small()
    for weight in elmo.weights:
        weight.assign(np.random.default_rng(1).normal(size=weight.shape))
    elmo.save_to_preset(str(root / "whole"))
    checkpoints.save_half_preset(elmo, root / "half")
    again = ElmoBackbone.from_preset("half")
    assert again.get_config() == elmo.get_config()
    for ours, theirs in zip(elmo.weights, again.weights, strict=True):
        assert theirs.dtype == "float32"
        expected = keras.ops.convert_to_numpy(ours).astype("float16").astype("float32")
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(theirs), expected)
    dtypes = set()
    with h5py.File(root / "half/model.weights.h5") as file:
        file.visititems(lambda _, item: dtypes.add(str(item.dtype)) if hasattr(item, "dtype") else None)
    assert "float16" in dtypes and "float32" not in dtypes
    assert sorted(path.name for path in (root / "half").iterdir()) == sorted(p.name for p in (root / "whole").iterdir())
    elmo.weights[0].assign(keras.ops.full(elmo.weights[0].shape, 1e5))
    with pytest.raises(ValueError, match="Expected weights of at most 65504. Received: 100000.0 in .* Try save_to"):
        checkpoints.save_half_preset(elmo, root / "half")


@pytest.mark.parametrize("name", ["elmo_tiny_en", "elmo_tiny_ru"])
def test_the_models_that_come_with_the_package(name):
    """Vectors of a word in similar contexts are nearer than in another one; the card names the source of the model."""
    folder = presets.ROOT / name
    assert sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) < 10e6
    card = (folder / "README.md").read_text(encoding="utf-8")
    assert all(word in card for word in ("perplexity", "trigram", "licence", f"train_elmo_tiny.py {name[-2:]}"))
    elmo = ElmoBackbone.from_preset(name)
    sentences = {
        "en": [["He", "must", "go", "."], ["She", "must", "stay", "."], ["It", "was", "must", "."]],
        "ru": [["Он", "стал", "петь", "."], ["Она", "стал", "пить", "."], ["Сталь", "и", "стал", "?"]],
    }[name[-2:]]
    layers = run(elmo, text.elmo_features(sentences))["layer_outputs"]
    assert np.isfinite(layers).all()
    one, like, unlike = layers[0, 1, 2], layers[1, 1, 2], layers[2, 2, 2]
    assert np.linalg.norm(one - like) < np.linalg.norm(one - unlike)
