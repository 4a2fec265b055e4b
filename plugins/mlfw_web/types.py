"""TypeScript types of the module `predict.js` for one model."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

MOST_LITERALS = 50
INPUT_TYPES = {
    "number": "number | string",
    "boolean": "boolean | string",
    "datetime": "Date | string",
    "text": "string",
    "image": "Blob | ArrayBuffer | ArrayBufferView",
}
OUTPUT_TYPES = {"number": "number", "boolean": "boolean"}
DECLARATIONS = """
/** A row cannot be predicted, such as one that lacks a column; the message says why. */
export class PredictionError extends Error {}

/** Predict one row. Rejects with a `PredictionError` if the row lacks a column. */
export function predict(row: Row): Promise<Answer>;

/**
 * Predict rows.
 *
 * @param progress Called with the number of rows that are done, and of all rows.
 */
export function predictRows(
  rows: Iterable<Row>,
  progress?: (done: number, all: number) => void,
): Promise<{ predictions: Prediction[]; notes: string[] }>;

/** Load the model now rather than with the first prediction. */
export function ready(): Promise<void>;

/**
 * Predict made-up rows whose predictions mlfw computed, and compare.
 *
 * `largest` is the largest difference of probabilities, or relative difference of numbers.
 */
export function check(): Promise<{ rows: number; largest: number; equal: boolean }>;

/** The columns, as the page's form uses them. */
export const columns: readonly { name: string; kind: string; categories?: string[] }[];

/** The targets. */
export const targets: readonly { name: string; task: string; classes: string[] }[];
"""


def declarations(description: Mapping[str, Any]) -> str:
    """Return `predict.d.ts`.

    Args:
        description: See `Described`.
    """
    targets = description["targets"]
    single = len(targets) == 1
    names = ["Prediction"] if single else [f"Target{place}" for place in range(1, len(targets) + 1)]
    parts = [_row(description["columns"])]
    parts += [_prediction(target, name) for target, name in zip(targets, names, strict=True)]
    if not single:
        pairs = zip(targets, names, strict=True)
        lines = [f"    {json.dumps(target['name'])}: {name};" for target, name in pairs]
        parts.append(
            "\n".join(["export interface Prediction {", "  targets: {", *lines, "  };", "}"])
        )
    parts.append(
        "/** A prediction, and sentences about values that do not fit or are new. */\n"
        "export type Answer = Prediction & { notes: string[] };"
    )
    return "\n\n".join(parts) + "\n" + DECLARATIONS


def _row(columns: Sequence[Mapping[str, Any]]) -> str:
    heading = "/** One row; null stands for a missing value. */\nexport interface Row {"
    lines = [f"  {json.dumps(each['name'])}: {_input_type(each)} | null;" for each in columns]
    return "\n".join([heading, *lines, "}"])


def _input_type(column: Mapping[str, Any]) -> str:
    if column["kind"] != "category":
        return INPUT_TYPES[column["kind"]]
    categories = column["categories"]
    if not 0 < len(categories) <= MOST_LITERALS:
        return "string | number"
    # `string & {}` lets other values pass and keeps the known ones as suggestions.
    return " | ".join([*map(json.dumps, categories), "(string & {})", "number"])


def _prediction(target: Mapping[str, Any], name: str) -> str:
    heading = f"/** What is predicted for {_comment(target['name'])}. */"
    if target["task"] == "regression":
        return f"{heading}\nexport interface {name} {{\n  prediction: number;\n}}"
    classes = target["classes"]
    literals = " | ".join(map(json.dumps, classes)) if len(classes) <= MOST_LITERALS else "string"
    predicted = OUTPUT_TYPES.get(target["type"], literals)
    if target["task"] == "multilabel":
        predicted = f"({literals})[]"
    return (
        f"{heading}\nexport interface {name} {{\n  prediction: {predicted};\n"
        f"  probabilities: Record<{literals}, number>;\n}}"
    )


def _comment(text: str) -> str:
    return json.dumps(text).replace("*/", "* /")
