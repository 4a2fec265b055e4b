"""Running a pass over streamed rows: a job for each part of them, side by side where possible."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlfw import Job, JobResult, LoadContext, Resources, Watch
from mlfw_tabular.parquet_source import RowSource

PREFIX = "tabular_"


@dataclass(frozen=True)
class Passes:
    """Runs passes over the rows of a source.

    Attributes:
        source: The rows.
        context: Provides the workers that run jobs, and the progress callback.
        scratch: A folder for what jobs leave to one another; all workers read and write it.
    """

    source: RowSource
    context: LoadContext
    scratch: Path

    def run(
        self, name: str, arguments: Callable[[int], Mapping[str, Any]], *, doing: str = "rows"
    ) -> Iterator[Any]:
        """Yield what the jobs of a pass return, in the order of the rows.

        Args:
            name: The job function; see `mlfw_tabular.streaming.jobs`.
            arguments: What is given to the job of a part beside its row groups, by its number.
            doing: What is counted, in words.

        Raises:
            UserError: A job raises one.
        """
        parts = self.source.parts()
        jobs = [
            Job(
                name=f"{PREFIX}{name}",
                arguments={
                    "source": part.to_json(), "first": first, "number": number, **arguments(number),
                },
                label=f"{name} rows {first:,} to {first + part.rows - 1:,}",
            )
            for number, (first, part) in enumerate(parts)
        ]  # fmt: skip
        done, total = 0, self.source.rows
        for number, result in enumerate(self._in_order(name, jobs)):
            done += parts[number][1].rows
            self.context.progress(done, total, doing)
            yield result

    def _in_order(self, name: str, jobs: list[Job]) -> Iterator[Any]:
        from mlfw_tabular.streaming.jobs import FUNCTIONS

        workers = self.context.workers
        if workers is None or workers.in_process or len(jobs) == 1:
            yield from (FUNCTIONS[name](job) for job in jobs)
            return
        waiting: dict[int, JobResult] = {}
        following = 0
        with closing(workers.map(jobs, Resources(), Watch())) as results:
            for result in results:
                waiting[result.job.arguments["number"]] = result
                while following in waiting:
                    yield waiting.pop(following).result()
                    following += 1
