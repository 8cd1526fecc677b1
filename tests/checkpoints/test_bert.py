"""Google's BERT files: every array read, the numbers those of a NumPy BERT, and written back as they were."""

import json
import shutil

import keras
import keras_hub
import numpy as np
import pytest
from bert_oracle import NumpyBert

from keras_embed import _backend, checkpoints
from keras_embed.preprocessors import MaskedLanguageModelPreprocessor
from keras_embed.tasks import MaskedLanguageModel
from keras_embed.tokenizers import EncoderTokenizer

IDS = np.array([[2, 5, 6, 4, 8, 3, 10, 4, 12, 3], [2, 9, 3, 11, 3, 0, 0, 0, 0, 0]], "int32")
SEGMENTS = np.array([[0] * 6 + [1] * 4, [0, 0, 0, 1, 1, 0, 0, 0, 0, 0]], "int32")
LENGTHS = [10, 5]
FEATURES = {"token_ids": IDS, "segment_ids": SEGMENTS, "padding_mask": (np.arange(10) < np.array(LENGTHS)[:, None])}
POSITIONS = np.array([[3, 7], [1, 3]], "int32")


def arrays_of(prefix):
    reader = _backend.open_checkpoint(str(prefix))
    names = [name for name in reader.get_variable_to_shape_map() if "adam_" not in name and name != "global_step"]
    return {name: reader.get_tensor(name) for name in names}


@pytest.fixture(scope="module")
def published(tmp_path_factory):
    """The files of a small BERT with heads, every array drawn so that none is trivial."""
    folder = tmp_path_factory.mktemp("bert")
    rng = np.random.default_rng(5)
    sizes = dict(num_layers=2, num_heads=2, hidden_dim=4, intermediate_dim=16, max_sequence_length=16)
    backbone = keras_hub.models.BertBackbone(15, **sizes)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *"all work and no play makes jack a dull boy".split()]
    tokenizer = keras_hub.tokenizers.BertTokenizer(words, lowercase=True, strip_accents=True)
    model = MaskedLanguageModel(backbone)
    for weight in model.weights:
        if "float" in weight.dtype:
            weight.assign(rng.normal(size=weight.shape).astype("float32"))
    made = EncoderTokenizer(tokenizer)
    checkpoints.save_bert(model, folder, made)
    return folder


def test_numbers_are_those_of_numpy(published):
    check_against_numpy(published, published / "bert_model.ckpt", 2)


def test_the_published_checkpoint(data_dir):
    folder = data_dir / "bert_tiny_tf_ckpt"
    check_against_numpy(folder, folder / "bert_model.ckpt", 4)
    tokenizer = checkpoints.load_bert(folder).tokenizer
    features = tokenizer.encode(tokenizer.tokenize(["All work", "dull boy Jack"]), names=["token_ids"])
    words = (folder / "vocab.txt").read_text().split()
    expected = [["[CLS]", "all", "work", "[SEP]"], ["[CLS]", "dull", "boy", "jack", "[SEP]"]]
    ids = features["token_ids"].numpy()
    assert [[words[number] for number in row if number] for row in ids] == expected


def check_against_numpy(folder, prefix, num_heads):
    oracle = NumpyBert({name: array.astype("float64") for name, array in arrays_of(prefix).items()}, num_heads)
    bert = checkpoints.load_bert(folder)
    assert bert.backbone.num_heads == num_heads and bert.tokenizer.max_length == 16
    model = MaskedLanguageModel(bert.backbone, MaskedLanguageModelPreprocessor(bert.tokenizer, sequence_length=16))
    checkpoints.load_bert_weights(model, folder)
    encoded = bert.backbone.predict(FEATURES, verbose=0)
    scores = model.predict({**FEATURES, "mask_positions": POSITIONS}, verbose=0)
    for row, length in enumerate(LENGTHS):
        sequence, pooled = oracle.encode(IDS[row, :length], SEGMENTS[row, :length])
        close = dict(rtol=2e-4, atol=2e-4)
        np.testing.assert_allclose(encoded["sequence_output"][row, :length], sequence, **close)
        np.testing.assert_allclose(encoded["pooled_output"][row], pooled, **close)
        expected = oracle.masked_scores(sequence, POSITIONS[row])
        np.testing.assert_allclose(scores["masked"][row], expected, **close)
        np.testing.assert_allclose(scores["next_sentence"][row], oracle.next_scores(pooled), **close)


def test_written_as_it_was_read(published, tmp_path):
    backbone, tokenizer = checkpoints.load_bert(published)
    model = MaskedLanguageModel(backbone, MaskedLanguageModelPreprocessor(tokenizer, sequence_length=16))
    checkpoints.load_bert_weights(model, published / "bert_model.ckpt")
    checkpoints.save_bert(model, tmp_path / "again")
    theirs, ours = arrays_of(published / "bert_model.ckpt"), arrays_of(tmp_path / "again/bert_model.ckpt")
    assert theirs.keys() == ours.keys()
    for name, array in theirs.items():
        np.testing.assert_array_equal(ours[name], array, err_msg=name)
    for name in ("vocab.txt", "bert_config.json"):
        assert (tmp_path / "again" / name).read_bytes() == (published / name).read_bytes()


