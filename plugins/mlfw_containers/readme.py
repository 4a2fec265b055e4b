"""The README beside what a deployer has written."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from mlfw.hints import shell_word
from mlfw.pipeline.markdown import plain
from mlfw_containers.context import summary
from mlfw_containers.options import PORT, TOKEN_FILE

if TYPE_CHECKING:
    from mlfw_containers.context import Context

HOW_TO_MAKE = (
    "mkdir -m 700 secrets\n"
    "python3 -c 'import secrets; print(secrets.token_urlsafe(32))' > secrets/token\n"
)
DOCKER = """\
# {name}

{summary}

This folder is what an image of the model's service is built from. `wheels` holds mlfw and the
plugin of the model; every other package is pinned in `requirements.txt` to the version that the
model was tested with.

```sh
docker build -t {reference} .
{make}docker run --rm --read-only --tmpfs /tmp --cap-drop ALL --security-opt no-new-privileges \\
    {mount}-p 127.0.0.1:{port}:{port} {reference}
```

From another terminal:

```sh
curl -s localhost:{port}/readyz
curl -s {header}localhost:{port}/schema
```

{access}

The service runs as user 10001, any other will do as well (`--user`), and writes to `/tmp` only.
Docker calls `/readyz` every 10 seconds and shows the answer as the container's health. On
`docker stop` the service answers what it has begun; give it the time: `docker stop -t {grace}`.
Callers may know it by other names than `localhost` and its addresses if `MLFW_HOSTS` lists them:
`-e MLFW_HOSTS=predict.example.org`.

What follows the image's name takes the place of its options, for example
`{reference} {options} serve.workers=2`.
"""
TOKEN = (
    "Only calls that carry the token are answered, but for those to `/livez`, `/healthz` and "
    f"`/readyz`. It is read from `{TOKEN_FILE}` when the service starts. The folder `secrets` "
    "keeps it from other users of this machine."
)
OPEN = (
    "**Anybody who reaches the port may call**: the image was made with `deployer.insecure=true`. "
    "Above, only this machine reaches it."
)


def docker_readme(context: Context, reference: str) -> str:
    """Return the README of an image's folder.

    Args:
        context: What the image is made of.
        reference: The image's name and tag.
    """
    return DOCKER.format(
        name=plain(context.name),
        summary=wrapped(plain(summary(context.card()))),
        reference=shell_word(reference),
        make="" if context.insecure else HOW_TO_MAKE,
        mount="" if context.insecure else f'-v "$PWD/secrets/token:{TOKEN_FILE}:ro" \\\n    ',
        header="" if context.insecure else '-H "Authorization: Bearer $(cat secrets/token)" ',
        access=textwrap.fill(OPEN if context.insecure else TOKEN, 100),
        options="--insecure" if context.insecure else f"--token-file {TOKEN_FILE}",
        port=PORT,
        grace=context.grace,
    )


def wrapped(text: str) -> str:
    """Return a text with no more in one line than a terminal shows."""
    return textwrap.fill(text, 100, break_long_words=False, break_on_hyphens=False)
