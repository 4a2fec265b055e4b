"""The README of an exported model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlfw import Kind, Task
from mlfw.errors import listing
from mlfw.schema import is_duration
from mlfw_onnx.markdown import block, cell, code, table
from mlfw_onnx.predictions import INPUTS, TARGETS, TargetOutputs, input_notes
from mlfw_onnx.snippets import Feed, Read, csharp, java, node, outputs_read, python

if TYPE_CHECKING:
    import numpy as np
    import onnx

MOST_NAMED = 20
FLAT = 2  # dimensions of an input of word counts or tokens
LANGUAGES = (
    ("Python", "pip install onnxruntime", "python", python),
    ("JavaScript (Node.js)", "npm install onnxruntime-node", "js", node),
    ("Java", "com.microsoft.onnxruntime:onnxruntime from Maven Central", "java", java),
    ("C#", "dotnet add package Microsoft.ML.OnnxRuntime", "csharp", csharp),
)


@dataclass(frozen=True)
class Page:
    """The README, and what it is made from.

    Attributes:
        name: The model's name.
        use: The name of the model component.
        model: The model.
        feeds: The inputs of the first sample row, [1, ...] each, by name.
    """

    name: str
    use: str
    model: onnx.ModelProto
    feeds: Mapping[str, np.ndarray]

    def text(self, checked: str) -> str:
        """Return the page in Markdown.

        Args:
            checked: A sentence that says how the model was compared with mlfw.
        """
        outputs = TargetOutputs.of(self.model)
        targets = listing(f"`{cell(each.target)}` ({each.task})" for each in outputs)
        feeds, read = self._feeds(), self._read(outputs)
        parts = [
            f"# {self.name}",
            f"`model.onnx` predicts {targets} from {len(feeds)} columns. It is a `{self.use}` "
            "model of mlfw, preprocessing included, and takes any number of rows at once.",
            "## What goes in",
            "Every input holds one column, with the rows in the same order. Spell categories as "
            "here; any other text is an unknown category.",
            table(["input", "type", "holds", "missing value"], self._input_rows(feeds)),
            *self._words(),
            "## What comes out",
            table(["output", "type", "holds"], self._output_rows(outputs)),
            "## Predicting a row",
            "The row is the first one of `sample.json`. That file holds made-up rows: the inputs "
            "by name, where `null` stands for NaN, the outputs that mlfw computes for them, and "
            "the rows in mlfw's own form.",
            "Newer versions of ONNX Runtime report their use to their maker unless the environment "
            "variable `ORT_DISABLE_TELEMETRY` is `1` before it is loaded.",
        ]
        for language, install, mark, lines in LANGUAGES:
            parts += [f"### {language}", f"`{install}`", block(mark, lines(feeds, read))]
        parts += [
            "## How it was checked",
            checked,
            f"`schema.json` describes the columns in mlfw; the model's metadata (`{INPUTS}` and "
            f"`{TARGETS}`) describe its inputs and outputs.",
        ]
        return "\n\n".join(parts) + "\n"

    def _feeds(self) -> list[Feed]:
        feeds = []
        for info in self.model.graph.input:
            array = self.feeds[info.name]
            value = array[0] if array.ndim == 1 else None
            if array.ndim == FLAT and array.any():
                value = tuple(array[0].tolist())
            feeds.append(Feed(info.name, _type(info), array.shape[1:], value))
        return feeds

    def _read(self, outputs: Sequence[TargetOutputs]) -> list[Read]:
        return outputs_read(outputs, {info.name: _type(info) for info in self.model.graph.output})

    def _input_rows(self, feeds: Sequence[Feed]) -> list[list[str]]:
        by_name = input_notes(self.model)
        rows = []
        for feed in feeds:
            notes = by_name[feed.name]
            shape = ", ".join(map(str, ("rows", *feed.shape)))
            rows.append(
                [
                    code(feed.name),
                    f"{feed.type} [{shape}]",
                    f"{cell(notes['holds'])}{_written(notes)}{_categories(notes)}",
                    _missing(notes),
                ]
            )
        return rows

    def _output_rows(self, outputs: Sequence[TargetOutputs]) -> list[list[str]]:
        types = {info.name: _type(info) for info in self.model.graph.output}
        rows = []
        for each in outputs:
            what, count, classes = cell(each.target), len(each.classes), _names(each.classes)
            if each.prediction:
                rows.append([each.prediction, "double [rows]", f"the {what} predicted"])
            elif each.task == Task.multilabel:
                predicted = f"whether each label of {what} is predicted: {classes}"
                likely = "how likely each label is, in the same order"
                rows.append([each.label, f"bool [rows, {count}]", predicted])
                rows.append([each.probabilities, f"double [rows, {count}]", likely])
            else:
                likely = f"how likely each class is: {classes}"
                rows.append([each.label, f"{types[each.label]} [rows]", f"the {what} predicted"])
                rows.append([each.probabilities, f"double [rows, {count}]", likely])
        return [[code(name), *rest] for name, *rest in rows]

    def _words(self) -> list[str]:
        """Return how texts are divided into words, where there are any."""
        notes = input_notes(self.model).values()
        separators = {each["separator"] for each in notes if "separator" in each}
        return [
            "Words are what remains of a text in lower case between the matches of "
            f"`{separator}`. The words that count, in the order of the input, are in the model's "
            f"metadata `{INPUTS}`."
            for separator in sorted(separators)
        ]


def _type(info: onnx.ValueInfoProto) -> str:
    """Return an input's or output's element type as ONNX calls it."""
    from onnx import TensorProto

    return str(TensorProto.DataType.Name(info.type.tensor_type.elem_type)).lower()


def _categories(notes: Mapping[str, Any]) -> str:
    if "categories" not in notes:
        return ""
    return f": {_names(notes['categories']) or 'none is known'}"


def _names(names: Sequence[str]) -> str:
    """Return names as code, the first ones where there are many."""
    shown = ", ".join(map(code, names[:MOST_NAMED]))
    more = len(names) - MOST_NAMED
    return f"{shown} and {more} more, which are in the model's metadata" if more > 0 else shown


def _written(notes: Mapping[str, Any]) -> str:
    """Return how a number was written in the data, where that is not what stands for it here."""
    written = notes.get("written", "")
    if not written or notes["kind"] != Kind.number:
        return ""
    what = "in seconds" if is_duration(written) else "without its marks"
    return f" {what}, as {code(written)} in the data"


def _missing(notes: Mapping[str, Any]) -> str:
    missing = notes.get("missing", 0)
    if notes["kind"] == Kind.image:
        return f"{', '.join(map(str, missing))} in every pixel"
    if notes["kind"] == Kind.text:
        return str(missing) if missing and any(missing) else "zeros"
    return code(missing) if notes["kind"] == Kind.category else str(missing)
