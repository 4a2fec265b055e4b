"""The files of a Compose project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from mlfw.files import read_json
from mlfw_containers.context import USER
from mlfw_containers.names import compose_text, object_name
from mlfw_containers.options import PORT, TOKEN_FILE

if TYPE_CHECKING:
    from mlfw_containers.context import Context

HEAD = "# {what}, written by mlfw {version}. README.md says how to use it.\n"
SERVICE = "model"
PROMETHEUS_PORT, GRAFANA_PORT = 9090, 3000
PASSWORD_FILE = "/run/secrets/grafana"  # noqa: S105 - where it is, not what it is
SCRAPED = "15s"
KEPT = "30d"
PROTECTED: dict[str, Any] = {
    "restart": "unless-stopped",
    "read_only": True,
    "cap_drop": ["ALL"],
    "security_opt": ["no-new-privileges:true"],
}


@dataclass(frozen=True, kw_only=True)
class Project:
    """The service, what watches it, and what shows that.

    Attributes:
        context: What the service's image is made of.
        image: The service's image.
        ports: The ports on this machine: of the service, of Prometheus, of Grafana.
        prometheus: The image of Prometheus.
        grafana: The image of Grafana.
    """

    context: Context
    image: str
    ports: tuple[int, int, int]
    prometheus: str
    grafana: str

    def files(self) -> dict[str, str]:
        """Return the text of each file but the dashboard, by its path in the project."""
        provisioned = "grafana/provisioning"
        return {
            "compose.yaml": self._yaml("The service, Prometheus and Grafana", self._compose()),
            "prometheus/prometheus.yml": self._yaml("What Prometheus watches", self._scraping()),
            f"{provisioned}/datasources/prometheus.yaml": self._yaml(
                "Where Grafana finds the measurements",
                {
                    "apiVersion": 1,
                    "datasources": [
                        {
                            "name": "Prometheus",
                            "uid": "prometheus",
                            "type": "prometheus",
                            "access": "proxy",
                            "url": f"http://prometheus:{PROMETHEUS_PORT}",
                            "isDefault": True,
                            "editable": False,
                            "jsonData": {"timeInterval": SCRAPED},
                        }
                    ],
                },
            ),
            f"{provisioned}/dashboards/mlfw.yaml": self._yaml(
                "Where Grafana finds the dashboard",
                {
                    "apiVersion": 1,
                    "providers": [
                        {
                            "name": "mlfw",
                            "type": "file",
                            "disableDeletion": True,
                            "options": {"path": "/var/lib/grafana-dashboards"},
                        }
                    ],
                },
            ),
        }

    def _yaml(self, what: str, content: dict[str, Any]) -> str:
        version = read_json(self.context.model / "manifest.json")["mlfw"]
        text = yaml.dump(content, Dumper=_NoAliases, sort_keys=False, allow_unicode=True, width=100)
        return HEAD.format(what=what, version=version) + text

    def _compose(self) -> dict[str, Any]:
        secrets = {"grafana": {"file": "./secrets/grafana"}}
        if not self.context.insecure:
            secrets["token"] = {"file": "./secrets/token"}
        return {
            "name": object_name(self.context.name),
            "services": {
                SERVICE: self._service(),
                "prometheus": self._prometheus(),
                "grafana": self._grafana(),
            },
            "secrets": secrets,
            "volumes": {"prometheus": {}, "grafana": {}},
        }

    def _token(self) -> dict[str, Any]:
        return {} if self.context.insecure else {"secrets": ["token"]}

    def _service(self) -> dict[str, Any]:
        return {
            **PROTECTED,
            "build": "./image",
            "image": self.image,
            "command": [compose_text(word) for word in self.context.command()],
            "user": f"{USER}:{USER}",
            # The name by which Prometheus calls it.
            "environment": {"MLFW_HOSTS": SERVICE},
            "tmpfs": ["/tmp"],  # noqa: S108 - inside the container
            "ports": [f"127.0.0.1:{self.ports[0]}:{PORT}"],
            "stop_grace_period": f"{self.context.grace}s",
            **self._token(),
        }

    def _prometheus(self) -> dict[str, Any]:
        return {
            **PROTECTED,
            "image": self.prometheus,
            "command": [
                "--config.file=/etc/prometheus/prometheus.yml",
                "--storage.tsdb.path=/prometheus",
                f"--storage.tsdb.retention.time={KEPT}",
            ],
            "volumes": [
                "./prometheus/prometheus.yml:/etc/prometheus/prometheus.yml:ro",
                "prometheus:/prometheus",
            ],
            "ports": [f"127.0.0.1:{self.ports[1]}:{PROMETHEUS_PORT}"],
            "depends_on": {SERVICE: {"condition": "service_healthy"}},
            **self._token(),
        }

    def _grafana(self) -> dict[str, Any]:
        return {
            **PROTECTED,
            "image": self.grafana,
            "environment": {
                "GF_SECURITY_ADMIN_PASSWORD__FILE": PASSWORD_FILE,
                "GF_ANALYTICS_REPORTING_ENABLED": "false",
                "GF_ANALYTICS_CHECK_FOR_UPDATES": "false",
                "GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES": "false",
                "GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH": (
                    "/var/lib/grafana-dashboards/service.json"
                ),
            },
            "volumes": [
                "./grafana/provisioning:/etc/grafana/provisioning:ro",
                "./grafana/dashboards:/var/lib/grafana-dashboards:ro",
                "grafana:/var/lib/grafana",
            ],
            "tmpfs": ["/tmp"],  # noqa: S108 - inside the container
            "ports": [f"127.0.0.1:{self.ports[2]}:{GRAFANA_PORT}"],
            "depends_on": ["prometheus"],
            "secrets": ["grafana"],
        }

    def _scraping(self) -> dict[str, Any]:
        job: dict[str, Any] = {
            "job_name": "mlfw",
            "static_configs": [{"targets": [f"{SERVICE}:{PORT}"]}],
        }
        if not self.context.insecure:
            job["authorization"] = {"type": "Bearer", "credentials_file": TOKEN_FILE}
        return {
            "global": {"scrape_interval": SCRAPED, "evaluation_interval": SCRAPED},
            "scrape_configs": [job],
        }


class _NoAliases(yaml.SafeDumper):
    """Writes every value where it belongs, also one that stands in two places."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True
