"""Smallest setting of the translation benchmark; the measured values are not meaningful."""

import matplotlib
import pytest
from small_translator import PAIRS

from benchmarks import translation, translation_recipes

SIZES = {"embedding_dim": 8, "hidden_dim": 8, "dropout": 0.0, "tie_embeddings": "target_softmax"}


def test_bleu_by_length_shares_the_sentences_out():
    sources = ["w " * count for count in (3, 8, 9, 12, 20, 40)]
    good = ["a b c d e"] * 6
    rows = translation.by_length(sources, [*good[:5], "z"], good)
    assert [row["sentences"] for row in rows] == [2, 1, 1, 0, 2]
    assert [row["tokens"] for row in rows] == ["1 to 8", "9 to 11", "12 to 14", "15 to 18", "19 to 100"]
    assert rows[0]["bleu"] == pytest.approx(100) and rows[4]["bleu"] < 100


@pytest.mark.matrix
def test_a_recipe_from_training_to_table_and_picture(monkeypatch, tmp_path):
    matplotlib.use("agg")
    sources, targets = (list(side) for side in zip(*PAIRS, strict=True))
    monkeypatch.setattr(translation, "load_pairs", lambda recipe, split: (sources, targets))
    recipes = {
        name: translation_recipes.Recipe(
            "de", "en", "recurrent", {**SIZES, "attention": attention}, epochs=2, vocabulary_size=300, warmup=1
        )
        for name, attention in (("de_en_attention", "bahdanau"), ("de_en_plain", None))
    }
    monkeypatch.setattr(translation, "RECIPES", recipes)
    results = [translation.run(name, tmp_path) for name in recipes]
    again = translation.run("de_en_attention", tmp_path, load=True)
    assert again["test2016"]["beam"] == pytest.approx(results[0]["test2016"]["beam"])
    assert all(0 <= result["validation"]["greedy"] <= 100 and result["epochs"] == 2 for result in results)
    assert "de_en_plain" in translation.lines(results)
    assert "| tokens of the source | sentences | with attention | without | ratio |" in translation.attention_lines(
        results
    )
    assert translation.attention_lines(results[:1]) == ""
    translation.plot(results, tmp_path / "lengths.png")
    assert (tmp_path / "lengths.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", sorted(translation_recipes.RECIPES))
def test_references_are_moses_tokens_in_lower_case(name, data_dir):
    if not (data_dir / "multi30k").is_dir():
        pytest.skip("no multi30k")
    recipe = translation_recipes.RECIPES[name]
    sources, targets = translation_recipes.load_pairs(recipe, "validation")
    assert len(sources) == len(targets) == 1014
    assert all(text == text.lower() for text in sources + targets)
    assert sum(text.endswith(" .") for text in targets) > 800
