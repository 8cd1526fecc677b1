"""Small models in the form of ELMoForManyLangs, against a forward pass of its modules in PyTorch."""

import json
import zipfile

import numpy as np
import pytest
from elmo_variables import check_same, run
from many_langs_files import CHARACTERS, SENTENCES, WORDS, architecture, state_dicts, write

from keras_embed import checkpoints, text
from keras_embed.checkpoints.torch_elmo import read_dictionary

torch = pytest.importorskip("torch")


def reference(config, words):
    """(T, layers + 1, 2 D) of a sentence, written after the published modules, with PyTorch's own operations."""
    tokens, lstms = ({name: array.double() for name, array in state.items()} for state in state_dicts(config))
    encoder, embedder = config["encoder"], config["token_embedder"]
    padded = ["<bos>", *words, "<eos>"]
    vectors = torch.stack([_token(tokens, embedder, word) for word in padded])
    streams = []
    for direction in ("forward", "backward"):
        x, layers = vectors if direction == "forward" else vectors.flip(0), []
        for layer in range(encoder["n_layers"]):
            y = _lstm(lstms, f"{direction}_layer_{layer}", encoder, x)
            x = y + x if layer else y
            layers.append(x if direction == "forward" else x.flip(0))
        streams.append(layers)
    outputs = [torch.cat([vectors, vectors], -1), *(torch.cat(pair, -1) for pair in zip(*streams, strict=True))]
    return torch.stack(outputs, 1)[1:-1].numpy()


def _token(state, config, word):
    number = {character: place for place, character in enumerate(CHARACTERS)}
    letters = [word] if word in ("<bos>", "<eos>") else list(word)[: config["max_characters_per_token"] - 2]
    # The published code puts the end's mark first, and the beginning's last.
    row = [number["<eow>"], *(number.get(letter, 0) for letter in letters), number["<bow>"]]
    row += [number["<pad>"]] * (config["max_characters_per_token"] - len(row))
    x = state["char_emb_layer.embedding.weight"][row].T[None]
    answers = []
    for i in range(len(config["filters"])):
        y = torch.nn.functional.conv1d(x, state[f"convolutions.{i}.weight"], state[f"convolutions.{i}.bias"])
        answers.append(torch.relu(y.max(-1).values))
    x = torch.cat(answers, -1)
    for k in range(config["n_highway"]):
        y = torch.nn.functional.linear(x, state[f"highways._layers.{k}.weight"], state[f"highways._layers.{k}.bias"])
        changed, gate = y.chunk(2, -1)
        gate = torch.sigmoid(gate)
        x = gate * x + (1 - gate) * torch.relu(changed)
    if config["word_dim"]:
        place = WORDS.index(word) if word in WORDS else 0
        x = torch.cat([state["word_emb_layer.embedding.weight"][place][None], x], -1)
    return torch.nn.functional.linear(x, state["projection.weight"], state["projection.bias"])[0]


def _lstm(state, name, config, inputs):
    hidden, cell = (torch.zeros(config[key]).double() for key in ("projection_dim", "dim"))
    outputs = []
    for x in inputs:
        z = state[f"{name}.input_linearity.weight"] @ x
        z = z + state[f"{name}.state_linearity.weight"] @ hidden + state[f"{name}.state_linearity.bias"]
        i, f, g, o = z.chunk(4)
        cell = torch.sigmoid(i) * torch.tanh(g) + torch.sigmoid(f) * cell
        cell = cell.clamp(-config["cell_clip"], config["cell_clip"])
        hidden = state[f"{name}.state_projection.weight"] @ (torch.sigmoid(o) * torch.tanh(cell))
        hidden = hidden.clamp(-config["proj_clip"], config["proj_clip"])
        outputs.append(hidden)
    return torch.stack(outputs)