def test_an_archive_and_arguments(published, tmp_path):
    shutil.make_archive(str(tmp_path / "bert"), "zip", published.parent, published.name)
    config = json.loads((published / "bert_config.json").read_text())
    bert = checkpoints.load_bert(tmp_path / "bert.zip", lowercase=False, dropout=0.3, trainable=False, name="mine")
    assert bert.backbone.dropout == 0.3 and config["hidden_dropout_prob"] == 0.1
    assert not bert.backbone.trainable and bert.backbone.name == "mine"
    assert not bert.tokenizer.tokenizer.lowercase


@pytest.mark.parametrize(("pieces", "lowercase"), [("play ##ed", True), ("Play ##ed", False), ("игра ##Й", False)])
def test_case_is_that_of_the_pieces(published, tmp_path, pieces, lowercase):
    folder = shutil.copytree(published, tmp_path / "bert")
    (folder / "vocab.txt").write_text("\n".join(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *pieces.split()]))
    config = json.loads((folder / "bert_config.json").read_text())
    del config["do_lower_case"], config["strip_accents"]
    (folder / "bert_config.json").write_text(json.dumps(config))
    tokenizer = checkpoints.load_bert(folder).tokenizer.tokenizer
    assert (tokenizer.lowercase, tokenizer.strip_accents) == (lowercase, lowercase)
    assert tokenizer.vocabulary_size() == 7


def changed(published, tmp_path, change):
    folder = shutil.copytree(published, tmp_path / "bert")
    arrays = arrays_of(folder / "bert_model.ckpt")
    change(arrays)
    _backend.write_checkpoint(str(folder / "bert_model.ckpt"), arrays)
    return folder


def test_missing_and_extra_arrays_are_named(published, tmp_path):
    def change(arrays):
        del arrays["bert/encoder/layer_1/attention/self/key/bias"]
        arrays["output_weights"] = np.zeros((2, 4), "float32")

    folder = changed(published, tmp_path, change)
    with pytest.raises(
        ValueError, match=r"no bert/encoder/layer_1/attention/self/key/bias, output_weights in addition"
    ):
        checkpoints.load_bert(folder)


def test_a_fine_tuned_checkpoint(published, tmp_path):
    folder = changed(published, tmp_path, lambda arrays: arrays.update(output_bias=np.zeros(2, "float32")))
    with pytest.raises(ValueError, match=r"output_bias in addition\. Try skip=\['output_bias'\]"):
        checkpoints.load_bert(folder)
    checkpoints.load_bert(folder, skip=["output_"])
    with pytest.raises(ValueError, match=r"a list of prefixes of names. Received: 'output_'. Try skip=\['output_'\]"):
        checkpoints.load_bert(folder, skip="output_")


def test_arrays_of_another_shape(published, tmp_path):
    folder = shutil.copytree(published, tmp_path / "bert")
    config = json.loads((folder / "bert_config.json").read_text())
    (folder / "bert_config.json").write_text(json.dumps(config | {"hidden_size": 8}))
    with pytest.raises(ValueError, match=r"word_embeddings of shape \(15, 8\).*Received: shape \(15, 4\)"):
        checkpoints.load_bert(folder)
    backbone = keras_hub.models.BertBackbone(15, 3, 2, 4, 16, max_sequence_length=16)
    before = backbone.get_weights()
    with pytest.raises(ValueError, match="no bert/encoder/layer_2/attention/output/LayerNorm/beta"):
        checkpoints.load_bert_weights(backbone, folder)
    for old, new in zip(before, backbone.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_files_that_do_not_fit(published, tmp_path):
    folder = shutil.copytree(published, tmp_path / "bert")
    good = (folder / "bert_config.json").read_text()
    for config, reason in (
        (good.replace('"gelu"', '"relu"'), "hidden_act gelu.*Received: 'relu'"),
        (good.replace("num_hidden_layers", "layers"), "configuration of a BERT.*num_hidden_layers"),
        ("{", "configuration of a BERT"),
    ):
        (folder / "bert_config.json").write_text(config)
        with pytest.raises(ValueError, match=reason):
            checkpoints.load_bert(folder)
    (folder / "bert_config.json").write_text(good)
    (folder / "vocab.txt").write_text("\n".join(f"w{number}" for number in range(16)))
    with pytest.raises(ValueError, match="at most 15 subwords.*Received: 16"):
        checkpoints.load_bert(folder)
    (folder / "vocab.txt").unlink()
    with pytest.raises(FileNotFoundError):
        checkpoints.load_bert(folder)


def test_what_has_no_place_in_such_files(published, tmp_path):
    with pytest.raises(ValueError, match=r"a keras_hub\.models\.BertBackbone"):
        checkpoints.save_bert(keras.Sequential(), tmp_path)
    backbone = keras_hub.models.BertBackbone(15, 1, 2, 4, 16, max_sequence_length=16)
    with pytest.raises(ValueError, match="a WordPiece tokenizer.*Received: NoneType"):
        checkpoints.save_bert(backbone, tmp_path)
    with pytest.raises(ValueError, match=r"Received: masked_head/kernel.*Try MaskedLanguageModel\(\.\.\., tied=True\)"):
        checkpoints.load_bert_weights(MaskedLanguageModel(backbone, tied=False), published)
