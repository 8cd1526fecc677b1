"""Pre-training: learning, resuming, filling in masks, saving."""

import shutil

import keras
import numpy as np
import pytest
from small_pretraining import JIT, STORIES, make_backbone, make_model, make_preprocessor, trained_model

import keras_embed as ke
from keras_embed.tasks import MaskedLanguageModel

TEXTS = ["The smallest [MASK] sleeps in a [MASK]", "[MASK]", "", "The sky is [MASK] when [MASK][MASK]", "No mask"]


def numpy(tensor):
    return keras.ops.convert_to_numpy(tensor)


def test_a_tiny_text_is_learnt_by_heart():
    """Checks the accuracies of google-research's README after 120 steps of 16 examples."""
    scores = trained_model().evaluate(STORIES, return_dict=True, verbose=0)
    assert scores["masked_accuracy"] > 0.95 and scores["next_sentence_accuracy"] == 1.0
    assert 1 <= scores["masked_perplexity"] < 1.2
    np.testing.assert_allclose(scores["loss"], scores["masked_loss"] + scores["next_sentence_loss"], rtol=1e-4)


def test_evaluation_counts_what_numpy_counts():
    model = trained_model()
    examples = model.preprocessor.examples(STORIES, 3, seed=9, shuffle=False)
    right, losses, nexts = [], [], []
    for features, labels, weights in examples.dataset(endless=False):
        found = model.predict_on_batch({name: tensor.numpy() for name, tensor in features.items()})
        labels = {name: tensor.numpy() for name, tensor in labels.items()}
        count = int(weights["masked"].numpy().sum())
        labels, found = ({name: array[:count] for name, array in one.items()} for one in (labels, found))
        scores, real = found["masked"].astype("float64"), labels["masked"] >= 0
        log = scores - np.log(np.exp(scores).sum(-1, keepdims=True))
        losses += [
            -row[place, id]
            for row, ids in zip(log, labels["masked"], strict=True)
            for place, id in enumerate(ids)
            if id >= 0
        ]
        right += (scores.argmax(-1) == labels["masked"])[real].tolist()
        nexts += (found["next_sentence"].argmax(-1) == labels["next_sentence"]).tolist()
    assert len(nexts) == examples.num_examples and len(nexts) % 3
    scores = model.evaluate(examples, return_dict=True, verbose=0)
    assert scores["masked_accuracy"] == pytest.approx(np.mean(right))
    assert scores["masked_perplexity"] == pytest.approx(np.exp(np.mean(losses)), rel=1e-3)
    assert scores["next_sentence_accuracy"] == pytest.approx(np.mean(nexts))


class Kept(keras.callbacks.Callback):
    """Copies the checkpoint of the second epoch, as left by a run that was killed then."""

    def __init__(self, folder, copy):
        super().__init__()
        self._folder, self._copy = folder, copy

    def on_epoch_end(self, epoch, logs=None):
        if epoch == 1:
            shutil.copytree(self._folder, self._copy)


def test_an_interrupted_run_ends_where_an_uninterrupted_one_does(tmp_path):
    """Restores dropout, optimizer and the position within an epoch; later training is undone."""
    settings = {"steps_per_epoch": 3, "batch_size": 4, "verbose": 0, "seed": 2, "epochs": 4}
    model = make_model()
    model.compile(keras.optimizers.Adam(1e-3), jit_compile=JIT)
    kept = Kept(tmp_path / "whole", tmp_path / "killed")
    whole = model.fit(STORIES, checkpoint=tmp_path / "whole", callbacks=[kept], **settings).history
    assert [path.name for path in (tmp_path / "whole").iterdir()] == ["epoch-4"]
    assert [path.name for path in (tmp_path / "killed").iterdir()] == ["epoch-2"]
    rest = model.fit(STORIES, checkpoint=tmp_path / "killed", **settings).history
    for name in ("loss", "masked_accuracy", "next_sentence_accuracy"):
        np.testing.assert_allclose(rest[name], whole[name][2:], rtol=2e-4)
    assert model.fit(STORIES, checkpoint=tmp_path / "killed", **settings).history == {}
    with pytest.raises(ValueError, match="a position of 4 rows a batch"):
        model.fit(STORIES, checkpoint=tmp_path / "killed", **{**settings, "batch_size": 5})


def test_masks_are_filled_with_what_the_network_says():
    model = trained_model()
    answers = model.fill(TEXTS, top_k=3)
    assert [len(answer.fillings) for answer in answers] == [2, 1, 0, 3, 0]
    tokenizer = model.preprocessor.tokenizer
    for text, answer in zip(TEXTS, answers, strict=True):
        features = {name: tensor.numpy() for name, tensor in model.preprocessor([text]).items()}
        features["padding_mask"] = features["padding_mask"].astype("int32")
        sequence = numpy(model.backbone({name: features[name] for name in model.backbone.input})["sequence_output"])
        head = model.get_layer("masked_head")
        for place, found in zip(
            np.flatnonzero(features["token_ids"][0] == tokenizer.mask_id), answer.fillings, strict=True
        ):
            scores = numpy(head(sequence, np.array([[place]], "int32")))[0, 0].astype("float64")
            probabilities = np.exp(scores) / np.exp(scores).sum()
            probabilities[[*tokenizer.special_ids, tokenizer.unknown_id]] = 0
            best = np.argsort(-probabilities)[:3]
            assert [filling.token for filling in found] == [tokenizer.id_to_token(id) for id in best]
            np.testing.assert_allclose([f.probability for f in found], probabilities[best], rtol=2e-3)


