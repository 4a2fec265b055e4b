"""Addresses of Ray clusters: which are accepted, and whether anything answers there."""

from __future__ import annotations

import os
import socket
from ipaddress import ip_address

from mlfw import UserError
from mlfw.hints import override

AUTO = "auto"
SECONDS = 10.0
VARIABLE = "RAY_ADDRESS"


def chosen_address(address: str) -> str:
    """Return the cluster's address; empty to start a Ray on this machine."""
    return address or os.environ.get(VARIABLE, "")


def check_address(address: str) -> None:
    """Check the address of a cluster, and that something answers there.

    Args:
        address: The executor's address; empty stands for the variable RAY_ADDRESS.

    Raises:
        UserError: It has another form, or nothing can be reached there within 10 seconds.
    """
    chosen = chosen_address(address)
    if chosen in ("", AUTO):
        return
    place = f"executor.address={chosen}" if address else f"{VARIABLE}={chosen}"
    host, port = _parts(chosen, place)
    try:
        socket.create_connection((host, port), SECONDS).close()
    except OSError as error:
        raise UserError(
            f"{place}: no Ray cluster can be reached there ({error.strerror or error}).",
            "On a machine of the cluster, `ray status` shows whether it runs; type "
            f"{override('executor.address', AUTO)} there to use it.",
        ) from None


def _parts(address: str, place: str) -> tuple[str, int]:
    """Return host and port.

    Raises:
        UserError: It is not of that form.
    """
    host, _, port = address.rpartition(":")
    bare = host.removeprefix("[").removesuffix("]")
    if bare and port.isdecimal() and 0 < int(port) < 65536 and _is_host(bare):
        return bare, int(port)
    remedy = (
        f"Run the command on a machine of the cluster, with {override('executor.address', AUTO)}"
    )
    if "://" in address:
        raise UserError(
            f"{place}: expected HOST:PORT or auto; a run is driven from within the cluster.",
            f"{remedy}, or submit it with `ray job submit`.",
        )
    raise UserError(f"{place}: expected HOST:PORT or auto.", f"{remedy}.")


def _is_host(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return all(part and part.replace("-", "a").isalnum() for part in text.split("."))
    return True
