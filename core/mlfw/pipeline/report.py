"""The report of a run, in words and tables that people read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mlfw.components import Component, Finding, RowSplits
from mlfw.components.splits import SPLIT_NAMES
from mlfw.files import read_json
from mlfw.hints import printable
from mlfw.pipeline.markdown import plain, table
from mlfw.pipeline.metrics import POSITIVE_CLASS
from mlfw.pipeline.training_report import training_section
from mlfw.runs import RunDirectory
from mlfw.schema import Schema, Target

MOST_FINDINGS = 1000
BASELINE_NOTE = (
    "The baseline predicts the most frequent class, or the mean, and looks at no column."
)

Metrics = Mapping[str, Mapping[str, Any]]


def report(
    run: RunDirectory, splits: RowSplits, metrics: Metrics, notes: Sequence[str] = ()
) -> str:
    """Return a run's report as Markdown.

    Args:
        run: The run.
        splits: Its data.
        metrics: The metrics by split.
        notes: What is to be said of the metrics, such as why one cannot be computed.
    """
    record = run.record()
    schema = splits.schema
    rows = {name: splits.count(name) for name in SPLIT_NAMES}
    lines = [
        f"# {plain(record.name)}",
        "",
        f"- model: {plain(record.model)}, from data set {plain(record.dataset)}",
        f"- predicts: {plain(targets_shown(schema))}",
        f"- rows: {rows['train']} for training, {rows['validation']} for validation, "
        f"{rows['test']} for testing",
        *_tuning(run),
        *_folds(run),
        "",
        "## Metrics",
        "",
        *table(*metrics_table(metrics)),
        "",
        BASELINE_NOTE,
        "",
        *(line for note in notes for line in (f"In {plain(note)}.", "")),
        *training_section(run),
    ]
    for name, matrix in metrics["test"].items():
        if isinstance(matrix, list):
            lines += [
                "",
                f"## {plain(name)} (test)",
                "",
                *_confusion(matrix, _classes(schema, name)),
            ]
    lines += [
        "",
        *_findings(splits),
        "## Columns",
        "",
        *table(["column", "kind", "values"], _columns(splits)),
    ]
    return "\n".join(lines) + "\n"


def opaque_report(run: RunDirectory, model: Component, dataset: Component, metrics: Metrics) -> str:
    """Return the report of a run on data that are not rows, as Markdown."""
    record = run.record()
    lines = [
        f"# {plain(record.name)}",
        "",
        f"- model: {plain(described(model, record.model))}",
        f"- data set: {plain(described(dataset, record.dataset))}",
        *_tuning(run),
        "",
        "## Metrics",
        "",
        *table(*metrics_table(metrics)),
        "",
        "The model measures itself: the names and the values are its own.",
        "",
        *training_section(run),
    ]
    return "\n".join(lines) + "\n"


def described(component: Component, name: str) -> str:
    """Return a component's name, with the code that it names where it names some."""
    code = ", ".join(component.code().values())
    return f"{name} ({code})" if code else name


def targets_shown(schema: Schema) -> str:
    """Return what is predicted, for people: `Sex (binary, positive class FEMALE)`."""
    return ", ".join(printable(f"{each.name} ({_task(each)})") for each in schema.targets)


def _task(target: Target) -> str:
    positive = f", positive class {target.positive}" if target.positive else ""
    return f"{target.task}{positive}"


def _classes(schema: Schema, measure: str) -> Sequence[str]:
    """Return the classes of the target that a measure is about."""
    own = [t for t in schema.targets if measure.startswith(f"{t.name}/")]
    return (own or schema.targets)[0].classes


def metrics_table(metrics: Metrics) -> tuple[list[str], list[list[str]]]:
    """Return heading and rows of the metrics that are numbers, one column a split.

    A metric that is about the positive class alone has that class beside its name.
    """
    splits = list(metrics)
    numbers = dict.fromkeys(
        name
        for values in metrics.values()
        for name, value in values.items()
        if isinstance(value, int | float | None)
    )
    positive = metrics[splits[0]].get(POSITIVE_CLASS, {}) if splits else {}
    rows = [
        [
            f"{name} ({printable(positive[name])})" if name in positive else name,
            *(shown(metrics[split].get(name)) for split in splits),
        ]
        for name in numbers
    ]
    return ["metric", *splits], rows


def shown(value: Any) -> str:
    """Return a metric for people: four digits, or a dash where it is undefined."""
    return f"{value:.4g}" if isinstance(value, int | float) and value == value else "-"


def shown_params(params: Mapping[str, Any]) -> str:
    """Return hyper-parameters for people, numbers with four digits."""
    values = {
        name: f"{value:.4g}" if isinstance(value, float) else value
        for name, value in params.items()
    }
    return ", ".join(f"{name} {value}" for name, value in values.items())


def _tuning(run: RunDirectory) -> list[str]:
    tuning = read_json(run.tuning_file)
    if not tuning["params"]:
        return []
    return [f"- tuned over {tuning['trials']} trials: {plain(shown_params(tuning['params']))}"]


def _folds(run: RunDirectory) -> list[str]:
    count = len(list(run.folds.glob("*.json")))
    if not count:
        return []
    return [
        f"- cross-validated on {count} folds of the training and validation rows: the metrics' "
        "means and standard deviations over these"
    ]


def _confusion(matrix: Sequence[Sequence[float]], classes: Sequence[str]) -> list[str]:
    heading = ["true \\ predicted", *classes]
    rows = [
        [name, *(f"{value:g}" for value in row)] for name, row in zip(classes, matrix, strict=False)
    ]
    return table(heading, rows)


def _findings(splits: RowSplits) -> list[str]:
    if not splits.findings:
        return []
    rows = [
        [finding.check, finding.column, _found(finding), finding.remedy]
        for finding in splits.findings[:MOST_FINDINGS]
    ]
    more = len(splits.findings) - len(rows)
    return [
        "## Checks of the data",
        "",
        *table(["check", "column", "found", "action"], rows),
        "",
        *([f"And {more} more: see data.json.", ""] if more else []),
    ]


def _found(finding: Finding) -> str:
    return f"{finding.message} ({finding.detail})" if finding.detail else finding.message


def _columns(splits: RowSplits) -> list[list[str]]:
    return [
        [column.name, column.kind.value, ", ".join(column.categories[:8])]
        for column in splits.schema.columns
    ]
