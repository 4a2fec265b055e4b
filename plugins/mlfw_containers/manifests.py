"""The manifests for Kubernetes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

from mlfw.files import read_json
from mlfw_containers.context import USER
from mlfw_containers.names import label_value, object_name
from mlfw_containers.options import PORT

if TYPE_CHECKING:
    from mlfw_containers.context import Context

SECRETS = "/run/secrets"
HEAD = """\
# The service of a saved model, written by mlfw {version}. README.md says how to use it.
"""
USED = 0.7  # share of its CPUs that a pod takes before there is another one
DRAINED = 5  # seconds until no new calls are sent to a pod that ends


@dataclass(frozen=True, kw_only=True)
class Manifests:
    """What the service is on Kubernetes.

    Attributes:
        context: What its image is made of.
        image: The image.
        namespace: Where it runs.
        replicas: Fewest pods and most pods.
        cpus: CPUs that a pod may take.
        memory: Mebibytes that a pod asks for, and that it may take.
        callers: Namespaces whose pods may call, besides its own.
    """

    context: Context
    image: str
    namespace: str
    replicas: tuple[int, int]
    cpus: float
    memory: tuple[int, int]
    callers: Sequence[str] = ()

    @property
    def name(self) -> str:
        """What the objects are called."""
        return object_name(self.context.name)

    @property
    def secret(self) -> str:
        """What the Secret with the token is called."""
        return f"{self.name}-token"

    @property
    def hosts(self) -> list[str]:
        """The names under which the pods of a cluster know the service."""
        inside = f"{self.name}.{self.namespace}"
        return [self.name, inside, f"{inside}.svc", f"{inside}.svc.cluster.local"]

    def text(self) -> str:
        """Return the manifests as YAML."""
        objects = [
            self._deployment(),
            self._service(),
            self._autoscaler(),
            self._budget(),
            self._policy(),
        ]
        version = read_json(self.context.model / "manifest.json")["mlfw"]
        return HEAD.format(version=version) + yaml.safe_dump_all(
            objects, sort_keys=False, allow_unicode=True, width=100
        )

    def _object(self, api: str, kind: str, spec: dict[str, Any]) -> dict[str, Any]:
        manifest = read_json(self.context.model / "manifest.json")
        labels = {
            **self._selector(),
            "app.kubernetes.io/version": label_value(self.image.rpartition(":")[2]),
            "app.kubernetes.io/component": label_value(str(manifest["model"]["use"])),
            "app.kubernetes.io/managed-by": "mlfw",
        }
        meta = {"name": self.name, "namespace": self.namespace, "labels": labels}
        return {"apiVersion": api, "kind": kind, "metadata": meta, "spec": spec}

    def _selector(self) -> dict[str, str]:
        return {"app.kubernetes.io/name": self.name}

    def _deployment(self) -> dict[str, Any]:
        grace = self.context.grace + DRAINED
        pod: dict[str, Any] = {
            "automountServiceAccountToken": False,
            "enableServiceLinks": False,
            "terminationGracePeriodSeconds": grace,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": USER,
                "runAsGroup": USER,
                "fsGroup": USER,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "topologySpreadConstraints": [
                {
                    "maxSkew": 1,
                    "topologyKey": "kubernetes.io/hostname",
                    "whenUnsatisfiable": "ScheduleAnyway",
                    "labelSelector": {"matchLabels": self._selector()},
                }
            ],
            "containers": [self._container()],
            "volumes": self._volumes(),
        }
        template = {"metadata": {"labels": self._selector()}, "spec": pod}
        strategy = {"maxUnavailable": 0, "maxSurge": 1}
        return self._object(
            "apps/v1",
            "Deployment",
            {
                "revisionHistoryLimit": 3,
                "strategy": {"type": "RollingUpdate", "rollingUpdate": strategy},
                "selector": {"matchLabels": self._selector()},
                "template": template,
            },
        )

    def _container(self) -> dict[str, Any]:
        requested, limit = self.memory
        mounts: list[dict[str, Any]] = [{"name": "tmp", "mountPath": "/tmp"}]  # noqa: S108
        if not self.context.insecure:
            mounts.append({"name": "token", "mountPath": SECRETS, "readOnly": True})
        return {
            "name": "service",
            "image": self.image,
            "args": self.context.command(),
            "env": [{"name": "MLFW_HOSTS", "value": ",".join(self.hosts)}],
            "ports": [{"name": "http", "containerPort": PORT}],
            "startupProbe": _probe("/readyz", period=1, failures=120),
            "readinessProbe": _probe("/readyz", period=5, failures=2),
            "livenessProbe": _probe("/livez", period=10, failures=3),
            # Calls may still come until all of the cluster knows that the pod ends.
            "lifecycle": {"preStop": {"exec": {"command": ["sleep", str(DRAINED)]}}},
            "resources": {
                "requests": {"cpu": _cpus(self.cpus / 2), "memory": f"{requested}Mi"},
                "limits": {"cpu": _cpus(self.cpus), "memory": f"{limit}Mi"},
            },
            "securityContext": {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
                "privileged": False,
                "readOnlyRootFilesystem": True,
                "runAsNonRoot": True,
            },
            "volumeMounts": mounts,
        }

    def _volumes(self) -> list[dict[str, Any]]:
        volumes: list[dict[str, Any]] = [{"name": "tmp", "emptyDir": {"sizeLimit": "256Mi"}}]
        if not self.context.insecure:
            secret = {"secretName": self.secret, "defaultMode": 0o440}
            volumes.append({"name": "token", "secret": secret})
        return volumes

    def _service(self) -> dict[str, Any]:
        ports = [{"name": "http", "port": 80, "targetPort": "http"}]
        return self._object("v1", "Service", {"selector": self._selector(), "ports": ports})

    def _autoscaler(self) -> dict[str, Any]:
        fewest, most = self.replicas
        target = {"type": "AverageValue", "averageValue": _cpus(USED * self.cpus)}
        scaled = {"apiVersion": "apps/v1", "kind": "Deployment", "name": self.name}
        return self._object(
            "autoscaling/v2",
            "HorizontalPodAutoscaler",
            {
                "scaleTargetRef": scaled,
                "minReplicas": fewest,
                "maxReplicas": most,
                "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": target}}],
                "behavior": {"scaleDown": {"stabilizationWindowSeconds": 300}},
            },
        )

    def _budget(self) -> dict[str, Any]:
        selector = {"matchLabels": self._selector()}
        return self._object(
            "policy/v1", "PodDisruptionBudget", {"maxUnavailable": 1, "selector": selector}
        )

    def _policy(self) -> dict[str, Any]:
        """Return who may call. The pods themselves call nobody."""
        sources: list[dict[str, Any]] = [{"podSelector": {}}]
        sources += [
            {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": each}}}
            for each in self.callers
        ]
        return self._object(
            "networking.k8s.io/v1",
            "NetworkPolicy",
            {
                "podSelector": {"matchLabels": self._selector()},
                "policyTypes": ["Ingress", "Egress"],
                "ingress": [{"from": sources, "ports": [{"protocol": "TCP", "port": PORT}]}],
                "egress": [],
            },
        )


def _probe(path: str, *, period: int, failures: int) -> dict[str, Any]:
    return {
        "httpGet": {"path": path, "port": "http"},
        "periodSeconds": period,
        "timeoutSeconds": 2,
        "failureThreshold": failures,
    }


def _cpus(number: float) -> str:
    """Return a number of CPUs in thousandths, as Kubernetes writes it."""
    return f"{max(round(number * 1000), 1)}m"
