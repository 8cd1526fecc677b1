"""Training, scoring and generation, compared with loops over the step and over all possible texts."""

import itertools

import keras
import numpy as np
import pytest
from keras import ops
from search_oracles import log_softmax
from small_language_model import KINDS, TEXTS, make_model, trained_model

import keras_embed as ke
from keras_embed.decoding import BeamSearch, Greedy, MinimumLength, NoRepeatedNgrams, Sampling

EVERY = pytest.mark.parametrize("kind", KINDS)
NEVER = [0, 2]  # padding and start


def numbers(model, text):
    return model.preprocessor.tokenizer.tokenize([text]).to_list()[0]


def ids_of(model, answer):
    """Returns the token ids of a generated text, with the end token."""
    return [*map(model.preprocessor.tokenizer.token_to_id, answer.tokens), 3]


def all_at_once(model, rows, length):
    """log P (N, T, V) of each next token by the whole model, of rows that begin with the start."""
    ids = np.array([[*row, *[0] * (length - len(row))] for row in rows], "int32")
    mask = np.arange(length) < np.array([len(row) for row in rows])[:, None]
    return log_softmax(model.backbone.predict_on_batch({"token_ids": ids, "padding_mask": mask})["logits"])


def stepwise(model, ids):
    """Computes log P of each token id after the start token, in a loop over the backbone's step."""
    state, total = model.backbone.begin({"token_ids": np.array([[2]])}, 1, len(ids) + 1), []
    for position, (last, token) in enumerate(zip([2, *ids[:-1]], ids, strict=True)):
        step = (ops.convert_to_tensor([[last]]), ops.convert_to_tensor(position), state)
        logits, _, state = model.backbone.step(*step)
        total.append(log_softmax(ops.convert_to_numpy(logits))[0, 0, token])
    return total


@EVERY
def test_it_learns_its_texts_and_goes_on_from_their_first_words(kind):
    model = trained_model(kind)
    assert model.evaluate(TEXTS, verbose=0, return_dict=True)["perplexity"] < 1.6
    answers = model.generate([" ".join(text.split()[:2]) for text in TEXTS], search=Greedy())
    assert [answer.prompt + answer.continuation for answer in answers] == [answer.text for answer in answers] == TEXTS
    assert all(answer.continuations[0].finished for answer in answers)
    assert model.generate([""], search=Greedy())[0].text in TEXTS


@EVERY
def test_scores_are_a_loop_over_the_step(kind):
    model = trained_model(kind)
    texts = [TEXTS[0], "a cat on the park", "", "never heard of it"]
    expected = [sum(stepwise(model, [*numbers(model, text), 3])) for text in texts]
    np.testing.assert_allclose(model.score(texts), expected, rtol=1e-4)
    pieces = sum(len(numbers(model, text)) + 1 for text in texts)
    words, characters = (sum(map(len, units)) + 4 for units in ([text.split() for text in texts], texts))
    for per, count in (("piece", pieces), ("word", words), ("character", characters)):
        assert model.perplexity(texts, per) == pytest.approx(np.exp(-sum(expected) / count), rel=1e-4)
    assert model.evaluate(texts, verbose=0, return_dict=True)["perplexity"] == pytest.approx(
        model.perplexity(texts), rel=1e-4
    )


@EVERY
def test_neither_padding_nor_company_changes_a_score(kind):
    model = trained_model(kind)
    texts = [*TEXTS, "a", "", " ".join(TEXTS)]
    alone = np.concatenate([model.score([text]) for text in texts])
    np.testing.assert_allclose(model.score(texts), alone, atol=1e-5)
    np.testing.assert_allclose(model.score(texts, batch_tokens=12), alone, atol=1e-5)


@pytest.mark.parametrize("overlap", [0, 5])
def test_a_long_text_is_read_in_windows(overlap):
    model = trained_model("transformer")  # windows of 12
    text = " ".join(TEXTS)
    line = [2, *numbers(model, text), 3]
    rows, expected, done, start = [], 0.0, 0, 0
    while done < len(line) - 1:
        end = min(start + 12, len(line) - 1)
        rows.append((line[start:end], range(done - start, end - start), line[done + 1 : end + 1]))
        done, start = end, end - overlap
    scores = all_at_once(model, [row for row, _, _ in rows], 12)
    for found, (_, places, labels) in zip(scores, rows, strict=True):
        expected += sum(found[place, label] for place, label in zip(places, labels, strict=True))
    assert len(rows) > 1
    np.testing.assert_allclose(model.score([text], overlap=overlap), [expected], rtol=1e-4)


@EVERY
def test_greedy_is_a_loop_over_the_whole_model(kind):
    model = make_model(kind)
    for prompt, answer in zip(TEXTS, model.generate(TEXTS, search=Greedy(), max_length=11), strict=True):
        ids, total = [2, *numbers(model, prompt)], 0.0
        given = len(ids)
        while len(ids) < 12 and (ids[-1] != 3 or len(ids) == given):
            scores = all_at_once(model, [ids], 12)[0, len(ids) - 1]
            scores[NEVER] = -np.inf
            ids.append(int(scores.argmax()))
        scores = all_at_once(model, [ids[:-1]], 12)[0]
        total = sum(scores[t, token] for t, token in enumerate(ids[1:]))
        piece = model.preprocessor.tokenizer.id_to_token
        assert answer.continuations[0].tokens == tuple(piece(one) for one in ids[1:] if one != 3)
        assert answer.continuations[0].finished == (ids[-1] == 3)
        assert answer.score == pytest.approx(total, rel=1e-4)
        assert answer.text.startswith(prompt)


