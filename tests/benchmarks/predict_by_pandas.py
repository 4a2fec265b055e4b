"""What most people would write to predict a file: pandas reads and writes, scikit-learn predicts.

Run as `python predict_by_pandas.py fit FAMILY CSV MODEL`, then as `python predict_by_pandas.py
predict MODEL CSV PARQUET`.
"""

from __future__ import annotations

import sys
from typing import Any

import joblib
import pandas as pd

TARGET, DAY = "answer", "day"
ANSWERS = ["no", "yes"]


def read(path: str) -> pd.DataFrame:
    """Read rows; of the date take the days, and the place in the year and in the week."""
    frame = pd.read_csv(path, parse_dates=[DAY])
    day = frame.pop(DAY).dt
    frame["days"] = (day.year - 2020) * 365 + day.dayofyear
    frame["day of year"], frame["day of week"] = day.dayofyear, day.dayofweek
    return frame


def estimator(family: str) -> Any:
    """Return an estimator with the sizes that mlfw uses by default."""
    from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.neural_network import MLPClassifier

    if family == "boosting":
        return HistGradientBoostingClassifier(max_iter=100)
    if family == "forest":
        return RandomForestClassifier(n_estimators=200, n_jobs=-1)
    if family == "linear":
        return LogisticRegression(max_iter=1000)
    return MLPClassifier((128, 128), max_iter=5)


def fit(family: str, path: str, model: str) -> None:
    """Fit on all rows of a file, and save."""
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    frame = read(path)
    target = frame.pop(TARGET)
    numbers = frame.select_dtypes("number").columns
    others = frame.columns.difference(numbers)
    scale = make_pipeline(SimpleImputer(strategy="median", add_indicator=True), StandardScaler())
    prepare = ColumnTransformer(
        [
            ("numbers", scale, numbers),
            ("words", OneHotEncoder(handle_unknown="ignore", sparse_output=False), others),
        ]
    )
    joblib.dump(make_pipeline(prepare, estimator(family)).fit(frame, target), model)


def predict(model: str, path: str, out: str) -> None:
    """Read, predict and write."""
    pipeline = joblib.load(model)
    frame = read(path)
    shares = pipeline.predict_proba(frame)
    columns = {f"probability_{name}": shares[:, i].round(4) for i, name in enumerate(ANSWERS)}
    predicted = pipeline.classes_[shares.argmax(axis=1)]
    pd.DataFrame({"prediction": predicted, **columns}).to_parquet(out)


if __name__ == "__main__":
    {"fit": fit, "predict": predict}[sys.argv[1]](*sys.argv[2:])
