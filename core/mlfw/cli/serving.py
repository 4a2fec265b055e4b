"""Reading which models `mlfw serve` is to serve, where and to whom."""

from __future__ import annotations

import argparse
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from mlfw.cli.notes import note
from mlfw.components import Serving
from mlfw.errors import UserError, did_you_mean
from mlfw.pipeline.api import model_folder
from mlfw.runs import LATEST, runs_folder
from mlfw.schema import Schema
from mlfw.schema.differences import schema_difference
from mlfw.tokens import VARIABLE, read_token

NAMED = re.compile(r"(?P<name>[A-Za-z][\w-]{0,62})=(?P<run>.+)", re.ASCII)
NAME = re.compile(r"[A-Za-z0-9][\w.-]{0,62}", re.ASCII)
KIND = "deployer"
SYNONYM = "serve."
TOLERANCE = 1e-9


def sort_words(words: Sequence[str]) -> tuple[list[tuple[str, str]], list[str]]:
    """Tell runs from the deployer's settings.

    Args:
        words: `RUN`, `NAME=RUN`, `deployer=NAME`, `deployer.KEY=VALUE` and its synonym
            `serve.KEY=VALUE`.

    Returns:
        The runs, each with the name that it is given or none, and the settings.
    """
    runs: list[tuple[str, str]] = []
    settings: list[str] = []
    for word in words:
        key = word.partition("=")[0]
        match = NAMED.fullmatch(word)
        if word.startswith(SYNONYM):
            settings.append(f"{KIND}.{word.removeprefix(SYNONYM)}")
        elif "=" not in word or "/" in key or os.path.lexists(word):
            runs.append(("", word))
        elif match is None or key == KIND:
            settings.append(word)
        else:
            runs.append((match["name"], match["run"]))
    if not runs:
        raise UserError("mlfw serve: expected a run, found none.", "Type: mlfw serve latest")
    return runs, settings


def read_serving(options: argparse.Namespace, words: Sequence[tuple[str, str]]) -> Serving:
    """Return what a command line asks for.

    Args:
        options: The command's arguments.
        words: The runs, each with the name that it is given or none.

    Raises:
        UserError: There is no such run, the address cannot be listened on or is public without a
            token, or an argument does not fit.
    """
    if not 0 < options.port < 65536:
        raise UserError(f"--port {options.port}: expected a number from 1 to 65535.")
    models = _models(options, words)
    latest = [name for name, (_, run) in zip(models, words, strict=True) if run == LATEST]
    serving = Serving(
        models=models,
        host=options.host,
        port=options.port,
        token=read_token(options.token_file),
        shares=_shares(options.share, list(models)),
        shadows=_shadows(options.shadow, list(models)),
        latest=dict.fromkeys(latest, runs_folder(options.runs).absolute()),
    )
    serving.listen().close()
    if serving.public and not (serving.token or options.insecure):
        raise UserError(
            f"--host {options.host}: other machines can call this address; expected a token that "
            "callers have to send, found none.",
            f"Add --token-file FILE or set ${VARIABLE}; or let anybody call: --insecure",
        )
    return serving


def _models(options: argparse.Namespace, words: Sequence[tuple[str, str]]) -> dict[str, Path]:

    models: dict[str, Path] = {}
    for given, run in words:
        folder = model_folder(run, runs_folder(options.runs), note)
        place = folder.absolute()
        name = given or (place.parent if place.name == "model" else place).name
        if name in models:
            raise UserError(
                f"{run}: a model named {name} is served already.",
                f"Give each a name: mlfw serve {name}={words[0][1]} other={run}",
            )
        if len(words) > 1 and not NAME.fullmatch(name):
            raise UserError(
                f"{run}: expected a name of letters, digits and any of - _ . for one of several "
                f"models, found '{name}'.",
                f"Give it a name: model{len(models) + 1}={run}",
            )
        models[name] = folder
    return models


def _shares(texts: Sequence[str], names: Sequence[str]) -> dict[str, float]:
    """Return the fractions of the models other than the first one."""
    shares: dict[str, float] = {}
    for text in texts:
        name, _, fraction = text.rpartition("=")
        _check_name(f"--share {text}", name, names)
        try:
            shares[name] = float(fraction)
        except ValueError:
            shares[name] = -1.0
        if not 0 <= shares[name] <= 1:
            raise UserError(
                f"--share {text}: expected NAME=FRACTION with a fraction from 0 to 1.",
                f"For example: --share {name}=0.1",
            )
    others = sum(share for name, share in shares.items() if name != names[0])
    total = others + shares.pop(names[0], 1 - others)
    if others > 1 + TOLERANCE or abs(total - 1) > TOLERANCE:
        raise UserError(
            f"--share: expected fractions that add up to 1 with that of {names[0]}, found "
            f"{total:g}.",
            f"Leave {names[0]} out: it answers what the others leave.",
        )
    return shares


def _shadows(texts: Sequence[str], names: Sequence[str]) -> tuple[str, ...]:

    for name in texts:
        _check_name(f"--shadow {name}", name, names)
        if name == names[0]:
            raise UserError(
                f"--shadow {name}: the first model's answers are returned.",
                "Name another model first, whose answers are to be returned.",
            )
    return tuple(dict.fromkeys(texts))


def _check_name(place: str, name: str, names: Sequence[str]) -> None:

    if name not in names:
        raise UserError(f"{place}: no model named '{name}' is served.", did_you_mean(name, names))


def check_schemas(serving: Serving) -> None:
    """Check that models which answer the same calls take and give the same.

    Raises:
        UserError: Two do not.
    """
    first, *others = serving.models
    schemas = _schemas(serving.models, [first, *serving.shares, *serving.shadows])
    for name in others:
        difference = name in schemas and schema_difference(schemas[first], schemas[name])
        if difference:
            option = "--share" if name in serving.shares else "--shadow"
            raise UserError(
                f"{option} {name}: cannot answer the calls of {first}: their schemas differ: "
                f"{difference}.",
                f"Leave {option} out, or train {name} on data with the same columns and target.",
            )


def _schemas(models: Mapping[str, Path], names: Sequence[str]) -> dict[str, Schema]:

    if len(models) == 1:
        return {}
    return {name: Schema.load(models[name] / "schema.json") for name in names}
