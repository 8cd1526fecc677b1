"""Small models as the variables of bilm-tf, DeepPavlov and TF-Hub."""

import re

import keras
import numpy as np

from keras_embed._backend import tf
from keras_embed.backbones import ElmoBackbone
from keras_embed.checkpoints import bilm
from keras_embed.checkpoints._elmo_weights import weights_of


def small(**kwargs):
    settings = {"hidden_dim": 6, "projection_dim": 3, "filters": ((1, 3), (2, 4)), "char_dim": 4}
    elmo = ElmoBackbone(**{**settings, **kwargs})
    for weight in elmo.trainable_weights:
        weight.assign(np.random.default_rng(5).normal(size=weight.shape))
    return elmo


def run(model, features):
    """The model's outputs as arrays; JAX would compile every operation by itself outside of `predict`."""
    outputs = (model.predict_on_batch if keras.config.backend() == "jax" else model)(features)
    return keras.tree.map_structure(keras.ops.convert_to_numpy, outputs)


def variables(elmo, form):
    """Name in the checkpoint -> array."""
    found = {}
    for name, array in bilm.hdf5_arrays(weights_of(elmo)).items():
        name = name.replace("W_P_0", "projection/kernel").replace("W_0", "kernel")
        name = re.sub("/B$", "/bias", name)
        if form == "lm":  # what bilm-tf saves in training, with the optimizer's slots and the softmax
            name = name.replace("/RNN/", "/rnn/").replace("MultiRNNCell", "multi_rnn_cell").replace("Cell", "cell_", 1)
            name = "lm/" + name.replace("cell_LSTMCell", "LSTMCell").replace("LSTMCell", "lstm_cell")
            found[name + "/Adagrad"] = array + 7
        else:
            name = "bilm/" + name.replace("LSTMCell", "rnn/lstm_cell")
        found[name] = array
    if form == "lm":
        return found | {"lm/softmax/W": np.ones((9, 3)), "lm/softmax/b": np.ones(9), "global_step": np.array(3)}
    found["bilm/char_embed"] = np.concatenate([np.zeros((1, 4), "float32"), found["bilm/char_embed"]])
    scalars, gamma = np.array([0.1, 0.2, 0.3], "float32"), np.array(1.5, "float32")
    if form == "google":
        return found | {"aggregation/weights": scalars, "aggregation/scaling": gamma}
    names = {"aggregation/elmo_output_ELMo_W": scalars, "aggregation/elmo_output_ELMo_gamma": gamma[None]}
    return (
        found | names | {"bilm/Variable": np.zeros((8, 3), "float32"), "bilm/Variable_1": np.zeros((8, 6), "float32")}
    )


def write(prefix, arrays):
    graph = tf.Graph()
    with graph.as_default(), tf.compat.v1.Session() as session:
        held = {name: tf.Variable(array) for name, array in arrays.items()}
        session.run(tf.compat.v1.global_variables_initializer())
        tf.compat.v1.train.Saver(held).save(session, str(prefix), write_meta_graph=False)


def check_same(elmo, other):
    theirs = [keras.ops.convert_to_numpy(weight) for weight in other.weights]
    for weight, array in zip(elmo.weights, theirs, strict=True):
        weight = keras.ops.convert_to_numpy(weight)
        skip = 1 if len(weight) == 262 else 0  # padding: nothing reads it
        np.testing.assert_array_equal(weight[skip:], array[skip:])