@pytest.mark.parametrize("word_dim", [6, 0])
@pytest.mark.parametrize("form", ["folder", "zip"])
def test_vectors_are_those_of_the_published_modules(tmp_path, word_dim, form):
    config = architecture(word_dim=word_dim)
    write(tmp_path / "model", config, old_form=form == "folder")
    place = tmp_path / "model"
    if form == "zip":
        place = tmp_path / "144.zip"
        with zipfile.ZipFile(place, "w") as archive:
            for path in (tmp_path / "model").iterdir():
                archive.write(path, f"some/folder/{path.name}")
    elmo, code_points = checkpoints.load_elmo_for_many_langs(place, trainable=False)
    features = text.elmo_features(SENTENCES, code_points)
    assert ("elmo_word_ids" in features) == bool(word_dim)
    layers = run(elmo, features)["layer_outputs"]
    for row, words in enumerate(SENTENCES):
        np.testing.assert_allclose(layers[row, : len(words)], reference(config, words), atol=2e-6)


def test_it_is_saved_and_loaded_as_other_backbones_are(tmp_path):
    write(tmp_path / "model", architecture())
    elmo, _ = checkpoints.load_elmo_for_many_langs(tmp_path / "model")
    elmo.save_to_preset(str(tmp_path / "preset"))
    again = type(elmo).from_preset(str(tmp_path / "preset"))
    check_same(elmo, again)
    assert again.get_config() == elmo.get_config()
    with pytest.raises(ValueError, match="Expected an ELMo that reads bytes"):
        checkpoints.save_bilm(elmo, tmp_path)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"name": "lstm"}, "Expected a model whose encoder is 'elmo'. Received: 'lstm'"),
        ({"char_dim": 0}, "Expected a model with characters as input"),
        ({"projection_dim": 4}, r"Expected projection.weight of shape \(4, 13\). Received: shape \(5, 13\)"),
        ({"n_layers": 3}, "Expected an array forward_layer_2.input_linearity.weight. Received: 28 others"),
    ],
)
def test_other_models_are_refused(tmp_path, change, expected):
    write(tmp_path, architecture())
    (tmp_path / "small.json").write_text(json.dumps(architecture(**change)))
    with pytest.raises(ValueError, match=expected):
        checkpoints.load_elmo_for_many_langs(tmp_path)


def test_an_lstm_over_characters_is_refused(tmp_path):
    config = architecture()
    write(tmp_path, config)
    config["token_embedder"]["name"] = "lstm"
    (tmp_path / "small.json").write_text(json.dumps(config))
    with pytest.raises(ValueError, match="Expected a model whose token_embedder is 'cnn'. Received: 'lstm'"):
        checkpoints.load_elmo_for_many_langs(tmp_path)


def test_without_an_architecture_file_it_is_the_published_one(tmp_path):
    write(tmp_path, architecture(), stale_path=False)
    with pytest.raises(ValueError, match=r"of shape \(18, 50\). Received: shape \(.*, 4\)|of shape \(32, 50, 1\)"):
        checkpoints.load_elmo_for_many_langs(tmp_path)
    (tmp_path / "config.json").write_text("[")
    with pytest.raises(ValueError, match="config.json: Expected the settings of an ELMoForManyLangs model"):
        checkpoints.load_elmo_for_many_langs(tmp_path)


def test_settings_left_out(tmp_path):
    config = architecture()
    write(tmp_path, config)
    del config["token_embedder"]["filters"]
    (tmp_path / "small.json").write_text(json.dumps(config))
    with pytest.raises(
        ValueError, match=r"Expected settings of encoder and token_embedder. Received: KeyError\('filters"
    ):
        checkpoints.load_elmo_for_many_langs(tmp_path)


def test_missing_files(tmp_path):
    with pytest.raises(FileNotFoundError, match="Expected a file char.dic in"):
        checkpoints.load_elmo_for_many_langs(tmp_path)
    write(tmp_path, architecture())
    (tmp_path / "word.dic").unlink()
    with pytest.raises(FileNotFoundError, match="word.dic"):
        checkpoints.load_elmo_for_many_langs(tmp_path)


def test_dictionaries(tmp_path):
    path = tmp_path / "char.dic"
    path.write_bytes("a\t0\r\n\u2028\t1\n4\n\t\t2\n\n\u0085\t3".encode())
    assert read_dictionary(path) == {"a": 0, "\u2028": 1, "\u3000": 4, "\t": 2, "\u0085": 3}
    path.write_text("a\t0\nb 1\n")
    with pytest.raises(ValueError, match="char.dic, line 2: Expected a token, a tab and an integer. Received: b 1"):
        read_dictionary(path)
