"""The deployer `kubernetes`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from mlfw import Deployment, UserError, limits
from mlfw.files import write_text
from mlfw.hints import shell_word
from mlfw_containers.names import is_object, object_name
from mlfw_containers.options import Container

IMAGE, MANIFESTS = "image", "kubernetes.yaml"


@dataclass(kw_only=True)
class Kubernetes(Container):
    """Manifests for Kubernetes, and what their image is built from.

    A Deployment, a Service, a horizontal autoscaler, a disruption budget and a network policy. The
    pods need no rights: no root, no writable file system, no account of the cluster.

    Attributes:
        namespace: The namespace that the service is for.
        replicas: Fewest pods.
        max_replicas: Most pods.
        cpus: CPUs that a process of the service may take; half as many are asked for.
        memory_mb: Mebibytes of memory that a pod asks for; twice as many end it. Where left out,
            the model is served once to see what it takes.
        callers: Further namespaces whose pods may call, such as that of an ingress controller or of
            Prometheus; those of its own namespace may.
    """

    namespace: str = "default"
    replicas: int = field(default=2, metadata=limits(minimum=1))
    max_replicas: int = field(default=10, metadata=limits(minimum=1))
    cpus: float = field(default=1.0, metadata=limits(above=0))
    memory_mb: int | None = field(default=None, metadata=limits(minimum=1))
    callers: list[str] = field(default_factory=list)

    def check(self) -> None:
        """Check what Docker or Kubernetes would refuse only after training.

        Raises:
            UserError: A name is none that they take, or there are fewer pods at most than at least.
        """
        super().check()
        for key, names in (("namespace", [self.namespace]), ("callers", self.callers)):
            for name in names:
                if not is_object(name):
                    raise UserError(
                        f"deployer.{key}: expected a namespace: small letters, digits and hyphens, "
                        f"63 at most; found '{name}'.",
                        f"For example: deployer.{key}={shell_word(object_name(name))}",
                    )
        if self.max_replicas < self.replicas:
            raise UserError(
                f"deployer.max_replicas: expected at least deployer.replicas={self.replicas}, "
                f"found {self.max_replicas}.",
                f"For example: deployer.max_replicas={5 * self.replicas}",
            )

    def deploy(self, model: Path, folder: Path, name: str) -> Deployment:
        """Write `kubernetes.yaml`, the image's folder, and a `README.md` on how to use them."""
        from mlfw_containers.manifests import Manifests
        from mlfw_containers.needs import Needs, rounded, seen_needs
        from mlfw_containers.readme import kubernetes_readme

        context = self.context(model, name)
        context.write(folder / IMAGE)
        notes = []
        if self.memory_mb is None:
            needs: Needs = seen_needs(model, context.settings)
            requested, limit = needs.requested, needs.limit
            notes.append(
                f"The service took {max(needs.idle, needs.busy)} MiB of memory when it was tried; "
                f"a pod asks for {requested} MiB."
            )
        else:
            requested, limit = self.memory_mb, rounded(2 * self.memory_mb)
        manifests = Manifests(
            context=context,
            image=self.reference(model, name),
            namespace=self.namespace,
            replicas=(self.replicas, self.max_replicas),
            cpus=self.cpus * self.workers,
            memory=(requested, limit),
            callers=self.callers,
        )
        write_text(folder / MANIFESTS, manifests.text())
        write_text(folder / "README.md", kubernetes_readme(manifests))
        return Deployment(MANIFESTS, notes=tuple(notes))
