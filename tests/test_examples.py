"""The examples run, on little text."""

import importlib.util
import os
import random
import subprocess
import sys

import keras
import matplotlib
import numpy as np
import pytest

from benchmarks import worker

FOLDER = worker.REPOSITORY / "examples"
SCRIPTS = sorted(FOLDER.glob("[0-9]*.py"))
PNG = b"\x89PNG"
#: In all scripts but those that have no use for it.
OPTIONS = {"--corpus": SCRIPTS, "--backend": SCRIPTS, "--output": SCRIPTS}
OPTIONS["--epochs"] = [path for path in SCRIPTS if path.name != "06_one_word_two_contexts.py"]  # trains nothing

once = pytest.mark.skipif(
    keras.config.backend() != "tensorflow",
    reason="examples run on one backend; `--backend` is tested by test_the_option_chooses_the_backend",
)


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
@once
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
@once
def test_translation_of_pairs_of_ones_own(tmp_path, capsys):
    module = example("02_translation")
    lines = [f"{source}\t{target}" for source, target in module.made_up()]
    (tmp_path / "pairs.tsv").write_text("\n".join(lines), encoding="utf-8")
    arguments = ["--corpus", "pairs.tsv", "--dim", "48", "--layers", "1", "--batch-tokens", "512"]
    translator = module.main([*arguments, "--output", "out"])
    assert "dog" in translator.translate(["Der alte Hund schläft."])[0].text
    assert (tmp_path / "out" / "alignment.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "out" / "1" / "saved_model.pb").is_file()
    assert "54 training pairs, 6 held out" in capsys.readouterr().out


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_the_options_are_the_same_in_all(script):
    code = script.read_text(encoding="utf-8")
    for option, having in OPTIONS.items():
        assert (f'"{option}"' in code) == (script in having), option
    chosen = """if backend := re.search(r"--backend[ =](\\w+)", " ".join(sys.argv)):
    os.environ["KERAS_BACKEND"] = backend[1]  # read by Keras when it is imported

import keras
"""
    assert chosen in code


@pytest.mark.slow
def test_the_option_chooses_the_backend(tmp_path):
    """The option overrides the environment, and the example trains on that backend."""
    backend = keras.config.backend()
    (tmp_path / "films.tsv").write_text("".join(f"{label}\t{text}\n" for text, label in films()))
    code = (
        f"import runpy, sys; sys.argv = {['x', f'--backend={backend}', '--corpus', 'films.tsv', '--epochs', '3']!r}; "
    )
    code += f"names = runpy.run_path({str(FOLDER / '05_classification.py')!r}); accuracies = names['main'](); "
    code += "import keras; print(keras.config.backend(), min(accuracies.values()) > 0.9)"
    other = "torch" if backend != "torch" else "jax"
    run = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "KERAS_BACKEND": other},
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-1] == f"{backend} True"
    assert (tmp_path / "classification" / "classification.png").read_bytes().startswith(PNG)
    assert (tmp_path / "classification" / "1" / "saved_model.pb").exists()


def films():
    """Texts whose class one word tells."""
    rng = random.Random(1)
    for number in range(200):
        word, label = (("lovely", "good"), ("dull", "bad"))[number % 2]
        yield f"a {word} film about {rng.choice(['cats', 'ships', 'kings'])} and {rng.choice(['rain', 'gold'])}", label


def write_names(path):
    """Writes a CoNLL file with names of persons and locations."""
    rng = random.Random(1)
    people, places = ("Ada", "Bruno", "Clara", "David"), ("Rome", "Oslo", "Kyoto", "Porto")
    rows = [
        f"{rng.choice(people)} B-PER\n{rng.choice(('left', 'likes'))} O\n{rng.choice(places)} B-LOC\n. O\n"
        for _ in range(120)
    ]
    path.write_text("\n".join(rows))


@pytest.mark.slow
@once
def test_names_of_a_file_of_ones_own(tmp_path, capsys):
    write_names(tmp_path / "names.conll")
    tagger = example("03_names").main(["--corpus", "names.conll", "--epochs", "6"])
    (tagged,) = tagger.tag(["Clara left Oslo ."])
    assert [(span.type, span.text) for span in tagged.spans] == [("PER", "Clara"), ("LOC", "Oslo")]
    assert (tmp_path / "names" / "names.png").read_bytes().startswith(PNG)
    assert (tmp_path / "names" / "1" / "saved_model.pb").exists()
    assert "108 training sentences, 12 held out" in capsys.readouterr().out


@pytest.mark.slow
@once
def test_transfer_from_elmo(tmp_path, capsys):
    write_names(tmp_path / "names.conll")
    scores = example("04_transfer_from_elmo").main(["--corpus", "names.conll", "--sentences", "32", "--epochs", "2"])
    assert scores.keys() == {"tags"} and scores["tags"].keys() == {"with a frozen ELMo", "without"}
    assert all(0 <= score <= 1 for score in scores["tags"].values())
    for picture in ("tags", "layers"):
        assert (tmp_path / "transfer" / f"{picture}.png").read_bytes().startswith(PNG)
    assert list((tmp_path / "transfer" / "features").iterdir())
    assert (tmp_path / "transfer" / "1" / "saved_model.pb").exists()
    shown = capsys.readouterr().out
    assert "tags from 32 sentences, with a frozen ELMo" in shown and "tags from 32 sentences, without" in shown


