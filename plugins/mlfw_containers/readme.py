"""The README beside what a deployer has written."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from mlfw.errors import listing
from mlfw.hints import shell_word
from mlfw.pipeline.markdown import plain
from mlfw_containers.context import summary
from mlfw_containers.options import PORT, TOKEN_FILE

if TYPE_CHECKING:
    from mlfw_containers.context import Context
    from mlfw_containers.manifests import Manifests
    from mlfw_containers.project import Project

TEMPLATES = Path(__file__).parent / "templates"
FOLDER = "mkdir -m 700 secrets\n"
RANDOM = "python3 -c 'import secrets; print(secrets.token_urlsafe(32))' > secrets/{name}\n"
HEADER = '-H "Authorization: Bearer $(cat secrets/token)" '
MOUNT = f'-v "$PWD/secrets/token:{TOKEN_FILE}:ro" \\\n    '
CLOSED = (
    "Only calls that carry the token are answered, but for those to `/livez`, `/healthz` and "
    "`/readyz`. The service reads it when it starts. The folder `secrets` keeps it from other "
    "users of this machine."
)
OPEN = (
    "**Anybody who reaches the port may call**: the image was made with `deployer.insecure=true`. "
    "Above, only this machine reaches it."
)
TOLD = (
    "Make a token, and tell it to the cluster:\n\n```sh\n{made}kubectl -n {namespace} create "
    "secret generic {secret} --from-file=token=secrets/token\n```\n\n"
)
CLOSED_POD = (
    "Only calls that carry the token are answered, but for those to `/livez`, `/healthz` and "
    "`/readyz`. A new token is read when the pods start anew: `kubectl -n {namespace} rollout "
    "restart deployment/{object}`."
)
OPEN_POD = (
    "**Anybody may call whom the network policy lets in**: the image was made with "
    "`deployer.insecure=true`."
)
CALLERS = (
    "- **Pods** reach it at `http://{object}`. The network policy lets in those {let_in}, and the "
    "service calls nobody; `deployer.callers=[ingress-nginx]` adds namespaces. A name by which an "
    "ingress calls it has to be known: `deployer.hosts=[predict.example.org]`."
)


def docker_readme(context: Context, reference: str) -> str:
    """Return the README of an image's folder.

    Args:
        context: What the image is made of.
        reference: The image's name and tag.
    """
    insecure = context.insecure
    return _filled(
        "docker.md",
        context,
        reference=shell_word(reference),
        make="" if insecure else FOLDER + RANDOM.format(name="token"),
        mount="" if insecure else MOUNT,
        access=wrapped(OPEN if insecure else CLOSED),
        options="--insecure" if insecure else f"--token-file {TOKEN_FILE}",
        grace=context.grace,
    )


def kubernetes_readme(manifests: Manifests) -> str:
    """Return the README beside the manifests.

    Args:
        manifests: The manifests.
    """
    insecure = manifests.context.insecure
    named = {"namespace": manifests.namespace, "object": manifests.name}
    made = FOLDER + RANDOM.format(name="token")
    let_in = "of this namespace"
    if manifests.callers:
        let_in += f" and of {listing(manifests.callers)}, which say `http://{manifests.hosts[1]}`"
    return _filled(
        "kubernetes.md",
        manifests.context,
        image=shell_word(manifests.image),
        secret="" if insecure else TOLD.format(made=made, secret=manifests.secret, **named),
        access=wrapped((OPEN_POD if insecure else CLOSED_POD).format(**named)),
        callers=wrapped(CALLERS.format(let_in=let_in, **named), "  "),
        requested=manifests.memory[0],
        limit=manifests.memory[1],
        fewest=manifests.replicas[0],
        most=manifests.replicas[1],
        **named,
    )


def compose_readme(project: Project) -> str:
    """Return the README of a Compose project.

    Args:
        project: The project.
    """
    insecure = project.context.insecure
    names = ("grafana",) if insecure else ("token", "grafana")
    service, prometheus, grafana = project.ports
    return _filled(
        "compose.md",
        project.context,
        make=FOLDER + "".join(RANDOM.format(name=name) for name in names),
        access=wrapped(OPEN if insecure else CLOSED),
        service=service,
        prometheus=prometheus,
        grafana=grafana,
    )


def _filled(template: str, context: Context, **values: object) -> str:
    text = (TEMPLATES / template).read_text(encoding="utf-8")
    return text.format(
        name=plain(context.name),
        summary=wrapped(plain(summary(context.card()))),
        header="" if context.insecure else HEADER,
        port=PORT,
        **values,
    )


def wrapped(text: str, indent: str = "") -> str:
    """Return a text in lines of 100 characters.

    Args:
        text: The text.
        indent: What every line but the first begins with.
    """
    return textwrap.fill(
        text, 100, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
