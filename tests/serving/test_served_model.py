"""Requests, responses and errors in the format of TensorFlow Serving's REST API."""

import base64
import math
import shutil

import pytest
from small_served import folder, models

from keras_embed.serving import RequestError, ServedModel, is_saved_model
from keras_embed.serving.request_values import answer_of


@pytest.fixture(scope="module")
def looks():
    return models()["looks"]


@pytest.fixture(scope="module")
def both():
    return models()["both"]


def test_rows_of_the_only_input_need_no_name(looks):
    named = looks.predict({"instances": [{"text": "a"}, {"text": "a longer text"}]})
    assert looks.predict({"instances": ["a", "a longer text"]}) == named
    assert [row["label"] for row in named["predictions"]] == ["short", "long"]
    assert named["predictions"][1]["probabilities"] == [1.0, 0.0]


def test_columns(looks):
    answer = looks.predict({"inputs": {"text": ["a", "a longer text"]}})
    assert answer["outputs"]["label"] == ["short", "long"]
    assert looks.predict({"inputs": ["a", "a longer text"]}) == answer


def test_several_inputs_of_other_sizes_come_as_columns(both):
    answer = both.predict({"inputs": {"pair": [[1, 2.5], [0.1, 3]], "factor": 10}})
    assert answer == {"outputs": {"product": [25.0, 3.0], "least": [1.0, 0.1]}}  # 0.1, not 0.10000000149


def test_one_output_has_no_name_and_binary_strings_stand_in_base64(both):
    text = base64.b64encode(b"\xff\x00").decode()
    body = {"signature_name": "binary", "instances": [{"b64": text}, "plain"]}
    plain = base64.b64encode(b"plain").decode()
    assert both.predict(body) == {"predictions": [{"b64": text}, {"b64": plain}]}
    body = {"signature_name": "binary", "inputs": {"raw": [{"b64": text}]}}
    assert both.predict(body) == {"outputs": [{"b64": text}]}


def test_every_kind_of_number(both):
    answer = both.predict({"signature_name": "kinds", "inputs": {"flag": [True], "small": [255]}})["outputs"]
    assert answer["flag"] == [False] and answer["small"] == [255] and math.isnan(answer["share"][0])


def test_no_rows_as_columns(looks):
    assert looks.predict({"inputs": {"text": []}})["outputs"]["label"] == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ([], "`instances` or `inputs`"),
        ({}, "`instances` or `inputs`"),
        ({"instances": ["a"], "inputs": ["a"]}, "`instances` or `inputs`"),
        ({"instances": "a"}, "at least one entry"),
        ({"instances": []}, "at least one entry"),
        ({"instances": ["a", {"text": "b"}]}, "at index 0"),
        ({"instances": [{"text": "a"}, {"other": "b"}]}, "at index 1"),
        ({"instances": [{"other": "b"}]}, "'other'"),
        ({"inputs": {}}, "none named 'text'"),
        ({"inputs": {"text": ["a"], "more": ["b"]}}, "'more'"),
        ({"inputs": {"text": "a"}}, "1 axes. Received: one with 0"),
        ({"inputs": {"text": [["a"]]}}, "1 axes. Received: one with 2"),
        ({"inputs": {"text": ["a", ["b"]]}}, "to hold strings"),
        ({"inputs": {"text": ["a", 3]}}, "to hold strings. Received: 3"),
        ({"inputs": {"text": ["a", None]}}, "to hold strings"),
        ({"inputs": {"text": [{"b64": "?"}]}}, "base64"),
        ({"inputs": {"text": [{"b64": 7}]}}, "base64"),
        ({"instances": ["a"], "signature_name": "other"}, "Received: 'other'"),
        ({"instances": ["a"], "signature_name": ["x"]}, "signature"),
    ],
)
def test_what_is_wrong_is_said(looks, body, words):
    with pytest.raises(RequestError, match="Expected") as raised:
        looks.predict(body)
    assert words in str(raised.value) and raised.value.status == 400


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"pair": [[1, 2], [3]], "factor": 1}, "equal length"),
        ({"pair": [[1, 2, 3]], "factor": 1}, "shape (None, 2)"),
        ({"pair": [[1, 2]], "factor": 1.5}, "whole numbers"),
        ({"pair": [[1, 2]], "factor": True}, "whole numbers"),
        ({"pair": [[1, "2"]], "factor": 1}, "numbers"),
        ({"pair": [[1, 2]], "factor": 2**70}, "range"),
        ({"pair": [[1, 2], 3], "factor": 1}, "equal depth"),
    ],
)
def test_tensors_that_do_not_fit(both, inputs, words):
    with pytest.raises(RequestError) as raised:
        both.predict({"inputs": inputs})
    assert words in str(raised.value)


def test_rows_are_counted(looks):
    with pytest.raises(RequestError, match="at most 2 rows. Received: 3"):
        looks.predict({"instances": ["a"] * 3}, max_rows=2)


def test_an_error_in_the_graph_is_the_clients(both):
    with pytest.raises(RequestError, match="Expected no texts"):
        both.predict({"signature_name": "fails", "instances": ["a"]})


def test_an_output_without_rows_needs_columns():
    with pytest.raises(RequestError, match="`inputs` instead"):
        answer_of({"loss": 0.5}, True, 2)
    assert answer_of({"loss": 0.5}, False) == {"outputs": 0.5}


def test_the_newest_version_is_loaded(both):
    assert (both.name, both.version) == ("both", 3)
    old = ServedModel(folder() / "both" / "2", "old")
    assert (old.name, old.version, sorted(old.signatures)) == ("old", 2, ["serving_default"])


def test_status_and_metadata_are_tensorflow_servings(both):
    assert both.status() == {
        "model_version_status": [
            {"version": "3", "state": "AVAILABLE", "status": {"error_code": "OK", "error_message": ""}}
        ]
    }
    metadata = both.metadata()
    assert metadata["model_spec"] == {"name": "both", "signature_name": "", "version": "3"}
    signatures = metadata["metadata"]["signature_def"]["signature_def"]
    assert {"serving_default", "binary", "kinds", "fails"} <= signatures.keys()
    pair = signatures["serving_default"]["inputs"]["pair"]
    assert pair["dtype"] == "DT_FLOAT"
    assert pair["tensor_shape"]["dim"] == [{"size": "-1", "name": ""}, {"size": "2", "name": ""}]
    assert pair["tensor_shape"]["unknown_rank"] is False
    assert signatures["serving_default"]["method_name"] == "tensorflow/serving/predict"


def test_metadata_is_that_of_the_model_that_was_loaded(tmp_path):
    shutil.copytree(folder() / "looks" / "1", tmp_path / "1")
    model = ServedModel(tmp_path)
    shutil.rmtree(tmp_path / "1")
    assert model.metadata()["metadata"]["signature_def"]["signature_def"]["serving_default"]


def test_a_folder_without_a_model_says_so(tmp_path):
    assert not is_saved_model(tmp_path)
    with pytest.raises(FileNotFoundError, match=r"saved_model\.pb"):
        ServedModel(tmp_path)
