"""Passes over streamed rows, each a job for some row groups: what it returns follows from them.

A job is given `source` (see `RowSource.to_json`: the files of its row groups alone) and what its
pass needs; it reads nothing else, so that parts may be read in any order and on any machine.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlfw import Column, Job, JobContext, Kind, Schema, Split, Task
from mlfw.components.splits import SPLIT_NAMES
from mlfw.files import read_json
from mlfw.schema import conform
from mlfw.schema.number_spelling import Spellings, number_words
from mlfw.schema.words import is_string
from mlfw_tabular.parquet_source import Block, RowSource
from mlfw_tabular.streaming.check_accumulator import CheckAccumulator
from mlfw_tabular.streaming.groups import Groups
from mlfw_tabular.streaming.keys import group_hashes
from mlfw_tabular.streaming.odd_rows import odd_rows
from mlfw_tabular.streaming.packed import pack
from mlfw_tabular.streaming.pre_split import LeftOutClasses
from mlfw_tabular.streaming.rows import typed, usable
from mlfw_tabular.streaming.split_assigner import SPLIT, TIMES, Chances, SplitAssigner, named, times
from mlfw_tabular.streaming.writer import MOST_CATEGORIES, SplitWriter
from mlfw_tabular.targets import class_values

if TYPE_CHECKING:
    import pyarrow as pa


def _tables(source: RowSource, names: list[str]) -> Iterator[tuple[int, Block, pa.Table]]:
    for number, block in enumerate(source.blocks()):
        for table in source.read(block, names):
            yield number, block, table


def look(job: Job, context: JobContext | None = None) -> Any:  # noqa: ARG001
    """Find the rows that contradict what a sample tells of columns.

    Arguments: `columns` (a schema), and `words` to look for, by column.

    Returns:
        These rows as a packed table; None where there are none.
    """
    import pyarrow as pa

    source = RowSource.from_json(job.arguments["source"])
    columns = Schema.from_json(job.arguments["columns"]).columns
    names = [column.name for column in columns]
    found: list[pa.Table] = []
    for block in source.blocks():
        first, chosen = 0, list[int]()
        for table in source.read(block, names):
            chosen += (first + odd_rows(table, columns, job.arguments["words"])).tolist()
            first += table.num_rows
        if chosen:
            found += _taken(source, block, chosen)
    return pack(pa.concat_tables(found)) if found else None


def _taken(source: RowSource, block: Block, chosen: list[int]) -> Iterator[pa.Table]:
    """Yield some rows of a block, by their numbers in it, ascending."""
    import numpy as np
    import pyarrow as pa

    first, numbers = 0, np.asarray(chosen)
    for table in source.read(block):
        own = numbers[(numbers >= first) & (numbers < first + table.num_rows)] - first
        yield table.take(pa.array(own))
        first += table.num_rows


def count(job: Job, context: JobContext | None = None) -> Any:  # noqa: ARG001
    """Count the classes of targets, and find the numbers among categories.

    Arguments: `schema`, `place`.

    Returns:
        `sizes`: by target, its values with how often they occur, as packed tables; `numbers`: by
        column, the words of categories that are numbers.
    """
    source = RowSource.from_json(job.arguments["source"])
    schema = Schema.from_json(job.arguments["schema"])
    targets = [target for target in schema.targets if target.task is not Task.regression]
    categories = [
        column
        for column in schema.columns
        if column.kind is Kind.category and is_string(source.schema.field(column.name).type)
    ]
    values: dict[str, list[pa.Array]] = {target.name: [] for target in targets}
    words: dict[str, set[str]] = {column.name: set() for column in categories}
    names = [*values, *words]
    for _, _, table in _tables(source, names) if names else ():
        for target in targets:
            own = Schema(columns=(), targets=(target,))
            rows = conform(table, own, with_target=True, place=job.arguments["place"])
            found = class_values(rows[target.name].combine_chunks().drop_null(), target.task)
            values[target.name].append(found.value_counts())
        for column in categories:
            found_words = words[column.name] | _numbers(table, column, job.arguments["place"])
            words[column.name] = set(sorted(found_words)[:MOST_CATEGORIES])
    return {
        "sizes": {name: _summed(found) for name, found in values.items()},
        "numbers": {name: sorted(found) for name, found in words.items() if found},
    }


def _numbers(table: pa.Table, column: Column, place: str) -> set[str]:
    rows = conform(table, Schema(columns=(column,), targets=()), place=place)
    return number_words(rows[column.name].combine_chunks())


def _summed(found: list[pa.Array]) -> str:
    import pyarrow as pa

    counts = pa.concat_tables([pa.Table.from_struct_array(each) for each in found])
    return pack(counts.group_by("values").aggregate([("counts", "sum")]))


def keys(job: Job, context: JobContext | None = None) -> Any:  # noqa: ARG001
    """Look through the columns that rows are divided by.

    Arguments: `schema`, `split`, `seed`, `columns` (to read), `share` (of times to keep), `file`
    (where the result is written).

    Returns:
        `named`: the splits that rows name; `file`: groups, or times of some training rows.
    """
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    arguments = job.arguments
    source = RowSource.from_json(arguments["source"])
    schema, split = Schema.from_json(arguments["schema"]), Split(**arguments["split"])
    found, groups, some = set[int](), Groups(), [np.zeros(0)]
    for block in source.blocks():
        chances = Chances(arguments["seed"], TIMES, source, block)
        for table in source.read(block, arguments["columns"]):
            kept = usable(table, schema, place="the source")
            chance, rows = chances.take(table.num_rows)[kept], table.filter(pa.array(kept))
            place, when = named(rows, split), times(rows, split, schema)
            if split.column:
                found |= set(np.unique(place).tolist())
            if split.group:
                groups.add(group_hashes(rows[split.group], split.group, arguments["seed"]), place,
                           when)  # fmt: skip
            elif split.time:
                some.append(when[(place == 0) & (chance < arguments["share"])])
    if split.group:
        groups.save(arguments["file"])
    else:
        pq.write_table(pa.table({"time": np.concatenate(some)}), arguments["file"])
    return {"named": sorted(found), "file": arguments["file"]}


def divide(job: Job, context: JobContext | None = None) -> Any:  # noqa: ARG001
    """Write rows where they belong, and let the checks see them.

    Arguments: `plan` (a JSON file; see `stream_splits`), `number` (of the part), `folder`, `sample`
    (where the sample of the checks is written).

    Returns:
        `writers`: what each split's part holds; `checks`: what was noted.
    """
    import numpy as np
    import pyarrow as pa

    arguments, plan = job.arguments, read_json(Path(job.arguments["plan"]))
    source = RowSource.from_json(arguments["source"])
    schema = Schema.from_json(plan["schema"])
    rare = LeftOutClasses(plan["rare"])
    assigner = SplitAssigner.from_json(plan["assigner"], schema)
    checks = CheckAccumulator(schema, **plan["checks"])
    spellings = {
        name: Spellings(_encoded(words), len(words)) for name, words in plan["spellings"].items()
    }
    group = assigner.split.group
    folder, part = Path(arguments["folder"]), f"part-{arguments['number']:05}.parquet"
    writers = [SplitWriter(folder / name / part, schema) for name in SPLIT_NAMES]
    done = arguments["first"]
    try:
        for block in source.blocks():
            chances = Chances(assigner.seed, SPLIT, source, block)
            for table in source.read(block):
                rows, kept = typed(table, schema, place=plan["place"], first=done)
                rows = checks.mended(_joined(rows, spellings))
                chance = chances.take(table.num_rows)[kept]
                if not kept.all():
                    table = table.filter(pa.array(kept))
                done += len(kept)
                split = np.where(rare.left(rows), assigner.of(table, chance), -1)
                checks.lost += int((~kept).sum())
                checks.see(rows, split, table[group] if group else None)
                for number, writer in enumerate(writers):
                    writer.write(rows.filter(split == number))
    finally:
        for writer in writers:
            writer.close()
    return {
        "writers": [writer.to_json() for writer in writers],
        "checks": checks.to_json(Path(arguments["sample"])),
    }


def _encoded(words: list[str]) -> pa.DictionaryArray:
    import pyarrow as pa

    return pa.array(words, pa.string()).dictionary_encode()


def _joined(rows: pa.Table, spellings: Mapping[str, Spellings]) -> pa.Table:
    """Return rows in which one number is one category, however it is written."""
    for name, own in spellings.items():
        values = own.join(rows[name].combine_chunks())
        rows = rows.set_column(rows.column_names.index(name), name, values)
    return rows


FUNCTIONS = {"look": look, "count": count, "keys": keys, "divide": divide}
