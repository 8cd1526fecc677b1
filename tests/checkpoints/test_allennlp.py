"""A tagger that AllenNLP trained: its language model is that of the published HDF5 file."""

import pickle
import tarfile

import h5py
import keras
import numpy as np
import pytest
from elmo_oracle import Oracle, read
from elmo_variables import run

from keras_embed import checkpoints, text
from keras_embed.checkpoints._torch_pickle import load_state_dict


@pytest.fixture(scope="module")
def fixtures(data_dir):
    return data_dir.parent / "fixtures/elmo/allennlp"


@pytest.fixture(scope="module")
def best(fixtures):
    return fixtures / "simple_tagger_with_elmo/serialization/best.th"


def test_the_weights_are_those_of_the_hdf5_file(fixtures, best, tmp_path):
    checkpoints.save_bilm(checkpoints.load_allennlp(best).elmo, tmp_path)
    ours, theirs = read(tmp_path / "weights.hdf5"), read(fixtures / "elmo/lm_weights.hdf5")
    assert set(ours) == set(theirs)
    for name, array in theirs.items():
        if name.endswith("/B"):
            # Theirs went through float32(b + 1), which keeps fewer digits of b.
            forget = np.repeat([0, 0, 1, 0], len(array) // 4).astype("float32")
            ours[name], array = ours[name].astype("float32") + forget, array.astype("float32") + forget
        np.testing.assert_array_equal(ours[name], array, err_msg=name)


def test_mixes_and_vectors(fixtures, best):
    embedding = checkpoints.load_allennlp(best, fixtures / "elmo/options.json", dropout=0.25, trainable=False)
    assert embedding.dropouts[0].rate == 0.25
    [mix] = embedding.mixes
    state = load_state_dict(best)
    scalars = [state[name].item() for name in sorted(state) if ".scalar_parameters." in name]
    np.testing.assert_array_equal(keras.ops.convert_to_numpy(mix.scalars), np.array(scalars, "float32"))
    assert mix.gamma[0] == state["text_field_embedder.token_embedder_elmo._elmo.scalar_mix_0.gamma"][0] != 1
    words = ["The", "Ёж", "sleeps"]
    layers = Oracle(fixtures / "elmo/lm_weights.hdf5").sentence(words)
    shares = np.exp(scalars) / np.sum(np.exp(scalars))
    expected = float(mix.gamma[0]) * np.einsum("l,tld->td", shares, layers)
    features = text.elmo_features([words])
    model = keras.Model(embedding.elmo.input, embedding(embedding.elmo.input))
    actual = run(model, features)
    np.testing.assert_allclose(actual[0], expected, atol=2e-6)


def test_an_archive(best, tmp_path):
    with tarfile.open(tmp_path / "model.tar.gz", "w:gz") as archive:
        archive.add(best, "weights.th")
    embedding = checkpoints.load_allennlp(tmp_path / "model.tar.gz")
    assert embedding.elmo.hidden_dim == 64


def torch_state(best, prefix, **more):
    """The fixture's arrays under other names, as tensors."""
    torch = pytest.importorskip("torch")
    old = "text_field_embedder.token_embedder_elmo._elmo."
    state = {
        name.replace(old, prefix): array for name, array in load_state_dict(best).items() if name.startswith(old)
    } | more
    return {name: torch.tensor(array) for name, array in state.items()}


@pytest.mark.parametrize("old_form", [True, False])
def test_what_torch_writes_today_with_two_mixes_and_a_projection(best, tmp_path, old_form):
    torch = pytest.importorskip("torch")
    kernel = np.arange(160, dtype="float32").reshape(5, 32)
    state = torch_state(
        best, "e._elmo.", **{"e._projection.weight": kernel, "e._projection.bias": np.ones(5, "float32")}
    )
    for part in ("gamma", *(f"scalar_parameters.{layer}" for layer in range(3))):
        state[f"e._elmo.scalar_mix_1.{part}"] = torch.nn.Parameter(torch.full((1,), 3.0))
    torch.save(state, tmp_path / "a.th", _use_new_zipfile_serialization=not old_form)
    embedding = checkpoints.load_allennlp(tmp_path / "a.th")
    assert len(embedding.mixes) == 2 and float(embedding.mixes[1].gamma[0]) == 3.0
    for layer in embedding.projections:
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(layer.kernel), kernel.T)
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(layer.bias), np.ones(5))


