"""The same work as `mlfw run model=tree` on the penguins, written by hand with the same libraries.

Reads the CSV, infers nothing, divides by class, imputes, scales, encodes, fits a tree, saves it
with skops, loads it, computes the same metrics with torchmetrics on validation, test and a
baseline, and writes them as JSON.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pyarrow.csv as pv
import skops.io
import torch
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.impute import SimpleImputer
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import LabelEncoder, OneHotEncoder, StandardScaler
from sklearn.tree import DecisionTreeClassifier
from torchmetrics.functional.classification import (
    multiclass_accuracy,
    multiclass_auroc,
    multiclass_confusion_matrix,
    multiclass_f1_score,
    multiclass_precision,
    multiclass_recall,
)

TRUSTED = ["sklearn.tree._tree.Tree"]
NUMBERS = ["Culmen Length (mm)", "Culmen Depth (mm)", "Flipper Length (mm)", "Body Mass (g)",
           "Delta 15 N (o/oo)", "Delta 13 C (o/oo)"]  # fmt: skip
CATEGORIES = ["Region", "Island", "Stage", "Clutch Completion", "Sex", "Comments"]


def main(path: str) -> None:
    """Do the work."""
    table = pv.read_csv(path, convert_options=pv.ConvertOptions(strings_can_be_null=True))
    codes = LabelEncoder().fit_transform(table["Species"].to_pylist())
    numbers = np.stack([table[name].to_numpy() for name in NUMBERS], axis=1)
    strings = np.array([table[name].to_pylist() for name in CATEGORIES], dtype=object).T
    strings[strings == None] = "missing"  # noqa: E711 - elementwise
    rows = np.concatenate([numbers.astype(object), strings], axis=1)
    dates = table["Date Egg"].to_numpy().astype("datetime64[D]").astype(float)
    rows = np.concatenate([rows, dates[:, None].astype(object)], axis=1)
    rest, test = train_test_split(
        np.arange(len(codes)), test_size=0.2, stratify=codes, random_state=0
    )
    train, validation = train_test_split(rest, test_size=0.25, stratify=codes[rest], random_state=0)
    scale = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    prepare = ColumnTransformer(
        [
            ("numbers", scale, [0, 1, 2, 3, 4, 5, 12]),
            ("categories", OneHotEncoder(handle_unknown="ignore"), list(range(6, 12))),
        ],
        sparse_threshold=0,
    )
    tree = DecisionTreeClassifier(min_samples_leaf=3, random_state=0)
    tree.fit(prepare.fit_transform(rows[train]), codes[train])
    skops.io.dump(tree, "tree.skops")
    tree = skops.io.load("tree.skops", trusted=TRUSTED)
    dummy = DummyClassifier(strategy="prior").fit(rows[train], codes[train])
    metrics = {
        "validation": measure(tree.predict_proba(prepare.transform(rows[validation])),
                              codes[validation]),
        "test": measure(tree.predict_proba(prepare.transform(rows[test])), codes[test]),
        "baseline": measure(dummy.predict_proba(rows[test]), codes[test]),
    }  # fmt: skip
    Path("metrics.json").write_text(json.dumps(metrics))
    print(metrics["test"])


def measure(probabilities: np.ndarray, truth: np.ndarray) -> dict[str, object]:
    """Compute the metrics that mlfw computes by default."""
    scores, target = torch.from_numpy(probabilities), torch.from_numpy(truth)
    classes = scores.shape[1]
    return {
        "accuracy": multiclass_accuracy(scores, target, classes, average="micro").item(),
        "f1": multiclass_f1_score(scores, target, classes).item(),
        "precision": multiclass_precision(scores, target, classes).item(),
        "recall": multiclass_recall(scores, target, classes).item(),
        "auroc": multiclass_auroc(scores, target, classes).item(),
        "confusion_matrix": multiclass_confusion_matrix(scores, target, classes).tolist(),
    }


if __name__ == "__main__":
    main(sys.argv[1])
