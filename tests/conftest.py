"""What every test shares: import order, seeds, thread caps, and the folder of real data."""

import contextlib
import gc
import importlib
import os
import sys
from pathlib import Path

# Read when the frameworks are imported, so they come first. One thread a process: xdist fills the cores.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
for _name, _value in {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "OMP_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
    "MPLBACKEND": "Agg",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
    # Small shapes: on JAX most of the time would go into machine code that runs a few times. A third less in all.
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


def pytest_collection_modifyitems(items):
    """Benchmarks start their own processes, on the backends that they choose: one run of their tests is enough."""
    if keras.config.backend() != "tensorflow":
        for item in items:
            if "benchmark" in item.path.name:
                item.add_marker(pytest.mark.skip(reason="benchmarks choose their backends: tested under TensorFlow"))


@pytest.fixture(autouse=True)
def _seeded():
    """Every test starts from the same random state, under float32."""
    keras.utils.set_random_seed(7)
    yield
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close("all")
    keras.config.set_dtype_policy("float32")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real data sets; a test that asks for it is skipped where it is absent."""
    folder = Path(os.environ.get("KERAS_EMBED_DATA") or REPOSITORY.parent / "shared" / "data")
    if not folder.is_dir():
        pytest.skip(f"no real data at {folder}: set KERAS_EMBED_DATA to the folder that holds it")
    return folder


@pytest.fixture(autouse=True, scope="module")
def _compiled_programs_are_dropped():
    """Each program that JAX compiles keeps memory mapped; thousands of them in one process reach the system's limit."""
    yield
    if keras.config.backend() == "jax":
        importlib.import_module("jax").clear_caches()
        gc.collect()
