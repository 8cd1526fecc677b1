"""Pre-training on two devices gives the same result as on one."""

import ast
import os
import subprocess
import sys

import keras
import numpy as np
import pytest

PARALLEL = """
import jax, keras
from small_pretraining import STORIES, make_model
assert len(jax.devices()) == 2
losses = []
for distribution in (None, keras.distribution.DataParallel(auto_shard_dataset=False)):
    keras.distribution.set_distribution(distribution)
    keras.utils.set_random_seed(5)
    model = make_model(dropout=0.0)
    model.compile(keras.optimizers.Adam(1e-3))
    losses.append(model.fit(STORIES, epochs=2, batch_size=8, steps_per_epoch=2, verbose=0).history["loss"])
    print(len(model.backbone.token_embedding.embeddings.value.sharding.device_set))
assert model.evaluate(STORIES[:2], batch_size=6, return_dict=True, verbose=0)["loss"] > 0  # a batch that is not full
print(losses)
"""


@pytest.mark.skipif(keras.config.backend() != "jax", reason="keras.distribution is JAX's")
def test_losses_on_two_devices_are_those_on_one():
    flags = "--xla_force_host_platform_device_count=2 --xla_cpu_multi_thread_eigen=false"
    environment = {**os.environ, "KERAS_BACKEND": "jax", "XLA_FLAGS": flags, "JAX_PLATFORMS": "cpu"}
    environment["PYTHONPATH"] = os.pathsep.join([os.path.dirname(os.path.dirname(__file__)), *sys.path])
    command = [sys.executable, "-c", PARALLEL]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    *counts, losses = map(ast.literal_eval, done.stdout.strip().splitlines()[-3:])
    assert counts == [1, 2]
    np.testing.assert_allclose(losses[0], losses[1], rtol=1e-4)
