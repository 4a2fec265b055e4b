"""What the page must know of a model, as JSON data: columns, inputs, targets and sample rows."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlfw import Column, Kind, Schema, Target, Task, UserError
from mlfw.hints import printable
from mlfw.schema import is_duration, prediction_name, probability_names
from mlfw.schema.conform import expectation
from mlfw.schema.dates import HOURS, UNPADDED_ISO, date_pattern, has_date
from mlfw.schema.durations import duration_pattern
from mlfw.schema.labels import label_delimiter
from mlfw.schema.number_spelling import known_spellings
from mlfw.schema.numerals import SCALE_PATTERN, picture
from mlfw.schema.predictions import output_names
from mlfw.schema.words import missing_numbers
from mlfw_onnx import TargetOutputs, formats_of, input_notes
from mlfw_web.patterns import javascript
from mlfw_web.usual import hint, usual_text

if TYPE_CHECKING:
    import onnx

MOST_SAMPLE_ROWS = 64
ENCODERS = ("words", "buckets", "vocabulary")
CANNOT = {
    "tokenizer": "its texts are cut by the tokenizer of a pretrained encoder",
    "processor": "its images are prepared by the processor of a pretrained encoder",
}


@dataclass(frozen=True)
class Described:
    """A model and what describes it.

    Attributes:
        name: The model's name.
        schema: Its schema.
        model: The model in ONNX.
        tolerance: By how much predictions may differ from those of mlfw.
        sample: The text of `sample.json`.
        identifiers: The columns that training left out because they only name the rows.
    """

    name: str
    schema: Schema
    model: onnx.ModelProto
    tolerance: float
    sample: str
    identifiers: Sequence[str]

    def data(self) -> dict[str, Any]:
        """Return the description as JSON data.

        Raises:
            UserError: A column is prepared in a way that a browser cannot follow.
        """
        notes = input_notes(self.model)
        sample = json.loads(self.sample)
        return {
            "name": self.name,
            "tolerance": max(self.tolerance, 1e-5),
            "identifiers": list(self.identifiers),
            "columns": [
                described_column(column, notes.get(column.name, {}))
                for column in self.schema.columns
            ],
            "inputs": [_input(info, notes) for info in self.model.graph.input],
            "targets": self._targets(),
            "sample": {
                "rows": sample["rows"][:MOST_SAMPLE_ROWS],
                "outputs": {k: v[:MOST_SAMPLE_ROWS] for k, v in sample["outputs"].items()},
            },
        }

    def _targets(self) -> list[dict[str, Any]]:
        outputs = {each.target: each for each in TargetOutputs.of(self.model)}
        names = output_names(self.schema)
        return [
            described_target(self.schema, each, outputs[each.name], names)
            for each in self.schema.targets
        ]


def described_column(column: Column, notes: Mapping[str, Any]) -> dict[str, Any]:
    """Return how a column's values are read, and what the form says about it."""
    missing = column.words_for_missing
    made: dict[str, Any] = {
        "name": column.name,
        "kind": column.kind.value,
        "expected": expectation(column),
        "missing": list(missing),
        "sentinels": [number for number in missing_numbers(missing) if math.isfinite(number)],
        "usual": usual_text(column, notes),
        "hint": hint(column, notes),
    }
    if column.kind is Kind.number and column.format:
        made |= _number(column.format)
    elif column.kind is Kind.datetime:
        forms = (UNPADDED_ISO, *HOURS)
        made["iso"] = [{"pattern": javascript(date_pattern(form))} for form in forms]
        if column.format:
            made["date"] = {"pattern": javascript(date_pattern(column.format))}
            made["timeOnly"] = not has_date(column.format)
    elif column.kind is Kind.category:
        strict, codes = known_spellings(column.categories, text=True)
        loose, _ = known_spellings(column.categories, text=False)
        made["categories"] = list(column.categories)
        made |= {"spellings": [*strict.items()], "looseSpellings": [*loose.items()], "codes": codes}
    return made


def _number(written: str) -> dict[str, Any]:
    """Return how numbers are read that are not written in the usual way."""
    if is_duration(written):
        return {"duration": {"pattern": javascript(duration_pattern(written))}}
    found = picture(written)
    made: dict[str, Any] = {"pattern": javascript(found.pattern), "point": found.point}
    symbol = re.escape(found.symbol)
    if any(char in ".," or char.isdigit() for char in found.symbol):
        made["strip"] = symbol
    if found.scaled:
        scaled = rf"[0-9.,]\s?(?P<scale>{SCALE_PATTERN})\s?(?i:{symbol})?\)?$"
        made["scaled"] = javascript(scaled)
    return {"picture": made}


def _input(info: onnx.ValueInfoProto, described: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return how values become one of the model's inputs.

    Raises:
        UserError: A browser cannot do it.
    """
    notes = described[info.name]
    for key, reason in CANNOT.items():
        if key in notes:
            formats = formats_of(described.values(), network=True)
            raise UserError(
                f"deployer=web: column '{printable(info.name)}': {reason}, which no browser has; "
                f"this model has the formats {formats}.",
                "Name another format, such as --to onnx, or train one of model=tree, forest, "
                "boosting, linear, mlp or cnn.",
            )
    shape = [side.dim_value for side in info.type.tensor_type.shape.dim][1:]
    found = [key for key in ENCODERS if key in notes]
    encoder = "tokens" if found == ["vocabulary"] else found[0] if found else notes["kind"]
    kept = {key: notes[key] for key in (*ENCODERS, "ngrams", "missing") if key in notes}
    return {"name": info.name, "encoder": encoder, "shape": shape, **kept}


def described_target(
    schema: Schema, target: Target, outputs: TargetOutputs | None, names: Mapping[str, str]
) -> dict[str, Any]:
    """Return a target; without outputs where the model is asked over HTTP."""
    unit: dict[str, Any] = {}
    written = target.column.format
    if target.task is Task.regression and written and not is_duration(written):
        unit = {"unit": picture(written).symbol, "unitFirst": not written.startswith("#")}
    elif target.task is Task.regression and written:
        unit = {"unit": "s", "unitFirst": False}
    delimiter = label_delimiter(target) if target.task is Task.multilabel else ""
    return {
        "name": target.name,
        "task": target.task.value,
        "type": target.column.kind.value,
        "classes": list(target.classes),
        **({} if outputs is None else _outputs(outputs)),
        "outputName": names[prediction_name(schema, target)],
        "probabilityNames": [names[name] for name in probability_names(schema, target)],
        "delimiter": delimiter,
        **unit,
    }


def _outputs(outputs: TargetOutputs) -> dict[str, str]:
    return {
        "label": outputs.label,
        "probabilities": outputs.probabilities,
        "prediction": outputs.prediction,
    }
