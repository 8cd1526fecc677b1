"""Losses of classes, each by itself, against Keras and scikit-learn."""

import keras
import numpy as np
import pytest

from keras_embed.losses import MultiLabelCrossentropy, OneVersusRestHinge

RNG = np.random.default_rng(0)
SCORES = RNG.normal(scale=3, size=(6, 3)).astype("float32")
HOT = RNG.integers(0, 2, (6, 3)).astype("float32")
IDS = np.array([0, 1, 2, 2, 1, 0])
WEIGHTS = np.array([1.0, 2.0, 0.0, 1.0, 0.5, 3.0], "float32")


def test_without_weights_it_is_keras_binary_crossentropy():
    theirs = keras.losses.BinaryCrossentropy(from_logits=True)
    assert float(MultiLabelCrossentropy()(HOT, SCORES)) == pytest.approx(float(theirs(HOT, SCORES)), rel=1e-5)
    weighted = float(MultiLabelCrossentropy()(HOT, SCORES, WEIGHTS))
    assert weighted == pytest.approx(float(theirs(HOT, SCORES, WEIGHTS)), rel=1e-5)


def test_each_class_may_have_its_weight():
    each = RNG.uniform(size=(6, 3)).astype("float32")
    values = np.logaddexp(0, SCORES) - HOT * SCORES
    assert float(MultiLabelCrossentropy()(HOT, SCORES, each)) == pytest.approx((values * each).mean(), rel=1e-5)


def test_huge_logits_stay_finite():
    assert float(MultiLabelCrossentropy()(np.array([[1.0, 0.0]]), np.array([[1e4, -1e4]]))) == 0.0


def test_the_hinge_is_scikit_learns():
    hinge_loss = pytest.importorskip("sklearn.metrics").hinge_loss
    for k in range(3):
        signs = np.where(k == IDS, 1, -1)
        margins = np.maximum(0, 1 - signs * SCORES[:, k])
        assert margins.mean() == pytest.approx(hinge_loss(signs, SCORES[:, k]), rel=1e-5)
    expected = np.maximum(0, 1 - (2 * np.eye(3)[IDS] - 1) * SCORES) ** 2
    for labels in (IDS, IDS[:, None], np.eye(3)[IDS]):
        assert float(OneVersusRestHinge()(labels, SCORES)) == pytest.approx(expected.mean(), rel=1e-5)
    weighted = (expected * WEIGHTS[:, None]).mean()
    assert float(OneVersusRestHinge()(IDS, SCORES, WEIGHTS)) == pytest.approx(weighted, rel=1e-5)


@pytest.mark.parametrize("shape", [(6, 2), (6, 3, 1)])
def test_labels_of_another_shape_are_refused(shape):
    with pytest.raises(ValueError, match=r"Expected `y_true` \(B, 3\) of 0 and 1, or class ids"):
        MultiLabelCrossentropy()(np.zeros(shape), SCORES)


@pytest.mark.slow
def test_with_an_l2_regulariser_it_finds_the_weights_of_liblinear():
    svm = pytest.importorskip("sklearn.svm")
    rng = np.random.default_rng(3)
    x = rng.normal(size=(60, 4)).astype("float32")
    y = (x @ np.array([1.0, -2.0, 0.5, 0.0]) + 0.3 * rng.normal(size=60) > 0).astype(int)
    theirs = svm.LinearSVC(C=0.5, fit_intercept=False, tol=1e-8, max_iter=100_000, dual=False).fit(x, y)
    l2 = keras.regularizers.L2(1 / (2 * 60 * 2 * 0.5))
    model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2, use_bias=False, kernel_regularizer=l2)])
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.05, 1500)), OneVersusRestHinge())
    # 1,500 passes as one epoch, which costs less than as many epochs.
    model.fit(np.tile(x, (1500, 1)), np.tile(y, 1500), batch_size=60, shuffle=False, verbose=0)
    kernel = model.get_weights()[0]
    np.testing.assert_allclose(kernel[:, 1], theirs.coef_[0], atol=2e-3)
    np.testing.assert_allclose(kernel[:, 0], -kernel[:, 1], atol=2e-3)
