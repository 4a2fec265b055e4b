"""Trees, forests and boosting give the same results as ONNX graphs, also right at thresholds."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from onnx.numpy_helper import to_array

from estimator_graph import EXTREMES, FEATURES, Pair, rows, schema
from mlfw_sklearn import Estimator
from mlfw_sklearn.graphs import shares, trees
from mlfw_sklearn.graphs.trees import ABOVE, AT_MOST, exact_in_single, rounded_down
from mlfw_sklearn.models import Boosting, Forest, Tree

MODELS: dict[str, Estimator] = {
    "tree": Tree(),
    "shallow tree": Tree(max_depth=2),
    "forest": Forest(trees=15, jobs=1),
    "forest of mixed leaves": Forest(trees=15, max_depth=4, min_samples_leaf=4, jobs=1),
    "boosting": Boosting(iterations=20, max_leaves=8),
}


@cache
def fitted(model: str, classes: int, missing: bool = False) -> Pair:
    """Return a fitted model; with `missing`, one more class has no rows."""
    estimator = MODELS[model].build(schema(classes))
    x, y = rows(classes, 300)
    codes = np.array([0, 2, 3])[y] if missing else y
    estimator.set_params(random_state=0).fit(x, codes)
    return Pair(estimator, classes + missing)


def thresholds(estimator: Any) -> list[float]:
    if hasattr(estimator, "_predictors"):
        nodes = [tree.nodes for trees in estimator._predictors for tree in trees]
        held = [each["num_threshold"][each["is_leaf"] == 0] for each in nodes]
    else:
        trees = [each.tree_ for each in getattr(estimator, "estimators_", [estimator])]
        held = [tree.threshold[tree.children_left >= 0] for tree in trees]
    return sorted(set(np.concatenate(held).tolist()))


def trees_of(pair: Pair, attribute: str) -> list[np.ndarray]:
    """Return a tensor that is an attribute of every operator that holds trees."""
    model = onnx.ModelProto.FromString(pair.content)
    return [
        to_array(each.t)
        for node in model.graph.node
        if node.op_type == "TreeEnsemble"
        for each in node.attribute
        if each.name == attribute
    ]


def beside(values: list[float]) -> list[float]:
    """Return the values, their neighbours, and the middles between those in single precision."""
    at = np.asarray(values)
    single = at.astype(np.float32)
    below, above = (np.nextafter(single, np.float32(end)) for end in (-np.inf, np.inf))
    middles = [(single.astype(np.float64) + each) / 2 for each in (below, above)]
    near = [np.nextafter(at, -np.inf), np.nextafter(at, np.inf), single, below, above, *middles]
    return np.concatenate([at, *near]).astype(np.float64).tolist()


@pytest.mark.parametrize(
    ("classes", "missing"), [(2, False), (3, False), (3, True), (0, False)], ids=str
)
@pytest.mark.parametrize("model", MODELS)
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_the_graph_predicts_what_the_estimator_does(
    model: str, classes: int, missing: bool, data: st.DataObject
) -> None:
    pair = fitted(model, classes, missing)
    near = data.draw(st.lists(st.sampled_from(thresholds(pair.estimator)), min_size=1, max_size=8))
    elements = st.sampled_from(beside(near) + EXTREMES) | st.floats(-1e30, 1e30)
    matrix = data.draw(
        arrays(np.float64, (data.draw(st.integers(0, 30)), FEATURES), elements=elements)
    )
    # Of two classes the first one's share is what the second one leaves.
    exact = model in ("tree", "shallow tree") and classes > 2
    pair.check(matrix, exact=exact)
    pair.check(rows(classes, 50, seed=1)[0], exact=exact)


def test_every_leaf_is_right_in_a_tree_of_every_row() -> None:
    x, y = rows(0, 2000)
    estimator = Tree(min_samples_leaf=1).build(schema(0)).fit(x, y)
    pair = Pair(estimator, 0)
    assert np.array_equal(pair.run(x), estimator.predict(x))


@pytest.mark.parametrize("model", ["tree", "forest", "boosting"])
def test_trees_of_a_single_leaf(model: str) -> None:
    estimator = MODELS[model].build(schema(0))
    x, _ = rows(0, 30)
    Pair(estimator.fit(x, np.full(30, 7.5)), 0).check(x)


def test_some_trees_of_a_single_leaf_among_others() -> None:
    x, y = rows(2, 12)
    estimator = Forest(trees=40, min_samples_leaf=4, jobs=1).build(schema(2))
    estimator.set_params(random_state=0).fit(x, y)
    sizes = {each.tree_.node_count for each in estimator.estimators_}
    assert 1 in sizes
    assert len(sizes) > 1
    Pair(estimator, 2).check(x)


def test_values_far_from_zero_keep_their_digits() -> None:
    x, y = rows(0, 300)
    for model in ("tree", "forest", "boosting"):
        estimator = MODELS[model].build(schema(0)).fit(x + 1e6, y + 1e12)
        Pair(estimator, 0).check(x + 1e6, within=1e-14)


@pytest.mark.parametrize("table", [True, False], ids=["table", "no table"])
@pytest.mark.parametrize("depth", [2, 6, None])
def test_a_forest_of_many_classes(
    depth: int | None, table: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shares, "TABLE_BYTES", shares.TABLE_BYTES if table else 0)
    x, y = rows(60, 1500)
    forest = Forest(trees=30, max_depth=depth, min_samples_leaf=2, jobs=1).build(schema(60))
    estimator = forest.set_params(random_state=0).fit(x, y)
    pair = Pair(estimator, 60)
    pair.check(rows(60, 100, seed=1)[0])


@pytest.mark.parametrize("classes", [0, 2, 5])
def test_a_forest_too_large_for_the_cache_is_divided(
    classes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    x, y = rows(classes, 300)
    estimator = Forest(trees=9, jobs=1).build(schema(classes)).fit(x, y)
    nodes = sum(each.tree_.node_count for each in estimator.estimators_)
    monkeypatch.setattr(trees, "NODES_AT_ONCE", nodes // 3)
    pair = Pair(estimator, classes)

    assert 3 <= pair.content.count(b"TreeEnsemble") <= 9
    pair.check(rows(classes, 100, seed=1)[0])


@pytest.mark.parametrize("classes", [0, 2, 5])
@pytest.mark.parametrize("pure", [True, False], ids=["pure leaves", "mixed leaves"])
def test_trees_are_in_single_precision_where_that_is_exact(pure: bool, classes: int) -> None:
    x, y = rows(classes, 300)
    forest = Forest(trees=9, min_samples_leaf=1 if pure else 5, jobs=1).build(schema(classes))
    estimator = forest.set_params(random_state=0).fit(x, y)
    pair = Pair(estimator, classes)

    single = classes > 2 or (pure and classes == 2)
    assert {each.dtype for each in trees_of(pair, "nodes_splits")} == {
        np.dtype(np.float32 if single else np.float64)
    }
    near = beside(thresholds(estimator))[: 400 * FEATURES]
    pair.check(np.reshape(near, (-1, FEATURES)), exact=pure and classes == 2)


@given(
    weights=st.lists(st.integers(-40, 40) | st.sampled_from([1 / 3, 0.1, 1e300]), min_size=1),
    exponent=st.integers(-160, 130),
    trees=st.integers(1, 1 << 21),
)
def test_sums_are_exact_where_they_are_said_to_be(
    weights: list[float], exponent: int, trees: int
) -> None:
    with np.errstate(over="ignore"):
        made = np.ldexp(np.asarray(weights, np.float64), exponent)
    assume(np.isfinite(made).all())
    if exact_in_single(made, trees):
        unit = np.abs(made).max() * trees
        assert np.array_equal(made.astype(np.float32), made)
        for sums in (made.max() * trees, made.min() * trees, np.abs(made).max() * (trees - 1)):
            assert np.float32(sums) == sums
        smallest = np.abs(made[made != 0]).min(initial=unit)
        assert np.float32(unit - smallest) == unit - smallest


def test_a_sum_that_needs_one_more_digit_is_not_exact() -> None:
    assert exact_in_single(np.array([1.0, 0.0]), 1 << 23)
    assert not exact_in_single(np.array([1.0, 0.5]), 1 << 23)
    assert not exact_in_single(np.array([1 / 3]), 1)
    assert not exact_in_single(np.array([2.0**128]), 1)
    assert exact_in_single(np.array([0.0]), 1)


@given(threshold=st.floats(allow_nan=False, allow_infinity=False), near=st.integers(-2, 2))
def test_a_threshold_rounded_down_divides_numbers_in_single_precision_alike(
    threshold: float, near: int
) -> None:
    (rounded,) = rounded_down(np.array([threshold]))
    value = rounded
    for _ in range(abs(near)):
        with np.errstate(over="ignore"):
            value = np.nextafter(value, np.float32(np.copysign(np.inf, near)))

    assert rounded.dtype == np.float32
    assert (value <= rounded) == (float(value) <= threshold)


@pytest.mark.parametrize("sign", [1.0, -1.0], ids=["mostly at most", "mostly above"])
@pytest.mark.parametrize("model", ["tree", "forest", "boosting"])
def test_most_rows_go_to_the_child_that_is_stored_next(model: str, sign: float) -> None:
    random = np.random.default_rng(0)
    x = sign * (random.random((400, FEATURES)) < 0.1)
    y = x @ [1.0, 2.0, 4.0, 8.0] + random.normal(size=400)
    estimator = MODELS[model].build(schema(0)).fit(x, y)
    pair = Pair(estimator, 0)

    mode = ABOVE if sign > 0 else AT_MOST
    assert {int(each) for modes in trees_of(pair, "nodes_modes") for each in modes} == {mode}
    pair.check(x)
    pair.check(x + 0.5)


@pytest.mark.parametrize("sign", [1.0, -1.0], ids=["mostly at most", "mostly above"])
def test_boosting_sends_missing_features_right_whatever_it_compares(sign: float) -> None:
    random = np.random.default_rng(0)
    x = sign * random.exponential(size=(600, FEATURES)) ** 3
    x[random.random(x.shape) < 0.2] = np.nan
    y = np.where(np.isnan(x), [3.0, -2.0, 1.0, 0.0], x / (1 + np.abs(x))).sum(axis=1)
    estimator = Boosting(iterations=10).build(schema(0)).fit(x, y)

    Pair(estimator, 0).check(x)


def test_classes_that_are_not_in_a_leaf_take_no_space() -> None:
    x, y = rows(60, 1500)
    estimator = Forest(trees=10, jobs=1).build(schema(60)).fit(x, y)
    held = sum(each.tree_.value.nbytes for each in estimator.estimators_)
    assert Pair(estimator, 60).size < held / 8


def test_boosting_sends_missing_features_where_the_estimator_does() -> None:
    x, y = rows(2, 300)
    x[::3, 0] = np.nan
    pair = Pair(Boosting(iterations=5).build(schema(2)).fit(x, y), 2)
    pair.check(x)