def test_a_bare_module_and_several(best, tmp_path):
    torch = pytest.importorskip("torch")
    torch.save(torch_state(best, ""), tmp_path / "bare.th")
    assert checkpoints.load_allennlp(tmp_path / "bare.th").elmo.projection_dim == 16
    torch.save(torch_state(best, "a.") | torch_state(best, "b."), tmp_path / "two.th")
    with pytest.raises(
        ValueError, match="Expected one ELMo. Received: 2 in .*two.th, with the prefixes 'a.', 'b.'. Try `prefix`"
    ):
        checkpoints.load_allennlp(tmp_path / "two.th")
    assert checkpoints.load_allennlp(tmp_path / "two.th", prefix="b.").elmo.projection_dim == 16
    torch.save({"a": torch.zeros(1)}, tmp_path / "none.th")
    with pytest.raises(ValueError, match="Expected one ELMo. Received: 0 in "):
        checkpoints.load_allennlp(tmp_path / "none.th")


def test_a_missing_and_a_misshapen_array(best, tmp_path):
    torch = pytest.importorskip("torch")
    state = torch_state(best, "")
    name = "_elmo_lstm._elmo_lstm.backward_layer_1.state_projection.weight"
    torch.save(state | {name: state[name].T}, tmp_path / "a.th")
    with pytest.raises(ValueError, match=rf"a.th: Expected {name} of shape \(16, 64\). Received: shape \(64, 16\)"):
        checkpoints.load_allennlp(tmp_path / "a.th")
    del state[name]
    torch.save(state, tmp_path / "a.th")
    with pytest.raises(ValueError, match="a.th: Expected an array _elmo_lstm.backward_layer_1.state_projection.weight"):
        checkpoints.load_allennlp(tmp_path / "a.th")


def test_tensors_of_all_kinds_are_read_as_torch_reads_them(tmp_path):
    torch = pytest.importorskip("torch")
    base = torch.arange(24).reshape(2, 3, 4)
    kinds = [torch.float64, torch.float32, torch.float16, torch.int64, torch.int32, torch.int16, torch.int8]
    state = {str(kind): base.to(kind) for kind in [*kinds, torch.uint8, torch.bool]}
    state |= {"transposed": base.transpose(0, 2), "part": base[1, 1:, ::2], "empty": base[:0], "scalar": base[1, 1, 1]}
    state |= {"strided": base.expand(5, 2, 3, 4)}
    for form in (True, False):
        torch.save(state, tmp_path / "a.th", _use_new_zipfile_serialization=form)
        actual = load_state_dict(tmp_path / "a.th")
        assert set(actual) == set(state)
        for name, tensor in state.items():
            assert actual[name].dtype == tensor.numpy().dtype
            np.testing.assert_array_equal(actual[name], tensor.numpy(), err_msg=name)


class Evil:
    def __reduce__(self):
        return print, ("run",)


def test_nothing_but_tensors_is_read(tmp_path, best, capsys):
    torch = pytest.importorskip("torch")
    path = tmp_path / "a.th"
    for form in (True, False):
        torch.save({"a": Evil()}, path, _use_new_zipfile_serialization=form)
        with pytest.raises(ValueError, match=r"a.th: .* asks for (__builtin__|builtins).print, which is not run. Try"):
            load_state_dict(path)
    torch.save(torch.nn.Linear(2, 2), path)
    with pytest.raises(ValueError, match="asks for torch.nn.modules.linear.Linear"):
        load_state_dict(path)
    path.write_bytes(pickle.dumps({"a": 1}))
    with pytest.raises(ValueError, match="a.th: Expected a state dict that torch.save wrote. Received: EOFError"):
        load_state_dict(path)
    path.write_bytes(best.read_bytes()[:-100])
    with pytest.raises(ValueError, match="a.th: .* bytes of 16 in the last storage|a.th: .*EOFError"):
        load_state_dict(path)
    with h5py.File(path, "w"):
        pass
    with pytest.raises(ValueError, match="a.th: Expected a state dict that torch.save wrote"):
        load_state_dict(path)
    assert "run" not in capsys.readouterr().out


def test_a_tensor_outside_of_its_numbers_is_refused(tmp_path):
    torch = pytest.importorskip("torch")
    torch.save({"a": torch.zeros(3, 5)}, tmp_path / "a.th", _use_new_zipfile_serialization=False)
    content = (tmp_path / "a.th").read_bytes()
    (tmp_path / "a.th").write_bytes(content.replace(b"K\x03K\x05\x86", b"K\x7fK\x05\x86"))
    with pytest.raises(
        ValueError, match="a.th: Expected a tensor inside of its 15 numbers. Received: one up to number"
    ):
        load_state_dict(tmp_path / "a.th")