def test_a_filled_text_is_the_text_with_the_best_pieces():
    model = trained_model()
    answers = model.fill(TEXTS, top_k=1)
    first = [[filling[0].string for filling in answer.fillings] for answer in answers]
    assert str(answers[0]) == f"The smallest {first[0][0]} sleeps in a {first[0][1]}"
    assert answers[2].text == "" and answers[4].text == "No mask" and answers[4].masked == "No mask"
    assert model.predict(TEXTS) == [answer.text for answer in answers]
    inner = ke.tasks.Filling("##ing", "ing", 0.5)
    assert ke.tasks.FilledText("go [MASK] on", "[MASK]", ((inner,),)).text == "going on"


def test_a_mask_that_cannot_be_read_is_named():
    with pytest.raises(ValueError, match="masks among the first 30 subwords. Received: text 1: 'hen hen"):
        trained_model().fill(["[MASK]", "hen " * 40 + "[MASK]"])


def test_it_is_the_same_from_a_file_and_from_a_preset(tmp_path):
    model = trained_model()
    expected = model.fill(TEXTS, top_k=2)
    model.save(tmp_path / "model.keras")
    model.save_to_preset(str(tmp_path / "preset"))
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for again in (loaded, MaskedLanguageModel.from_preset(str(tmp_path / "preset"))):
        for ours, theirs in zip(again.fill(TEXTS, top_k=2), expected, strict=True):
            assert ours.masked == theirs.masked and ours.text == theirs.text
    assert loaded.optimizer.iterations == model.optimizer.iterations
    tied = loaded.get_layer("masked_head").embedding
    assert tied is loaded.backbone.token_embedding
    scores = loaded.evaluate(STORIES, return_dict=True, verbose=0)
    assert scores == pytest.approx(model.evaluate(STORIES, return_dict=True, verbose=0), rel=1e-3)


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "tied"), [("recurrent", True), ("transformer", False)])
def test_our_own_backbones_learn_too(kind, tied, tmp_path):
    preprocessor = make_preprocessor(whole_words=True)
    backbone = make_backbone(preprocessor, kind)
    model = MaskedLanguageModel(backbone, preprocessor, tied=tied, pooling="mean")
    model.compile(keras.optimizers.Adam(1e-2), jit_compile=JIT)
    history = model.fit(STORIES, epochs=2, steps_per_epoch=8, batch_size=8, validation_data=STORIES, verbose=0).history
    assert history["masked_loss"][1] < history["masked_loss"][0] and len(history["val_masked_perplexity"]) == 2
    table = backbone.embeddings[0].embedding if tied else None
    assert model.get_layer("masked_head").embedding is table
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    assert again.predict(TEXTS) == model.predict(TEXTS) and again.pooling == "mean"


def test_without_next_sentences_there_is_one_output():
    model = make_model("transformer", next_sentence=False)
    assert set(model.output) == {"masked"} and not model.next_sentence
    model.compile(jit_compile=JIT)
    history = model.fit(STORIES, steps_per_epoch=2, batch_size=4, verbose=0).history
    assert {"loss", "tokens/s"} < set(history) and not any("next" in name for name in history)


def test_its_encoder_goes_on_under_another_head():
    model = trained_model()
    classifier = ke.TextClassifier(model.backbone, num_classes=2)
    features = {name: tensor.numpy() for name, tensor in model.preprocessor(STORIES[:2]).items()}
    features = {name: features[name] for name in model.backbone.input}
    assert numpy(classifier(features)).shape == (2, 2)
    assert classifier.backbone.token_embedding is model.get_layer("masked_head").embedding


def test_features_and_labels_are_taken_as_they_are():
    model = make_model("transformer", dropout=0.0)
    features, labels = next(iter(model.preprocessor.examples(STORIES, 8).dataset()))
    bare = MaskedLanguageModel(model.backbone)
    x, y = ({name: tensor.numpy() for name, tensor in one.items()} for one in (features, labels))
    x = {name: x[name] for name in bare.input}
    bare.compile(keras.optimizers.SGD(0.0), jit_compile=JIT)
    history = bare.fit(x, y, batch_size=4, verbose=0).history
    assert bare.evaluate(x, y, batch_size=4, return_dict=True, verbose=0)["masked_accuracy"] == pytest.approx(
        history["masked_accuracy"][0]
    )
    assert bare.predict(x, verbose=0)["masked"].shape == (
        *y["masked"].shape,
        bare.get_layer("masked_head").vocabulary_size,
    )
    with pytest.raises(ValueError, match="a masked language model with a preprocessor"):
        bare.fill(TEXTS)
    with pytest.raises(ValueError, match="documents, to continue from a checkpoint"):
        bare.fit(x, y, checkpoint="folder")


def test_a_backbone_of_fewer_pieces_is_refused():
    backbone = ke.backbones.TransformerBackbone([ke.layers.WordEmbedding(9, 16)], 1, 2, 16, 32)
    with pytest.raises(
        ValueError, match=r"Expected a backbone for the preprocessor's \d+ subwords. Received: one for 9"
    ):
        MaskedLanguageModel(backbone, make_preprocessor())