@EVERY
def test_a_wide_beam_finds_the_best_of_all_texts(kind):
    keras.utils.set_random_seed(11)
    model = make_model(kind, texts=["a b"])  # subwords: a, b, unknown, end
    for variable in model.backbone.trainable_variables:
        variable.assign(3.0 * variable)  # far from uniform
    length, pieces = 4, (1, 4, 5)
    every = [(*text, 3) for n in range(length) for text in itertools.product(pieces, repeat=n)]
    every += list(itertools.product(pieces, repeat=length))
    scores = all_at_once(model, [(2, *text[:-1]) for text in every], length)
    totals = [sum(row[t, one] for t, one in enumerate(text)) for row, text in zip(scores, every, strict=True)]
    for prompt, given in (("", ()), ("b", (5,))):
        able = [i for i, text in enumerate(every) if text[: len(given)] == given]
        ended = sorted((i for i in able if every[i][-1] == 3 and len(every[i]) > len(given)), key=lambda i: -totals[i])
        search = BeamSearch(30, length_penalty=0.0)
        [answer] = model.generate([prompt], search, max_length=length, num_samples=3)
        assert [c.score for c in answer.continuations] == pytest.approx([totals[i] for i in ended[:3]], rel=1e-4)
        best = model.preprocessor.postprocess(np.array([every[ended[0]]])).numpy()[0].decode()
        assert answer.text == best


@EVERY
def test_samples_are_new_texts_with_their_own_scores(kind):
    model = trained_model(kind)
    search = Sampling(4.0, num_samples=6, seed=4)
    first, again = (model.generate(["the", "a"], search) for _ in range(2))
    assert first != again
    for answer in first:
        assert len(answer.continuations) == 6 and len({c.text for c in answer.continuations}) > 1
        for one in answer.continuations:
            assert one.text.startswith(answer.prompt)
            if one.finished:
                assert one.log_probability == pytest.approx(sum(stepwise(model, ids_of(model, one))), rel=1e-3)


def test_constraints_hold_behind_the_prompt():
    model = trained_model("recurrent")
    [answer] = model.generate(["the the"], Greedy(), constraints=[MinimumLength(9), NoRepeatedNgrams(1)])
    words = answer.text.split()
    assert words[:2] == ["the", "the"] and len(words) >= 8 and len(set(words[1:])) == len(words) - 1


def test_answers_come_in_the_order_of_the_prompts():
    model = trained_model("recurrent")
    prompts = ["the owl", "a", "the cat sat", "", "a dog"]
    answers = model.generate(prompts, Greedy(), batch_size=2)
    assert [answer.prompt for answer in answers] == prompts
    assert [one.text for one in answers] == [model.generate([prompt], Greedy())[0].text for prompt in prompts]
    assert model.predict(["a dog"])[0].startswith("a dog") and model.generate([]) == []


@EVERY
def test_saved_and_loaded_it_answers_the_same_and_trains_on(kind, tmp_path):
    model = trained_model(kind)
    model.save(tmp_path / "model.keras")
    model.save_to_preset(str(tmp_path / "preset"))
    for copy in (
        keras.saving.load_model(tmp_path / "model.keras"),
        ke.LanguageModel.from_preset(str(tmp_path / "preset")),
    ):
        assert copy.search == model.search
        np.testing.assert_allclose(copy.score(TEXTS), model.score(TEXTS), rtol=1e-5)
        (found,), (expected,) = (one.generate(["the owl"], Greedy()) for one in (copy, model))
        assert found.text == expected.text
        assert found.continuations[0].score == pytest.approx(expected.continuations[0].score, rel=1e-5)
    copy.fit(TEXTS, epochs=1, verbose=0)


def test_without_a_preprocessor_it_reads_features():
    model = ke.LanguageModel(trained_model("recurrent").backbone)
    features, labels = trained_model("recurrent").preprocessor(TEXTS)
    features = {name: x.numpy() for name, x in features.items()}
    assert model.predict(features, verbose=0).shape == (3, 16, model.backbone.vocabulary_size)
    with pytest.raises(ValueError, match="a language model with a preprocessor"):
        model.generate(["a"])


@pytest.mark.parametrize(
    ("act", "text"),
    [
        (lambda model: model.generate("the"), "a list of prompts"),
        (lambda model: model.generate(["the " * 12]), "prompts of fewer than max_length=12 subwords. Received: 12 in"),
        (lambda model: model.generate(["the"], Greedy(), num_samples=2), "`num_samples` of 1 for a search that finds"),
        (lambda model: model.generate(["the"], num_samples=0), "`num_samples` to be a positive integer"),
        (lambda model: model.perplexity(TEXTS, per="line"), "`per` to be one of"),
        (lambda model: model.perplexity("a text"), "a list of texts"),
        (lambda model: model.score(TEXTS, overlap=12), "`overlap` from 0 to below max_length=12"),
        (lambda model: model.score([]), "at least one text"),
        (lambda model: model.fit(TEXTS, TEXTS), "texts alone"),
        (lambda model: model.fit(TEXTS, batch_tokens=0), "`batch_tokens` to be a positive integer"),
        (lambda model: ke.LanguageModel.from_corpus(TEXTS, "bigram"), "`architecture` to be one of"),
        (
            lambda model: ke.LanguageModel(ke.backbones.RecurrentLanguageModelBackbone(9), model.preprocessor),
            "a backbone for the preprocessor's vocabulary",
        ),
    ],
)
def test_errors_read(act, text):
    with pytest.raises(ValueError, match=text):
        act(trained_model("recurrent"))
