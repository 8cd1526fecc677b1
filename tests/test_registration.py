"""A saved file loads after a bare `import keras_embed`."""

import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import keras
import pytest

import keras_embed
from keras_embed import _registration

REPOSITORY = Path(__file__).resolve().parents[1]

TOY = """
import keras

@keras.saving.register_keras_serializable(package="keras_embed")
class ToyLayer(keras.layers.Layer):
    def __init__(self, factor=2.0, **kwargs):
        super().__init__(**kwargs)
        self.factor = factor

    def call(self, x):
        return x * self.factor

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


@keras.saving.register_keras_serializable(package="keras_embed")
class ToyLoss(keras.losses.Loss):
    def call(self, y_true, y_pred):
        return keras.ops.mean(keras.ops.abs(y_true - y_pred), axis=-1)


@keras.saving.register_keras_serializable(package="keras_embed")
class ToyMetric(keras.metrics.Mean):
    def update_state(self, y_true, y_pred, sample_weight=None):
        super().update_state(keras.ops.abs(y_true - y_pred), sample_weight)
"""


@pytest.fixture
def toy(tmp_path, monkeypatch):
    """A module with registered classes, forgotten again: as in a new process that imported only the package."""
    (tmp_path / "toy_room.py").write_text(TOY)
    monkeypatch.syspath_prepend(tmp_path)
    registry = keras.saving.get_custom_objects()
    before = dict(registry)

    def forget():
        sys.modules.pop("toy_room", None)
        registry.clear()
        registry.update(before)

    yield forget
    forget()


def registered_classes() -> dict[str, str]:
    """Class name -> module, for all that the package registers once every module is imported."""
    for module in pkgutil.walk_packages(keras_embed.__path__, "keras_embed."):
        if module.name != "keras_embed.__main__":
            importlib.import_module(module.name)
    found = {}
    for key, thing in keras.saving.get_custom_objects().items():
        package, _, name = key.partition(">")
        if package == _registration.PACKAGE and (inspect.isclass(thing) or inspect.isroutine(thing)):
            if thing.__module__.startswith("keras_embed."):
                found[name] = thing.__module__
    return dict(sorted(found.items()))


def test_the_table_holds_what_the_package_registers():
    found = registered_classes()
    lines = "".join(f'    "{name}": "{module}",\n' for name, module in found.items())
    assert found == _registration.CLASSES, f"write this into keras_embed/_registration.py:\n{lines}"
    assert list(_registration.CLASSES) == sorted(_registration.CLASSES)


def test_a_compiled_model_loads_through_stand_ins(toy, tmp_path, monkeypatch):
    room = importlib.import_module("toy_room")
    model = keras.Sequential([keras.Input((3,)), room.ToyLayer(3.0), keras.layers.Dense(2)])
    model.compile("sgd", loss=room.ToyLoss(), metrics=[room.ToyMetric(name="distance")])
    x, y = keras.random.normal((4, 3), seed=1), keras.random.normal((4, 2), seed=2)
    expected = model.evaluate(x, y, verbose=0, return_dict=True)
    model.save(tmp_path / "model.keras")
    del model, room
    toy()

    names = ("ToyLayer", "ToyLoss", "ToyMetric")
    monkeypatch.setattr(_registration, "CLASSES", dict.fromkeys(names, "toy_room"))
    _registration.register(keras.saving.get_custom_objects())
    assert "toy_room" not in sys.modules
    loaded = keras.saving.load_model(tmp_path / "model.keras")

    assert type(loaded.layers[0]).__module__ == "toy_room"
    assert loaded.evaluate(x, y, verbose=0, return_dict=True) == pytest.approx(expected)
    assert inspect.isclass(keras.saving.get_registered_object("keras_embed>ToyLayer"))


def test_a_stand_in_answers_as_its_class(toy, monkeypatch):
    stand_in = _registration.Deferred("toy_room", "ToyLayer")
    assert repr(stand_in) == "<toy_room.ToyLayer, not imported yet>"
    assert "toy_room" not in sys.modules
    assert stand_in(5.0).factor == 5.0
    assert stand_in.from_config({"factor": 4.0}).factor == 4.0
    assert issubclass(stand_in, keras.layers.Layer)


def test_a_class_that_is_imported_already_stays(monkeypatch):
    monkeypatch.setattr(_registration, "CLASSES", {"Known": "toy_room"})
    registry = {"keras_embed>Known": int}
    _registration.register(registry)
    assert registry == {"keras_embed>Known": int}


BARE = """
{imports}
model = keras.saving.load_model({path!r})
print([type(layer).__name__ for layer in model.layers if type(layer).__module__.startswith("keras_embed")])
print(type(model.loss).__name__)
"""


@pytest.mark.slow
@pytest.mark.parametrize("imports", ["import keras, keras_embed", "import keras_embed, keras"])
def test_a_bare_import_is_enough_in_a_new_process(imports, tmp_path):
    inputs = keras.Input((None, 3))
    model = keras.Model(inputs, keras_embed.layers.CRF(3)(keras_embed.layers.VariationalDropout(0.5)(inputs)))
    model.compile("sgd", loss=keras_embed.losses.CRFLoss())
    model.save(tmp_path / "model.keras")
    code = BARE.format(imports=imports, path=str(tmp_path / "model.keras"))
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=REPOSITORY)
    assert run.returncode == 0, run.stderr
    assert run.stdout.splitlines()[-2:] == ["['VariationalDropout', 'CRF']", "CRFLoss"]
