"""`python -m tests.benchmarks.serve_by_hand KIND CSV --port PORT`: boosting, served by hand.

KIND is `bentoml` or `fastapi`. Each checks a row's types with pydantic, predicts it
with scikit-learn's boosting, and answers the class and the probabilities.
"""

import csv
import os
import sys
from typing import Any

os.environ["OMP_NUM_THREADS"] = "1"  # more are slower for a single row
os.environ["BENTOML_DO_NOT_TRACK"] = "True"

import numpy as np
from pydantic import BaseModel, create_model
from sklearn.ensemble import HistGradientBoostingClassifier

TARGET = "y"


class Model:
    """The model and the codes of its categories."""

    def __init__(self, path: str) -> None:
        with open(path, newline="") as file:  # noqa: PTH123
            rows = list(csv.DictReader(file))
        self.names = [name for name in rows[0] if name != TARGET]
        self.codes: dict[str, dict[str, float]] = {}
        for name in self.names:
            if name.startswith("c"):
                values = sorted({row[name] for row in rows} - {""})
                self.codes[name] = {value: float(code) for code, value in enumerate(values)}
        matrix = np.vstack([self.encoded({k: row[k] or None for k in self.names}) for row in rows])
        # With `categorical_features` scikit-learn encodes every row once more, which takes longer
        # than predicting it; whoever wants speed gives it the codes as numbers.
        self.model = HistGradientBoostingClassifier(random_state=0)
        self.model.fit(matrix, [row[TARGET] for row in rows])
        fields: dict[str, Any] = {
            name: (str | None if name in self.codes else float | None, ...) for name in self.names
        }
        self.row: type[BaseModel] = create_model("Row", **fields)

    def encoded(self, row: dict[str, Any]) -> np.ndarray:
        """Return a row as the model takes it, [1, columns]."""
        nothing = float("nan")
        return np.array(
            [
                [
                    self.codes[name].get(row[name], nothing)
                    if name in self.codes
                    else (nothing if row[name] is None else float(row[name]))
                    for name in self.names
                ]
            ]
        )

    def predict(self, row: BaseModel) -> dict[str, Any]:
        """Return the answer for a row."""
        [shares] = self.model.predict_proba(self.encoded(row.__dict__)).tolist()
        classes = self.model.classes_.tolist()
        best = classes[shares.index(max(shares))]
        named = zip(classes, shares, strict=True)
        return {"prediction": best, **{f"probability_{name}": share for name, share in named}}


def serve_bentoml(model: Model, port: int) -> None:
    """Serve with a class of BentoML, run as `bentoml serve` runs it."""
    import bentoml
    import uvicorn

    row = model.row

    class Service:
        @bentoml.api(route="/predict")
        def predict(self, body: row, /) -> dict[str, Any]:  # type: ignore[valid-type]
            return model.predict(body)

    service = bentoml.service(name="by_hand", logging={"access": {"enabled": False}})(Service)
    uvicorn.run(service.to_asgi(), port=port, log_level="warning")


def serve_fastapi(model: Model, port: int) -> None:
    """Serve with FastAPI."""
    import fastapi
    import uvicorn

    app = fastapi.FastAPI()
    row = model.row

    @app.post("/predict")
    async def predict(body: row) -> dict[str, Any]:  # type: ignore[valid-type]
        return model.predict(body)

    uvicorn.run(app, port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    kind, table, _, port = sys.argv[1:]
    {"bentoml": serve_bentoml, "fastapi": serve_fastapi}[kind](Model(table), int(port))
