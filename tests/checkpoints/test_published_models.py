"""The registry, with its files on a server of this machine."""

import dataclasses
import http.server
import os
import tarfile
import threading

import elmo_variables as tensorflow
import many_langs_files as many
import pytest

from keras_embed import checkpoints, text
from keras_embed.checkpoints import published_models
from keras_embed.corpora import File


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    """Own folder and cache in a temporary folder."""
    monkeypatch.setenv("KERAS_EMBED_DATA", str(tmp_path / "own"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Serves a folder; `/truncated/...` announces more than it sends. All addresses lead to it."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=str(tmp_path / "served"))

        def do_GET(self):
            self.server.requests.append(self.path)
            if not self.path.startswith("/truncated/"):
                return super().do_GET()
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            self.wfile.write(b"half")

        def log_message(self, *arguments):
            pass

    (tmp_path / "served").mkdir()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.requests = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        server.folder, server.url = tmp_path / "served", f"http://127.0.0.1:{server.server_port}"
        moved = {}
        for name, model in checkpoints.published().items():
            files = [File(file.path, f"{server.url}/{name}/{file.path}") for file in model.files]
            moved[name] = dataclasses.replace(model, files=tuple(files))
        monkeypatch.setattr(published_models, "_models", lambda: moved)
        yield server
        server.shutdown()


def test_an_english_model_is_fetched_once(server, tmp_path, capsys):
    elmo = tensorflow.small(max_characters=9)
    checkpoints.save_bilm(elmo, server.folder / "elmo_small_en")
    again, characters = checkpoints.load_published("elmo_small_en", trainable=False)
    assert "Downloading" not in capsys.readouterr().out
    assert characters == text.ElmoCharacters(9) and not again.trainable_weights
    tensorflow.check_same(elmo, again)
    checkpoints.load_published("elmo_small_en")
    assert server.requests == ["/elmo_small_en/options.json", "/elmo_small_en/weights.hdf5"]
    assert (tmp_path / "home/models/keras_embed/elmo_small_en/weights.hdf5").is_file()


def test_a_russian_module_with_progress(server, tmp_path, capsys):
    elmo = tensorflow.small()
    (tmp_path / "module/variables").mkdir(parents=True)
    tensorflow.write(tmp_path / "module/variables/variables", tensorflow.variables(elmo, "deeppavlov"))
    [file] = checkpoints.published()["elmo_wiki_ru"].files
    (server.folder / "elmo_wiki_ru").mkdir()
    with tarfile.open(server.folder / "elmo_wiki_ru" / file.path, "w:gz") as archive:
        archive.add(tmp_path / "module", ".")
    again, characters = checkpoints.load_published("elmo_wiki_ru", progress=True)
    assert f"Downloading {file.url}" in capsys.readouterr().out
    assert characters == text.ElmoCharacters(50)
    tensorflow.check_same(elmo, again)


def test_one_of_many_languages_from_the_own_folder(server, tmp_path):
    many.write(tmp_path / "model", many.architecture())
    target = tmp_path / "own/elmo_many_langs_lv/163.zip"
    target.parent.mkdir(parents=True)
    with tarfile.open(target, "w") as archive:
        archive.add(tmp_path / "model", ".")
    elmo, code_points = checkpoints.load_published("elmo_many_langs_lv")
    assert not server.requests
    assert (elmo.token_encoder.num_characters, code_points.num_words) == (len(code_points), len(many.WORDS) + 1)


@pytest.mark.parametrize(
    ("path", "sha256", "expected"),
    [
        ("truncated/a", None, "Expected 1000 bytes from .*Received: 4 bytes. The download was discarded. Try"),
        ("missing", None, r"Expected .*/missing to exist. Received: HTTP status 404 .*KERAS_EMBED_DATA"),
        (
            "there",
            "0" * 64,
            f"to have the SHA-256 checksum {'0' * 64}. Received: .* 4 bytes. The download was discarded",
        ),
    ],
)
def test_failed_downloads_leave_nothing(server, tmp_path, monkeypatch, path, sha256, expected):
    (server.folder / "there").write_bytes(b"here")
    model = checkpoints.published()["elmo_small_en"]
    file = File("options.json", f"{server.url}/{path}", sha256)
    monkeypatch.setitem(published_models._models(), model.name, dataclasses.replace(model, files=(file,)))
    with pytest.raises(OSError, match=expected):
        checkpoints.load_published("elmo_small_en")
    assert not [name for _, _, files in os.walk(tmp_path / "home") for name in files]


def test_the_registry():
    models = checkpoints.published()
    assert len(models) == 4 + 3 + 44
    for name, model in models.items():
        assert model.name == name and model.licence and model.citation and model.homepage
        assert name.endswith(f"_{model.language}")
        assert all(file.url.startswith("http") and file.sha256 is None for file in model.files)
    urls = {name: model.files[-1].url for name, model in models.items()}
    # As the projects' own pages list them.
    assert urls["elmo_many_langs_en"] == "http://vectors.nlpl.eu/repository/11/144.zip"
    assert urls["elmo_many_langs_nl"] == "http://vectors.nlpl.eu/repository/11/164.zip"
    assert urls["elmo_many_langs_ru"] == "http://vectors.nlpl.eu/repository/11/170.zip"
    assert urls["elmo_many_langs_zh"] == "http://vectors.nlpl.eu/repository/11/179.zip"
    assert urls["elmo_wiki_ru"] == "http://files.deeppavlov.ai/deeppavlov_data/elmo_ru-wiki_600k_steps.tar.gz"
    with pytest.raises(ValueError, match="Expected a model among .* Try 'elmo_small_en'"):
        checkpoints.load_published("elmo_smal_en")
