"""Networks of tasks as ONNX and LiteRT files, run by ONNX Runtime and the interpreter, against Keras."""

import sys

import keras
import keras_hub
import numpy as np
import pytest

from keras_embed.backbones import BiDAFBackbone, RecurrentBackbone
from keras_embed.functional import linear_chain
from keras_embed.layers import WordEmbedding
from keras_embed.serving.networks import export_network
from keras_embed.tasks import PairClassifier, SpanQA, Tagger, TextClassifier

BATCH, TIME = 3, 7
LENGTHS = np.array([[7], [4], [1]])
if keras.config.backend() != "tensorflow":
    pytestmark = pytest.mark.slow  # another process writes every file


def bert():
    return keras_hub.models.BertBackbone(9, 1, 2, 4, 8, max_sequence_length=16)


def recurrent():
    return RecurrentBackbone([WordEmbedding(9, 4)], "lstm", 3)


TASKS = {
    "classifier": lambda: TextClassifier(bert(), num_classes=3),
    "tagger": lambda: Tagger(bert(), num_tags=3),
    "recurrent tagger": lambda: Tagger(recurrent(), num_tags=3),
    "pairs": lambda: PairClassifier(recurrent(), comparison="siamese"),
    "spans": lambda: SpanQA(bert()),
    "recurrent spans": lambda: SpanQA(BiDAFBackbone([WordEmbedding(9, 4)], hidden_dim=3)),
}
NAMES = {"classifier": ["logits"], "pairs": ["scores"], "spans": ["logits"], "recurrent spans": ["logits"]}
QUICK = ("classifier", "tagger")
EACH = [pytest.param(name, marks=() if name in QUICK else pytest.mark.slow) for name in TASKS]
RECURRENT = ("recurrent tagger", "pairs", "recurrent spans")


def features_of(task, batch=BATCH, time=TIME):
    rng = np.random.default_rng(0)
    mask = np.arange(time)[None] < LENGTHS[:batch]
    found = {}
    for name, tensor in task.input.items():
        ids = np.zeros_like(mask) if "segment" in name else rng.integers(1, 9, (batch, time)) * mask
        found[name] = (mask if name.endswith("mask") else ids).astype(tensor.dtype)
    return found


def expected_of(task, features):
    outputs = keras.Model(task.input, task.network_outputs())(features)
    return {name: keras.ops.convert_to_numpy(value) for name, value in outputs.items()}


def check_same(answers, expected):
    assert answers.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(answers[name], value, rtol=1e-4, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("name", EACH)
def test_onnx_runtime_answers_alike_for_any_shape(name, tmp_path):
    pytest.importorskip("tf2onnx")
    runtime = pytest.importorskip("onnxruntime")
    if name != "classifier" and keras.config.backend() != "tensorflow":
        pytest.skip("the way through another process is slow, and the same for all tasks")
    task = TASKS[name]()
    task.export(tmp_path / "task.onnx", format="onnx")
    session = runtime.InferenceSession(str(tmp_path / "task.onnx"))
    assert {value.name for value in session.get_inputs()} == set(task.input)
    assert all(value.shape == ["batch", f"{value.name}_axis_1"] for value in session.get_inputs())
    names = [value.name for value in session.get_outputs()]
    assert sorted(names) == sorted(NAMES.get(name, ["emissions", "transitions", "start", "end"]))
    for shape in ((BATCH, TIME), (1, 12)):
        features = features_of(task, *shape)
        check_same(dict(zip(names, session.run(None, features), strict=True)), expected_of(task, features))


@pytest.mark.parametrize("name", EACH)
def test_the_interpreter_of_litert_answers_alike(name, tmp_path):
    if name != "classifier" and keras.config.backend() != "tensorflow":
        pytest.skip("the way through another process is slow, and the same for all tasks")
    task = TASKS[name]()
    sizes = {"batch_size": BATCH, "length": TIME} if name in RECURRENT else {}
    task.export(tmp_path / "task.tflite", format="litert", **sizes)
    interpreter = pytest.importorskip("tensorflow").lite.Interpreter(str(tmp_path / "task.tflite"))
    features = features_of(task)
    if not sizes:
        for detail in interpreter.get_input_details():
            interpreter.resize_tensor_input(detail["index"], [BATCH, TIME])
    interpreter.allocate_tensors()
    check_same(interpreter.get_signature_runner()(**features), expected_of(task, features))


def test_the_parts_of_a_chain_give_the_tags():
    """Decodes the exported potentials with Viterbi in plain loops, as a client without keras_embed would."""
    task = Tagger(recurrent(), num_tags=3)
    rng = np.random.default_rng(1)
    for weight in task.weights:
        if "float" in weight.dtype:
            weight.assign(rng.normal(size=weight.shape).astype("float32"))
    features = features_of(task)
    parts = expected_of(task, features)
    tags, _ = linear_chain.viterbi(linear_chain.unpack(task(features)))
    for row, length in enumerate(LENGTHS[:, 0]):
        paths = np.array(np.meshgrid(*[range(3)] * length)).reshape(length, -1).T
        emitted = parts["emissions"][row][np.arange(length), paths].sum(1)
        moved = parts["transitions"][paths[:, :-1], paths[:, 1:]].sum(1)
        best = paths[np.argmax(emitted + moved + parts["start"][paths[:, 0]] + parts["end"][paths[:, -1]])]
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(tags)[row, :length], best)


def test_what_cannot_be_written_leaves_what_was_there(tmp_path):
    task = TASKS["classifier"]()
    with pytest.raises(ValueError, match=r"a file that ends in \.onnx"):
        export_network(task, tmp_path / "task.tflite")
    with pytest.raises(ValueError, match="`format` to be one of"):
        export_network(task, tmp_path / "task.pb", format="pb")
    if keras.config.backend() != "tensorflow":
        return
    (tmp_path / "task.tflite").write_text("before")
    with pytest.raises(ValueError, match=r"LiteRT's own operations.*FlexTensorList.*Try batch_size=1 and length=128"):
        export_network(TASKS["recurrent tagger"](), tmp_path / "task.tflite", format="litert")
    assert (tmp_path / "task.tflite").read_text() == "before" and len(list(tmp_path.iterdir())) == 1


def test_without_a_converter_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tf2onnx", None)
    with pytest.raises(ImportError, match=r"pip install 'keras-embed\[onnx\]'"):
        export_network(TASKS["classifier"](), tmp_path / "task.onnx")
