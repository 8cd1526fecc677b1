"""Checkpoints with the variables of bilm-tf, DeepPavlov and TF-Hub, written in a temporary folder."""

import json
import tarfile

import keras
import numpy as np
import pytest
from elmo_variables import check_same, small, variables, write

from keras_embed import checkpoints
from keras_embed.checkpoints import bilm
from keras_embed.checkpoints._elmo_weights import weights_of


@pytest.mark.parametrize("form", ["lm", "deeppavlov", "google"])
def test_all_weights_by_their_names(tmp_path, form):
    elmo = small()
    write(tmp_path / "model.ckpt-3", variables(elmo, form))
    embedding = checkpoints.load_elmo_tf(tmp_path / "model.ckpt-3")
    check_same(elmo, embedding.elmo)
    [mix] = embedding.mixes
    learnt = form != "lm"
    np.testing.assert_array_equal(
        keras.ops.convert_to_numpy(mix.scalars), np.array([0.1, 0.2, 0.3] if learnt else [0] * 3, "float32")
    )
    assert float(mix.gamma[0]) == (1.5 if learnt else 1.0)


def test_a_model_of_one_layer(tmp_path):
    elmo = small(num_layers=1, num_highway=0)
    arrays = {f"lm/{k}": v for k, v in bilm.hdf5_arrays(weights_of(elmo)).items()}
    names = {"RNN/LSTMCell/W_0": "rnn/lstm_cell/kernel", "RNN/LSTMCell/B": "rnn/lstm_cell/bias"}
    names["RNN/LSTMCell/W_P_0"] = "rnn/lstm_cell/projection/kernel"
    for ours, theirs in names.items():
        arrays = {name.replace(ours, theirs): array for name, array in arrays.items()}
    write(tmp_path / "model", arrays)
    check_same(elmo, checkpoints.load_elmo_tf(tmp_path / "model").elmo)


def test_a_module_in_an_archive(tmp_path):
    elmo = small()
    (tmp_path / "module/variables").mkdir(parents=True)
    write(tmp_path / "module/variables/variables", variables(elmo, "deeppavlov"))
    (tmp_path / "module/variables/checkpoint").unlink()
    with tarfile.open(tmp_path / "module.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "module", ".")
    check_same(elmo, checkpoints.load_elmo_tf(tmp_path / "module.tar.gz", trainable=False).elmo)
    check_same(elmo, checkpoints.load_elmo_tf(tmp_path / "module").elmo)


def test_a_folder_of_training(tmp_path):
    """Several checkpoints, of which the file `checkpoint` names the newest, with options beside."""
    elmo = small(max_characters=9, cell_clip=1.0, activation="tanh")
    checkpoints.save_bilm(elmo, tmp_path)
    (tmp_path / "saves").mkdir()
    write(tmp_path / "saves/model-1", variables(small(char_dim=2), "lm"))
    write(tmp_path / "saves/model-2", variables(elmo, "lm"))
    again = checkpoints.load_elmo_tf(tmp_path, name=elmo.name).elmo
    check_same(elmo, again)
    assert again.get_config() == elmo.get_config()
    (tmp_path / "saves/checkpoint").unlink()
    with pytest.raises(ValueError, match=r"Expected one file \*.index in .*model-1.index, saves/model-2.index. Try"):
        checkpoints.load_elmo_tf(tmp_path)
    again = checkpoints.load_elmo_tf(tmp_path / "saves/model-2", tmp_path / "options.json", name=elmo.name).elmo
    assert again.get_config() == elmo.get_config()


def test_other_checkpoints(tmp_path):
    write(tmp_path / "other", {"kernel": np.ones(3)})
    with pytest.raises(ValueError, match="other: Expected an array char_embed. Received: 0 others"):
        checkpoints.load_elmo_tf(tmp_path / "other")
    arrays = variables(small(), "google")
    write(tmp_path / "two", arrays | {f"copy/{name}": array for name, array in arrays.items()})
    with pytest.raises(ValueError, match="Expected the weights of one language model. Received: two arrays, "):
        checkpoints.load_elmo_tf(tmp_path / "two")
    write(tmp_path / "mix", arrays | {"aggregation/weights": np.zeros(2, "float32")})
    with pytest.raises(ValueError, match="mix: Expected 3 numbers in aggregation/weights. Received: 2"):
        checkpoints.load_elmo_tf(tmp_path / "mix")
    options = {"lstm": {"dim": 6, "projection_dim": 3}, "char_cnn": {"filters": [[1, 3]], "embedding": {"dim": 4}}}
    (tmp_path / "o.json").write_text(json.dumps(options))
    with pytest.raises(ValueError, match="Expected"):
        checkpoints.load_elmo_tf(tmp_path / "mix", tmp_path / "o.json")
    with pytest.raises(ValueError, match=r"Expected the prefix of a checkpoint, .*mix.index. Try '.*/mix'"):
        checkpoints.load_elmo_tf(tmp_path / "mix.index")
    with pytest.raises(FileNotFoundError, match="none, which does not exist"):
        checkpoints.load_elmo_tf(tmp_path / "none")
