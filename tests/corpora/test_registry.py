import gzip
import hashlib
import http.server
import lzma
import subprocess
import sys
import threading
from typing import get_args

import pytest

from keras_embed import corpora
from keras_embed.corpora import Entry, File, downloads, registry

TEXT = b"EU\tB-ORG\nrejects\tO\n"
SHA256 = hashlib.sha256(TEXT).hexdigest()


@pytest.fixture(autouse=True)
def places(tmp_path, monkeypatch):
    """Own folder and cache in a temporary folder, and a registry that forgets."""
    monkeypatch.setenv("KERAS_EMBED_DATA", str(tmp_path / "own"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(registry, "_REGISTERED", {})
    return tmp_path


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.requests.append(self.path)
        if self.path == "/missing":
            self.send_error(404, "Not Found")
            return
        body = gzip.compress(TEXT) if self.path == "/gz" else TEXT
        self.send_response(200)
        if self.path == "/chunks":
            self.send_header("Transfer-Encoding", "chunked")
            body = b"400\r\n" + body  # announces 1024 bytes, sends fewer, dies
        elif self.path != "/silent":
            self.send_header("Content-Length", str(len(body) + (100 if self.path == "/truncated" else 0)))
        self.end_headers()
        self.wfile.write(body)

    protocol_version = "HTTP/1.0"

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.requests = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        server.url = f"http://127.0.0.1:{server.server_port}"
        yield server
        server.shutdown()


def register(url=None, sha256=SHA256, name="mine"):
    entry = Entry(name, {"train": (File("a/b.conll", url, sha256),)}, corpora.read_conll, "tags", "", "", "", "the-web")
    corpora.register(entry)
    return entry


def put(path, content=TEXT):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def cached(places):
    return places / "home/datasets/keras_embed/mine/a/b.conll"


def files_in(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize(("suffix", "compress"), [("", bytes), (".gz", gzip.compress), (".xz", lzma.compress)])
def test_own_folder_comes_first(places, suffix, compress, recwarn):
    register()
    put(places / f"own/mine/a/b.conll{suffix}", compress(TEXT))
    corpus = corpora.load("mine")
    assert corpus.name == "mine/train"
    assert corpus.tags == [["B-ORG", "O"]]
    assert not recwarn.list


def test_an_own_file_that_is_another_one_is_read_with_a_warning(places):
    register()
    put(places / "own/mine/a/b.conll", b"other\tO\n")
    with pytest.warns(UserWarning, match="Expected .*b.conll to have the SHA-256 checksum"):
        assert corpora.load("mine").tokens == [["other"]]


@pytest.mark.parametrize("path", ["/ok", "/gz", "/silent"])
def test_download_once(places, server, path):
    register(server.url + path)
    assert corpora.load("mine").tokens == corpora.load("mine").tokens == [["EU", "rejects"]]
    assert server.requests == [path]
    assert files_in(places) == ["home/datasets/keras_embed/mine/a/b.conll"]


def test_a_damaged_cache_is_replaced(places, server):
    register(server.url + "/ok")
    put(cached(places), b"half of")
    assert corpora.load("mine").tokens == [["EU", "rejects"]]
    assert cached(places).read_bytes() == TEXT


@pytest.mark.parametrize(
    ("path", "sha256", "expected"),
    [
        (
            "/truncated",
            SHA256,
            r"Expected 119 bytes from .*/truncated. Received: 19 bytes. The download was discarded",
        ),
        ("/truncated", None, "Expected 119 bytes from"),
        (
            "/chunks",
            SHA256,
            r"Expected to download .*/chunks. Received: IncompleteRead .* The download was discarded. Try",
        ),
        ("/missing", SHA256, r"Expected .*/missing to exist. Received: HTTP status 404 \(Not Found\). Try"),
        (
            "/ok",
            "0" * 64,
            f"to have the SHA-256 checksum {'0' * 64}. Received: {SHA256}, 19 bytes. The download was discarded",
        ),
        ("/gz", "0" * 64, f"Received: {SHA256}, "),
    ],
)
def test_failed_downloads_leave_nothing(places, server, path, sha256, expected):
    register(server.url + path, sha256)
    with pytest.raises(OSError, match=expected):
        corpora.load("mine")
    assert files_in(places) == []


def test_no_server(places, server):
    port = server.server_port
    server.shutdown()
    server.server_close()
    register(f"http://127.0.0.1:{port}/ok")
    with pytest.raises(
        OSError, match=r"Expected to download http://127.0.0.1:\d+/ok. Received: URLError .* after 0 bytes"
    ):
        corpora.load("mine")
    assert files_in(places) == []


def test_an_interrupted_download_leaves_nothing(places, server, monkeypatch):
    def interrupt(url, file, progress):
        file.write(b"EU")
        raise KeyboardInterrupt

    monkeypatch.setattr(downloads, "_fetch", interrupt)
    register(server.url + "/ok")
    with pytest.raises(KeyboardInterrupt):
        corpora.load("mine")
    assert files_in(places) == []


def test_no_address(places):
    register()
    with pytest.raises(
        FileNotFoundError, match="has no address .*own/mine or .*/mine. Try setting KERAS_EMBED_DATA .*the-web"
    ):
        corpora.load("mine")


def test_several_splits_and_other_tags(places):
    put(places / "own/ud_english_ewt/en_ewt-ud-dev.conllu", b"1\ta\ta\tX\tY" + b"\t_" * 5 + b"\n")
    corpus, again = corpora.load("ud_english_ewt", split=("dev", "dev"), tags="xpos")
    assert corpus.tags == again.tags == [["Y"]]


@pytest.mark.parametrize(("split", "size"), [("train", 600), ("dev", 150), ("test", 150)])
def test_tiny_ner_comes_with_the_package(split, size):
    corpus = corpora.load("tiny_ner", split)
    assert len(corpus) == size
    assert {"O", "B-PER", "B-LOC", "B-ORG"} <= {tag for tags in corpus.tags for tag in tags}


def test_names_and_entries():
    assert corpora.names() == sorted(corpora.names())
    assert {"wnut17", "ud_english_ewt", "tiny_ner", "snips"} <= set(corpora.names())
    for name in corpora.names():
        entry = corpora.describe(name)
        assert entry.name == name
        assert entry.licence and entry.citation and entry.description
        assert all(len(file.sha256) == 64 for files in entry.splits.values() for file in files if file.sha256)


def test_unknown_names():
    with pytest.raises(ValueError, match=r"Expected a corpus among \['banking77'.* Received: 'wnut'. Try 'wnut17'."):
        corpora.load("wnut")
    with pytest.raises(
        ValueError, match=r"Expected a split of wnut17 among \['dev', 'test', 'train'\]. Received: 'valid'"
    ):
        corpora.load("wnut17", split=("train", "valid"))


def test_a_name_belongs_to_one_entry():
    entry = register()
    corpora.register(entry)
    with pytest.raises(ValueError, match="Expected a name that is not taken. Received: mine"):
        register(url="http://elsewhere")


def test_importing_corpora_is_cheap():
    """No framework, and the entries are read at their first use."""
    code = """
import sys
import keras_embed.corpora as corpora
print(sorted({"keras", "tensorflow", "jax", "torch"} & set(sys.modules)))
print(corpora.registry._shipped.cache_info().currsize, "tiny_ner" in corpora.names())
print(sorted({"keras", "tensorflow", "jax", "torch"} & set(sys.modules)))
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "[]\n0 True\n[]\n"


def test_type_checkers_know_the_names_of_the_package():
    kinds = {
        corpora.Corpus: registry._SentenceNames,
        corpora.Translations: registry._TranslationNames,
        corpora.Questions: registry._QuestionNames,
        corpora.LabelledTexts: registry._TextNames,
        corpora.LabelledPairs: registry._PairNames,
    }
    for kind, alias in kinds.items():
        assert [name for name in corpora.names() if corpora.describe(name).corpus is kind] == list(get_args(alias))


OWN = """
[groups.mine]
licence = "CC0-1.0"
citation = "Doe 2026."
homepage = "https://example.com"
reader = "conll"
arguments = {columns = ["tokens", "-", "ner"]}

[corpora.my_names]
group = "mine"
description = "Names in letters."
tags = "ner"
folder = "letters"
files = [{path = "a.conll"}, {path = "b.conll", url = "https://example.com/b"}]
splits = {train = ["a.conll"], dev = ["b.conll"]}

[corpora.my_pairs]
group = "mine"
description = "Letters and their translations."
reader = "tab_separated"
arguments = {reversed = true}
files = [{path = "pairs.tsv"}]
splits = {train = ["pairs.tsv"]}
"""


def own(places, text=OWN):
    path = places / "mine.toml"
    path.write_text(text)
    return path


def test_corpora_of_an_own_file(places):
    corpora.register(own(places))
    corpora.register(own(places))  # the same again
    put(places / "own/letters/a.conll", b"Ann x B-PER\n")
    put(places / "own/my_pairs/pairs.tsv", b"Go.\tVa !\n")
    assert corpora.load("my_names").tags == [["B-PER"]]
    assert corpora.load("my_pairs") == corpora.Translations([("Va !", "Go.")])
    entry = corpora.describe("my_names")
    assert (entry.licence, entry.splits["dev"]) == ("CC0-1.0", (File("b.conll", "https://example.com/b"),))
    assert {"my_names", "my_pairs"} < set(corpora.names())


def test_a_corpus_with_an_own_reader(places):
    def read(path):
        return [(line.upper(), "loud") for line in path.read_text().split()]

    files = {"train": (File("words.txt"),)}
    corpora.register(Entry("shouts", files, read, None, "Words.", "CC0-1.0", "Doe 2026.", "", corpora.LabelledTexts))
    put(places / "own/shouts/words.txt", b"ho hey\n")
    assert corpora.load("shouts") == corpora.LabelledTexts([("HO", "loud"), ("HEY", "loud")])
    with pytest.raises(ValueError, match="`tags` to be one of None"):
        corpora.load("shouts", tags="upos")


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("[corpora.my_names]", "[corpora.my_names", "mine.toml: Expected a TOML file"),
        ("[groups.mine]", "[group.mine]", r"mine.toml: Expected keys among .* Received: 'group'. Try 'groups'"),
        ('licence = "', 'license = "', r"\[groups.mine\]: Expected keys among .* Received: 'license'. Try 'licence'"),
        (
            'group = "mine"',
            'group = "his"',
            r"\[corpora.my_names\]: Expected a group among \['mine'\]. Received: 'his'",
        ),
        ('licence = "CC0-1.0"', "", r"\[corpora.my_names\]: Expected the key `licence`"),
        ('tags = "ner"', "tags = 3", r"\[corpora.my_names\]: Expected `tags` to be a string. Received: 3"),
        ('"conll"', '"conl"', r"\[corpora.my_names\]: Expected `reader` to be one of .* Try 'conll'"),
        ("reversed", "turned", r"\[corpora.my_pairs\]: Expected arguments of the reader .* Received: 'turned'"),
        ("arguments = {reversed = true}", 'tags = "x"\narguments = {}', r"\[corpora.my_pairs\]: .* Received: 'tags'"),
        (
            'dev = ["b.conll"]',
            'dev = ["c.conll"]',
            r"\[corpora.my_names\]: Expected paths of `files` in the split 'dev'",
        ),
        ('dev = ["b.conll"]', 'dev = "b.conll"', "Expected `splits` to be a table of lists of paths"),
        ('{path = "a.conll"}', '{path = "../a.conll"}', "Expected `files` to be a list of different"),
        ('{path = "a.conll"}', '{path = "/a.conll"}', "Expected `files` to be a list of different"),
        ('{path = "a.conll"}', '{path = "b.conll"}', "Expected `files` to be a list of different"),
        ('{path = "a.conll"}', '{path = "a.conll", sha256 = "12"}', "checksums of 64 hexadecimal digits"),
        ('folder = "letters"', 'folder = ".."', "Expected `folder` to be a relative path"),
        ("my_pairs]", "tiny_ner]", "Expected a name that is not taken. Received: tiny_ner"),
    ],
)
def test_mistakes_in_an_own_file_name_file_and_entry(places, old, new, expected):
    assert old in OWN
    with pytest.raises(ValueError, match=expected):
        corpora.register(own(places, OWN.replace(old, new)))
    assert "my_names" not in corpora.names()
