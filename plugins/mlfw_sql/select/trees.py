"""Decision trees as CASE expressions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlfw_sql.select.expressions import Expr, NoSqlError, double, joined, literal
from mlfw_sql.select.steps import Steps

if TYPE_CHECKING:
    import numpy as np

AT_MOST, ABOVE = 0, 3  # of `nodes_modes`: the true child is for a feature <= the split, or > it
CHAIN = 50  # terms of a sum in one expression; SQLite allows expressions 1,000 deep
LONGEST = 500_000  # characters of trees in one expression
LARGEST_SINGLE = 2.0**128  # where single precision would go on


@dataclass(frozen=True)
class Ensemble:
    """The trees of a `TreeEnsemble`.

    Attributes:
        roots: The first node of each tree, [trees].
        feature: The feature that each node compares, [nodes].
        split: The value it is compared with, float64 [nodes].
        missing: Whether a missing feature is as one that is at most the value, [nodes].
        children: The node or leaf for a feature at most the value and the other one, [2, nodes].
        leaf: Whether these are leaves, [2, nodes].
        weights: What each leaf counts, float64 [leaves].
        targets: To which output each leaf belongs, int [leaves].
        count: How many outputs there are.
    """

    roots: np.ndarray
    feature: np.ndarray
    split: np.ndarray
    missing: np.ndarray
    children: np.ndarray
    leaf: np.ndarray
    weights: np.ndarray
    targets: np.ndarray
    count: int

    @classmethod
    def of(cls, attributes: Mapping[str, Any]) -> Ensemble:
        """Return the trees that a node's attributes describe.

        Raises:
            NoSqlError: Some compare otherwise.
        """
        import numpy as np

        above = np.asarray(attributes["nodes_modes"]) == ABOVE
        if (~above & (np.asarray(attributes["nodes_modes"]) != AT_MOST)).any():
            raise NoSqlError("trees that compare otherwise than by <= and >")
        feature = np.asarray(attributes["nodes_featureids"])
        missing = np.asarray(attributes.get("nodes_missing_value_tracks_true", 0 * feature), bool)
        children = [attributes["nodes_truenodeids"], attributes["nodes_falsenodeids"]]
        leaf = [attributes["nodes_trueleafs"], attributes["nodes_falseleafs"]]
        return cls(
            np.asarray(attributes["tree_roots"]),
            feature,
            np.asarray(attributes["nodes_splits"], np.float64),
            missing != above,
            np.where(above, children[::-1], children),
            np.where(above, leaf[::-1], leaf).astype(bool),
            np.asarray(attributes["leaf_weights"], np.float64),
            np.asarray(attributes["leaf_targetids"]),
            attributes["n_targets"],
        )

    def sums(self, features: Sequence[Any], steps: Steps) -> list[Any]:
        """Return the sum of the weights for each output.

        Args:
            features: Expressions and numbers.
            steps: Where columns are added.
        """
        import numpy as np

        owners = [self.targets[self._leaves(root)] for root in self.roots]
        if any(len(np.unique(own)) > 1 for own in owners):
            raise NoSqlError("trees with several outputs")
        trees: list[list[int]] = [[] for _ in range(self.count)]
        for root, own in zip(self.roots, owners, strict=True):
            trees[own[0]].append(root)
        return [self.total(each, features, steps, self.weights) for each in trees]

    def total(
        self, roots: Sequence[int], features: Sequence[Any], steps: Steps, weights: np.ndarray
    ) -> Any:
        """Return the sum of what the reached leaves of some trees count.

        Args:
            roots: The trees.
            features: Expressions and numbers.
            steps: Where columns are added.
            weights: What each leaf counts, float64 [leaves].
        """
        conditions = _Conditions(self, features, steps)
        return total((self._case(root, weights, conditions) for root in roots), steps)

    def _leaves(self, root: int) -> list[int]:
        """Return the leaves of a tree."""
        leaves: list[int] = []
        waiting = [int(root)]
        while waiting:
            node = waiting.pop()
            for side in (0, 1):
                child = int(self.children[side, node])
                (leaves if self.leaf[side, node] else waiting).append(child)
        return leaves

    def _case(self, root: int, weights: np.ndarray, conditions: _Conditions) -> Any:
        """Return a tree as a CASE.

        Of the two branches of a node, the smaller one is put into the expression and the larger
        one follows in the same CASE: so even a deep tree nests only as deep as the logarithm of
        its leaves, which counts as SQLite's parser has room for about 20 levels.
        """
        sizes = self._sizes(root)

        def size(side: int, node: int) -> int:
            return 1 if self.leaf[side, node] else sizes[int(self.children[side, node])]

        def walk(node: int, leaf: bool) -> Any:
            parts: list[tuple[Expr, Any]] = []
            while not leaf:
                small = 0 if size(0, node) <= size(1, node) else 1
                condition = conditions.of(node, holds=small == 0)
                goes = small if condition is True else 1 - small
                if isinstance(condition, Expr):
                    own = int(self.children[small, node])
                    parts.append((condition, walk(own, bool(self.leaf[small, node]))))
                leaf, node = bool(self.leaf[goes, node]), int(self.children[goes, node])
            return case(parts, float(weights[node]))

        return walk(int(root), False)

    def _sizes(self, root: int) -> dict[int, int]:
        """Return how many leaves are below each node of a tree."""
        order, waiting = [], [int(root)]
        while waiting:
            node = waiting.pop()
            order.append(node)
            waiting += [
                int(self.children[side, node]) for side in (0, 1) if not self.leaf[side, node]
            ]
        sizes: dict[int, int] = {}
        for node in reversed(order):
            sizes[node] = sum(
                1 if self.leaf[side, node] else sizes[int(self.children[side, node])]
                for side in (0, 1)
            )
        return sizes


@dataclass(frozen=True)
class _Conditions:
    """What the nodes of trees compare."""

    ensemble: Ensemble
    features: Sequence[Any]
    steps: Steps

    def of(self, node: int, holds: bool) -> Expr | bool:
        """Return the condition for a feature to be at most a node's value, or not to be."""
        value = self.features[self.ensemble.feature[node]]
        split = float(self.ensemble.split[node])
        if not isinstance(value, Expr):
            return bool(value <= split) is holds
        if value.single:
            split = largest_rounded(split)
        if value.indicator:
            zero, one = (split >= 0.0) is holds, (split >= 1.0) is holds
            if zero is one:
                return zero
            column, number = value.indicator
            sql = f"{column} {'=' if one else '<>'} {number}"
            return Expr(sql, columns=value.columns)
        made = value.sql
        sql = f"{made} {'<=' if holds else '>'} {literal(split)}"
        if value.missing and bool(self.ensemble.missing[node]) is holds:
            sql += f" OR {made} IS NULL"
        return Expr(sql, columns=value.columns)


