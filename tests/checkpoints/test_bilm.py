"""The HDF5 form, against the files and vectors of AllenNLP's own tests."""

import json
import shutil
import zipfile

import h5py
import numpy as np
import pytest
from elmo_oracle import Oracle, read
from elmo_variables import check_same, run

from keras_embed import checkpoints, text
from keras_embed.backbones import ElmoBackbone


@pytest.fixture(scope="module")
def folder(data_dir):
    return data_dir.parent / "fixtures/elmo/allennlp/elmo"


def small(**kwargs):
    settings = {"hidden_dim": 6, "projection_dim": 3, "filters": ((1, 3), (2, 4)), "char_dim": 4, "max_characters": 9}
    elmo = ElmoBackbone(**{**settings, **kwargs})
    rng = np.random.default_rng(5)
    for weight in elmo.trainable_weights:
        weight.assign(rng.normal(size=weight.shape) * 0.7)
    return elmo


SENTENCES = [["Ada", "wrote", "it", "."], ["Ёж", "", "<S>"], ["internationalisation"]]


def vectors(elmo, sentences=SENTENCES):
    """Layers of each sentence, without padding."""
    features = text.elmo_features(sentences, text.ElmoCharacters(elmo.max_characters))
    layers = run(elmo, features)["layer_outputs"]
    return [layers[row, : len(words)] for row, words in enumerate(sentences)]


def check_against_oracle(elmo, path, **options):
    for words, actual in zip(SENTENCES, vectors(elmo), strict=True):
        oracle = Oracle(path, width=elmo.max_characters, **options)
        np.testing.assert_allclose(actual, oracle.sentence(words), atol=1e-5)


def test_the_weights_of_a_published_file_are_met_bit_by_bit(folder, tmp_path):
    elmo = checkpoints.load_bilm(folder / "options.json", folder / "lm_weights.hdf5")
    checkpoints.save_bilm(elmo, tmp_path / "o.json", tmp_path / "w.hdf5")
    ours, theirs = read(tmp_path / "w.hdf5"), read(folder / "lm_weights.hdf5")
    assert set(ours) == set(theirs)
    for name, array in theirs.items():
        np.testing.assert_array_equal(ours[name], array, err_msg=name)
    assert json.loads((tmp_path / "o.json").read_text()) == json.loads((folder / "options.json").read_text())
    assert h5py.File(tmp_path / "w.hdf5")["char_embed"].dtype == "float32"


def test_vectors_of_a_published_file(folder):
    elmo = checkpoints.load_bilm(folder / "options.json", folder / "lm_weights.hdf5")
    check_against_oracle(elmo, folder / "lm_weights.hdf5")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"num_layers": 1},
        {"num_layers": 3, "skip_connections": False},
        {"projection_dim": 6},
        {"projection_dim": 7, "hidden_dim": 8},  # as many filters: no projection behind them
        {"num_highway": 0, "activation": "tanh"},
        {"cell_clip": None, "projection_clip": None},
        {"cell_clip": 0.1, "projection_clip": 0.05},
    ],
    ids=str,
)
def test_round_trip(tmp_path, changes):
    elmo = small(**changes)
    checkpoints.save_bilm(elmo, tmp_path)
    again = checkpoints.load_bilm(tmp_path, name=elmo.name)
    assert again.get_config() == elmo.get_config()
    check_same(elmo, again)


@pytest.mark.parametrize(
    "changes",
    [
        {"num_layers": 3, "skip_connections": False, "num_highway": 1},
        {"projection_dim": 6, "activation": "tanh", "cell_clip": 0.1, "projection_clip": None},
    ],
    ids=str,
)
def test_vectors_of_a_written_file(tmp_path, changes):
    elmo = small(**changes)
    checkpoints.save_bilm(elmo, tmp_path)
    config = elmo.get_config()
    check_against_oracle(
        checkpoints.load_bilm(tmp_path),
        tmp_path / "weights.hdf5",
        skip=config["skip_connections"],
        clips=(config["cell_clip"], config["projection_clip"]),
        activation=config["activation"],
    )


def test_a_model_of_one_layer_has_no_number_in_its_names(tmp_path):
    checkpoints.save_bilm(small(num_layers=1), tmp_path)
    names = {name for name in read(tmp_path / "weights.hdf5") if name.startswith("RNN")}
    assert names == {f"RNN_{d}/RNN/LSTMCell/{part}" for d in (0, 1) for part in ("W_0", "B", "W_P_0")}


@pytest.mark.parametrize("rows", ["padding", "unused"])
def test_262_characters(tmp_path, rows):
    elmo = small()
    checkpoints.save_bilm(elmo, tmp_path)
    with h5py.File(tmp_path / "weights.hdf5", "r+") as file:
        table, extra = file["char_embed"][()], np.zeros((1, 4), "float32")
        del file["char_embed"]
        # Either with the padding word before the bytes, or trained so by mistake, with a row that nothing read.
        file["char_embed"] = np.concatenate([extra, table] if rows == "padding" else [table, extra + 9])
    check_same(elmo, checkpoints.load_bilm(tmp_path))


