"""The page for a service: the same form, which asks the service in place of the browser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlfw.errors import listing
from mlfw.pipeline.reference import Reference
from mlfw.schema.predictions import output_names
from mlfw_web.deployer import about, counted
from mlfw_web.description import described_column, described_target
from mlfw_web.page import Page, styles

if TYPE_CHECKING:
    from mlfw.pipeline.saved_model import SavedModel
    from mlfw.schema.distribution import Distribution

ADDRESS = "predict"  # beside the page
ROWS_AT_ONCE = 200


@dataclass(frozen=True)
class ServedPage:
    """The files of the page.

    Attributes:
        index: `index.html`.
        script: `page.js`, beside it.
        style: `page.css`, beside it.
    """

    index: str
    script: str
    style: str


def served_page(model: SavedModel, name: str, most_rows: int) -> ServedPage:
    """Return the page that a service sends to browsers.

    It posts rows to `predict` beside it and shows the answers. Unlike the page that `deployer=web`
    writes it can be made of every model, as nothing is computed in the browser.

    Args:
        model: The model.
        name: What it is called.
        most_rows: Most rows of a request.
    """
    schema = model.schema
    reference = Reference.load(model.folder)
    known: Mapping[str, Distribution] = {} if reference is None else reference.columns
    names = output_names(schema)
    description: dict[str, Any] = {
        "name": name,
        "address": ADDRESS,
        "rowsAtOnce": min(ROWS_AT_ONCE, most_rows),
        "identifiers": list(schema.left_out),
        "columns": [
            described_column(column, _usual(known.get(column.name))) for column in schema.columns
        ],
        "inputs": [{"name": column.name} for column in schema.columns],
        "targets": [described_target(schema, each, None, names) for each in schema.targets],
    }
    shown = listing(target.name for target in schema.targets)
    page = Page(
        title=f"Predict {shown}",
        lead=f"A model that predicts {shown} from {counted(description['inputs'])}.",
        about=about(name, model.folder / "card.json"),
        description=description,
    )
    index, script = page.served()
    return ServedPage(index, script, styles())


def _usual(distribution: Distribution | None) -> dict[str, Any]:
    """Return a usual value and the spread of a column, as the descriptions of inputs have them."""
    edges = () if distribution is None else distribution.edges
    if not edges:
        return {}
    quarter = len(edges) // 4
    spread = (edges[-1 - quarter] - edges[quarter]) / 1.35  # as of a normal distribution
    ends = (edges[0], edges[-1])
    return {"usual": edges[len(edges) // 2], "spread": spread or 1.0, "range": ends}
