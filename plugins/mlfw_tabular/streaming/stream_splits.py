"""Reading, typing and dividing rows part by part."""

from __future__ import annotations

import shutil
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from mlfw import LoadContext, Schema, StreamedSplits, UserError
from mlfw.components.splits import SPLIT_NAMES
from mlfw.files import write_json
from mlfw_tabular.balance import Balance
from mlfw_tabular.checks.outcome import Outcome
from mlfw_tabular.memory import give_back
from mlfw_tabular.streaming.check_accumulator import CheckAccumulator, check_options
from mlfw_tabular.streaming.groups import Groups
from mlfw_tabular.streaming.keys import key_columns
from mlfw_tabular.streaming.passes import Passes
from mlfw_tabular.streaming.post_split import check_after
from mlfw_tabular.streaming.pre_split import check_before
from mlfw_tabular.streaming.split_assigner import SplitAssigner, check_torn, make_assigner
from mlfw_tabular.streaming.understand import understand
from mlfw_tabular.streaming.writer import WrittenSplit

if TYPE_CHECKING:
    from mlfw_tabular.parquet_source import RowSource
    from mlfw_tabular.table_dataset import TableDataset

SCRATCH = "jobs"
MOST_TIMES = 1_000_000


def stream_splits(dataset: TableDataset, source: RowSource, context: LoadContext) -> StreamedSplits:
    """Divide the rows of a source into Parquet files.

    Kinds are inferred from rows taken evenly from all of the source. Each row's split follows
    from its own random number, its group, its time or its column, so that the shares of splits
    and classes are met in expectation and not to the row. The random number follows from the seed,
    the file and the row group: whoever reads a part divides it as everybody else would.

    Args:
        dataset: What to take for columns and targets.
        source: The rows.
        context: How to divide them, the folder to write to, and where jobs run.

    Raises:
        UserError: A row does not fit what was inferred; or the division cannot be streamed.
    """
    assert context.folder is not None
    _check(dataset, context)
    context = replace(context, folder=context.folder.absolute())  # jobs may run elsewhere
    assert context.folder is not None
    scratch = context.folder / SCRATCH
    scratch.mkdir()
    try:
        return _divided(dataset, Passes(source, context, scratch))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _divided(dataset: TableDataset, passes: Passes) -> StreamedSplits:
    source, context, scratch = passes.source, passes.context, passes.scratch
    folder = context.folder
    assert folder is not None
    outcome = Outcome(dataset.checks)
    known = understand(dataset, passes)
    before = check_before(dataset, known, outcome, context)
    options = check_options(
        before.schema, known.sample, outcome, context, chosen=dataset.columns, total=source.rows
    )
    notes, spellings = known.notes, known.spellings
    del known  # its sample is large
    write_json(
        scratch / "plan.json",
        {
            "schema": before.schema.to_json(),
            "rare": before.rare,
            "assigner": _assigner(passes, before.schema).to_json(),
            "checks": options,
            "spellings": spellings,
            "place": dataset.place(),
        },
    )
    written = {name: WrittenSplit(folder / name, before.schema) for name in SPLIT_NAMES}
    for each in written.values():
        each.folder.mkdir()
    checks = CheckAccumulator(before.schema, **options)
    for result in passes.run("divide", lambda number: _part(passes, number)):
        for each, part in zip(written.values(), result["writers"], strict=True):
            each.join(part)
        checks.join(result["checks"])
    for name, each in written.items():
        if not each.rows:
            raise UserError(
                f"split: {source.rows} rows leave none for the {name} split.",
                "Give more rows, or change split.validation and split.test.",
            )
    schema = written[SPLIT_NAMES[0]].described(balance=before.balance)
    schema = check_after(schema, checks, outcome, context).with_left_out(source.names)
    give_back()
    files = {name: tuple(sorted(each.folder.glob("*.parquet"))) for name, each in written.items()}
    return StreamedSplits(files=files, schema=schema, findings=(*notes, *outcome.findings))


def _part(passes: Passes, number: int) -> dict[str, Any]:
    return {
        "plan": str(passes.scratch / "plan.json"),
        "folder": str(passes.context.folder),
        "sample": str(passes.scratch / f"sample-{number:05}.arrow"),
    }


def _assigner(passes: Passes, schema: Schema) -> SplitAssigner:
    """Return what tells the split of each row; what it needs to know of all rows is read first."""
    import numpy as np
    import pyarrow.parquet as pq

    split, seed, source = passes.context.split, passes.context.seed, passes.source
    columns = key_columns(split, source.names)
    targets = [target.name for target in schema.targets]
    named, groups, times = set[int](), Groups(), [np.zeros(0)]
    arguments = {
        "schema": Schema(columns=schema.columns, targets=schema.targets).to_json(),
        "split": asdict(split),
        "seed": seed,
        "columns": list(dict.fromkeys([*columns, *targets])),
        "share": min(MOST_TIMES / max(source.rows, 1), 1.0),
    }
    needed = bool(split.column or split.time)
    for found in (
        passes.run(
            "keys",
            lambda number: {**arguments, "file": str(passes.scratch / f"keys-{number:05}.parquet")},
        )
        if needed
        else ()
    ):
        named |= set(found["named"])
        if split.group:
            groups.join(Groups.load(found["file"]))
        else:
            times.append(np.asarray(pq.read_table(found["file"])["time"]))
    check_torn(groups, source, split, seed)
    return make_assigner(
        split,
        seed,
        schema,
        taken=named,
        groups=groups,
        some_times=np.concatenate(times),
        file=passes.scratch / "groups.parquet",
    )


def _check(dataset: TableDataset, context: LoadContext) -> None:
    if context.split.folds:
        raise UserError(
            "split.folds: rows that are streamed cannot be divided into folds.",
            "Set split.folds=0, or dataset.stream=false.",
        )
    if dataset.balance is Balance.oversample:
        raise UserError(
            "dataset.balance=oversample: rows that are streamed are not repeated.",
            "Set dataset.balance=weights.",
        )
