"""Shared by all tests: import order, seeds, thread caps, the selection of tests by backend, and the data folder."""

import collections
import contextlib
import gc
import importlib
import os
import sys
from pathlib import Path

# Set before the frameworks are imported. One thread per process: xdist uses all cores.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
for _name, _value in {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "MPLBACKEND": "Agg",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    # Small shapes: on JAX most of the time would be spent optimising code that runs a few times. Saves a third.
    "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",
}.items():
    os.environ.setdefault(_name, _value)

with contextlib.suppress(ImportError):
    # PyTorch before TensorFlow: the other order can crash the process.
    import torch

    torch.set_num_threads(1)

import hypothesis
import keras
import pytest

REPOSITORY = Path(__file__).resolve().parents[1]

hypothesis.settings.register_profile(
    "keras_embed",
    max_examples=15,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(hypothesis.HealthCheck),
)
hypothesis.settings.load_profile("keras_embed")


#: Tests that depend on the backend: `make test` runs them on JAX and PyTorch too. `make test-all` runs all tests there.
EVERY_BACKEND = (
    "functional/",
    "initializers/",
    "layers/",
    "losses/",
    "metrics/",
    "schedules/test_discriminative_rates.py",
    "test_contract.py",
    "test_every_task.py",
    "test_row_loop.py",
)
#: Files with few, long tests. They start first, so that no worker waits for them in the end.
LONGEST = ("test_examples_as_they_are.py", "test_examples.py", "test_docs_site.py", "test_docs.py")
#: Tests that do not depend on the backend, or that start processes on backends of their choice: never run twice.
ON_TENSORFLOW_ONLY = ("benchmark", "test_architecture", "test_notebooks", "test_docs_site", "test_typing")


def pytest_addoption(parser):
    parser.addoption("--matrix", action="store_true", help="run every test on every backend")
    parser.addoption("--file-times", help="write the seconds of each test file to this file")


def pytest_configure(config):
    path = config.getoption("--file-times")
    if path and not hasattr(config, "workerinput"):  # with xdist, the controller sees the reports of all workers
        config.pluginmanager.register(FileTimes(Path(path)))


class FileTimes:
    """Adds up the time of each test file, and writes a line `seconds  backend  file` for each."""

    def __init__(self, path):
        self.path = path
        self.seconds = collections.Counter()

    def pytest_runtest_logreport(self, report):
        self.seconds[report.nodeid.split("::")[0]] += report.duration

    def pytest_sessionfinish(self):
        rows = [f"{s:7.1f}  {keras.config.backend():10}  {name}\n" for name, s in self.seconds.most_common()]
        self.path.write_text("".join(rows), encoding="utf-8")


def pytest_collection_modifyitems(config, items):
    """Selects the tests of this backend, and starts with the longest files."""
    backend, matrix = keras.config.backend(), config.getoption("--matrix")

    def wanted(item):
        path = item.path.relative_to(REPOSITORY / "tests").as_posix()
        if backend == "tensorflow":
            return matrix or item.get_closest_marker("matrix") is None
        if any(name in item.path.name for name in ON_TENSORFLOW_ONLY):
            return False
        return matrix or path.startswith(EVERY_BACKEND) or item.get_closest_marker("every_backend") is not None

    left_out = [item for item in items if not wanted(item)]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
    order = {name: number for number, name in enumerate(LONGEST)}
    items[:] = sorted(filter(wanted, items), key=lambda item: order.get(item.path.name, len(order)))


@pytest.fixture(autouse=True)
def _seeded():
    """Resets the random state and the dtype policy for every test."""
    keras.utils.set_random_seed(7)
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
    keras.config.set_dtype_policy("float32")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data sets. Skips the test if it is absent."""
    folder = Path(os.environ.get("KERAS_EMBED_DATA") or REPOSITORY.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}: set KERAS_EMBED_DATA to the folder that holds it")
    return folder


@pytest.fixture(autouse=True, scope="module")
def _compiled_programs_are_dropped():
    """Drops JAX's compiled programs after each file: thousands in one process exceed the limit of memory maps."""
    yield
    if keras.config.backend() == "jax":
        importlib.import_module("jax").clear_caches()
        gc.collect()
