"""Small models in the form of ELMoForManyLangs."""

import json

import pytest

torch = pytest.importorskip("torch")

CHARACTERS = ["<oov>", "<bos>", "<eos>", "<bow>", "<eow>", "<pad>", *"abcdeё", "\u3000", "\u00a0", "漢"]
WORDS = ["<oov>", "<bos>", "<eos>", "<pad>", "cab", "ёaё", "."]
SENTENCES = [["cab", "dab", "a漢", "."], ["ёaё"], ["\u3000\u00a0", "unknown", "abcdeabcdeabcde"]]
FILTERS = [[1, 3], [2, 4]]


def architecture(**changes):
    found = {
        "encoder": {"name": "elmo", "projection_dim": 5, "dim": 8, "n_layers": 2, "cell_clip": 0.9, "proj_clip": 0.7},
        "token_embedder": {
            "name": "cnn",
            "activation": "relu",
            "filters": FILTERS,
            "n_highway": 2,
            "word_dim": 6,
            "char_dim": 4,
            "max_characters_per_token": 12,
        },
        "dropout": 0.1,
    }
    for key, value in changes.items():
        part = "token_embedder" if key in found["token_embedder"] and key != "name" else "encoder"
        found[part][key] = value
    return found


def state_dicts(config, seed=3):
    torch.manual_seed(seed)
    encoder, embedder = config["encoder"], config["token_embedder"]
    total, dim, hidden = sum(n for _, n in embedder["filters"]), encoder["projection_dim"], encoder["dim"]
    tokens = {"char_emb_layer.embedding.weight": 0.4 * torch.randn(len(CHARACTERS), embedder["char_dim"])}
    if embedder["word_dim"]:
        tokens["word_emb_layer.embedding.weight"] = 0.4 * torch.randn(len(WORDS), embedder["word_dim"])
    for i, (width, number) in enumerate(embedder["filters"]):
        tokens[f"convolutions.{i}.weight"] = 0.4 * torch.randn(number, embedder["char_dim"], width)
        tokens[f"convolutions.{i}.bias"] = 0.4 * torch.randn(number)
    for k in range(embedder["n_highway"]):
        tokens[f"highways._layers.{k}.weight"] = 0.4 * torch.randn(2 * total, total)
        tokens[f"highways._layers.{k}.bias"] = 0.4 * torch.randn(2 * total)
    tokens["projection.weight"] = 0.4 * torch.randn(dim, embedder["word_dim"] + total)
    tokens["projection.bias"] = 0.4 * torch.randn(dim)
    lstms = {}
    for direction in ("forward", "backward"):
        for layer in range(encoder["n_layers"]):
            name = f"{direction}_layer_{layer}"
            lstms[f"{name}.input_linearity.weight"] = 0.4 * torch.randn(4 * hidden, dim)
            lstms[f"{name}.state_linearity.weight"] = 0.4 * torch.randn(4 * hidden, dim)
            lstms[f"{name}.state_linearity.bias"] = 0.4 * torch.randn(4 * hidden)
            lstms[f"{name}.state_projection.weight"] = 0.4 * torch.randn(dim, hidden)
    return tokens, lstms


def write(folder, config, stale_path=True, old_form=True):
    folder.mkdir(parents=True, exist_ok=True)
    path = "/users4/somebody/project/configs/small.json" if stale_path else "nowhere.json"
    (folder / "config.json").write_text(json.dumps({"config_path": path, "batch_size": 32, "gpu": 0}))
    (folder / "small.json").write_text(json.dumps(config))
    for name, tokens in (("char.dic", CHARACTERS), ("word.dic", WORDS)):
        lines = [f"{token}\t{number}" for number, token in enumerate(tokens)]
        (folder / name).write_text("\n".join(lines).replace("\u3000\t", "") + "\n", "utf-8")
    for name, state in zip(("token_embedder.pkl", "encoder.pkl"), state_dicts(config), strict=True):
        torch.save(state, folder / name, _use_new_zipfile_serialization=not old_form)
