"""Runs an exported model in a process that imports only TensorFlow."""

import json
import os
import subprocess
import sys

CLIENT = """
import json, sys
import tensorflow as tf
texts = json.loads(sys.stdin.read())
served = tf.saved_model.load(sys.argv[1]).signatures["serving_default"]
def plain(x):
    return [plain(y) for y in x] if isinstance(x, list) else x.decode() if isinstance(x, bytes) else x
print(json.dumps([{k: plain(v.numpy().tolist()) for k, v in served(text=tf.constant(batch)).items()}
                  for batch in (texts, texts[:1])] + [[m for m in sys.modules if m.startswith("keras_")]]))
"""


def answers_elsewhere(path, texts):
    """Returns the outputs for all texts and for the first alone; fails if keras_embed or Keras Hub is imported."""
    environment = {**os.environ, "CUDA_VISIBLE_DEVICES": "-1"}
    command = [sys.executable, "-c", CLIENT, str(path)]
    done = subprocess.run(command, input=json.dumps(texts), capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    many, one, ours = json.loads(done.stdout)
    assert not ours, f"the client imported {ours}"
    return many, one
