"""The examples run, on little text."""

import importlib.util
import random

import matplotlib
import pytest

from benchmarks import worker

FOLDER = worker.REPOSITORY / "examples"


def example(name):
    """An example as a module: its name begins with a number, so that `import` cannot."""
    spec = importlib.util.spec_from_file_location(f"example_{name}", FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def _no_window(monkeypatch, tmp_path):
    matplotlib.use("agg")
    monkeypatch.chdir(tmp_path)


@pytest.mark.slow
def test_word2vec_on_tales_of_ones_own(tmp_path, capsys):
    rng = random.Random(1)
    people, verbs, things = (
        ("king", "queen", "daughter", "son"),
        ("took", "gave", "lost"),
        ("gold", "silver", "bread"),
    )
    tale = "\n\n".join(
        f"The {rng.choice(people)} {rng.choice(verbs)} the {rng.choice(things)} in a forest." for _ in range(120)
    )
    (tmp_path / "tale.txt").write_text(tale)
    accuracy = example("01_word2vec_on_tales").main(["--corpus", "tale.txt", "--epochs", "2", "--output", "map.png"])
    assert accuracy > 0.6
    assert (tmp_path / "map.png").read_bytes().startswith(b"\x89PNG")
    shown = capsys.readouterr().out
    assert "120 sentences, 960 words" in shown
    assert "king: " in shown


def test_without_data_the_packages_own_corpus_is_read(monkeypatch, tmp_path, capsys):
    module = example("01_word2vec_on_tales")
    monkeypatch.setattr(module, "DATA", tmp_path / "nowhere")
    for language in ("english", "russian"):
        corpus = module.sentences(language, None)
        assert len(corpus) > 50
        assert all(word == word.lower() for words in corpus for word in words)
    assert "reading the small corpus of the package" in capsys.readouterr().out


@pytest.mark.parametrize("language", ["english", "russian"])
def test_real_texts_are_read(language, data_dir, monkeypatch):
    module = example("01_word2vec_on_tales")
    folder = {"english": "fairytaleqa", "russian": "russian_classics"}[language]
    if not (data_dir / folder).is_dir():
        pytest.skip(f"no {folder}")
    monkeypatch.setattr(module, "DATA", data_dir)
    text = next(module.texts(language, None))
    monkeypatch.setattr(module, "texts", lambda *_: [text])
    corpus = module.sentences(language, None)
    assert sum(map(len, corpus)) > 50
    assert all(len(words) > 1 for words in corpus)


@pytest.mark.slow
def test_translation_of_pairs_of_ones_own(tmp_path, capsys):
    module = example("02_translation")
    lines = [f"{source}\t{target}" for source, target in module.made_up()]
    (tmp_path / "pairs.tsv").write_text("\n".join(lines), encoding="utf-8")
    arguments = ["--corpus", "pairs.tsv", "--dim", "48", "--layers", "1", "--batch-tokens", "512"]
    translator = module.main([*arguments, "--output", "out"])
    assert "dog" in translator.translate(["Der alte Hund schläft."])[0].text
    assert (tmp_path / "out" / "alignment.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "out" / "1" / "saved_model.pb").is_file()
    assert "54 pairs to learn, 6 held out" in capsys.readouterr().out