@once
def test_one_word_two_contexts(tmp_path, capsys):
    module = example("06_one_word_two_contexts")
    text = (
        "He looked at his watch again. We watch the sea all day. The old watch had stopped. They watch us from there."
    )
    (tmp_path / "text.txt").write_text(text + " A sentence that is about something else.")
    arguments = ["--corpus", "text.txt", "--contexts", "I lost my *watch* .", "You *watch* the door .", "--layer"]
    found = module.main([*arguments, "1", "--output", "one.png"])
    assert [sentence[0] for sentence, *_ in found[0][:2]] == ["He", "The"]  # what one has
    assert [sentence[0] for sentence, *_ in found[1][:2]] == ["We", "They"]  # what one does
    for near in found:
        cosines = [cosine for *_, cosine in near]
        assert len(near) == 4 and cosines == sorted(cosines, reverse=True) and cosines[0] < 0.999
        assert all(sentence[place] == "watch" for sentence, place, _ in near)
    assert (tmp_path / "one.png").read_bytes().startswith(PNG)
    assert "4 sentences to search for watch" in capsys.readouterr().out

    found = module.main([*arguments, "0", "--output", "zero.png"])
    np.testing.assert_allclose([cosine for near in found for *_, cosine in near], 1, atol=1e-5)  # spelling alone
    found = module.main([*arguments, "1", "--all"])
    assert {sentence[place] for near in found for sentence, place, _ in near} > {"watch"}


@once
def test_a_context_without_asterisks_is_refused(tmp_path):
    (tmp_path / "text.txt").write_text("He looked at his watch again.")
    with pytest.raises(SystemExit, match="is between asterisks"):
        example("06_one_word_two_contexts").main(["--corpus", "text.txt", "--contexts", "I lost my watch ."])


@pytest.mark.slow
@once
def test_pre_training(tmp_path, capsys):
    rng = random.Random(1)
    words = ("king", "queen", "castle", "forest", "gold", "bread")
    lines = [
        f"the {rng.choice(words)} and the {rng.choice(words)} were in the {rng.choice(words)} ." for _ in range(80)
    ]
    (tmp_path / "text.txt").write_text("\n".join(lines))
    module = example("07_pretrain_and_fine_tune")
    small = ["--steps", "5", "--epochs", "1", "--dim", "16"]
    model = module.main(["--corpus", "text.txt", *small])
    (filled,) = model.fill(["the [MASK] and the queen ."], top_k=3)
    assert len(filled.fillings[0]) == 3
    assert (tmp_path / "pretraining" / "fine_tuning.png").read_bytes().startswith(PNG)
    assert (tmp_path / "pretraining" / "1" / "saved_model.pb").exists()
    assert "80 documents" in capsys.readouterr().out
    other = module.encoder("transformer", model.preprocessor.tokenizer, 8)
    assert type(other).__name__ == "TransformerBackbone"


def test_made_up_questions_have_their_answers_in_the_text():
    questions = example("08_answers").made_up(50)
    answered = [one for one in questions if one.answers]
    assert len(answered) == 50
    for one in answered:
        (answer,) = one.answers
        assert one.context[answer.start :].startswith(answer.text)


@pytest.mark.slow
@once
def test_answers(tmp_path, capsys):
    scores = example("08_answers").main(["--questions", "60", "--epochs", "1"])
    assert 0 <= scores["exact_match"] <= scores["f1"] <= 100
    assert (tmp_path / "answers" / "answer.png").read_bytes().startswith(PNG)
    assert (tmp_path / "answers" / "1" / "saved_model.pb").exists()
    assert "60 training questions, 6 held out" in capsys.readouterr().out


@pytest.mark.slow
@once
def test_pairs_of_ones_own(tmp_path, capsys):
    module = example("09_pairs")
    pairs, scores = module.made_up(80)
    rows = (f"{first}\t{second}\t{score}" for (first, second), score in zip(pairs, scores, strict=True))
    (tmp_path / "pairs.tsv").write_text("\n".join(rows))
    correlation = module.main(["--corpus", "pairs.tsv", "--epochs", "1", "--dim", "12"])
    assert -1 <= correlation <= 1
    for picture in ("alignment", "curves"):
        assert (tmp_path / "pairs" / f"{picture}.png").read_bytes().startswith(PNG)
    assert (tmp_path / "pairs" / "1" / "saved_model.pb").exists()
    assert "72 training pairs, 8 held out" in capsys.readouterr().out
    judge = module.make(pairs, scores, 8)
    (first, second), weights = module.alignment(judge, pairs[0])
    assert weights.shape == (len(first), len(second))
    np.testing.assert_allclose(weights.sum(1), 1, atol=1e-5)


@once
@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("03_names", (None,)),
        ("04_transfer_from_elmo", (None, 20)),
        ("05_classification", (None,)),
        ("09_pairs", (None,)),
    ]
    + [("06_one_word_two_contexts", (None,)), ("07_pretrain_and_fine_tune", (None,))],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_without_the_data_folder_a_line_says_what_is_read(name, arguments, monkeypatch, tmp_path, capsys):
    module = example(name)
    monkeypatch.setattr(module, "DATA", tmp_path / "nowhere")
    assert len(module.load(*arguments)) > 0
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith("No folder") and ("package" in line or "made up" in line)