def test_options_of_training_and_settings_left_out(tmp_path):
    checkpoints.save_bilm(small(num_highway=0, num_layers=1, cell_clip=None), tmp_path)
    options = json.loads((tmp_path / "options.json").read_text())
    del options["lstm"]["n_layers"], options["lstm"]["cell_clip"], options["char_cnn"]["n_highway"]
    options |= {"bidirectional": True, "dropout": 0.1, "n_tokens_vocab": 7, "all_clip_norm_val": 10.0}
    options["char_cnn"]["n_characters"] = 261
    (tmp_path / "options.json").write_text(json.dumps(options))
    elmo = checkpoints.load_bilm(tmp_path)
    assert (elmo.num_layers, elmo.stack.cell_clip, elmo.token_encoder.num_highway) == (1, None, 0)


@pytest.mark.parametrize("deep", [False, True])
def test_a_zip_of_the_nlpl_repository(tmp_path, deep):
    elmo = small()
    checkpoints.save_bilm(elmo, tmp_path / "a")
    with zipfile.ZipFile(tmp_path / "model.zip", "w") as archive:
        inner = "144/" if deep else ""
        archive.write(tmp_path / "a/options.json", inner + "options.json")
        archive.write(tmp_path / "a/weights.hdf5", inner + "model.hdf5")
        archive.writestr(inner + "vocab.txt", "<S>\n")
    check_same(elmo, checkpoints.load_bilm(tmp_path / "model.zip"))


def test_files_that_do_not_fit_together(tmp_path):
    checkpoints.save_bilm(small(), tmp_path / "a")
    checkpoints.save_bilm(small(num_highway=1, projection_dim=5, max_characters=50), tmp_path / "b")
    with pytest.raises(
        ValueError, match=r"b/weights.hdf5: Expected CNN_proj/W_proj of shape \(7, 3\). Received: shape \(7, 5\). Try"
    ):
        checkpoints.load_bilm(_with(tmp_path / "a/options.json", num_highway=1), tmp_path / "b/weights.hdf5")
    with pytest.raises(
        ValueError,
        match="b/weights.hdf5: Expected an array CNN_high_1/W_carry. Received: 23 others, such as CNN_high_0",
    ):
        checkpoints.load_bilm(tmp_path / "a/options.json", tmp_path / "b/weights.hdf5")
    with pytest.raises(
        ValueError, match="no weights besides those of the options. Received: 4 more: CNN_high_1/W_carry, "
    ):
        checkpoints.load_bilm(_with(tmp_path / "a/options.json", num_highway=1), tmp_path / "a/weights.hdf5")


def _with(path, num_highway):
    options = json.loads(path.read_text())
    options["char_cnn"]["n_highway"] = num_highway
    other = path.with_name("other.json")
    other.write_text(json.dumps(options))
    return other


def test_unusable_places(tmp_path):
    with pytest.raises(ValueError, match="Expected a path on this machine. Received: https://a/options.json"):
        checkpoints.load_bilm("https://a/options.json", "https://a/weights.hdf5")
    with pytest.raises(FileNotFoundError, match="Expected a file or folder. Received: .*none, which does not exist"):
        checkpoints.load_bilm(tmp_path / "none")
    with pytest.raises(FileNotFoundError, match="Expected a file options.json or"):
        checkpoints.load_bilm(tmp_path)
    (tmp_path / "options.json").write_text("{}")
    (tmp_path / "a.hdf5").write_bytes(b"")
    with pytest.raises(
        ValueError, match=r"options.json: Expected the options of a character-based .*KeyError\('lstm'\)"
    ):
        checkpoints.load_bilm(tmp_path)
    shutil.copy(tmp_path / "a.hdf5", tmp_path / "b.hdf5")
    with pytest.raises(ValueError, match=r"Expected one file \*.hdf5 in .* Received: a.hdf5, b.hdf5. Try"):
        checkpoints.load_bilm(tmp_path)
    with pytest.raises(ValueError, match="Expected a folder, or a zip or tar archive"):
        checkpoints.load_bilm(tmp_path / "a.hdf5")


def test_wider_outputs_than_cells_are_refused(tmp_path):
    checkpoints.save_bilm(small(), tmp_path)
    options = json.loads((tmp_path / "options.json").read_text())
    options["lstm"]["dim"] = 2
    (tmp_path / "options.json").write_text(json.dumps(options))
    with pytest.raises(
        ValueError, match="options.json: Expected `projection_dim` of at most `dim`. Received: projection_dim 3, dim 2"
    ):
        checkpoints.load_bilm(tmp_path)


def test_a_number_of_characters_that_cannot_be_bytes(tmp_path):
    checkpoints.save_bilm(small(), tmp_path)
    with h5py.File(tmp_path / "weights.hdf5", "r+") as file:
        del file["char_embed"]
        file["char_embed"] = np.zeros((260, 4))
    with pytest.raises(ValueError, match="weights.hdf5: Expected char_embed of 261 rows.* Received: 260 rows"):
        checkpoints.load_bilm(tmp_path)


def test_what_the_files_cannot_hold(tmp_path):
    elmo = small(num_characters=300)
    with pytest.raises(ValueError, match="Expected an ELMo that reads bytes"):
        checkpoints.save_bilm(elmo, tmp_path)
    elmo = small()
    elmo.reader.warm_cell.assign(np.ones((1, 2, 2, 6)))
    with pytest.warns(UserWarning, match="`warm_start`"):
        checkpoints.save_bilm(elmo, tmp_path)


def test_half_precision_is_cast(tmp_path):
    checkpoints.save_bilm(small(), tmp_path)
    assert checkpoints.load_bilm(tmp_path, dtype="mixed_float16").dtype_policy.name == "mixed_float16"
