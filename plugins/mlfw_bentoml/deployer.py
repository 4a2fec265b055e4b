"""The deployer `bentoml`."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

from mlfw import Deployer, Deployment, Serving, UserError, limits, path_field
from mlfw.disk import check_folder
from mlfw_service import ServiceOptions, Unknown, check_hosts

MEGABYTE = 1_000_000


@dataclass(kw_only=True)
class BentoML(Deployer):
    """A Bento: an HTTP service that checks every row and predicts it, ready for a container.

    A Bento holds one model. `mlfw serve` serves several from where they lie, and takes over new
    versions of them.

    Attributes:
        name: The Bento's name; the run's name where left out.
        version: The Bento's version; BentoML makes one up where left out.
        workers: Processes that answer.
        timeout: Seconds after which a request is given up and answered with 504.
        max_concurrency: Most requests under way at once; further ones are answered with 429.
        max_body_mb: Largest body of a request in megabytes; a larger one is answered with 413.
        max_rows: Most rows of a request; more are answered with 413.
        hosts: Names under which callers may know the service, besides those of the loopback
            interface; `*.example.com` stands for all names below one, `*` for all. Other names
            are answered with 421, so that no page of a foreign site can call it.
        header_timeout: Seconds within which the head of a request has to arrive.
        body_timeout: Seconds within which the body of a request has to arrive; later ones are
            answered with 408.
        keep_alive: Seconds after which a connection without a request is closed.
        max_connections: Most open connections of a process.
        sticky_header: Of several models behind one service, the same one answers the requests
            with the same value of this header.
        share_seed: Makes it repeatable which of several models answers; chance decides where left
            out.
        shadow_tolerance: The relative difference up to which numbers agree that two models predict.
        reload: Seconds between two looks for a new version of a model: other files in its folder,
            a link that leads to another folder, or another newest run where it is served as
            `latest`. It answers from then on if it passes its checks; SIGHUP makes `mlfw serve`
            look at once. 0 for no look. The model in a Bento never changes.
        max_batch_rows: Most rows of a table in CSV or Parquet; more are answered with 413.
        max_row_mb: Largest row in megabytes, where no column holds images; a larger one is answered
            with 413.
        unknown: Whether a row with a column that the model does not know is refused, or answered
            with a note. Columns that training left out, and the target, are always passed over.
        access_log: Whether a line is logged for every request.
        log: Where the rows of requests and their predictions are logged in Parquet, for
            `mlfw drift`: a folder, or a file that ends in `.parquet` and is there once the service
            has ended.
        log_sample: The share of rows that is logged.
        log_redact: Columns that must not be logged.
        log_also: Columns of free text and images, which are not logged otherwise.
        log_max_mb: Most megabytes of the log; the oldest parts are removed.
        requirements: Further pip requirements of the Bento. One that names a package which is
            pinned anyway stands in its place.
    """

    packages: ClassVar[tuple[str, ...]] = ("bentoml",)
    extra: ClassVar[str] = "bentoml"
    serves: ClassVar[bool] = True

    name: str = ""
    version: str = ""
    workers: int = field(default=1, metadata=limits(minimum=1))
    timeout: float = field(default=60.0, metadata=limits(above=0))
    max_concurrency: int = field(default=100, metadata=limits(minimum=1))
    max_body_mb: float = field(default=10.0, metadata=limits(above=0))
    max_rows: int = field(default=10_000, metadata=limits(minimum=1))
    hosts: list[str] = field(default_factory=list)
    header_timeout: float = field(default=10.0, metadata=limits(above=0))
    body_timeout: float = field(default=30.0, metadata=limits(above=0))
    keep_alive: float = field(default=75.0, metadata=limits(above=0))
    max_connections: int = field(default=1000, metadata=limits(minimum=1))
    sticky_header: str = "X-Request-Id"
    share_seed: int | None = None
    shadow_tolerance: float = field(default=0.05, metadata=limits(minimum=0))
    reload: float = field(default=0.0, metadata=limits(minimum=0))
    max_batch_rows: int = field(default=100_000, metadata=limits(minimum=1))
    max_row_mb: float = field(default=1.0, metadata=limits(above=0))
    unknown: Unknown = Unknown.refuse
    access_log: bool = False
    log: str = field(default="", metadata=path_field())
    log_sample: float = field(default=1.0, metadata=limits(above=0, maximum=1))
    log_redact: list[str] = field(default_factory=list)
    log_also: list[str] = field(default_factory=list)
    log_max_mb: float = field(default=1000.0, metadata=limits(above=0))
    requirements: list[str] = field(default_factory=list)

    def check(self) -> None:
        """Check what BentoML would refuse only after training, its store included."""
        from mlfw_bentoml.tags import is_tag

        if self.version and not is_tag(self.version):
            raise UserError(
                f"deployer.version: expected small letters, digits and any of - _ . between "
                f"them, 63 at most; found '{self.version}'.",
                "For example: deployer.version=v1",
            )
        check_hosts(self.hosts, "deployer.hosts")
        check_folder(bento_home(), "Name another one: export BENTOML_HOME=/tmp/bentoml")

    def deploy(self, model: Path, folder: Path, name: str) -> Deployment:
        """Build a Bento into BentoML's store, and leave its tag and API document in the folder."""
        from mlfw_bentoml.bento import build_bento

        options = self._options(self.name or name)
        return build_bento(model, folder, options, self.version, self.requirements)

    def serve(self, serving: Serving) -> int:
        """Serve saved models until interrupted."""
        from mlfw_bentoml.server import serve_models
        from mlfw_service import ServedModels

        served = ServedModels.of(serving)
        return serve_models(served, self._options(self.name or served.first), serving)

    def _options(self, name: str) -> ServiceOptions:
        return ServiceOptions(
            name=name,
            workers=self.workers,
            timeout=self.timeout,
            max_concurrency=self.max_concurrency,
            max_body=int(self.max_body_mb * MEGABYTE),
            max_rows=self.max_rows,
            max_batch_rows=self.max_batch_rows,
            max_row=int(self.max_row_mb * MEGABYTE),
            unknown=self.unknown.value,
            access_log=self.access_log,
            log=self.log,
            log_sample=self.log_sample,
            log_redact=tuple(self.log_redact),
            log_also=tuple(self.log_also),
            log_max_mb=self.log_max_mb,
            hosts=tuple(self.hosts),
            header_timeout=self.header_timeout,
            body_timeout=self.body_timeout,
            keep_alive=self.keep_alive,
            max_connections=self.max_connections,
            sticky_header=self.sticky_header,
            share_seed=self.share_seed,
            shadow_tolerance=self.shadow_tolerance,
            reload=self.reload,
        )


def bento_home() -> Path:
    """Return where BentoML keeps its store."""
    return Path(os.environ.get("BENTOML_HOME") or os.path.expanduser("~/bentoml"))  # noqa: PTH111
