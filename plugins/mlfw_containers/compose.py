"""The deployer `compose`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from mlfw import Deployment, UserError, limits
from mlfw.files import write_json, write_text
from mlfw_containers.names import is_pinned
from mlfw_containers.options import Container

COMPOSE = "compose.yaml"
LARGEST_PORT = 65535


@dataclass(kw_only=True)
class Compose(Container):
    """A Compose project: the service, Prometheus, and Grafana with a dashboard that is there.

    Only this machine reaches the ports that are published.

    Attributes:
        port: The port of the service on this machine.
        prometheus_port: The port of Prometheus on this machine.
        grafana_port: The port of Grafana on this machine.
        prometheus: The image of Prometheus.
        grafana: The image of Grafana.
    """

    port: int = field(default=3000, metadata=limits(minimum=1, maximum=LARGEST_PORT))
    prometheus_port: int = field(default=9090, metadata=limits(minimum=1, maximum=LARGEST_PORT))
    grafana_port: int = field(default=3001, metadata=limits(minimum=1, maximum=LARGEST_PORT))
    prometheus: str = "prom/prometheus:v3.5.0"
    grafana: str = "grafana/grafana:12.1.1"

    def check(self) -> None:
        """Check what Docker would refuse only after training.

        Raises:
            UserError: An image has no name that Docker takes, or two ports are the same.
        """
        super().check()
        for key in ("prometheus", "grafana"):
            if not is_pinned(getattr(self, key)):
                raise UserError(
                    f"deployer.{key}: expected an image with a tag other than latest, or with a "
                    f"digest; found '{getattr(self, key)}'.",
                    f"For example: deployer.{key}={Compose.__dataclass_fields__[key].default}",
                )
        if len({self.port, self.prometheus_port, self.grafana_port}) < 3:
            raise UserError(
                "deployer.port, deployer.prometheus_port and deployer.grafana_port: expected "
                f"three ports, found {self.port}, {self.prometheus_port} and {self.grafana_port}.",
                "Leave them out for 3000, 9090 and 3001.",
            )

    def deploy(self, model: Path, folder: Path, name: str) -> Deployment:
        """Write `compose.yaml`, the image's folder, and the settings of Prometheus and Grafana."""
        from mlfw import Schema
        from mlfw_containers.context import make_readable
        from mlfw_containers.dashboard import dashboard
        from mlfw_containers.names import object_name
        from mlfw_containers.project import Project
        from mlfw_containers.readme import compose_readme

        context = self.context(model, name)
        context.write(folder / "image")
        tasks = [target.task for target in Schema.load(model / "schema.json").targets]
        board = dashboard(
            f"mlfw: {context.name}",
            f"mlfw-{object_name(context.name)}"[:40].rstrip("-"),
            classes=any(task.is_classification for task in tasks),
            values=not all(task.is_classification for task in tasks),
        )
        project = Project(
            context=context,
            image=self.reference(model, name),
            ports=(self.port, self.prometheus_port, self.grafana_port),
            prometheus=self.prometheus,
            grafana=self.grafana,
        )
        for file, text in project.files().items():
            write_text(folder / file, text)
        write_json(folder / "grafana/dashboards/service.json", board)
        write_text(folder / "README.md", compose_readme(project))
        make_readable(folder)
        return Deployment(COMPOSE)
