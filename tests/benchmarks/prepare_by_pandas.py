"""What most people would write: pandas reads, scikit-learn prepares, torch takes the arrays.

Run as `python prepare_by_pandas.py CSV`; prints the seconds and the peak memory in megabytes.
"""

from __future__ import annotations

import resource
import sys
import time


def main(path: str) -> None:
    """Read, divide and prepare."""
    import numpy as np
    import pandas as pd
    import torch
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.model_selection import train_test_split
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import LabelEncoder, OrdinalEncoder, StandardScaler

    start = time.perf_counter()
    frame = pd.read_csv(path)
    target = LabelEncoder().fit_transform(frame.pop("target"))
    numbers = frame.select_dtypes("number").columns
    categories = frame.columns.difference(numbers)
    train, rest, y_train, y_rest = train_test_split(
        frame, target, test_size=0.4, random_state=0, stratify=target
    )
    validation, _, y_validation, _ = train_test_split(
        rest, y_rest, test_size=0.5, random_state=0, stratify=y_rest
    )
    ordinal = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=-1)
    prepare = ColumnTransformer(
        [
            ("number", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
            (
                "category",
                make_pipeline(SimpleImputer(strategy="most_frequent"), ordinal),
                categories,
            ),
        ]
    )
    arrays = [prepare.fit_transform(train), prepare.transform(validation), y_train, y_validation]
    tensors = [torch.from_numpy(np.asarray(array, np.float32)) for array in arrays]
    assert len(tensors[0]) + len(tensors[1]) > 0
    seconds = time.perf_counter() - start
    print(seconds, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3)


if __name__ == "__main__":
    main(sys.argv[1])