def largest_rounded(split: float) -> float:
    """Return the largest number that is at most `split` once rounded to single precision."""
    import numpy as np

    with np.errstate(over="ignore"):
        below = np.float32(split)
        if float(below) > split:
            below = np.nextafter(below, np.float32(-np.inf))
        above = np.nextafter(below, np.float32(np.inf))
    ends = [
        float(each) if np.isfinite(each) else float(np.sign(each)) * LARGEST_SINGLE
        for each in (below, above)
    ]
    middle = sum(ends) / 2  # exact; it is rounded to the even one of the two
    even = int(np.asarray(below).view(np.int32)) % 2 == 0
    return middle if even else float(np.nextafter(middle, -np.inf))


def case(parts: Sequence[tuple[Expr, Any]], other: Any) -> Any:
    """Return a CASE of numbers, or a number alone where there is no condition.

    Args:
        parts: Conditions, and what the value is where they hold.
        other: What it is where none holds.
    """
    if not parts:
        return other
    # The first value decides the type in PostgreSQL, which has exact decimals for constants.
    values = [each if isinstance(each, Expr) else literal(each) for _, each in parts]
    if not any(isinstance(each, Expr) for each in values):
        values[0] = double(parts[0][1])
    written = [each.sql if isinstance(each, Expr) else each for each in values]
    whens = [f"WHEN {when.sql} THEN {v}" for (when, _), v in zip(parts, written, strict=True)]
    sql = f"CASE {' '.join(whens)} ELSE {literal(other)} END"
    return joined(sql, *(each for part in parts for each in part))


def total(terms: Iterator[Any], steps: Steps) -> Any:
    """Return the sum of expressions and numbers, in columns where it is a long one."""
    constant, whole = 0.0, []
    for some in _chains(terms):
        numbers = [each for each in some if not isinstance(each, Expr)]
        constant += sum(numbers)
        made = [each for each in some if isinstance(each, Expr)]
        if made:
            whole.append(joined(f"({' + '.join(each.sql for each in made)})", *made))
    if len(whole) > 1:
        return total(iter([*map(steps.column, whole), *([constant] if constant else [])]), steps)
    if not whole:
        return constant
    (single,) = whole
    if not constant:
        return single
    return joined(f"({single.sql} + {literal(constant)})", single)


def _chains(terms: Iterator[Any]) -> Iterator[list[Any]]:
    """Yield terms in runs that are not too long for an expression."""
    chain: list[Any] = []
    length = 0
    for term in terms:
        chain.append(term)
        length += len(term.sql) if isinstance(term, Expr) else 0
        if len(chain) == CHAIN or length > LONGEST:
            yield chain
            chain, length = [], 0
    if chain:
        yield chain


def shares(
    ensemble: Ensemble, held: np.ndarray, features: Sequence[Any], steps: Steps
) -> list[Any]:
    """Return the sums over trees of the shares of classes in the reached leaves.

    Args:
        ensemble: The trees.
        held: The shares in each leaf, float64 [leaves, classes].
        features: Expressions and numbers.
        steps: Where columns are added.

    Returns:
        One sum for each class.
    """
    roots, count = list(ensemble.roots), held.shape[1]
    sums = [
        ensemble.total(roots, features, steps, held[:, number])
        for number in range(1 if count == 2 else 0, count)
    ]
    if count == 2 and isinstance(sums[0], Expr):
        second = steps.column(sums[0])
        most = literal(float(len(roots)))
        first = f"CASE WHEN {second.sql} > {most} THEN 0e0 ELSE {most} - {second.sql} END"
        return [joined(first, second), second]
    return [len(roots) - sums[0], *sums] if count == 2 else sums
