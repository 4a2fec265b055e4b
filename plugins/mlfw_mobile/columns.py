"""What the app must know of a model's columns and targets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mlfw import Kind, Schema, Task, UserError
from mlfw.hints import printable
from mlfw_mobile.names import identifiers
from mlfw_onnx import TargetOutputs, formats_of

KEPT = ("categories", "words", "buckets", "ngrams", "vocabulary", "length")
HOLDS = {
    Kind.number: "a number",
    Kind.boolean: "true or false",
    Kind.datetime: "a date such as 2024-05-31T18:30",
    Kind.category: "a category",
    Kind.text: "a text",
}
SEPARATOR = r"[^\pL\pM\pN_]+"  # of words, as the app divides texts


@dataclass(frozen=True)
class Layout:
    """Columns and targets of a model on a phone.

    Attributes:
        schema: The model's schema.
        notes: The description of each input of the model, in order, with its name, `holds`, `type`
            (string, float64, float32, int32 or int64) and what `Encoder.input_notes` says.
        outputs: The outputs of each target.
    """

    schema: Schema
    notes: tuple[Mapping[str, Any], ...]
    outputs: tuple[TargetOutputs, ...]

    def check(self, *, network: bool) -> None:
        """Check that an app can read every column.

        Args:
            network: Whether the model is a network.

        Raises:
            UserError: A column holds images, or texts that the app cannot divide into words; the
                message says which formats the model has.
        """
        for notes in self.notes:
            words = notes.get("separator") == SEPARATOR
            if notes["kind"] == Kind.image or (notes["kind"] == Kind.text and not words):
                what = "images" if notes["kind"] == Kind.image else "texts in parts of words"
                formats = formats_of(self.notes, network=network)
                raise UserError(
                    f"deployer=mobile: column '{printable(notes['name'])}' holds {what}, which the "
                    f"exported apps cannot read; this model has the formats {formats}.",
                    "Name another format, such as --to onnx, whose file runs on phones too, or "
                    "train a model without this column: dataset.drop=[...]",
                )

    @cached_property
    def properties(self) -> list[str]:
        """The property of each column."""
        return identifiers([notes["name"] for notes in self.notes], "column")

    @cached_property
    def predicted(self) -> list[str]:
        """The property of each target."""
        return identifiers([each.target for each in self.outputs], "target")

    def to_json(self) -> dict[str, Any]:
        """Return what `columns.json` holds."""
        columns = []
        for notes in self.notes:
            usual = notes.get("usual")
            column = {
                "name": notes["name"],
                "kind": notes["kind"],
                "holds": HOLDS[Kind(notes["kind"])],
                "type": notes["type"],
                "integer": self.schema.column(notes["name"]).integer,
                **({"usual": rounded(usual)} if usual is not None else {}),
                **{name: notes[name] for name in KEPT if name in notes},
            }
            if notes["type"] == "string" and notes["kind"] == Kind.category:
                column["missing"] = notes["missing"]
            columns.append(column)
        targets = [
            {
                "name": each.target,
                "task": each.task,
                "output": each.probabilities or each.prediction,
                "classes": list(each.classes),
            }
            for each in self.outputs
        ]
        return {"columns": columns, "targets": targets}

    def predictions(
        self, expected: Mapping[str, Any], labels: Mapping[str, Sequence[Any]], tolerance: float
    ) -> list[list[Any]]:
        """Return what mlfw predicts for rows, as `sample.json` holds it: a list per row.

        Args:
            expected: Probabilities or values of each target, by output.
            labels: Predicted labels of each target, by output.
            tolerance: Labels are `close` where probabilities differ by less.
        """
        columns = [self._predicted(each, expected, labels, tolerance) for each in self.outputs]
        return [list(row) for row in zip(*columns, strict=True)]

    def _predicted(
        self,
        outputs: TargetOutputs,
        expected: Mapping[str, Any],
        labels: Mapping[str, Sequence[Any]],
        tolerance: float,
    ) -> list[Any]:
        if outputs.task == Task.regression:
            return list(expected[outputs.prediction].tolist())
        made: list[Any] = []
        for likely, label in zip(
            expected[outputs.probabilities].tolist(), labels[outputs.label], strict=True
        ):
            if outputs.task == Task.multilabel:
                close = any(abs(each - 0.5) <= tolerance for each in likely)
                found = [n for n, held in zip(outputs.classes, label, strict=True) if held]
                told: dict[str, Any] = {"labels": found}
            else:
                first, second = sorted([*likely, -1.0], reverse=True)[:2]
                close = first - second <= tolerance
                told = {"label": outputs.classes[likely.index(max(likely))]}
            made.append({**told, "probabilities": likely, **({"close": True} if close else {})})
        return made


def rounded(number: float) -> float:
    """Return a number with four digits, to begin with in a form."""
    return float(f"{number:.4g}") if abs(number) < 1e4 else float(f"{number:.0f}")
