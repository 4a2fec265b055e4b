"""How a service is run; kept beside the model in a Bento."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import TYPE_CHECKING

from mlfw import UserError
from mlfw.errors import listing
from mlfw.files import read_json, write_json
from mlfw.hints import override

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

HOST = r"\*|(\*\.)?[A-Za-z0-9_]([A-Za-z0-9._-]*[A-Za-z0-9_])?\.?"


class Unknown(StrEnum):
    """What happens to a row with a column that the model does not know."""

    refuse = "refuse"
    ignore = "ignore"


@dataclass(frozen=True, kw_only=True)
class ServiceOptions:
    """How a service is run.

    Attributes:
        name: What the service is called in its documentation and in `/schema`.
        workers: Processes that answer.
        timeout: Seconds after which a request is given up.
        max_concurrency: Most requests under way at once.
        max_body: Most bytes of a request's body.
        max_rows: Most rows of a request.
        max_batch_rows: Most rows of a table in CSV or Parquet.
        max_row: Most bytes of a row, where no column holds images.
        access_log: Whether every request is logged.
        hosts: Names under which the service answers, besides those of the loopback interface;
            `*.example.com` stands for all names below one, `*` for all.
        header_timeout: Seconds within which the head of a request has to arrive.
        body_timeout: Seconds within which the body of a request has to arrive.
        keep_alive: Seconds after which a connection without a request is closed.
        max_connections: Most open connections of a process.
        sticky_header: Of several models, the same one answers the requests with the same value of
            this header.
        share_seed: Makes it repeatable which of several models answers; None for chance.
        shadow_tolerance: The relative difference up to which two predicted numbers agree.
        reload: Seconds between two looks for new versions of the models; 0 for none.
        log: A folder, or a file that ends in `.parquet`, for the requests' rows and their
            predictions; empty for no log.
        log_sample: The share of rows that is logged.
        log_redact: Columns that must not be logged.
        log_also: Columns of texts and images that are logged all the same.
        log_max_mb: Most megabytes of the log; the oldest parts are removed.
        unknown: What happens to a column that the model does not know: `refuse` or `ignore`.
    """

    name: str
    workers: int
    timeout: float
    max_concurrency: int
    max_body: int
    max_rows: int
    max_batch_rows: int = 100_000
    max_row: int = 1_000_000
    access_log: bool = False
    hosts: tuple[str, ...] = ()
    header_timeout: float = 10.0
    body_timeout: float = 30.0
    keep_alive: float = 75.0
    max_connections: int = 1000
    sticky_header: str = "X-Request-Id"
    share_seed: int | None = None
    shadow_tolerance: float = 0.05
    reload: float = 0.0
    log: str = ""
    log_sample: float = 1.0
    log_redact: tuple[str, ...] = ()
    log_also: tuple[str, ...] = ()
    log_max_mb: float = 1000.0
    unknown: str = Unknown.refuse.value

    def save(self, path: Path) -> None:
        """Write the options as JSON."""
        write_json(path, asdict(self))

    @classmethod
    def load(cls, path: Path) -> ServiceOptions:
        """Read options that `save` wrote.

        Raises:
            UserError: A newer version of mlfw wrote them.
        """
        found = read_json(path)
        newer = found.keys() - {each.name for each in fields(cls)}
        if newer:
            raise UserError(
                f"{path}: written by a newer version of mlfw: it knows {listing(sorted(newer))}.",
                "Install that version, or deploy the run again with this one.",
            )
        lists = {key: tuple(value) for key, value in found.items() if isinstance(value, list)}
        return cls(**{**found, **lists})


def check_hosts(hosts: Iterable[str], key: str) -> None:
    """Check the names under which a service is to answer.

    Args:
        hosts: The names.
        key: Where they are configured, for messages.

    Raises:
        UserError: One is no name, for example as it has a port.
    """
    for host in hosts:
        if not re.fullmatch(HOST, host, re.ASCII):
            raise UserError(
                f"{key}: expected names such as predict.example.org or *.example.org, without "
                f"scheme, port and path; found '{host}'.",
                f"For example: {override(key, ['predict.example.org'])}",
            )
