"""Learning rates against their formulas, and in an optimizer."""

import json

import keras
import numpy as np
import pytest

from keras_embed.schedules import InverseSquareRoot, LinearWarmupDecay, NoamSchedule

STEPS = np.arange(1, 400)


def rates(schedule):
    """Rates of the updates 1, 2, ..., as an optimizer asks for them."""
    return keras.ops.convert_to_numpy(schedule(keras.ops.convert_to_tensor(STEPS - 1)))


def test_noam_is_equation_3():
    expected = [2 * 512**-0.5 * min(n**-0.5, n * 50**-1.5) for n in STEPS.tolist()]
    np.testing.assert_allclose(rates(NoamSchedule(512, 50, 2.0)), expected, rtol=1e-5)


def test_the_inverse_square_root_is_noam_by_its_peak():
    peak = 2 / (512 * 50) ** 0.5
    np.testing.assert_allclose(rates(InverseSquareRoot(peak, 50)), rates(NoamSchedule(512, 50, 2.0)), rtol=1e-5)
    started = rates(InverseSquareRoot(1.0, 50, start=0.5))
    np.testing.assert_allclose(started[:50], 0.5 + 0.01 * STEPS[:50], rtol=1e-5)
    assert started.argmax() == 49 and started[199] == pytest.approx(0.5)


def test_linear_rises_and_falls_in_lines():
    values = rates(LinearWarmupDecay(2.0, 40, 200, end=0.5))
    np.testing.assert_allclose(values, np.interp(STEPS, [0, 40, 200], [0, 2.0, 0.5]), rtol=1e-5)
    np.testing.assert_allclose(rates(LinearWarmupDecay(1.0, 0, 100)), np.interp(STEPS, [0, 100], [1.0, 0.0]), atol=1e-6)


@pytest.mark.parametrize(
    "schedule", [NoamSchedule(8, 5, 0.5), InverseSquareRoot(0.1, 5, 0.01), LinearWarmupDecay(0.1, 5, 9, 0.01)]
)
def test_a_model_trains_by_it_and_is_saved_with_it(schedule, tmp_path):
    json.dumps(keras.optimizers.schedules.serialize(schedule))
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")])
    model.compile(keras.optimizers.SGD(schedule), "mean_absolute_error")
    model.fit(np.ones((3, 1)), np.ones((3, 1)), batch_size=1, epochs=1, verbose=0)
    # Each step of |1 - w| moves w by the rate itself.
    assert float(model.get_weights()[0][0, 0]) == pytest.approx(rates(schedule)[:3].sum(), rel=1e-5)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras").optimizer
    assert float(loaded.learning_rate) == pytest.approx(float(rates(schedule)[3]), rel=1e-5)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: NoamSchedule(0), "`model_dim` to be a positive integer"),
        (lambda: NoamSchedule(8, 4.5), "`warmup_steps` to be a positive integer"),
        (lambda: NoamSchedule(8, scale=0.0), "`scale` above 0"),
        (lambda: InverseSquareRoot(0.1, start=0.2), "`start` from 0 to `peak`"),
        (lambda: LinearWarmupDecay(0.1, 10, 10), "`warmup_steps` from 0 to below `total_steps`"),
        (lambda: LinearWarmupDecay(0.1, 1, 10, end=-1.0), "`end` from 0 to `peak`"),
    ],
)
def test_arguments_out_of_bounds_are_refused(make, said):
    with pytest.raises(ValueError, match=said):
        make()
