"""TF-IDF: against scikit-learn, recorded and live, in both lanes."""

import json

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_embed import text
from keras_embed.layers import TfidfVectorization

#: scikit-learn's names for what is called otherwise here.
IDF = {(True, True): "smooth", (True, False): "plain", (False, True): "none"}


def from_sklearn(params):
    """Our layer for scikit-learn's parameters."""
    params = dict(params)
    ours = {name: params.pop(name) for name in ("min_df", "max_df", "max_features", "binary", "sublinear_tf", "norm")
            if name in params}  # fmt: skip
    ours["idf"] = IDF[params.pop("use_idf", True), params.pop("smooth_idf", True)]
    ngrams = tuple(params.pop("ngram_range", (1, 1)))
    steps = [text.Lowercase()] if params.pop("lowercase", True) else []
    if params.pop("analyzer", "word") == "char_wb":
        return TfidfVectorization(pipeline=text.Pipeline([*steps, text.CharacterNgrams(*ngrams)]), **ours)
    steps.append(text.TokenPattern(params.pop("token_pattern", r"(?u)\b\w\w+\b")))
    if "stop_words" in params:
        steps.append(text.StopWords(params.pop("stop_words")))
    assert not params
    return TfidfVectorization(ngrams, pipeline=text.Pipeline(steps), **ours)


def graph_lane(layer, texts):
    """The matrix by `tf.data`."""
    dataset = tf.data.Dataset.from_tensor_slices(texts).batch(2).map(layer)
    return np.concatenate([batch.numpy() for batch in dataset])


def recorded(data_dir):
    path = data_dir.parent / "fixtures" / "static" / "made" / "sklearn_tfidf.json"
    if not path.is_file():
        pytest.skip(f"no recorded matrices at {path}")
    return json.loads(path.read_text())


@pytest.mark.parametrize("case", range(15))
def test_recorded_matrices(case, data_dir):
    content = recorded(data_dir)
    assert len(content["cases"]) == 15
    case = content["cases"][case]
    layer = from_sklearn(case["params"])
    layer.adapt(content["docs"])
    assert layer.vocabulary() == case["terms"]
    for matrix in (keras.ops.convert_to_numpy(layer(content["docs"])), graph_lane(layer, content["docs"])):
        np.testing.assert_allclose(matrix, case["matrix"], atol=1e-6)
