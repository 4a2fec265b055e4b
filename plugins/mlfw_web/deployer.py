"""The deployer `web`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from mlfw import UserError
from mlfw.errors import listing
from mlfw.files import read_json, write_bytes, write_text
from mlfw.hints import program
from mlfw_onnx import MODEL, Export, Form, check_copy

if TYPE_CHECKING:
    from mlfw.pipeline.saved_model import SavedModel
    from mlfw_web.page import Page

SITE, SINGLE = "site", "predict.html"
LARGEST_SINGLE = 64_000_000  # a larger model would make a file that browsers open slowly
FILES = (
    (SINGLE, "the page as one file; it opens from a disk and works offline"),
    (SITE, "the page as a folder for any web server"),
    (f"{SITE}/predict.js", "the model as an ES module, with its types in `predict.d.ts`"),
    ("schema.json", "the columns and the targets as mlfw describes them"),
    ("sample.json", "made-up rows with their predictions"),
    ("card.md", "what the model is for, and how well it predicts; `card.json` is the same as data"),
)


@dataclass(kw_only=True)
class Web(Export):
    """The model as a web page that predicts in the browser: a form, CSV files, an ES module.

    It is written only if the model in it predicts what mlfw predicts, both for made-up rows and for
    test rows of the run.

    Attributes:
        title: The heading of the page; the names of the targets if left out.
    """

    extra: ClassVar[str] = "web"

    title: str | None = None

    def write(self, saved: SavedModel, folder: Path, name: str) -> Form:
        """Write the folder `site`, `predict.html` and `sample.json`.

        Raises:
            UserError: ONNX Runtime Web is not there, or the model has no ONNX form, or needs what a
                browser has not.
        """
        from mlfw.pipeline.output import identifier_columns
        from mlfw_onnx import Parity, checked_model, sample_of, sample_text
        from mlfw_web import runtime
        from mlfw_web.description import Described
        from mlfw_web.page import embedded, packed, styles
        from mlfw_web.readme import readme
        from mlfw_web.types import declarations

        _check_runtime()
        site = folder / SITE
        made = saved.predictor.to_onnx()
        content = made.SerializeToString()
        write_bytes(site / MODEL, content)
        model = checked_model(site / MODEL, MODEL, any_operators=True)
        parity = Parity(saved.predictor, model, "web")
        sample = sample_of(saved, model.inputs)
        text = sample_text(parity, made, sample.rows)
        identifiers = identifier_columns(saved.folder.parent / "data")
        described = Described(name, saved.schema, made, parity.tolerance, text, identifiers)
        description = described.data()
        page = self._page(description, saved.folder)
        script, binary = (
            (runtime.FOLDER / file).read_bytes() for file in (runtime.SCRIPT, runtime.BINARY)
        )
        licence, notices = runtime.licence(), runtime.notices()
        small = packed(binary)
        for file, source in (
            ("index.html", page.index()),
            ("page.js", page.script()),
            ("page.css", styles()),
            ("predict.js", page.module()),
            ("predict.d.ts", declarations(description)),
            (runtime.SITE_LICENCE, licence),
            (runtime.SITE_NOTICES, notices),
        ):
            write_text(site / file, source)
        write_bytes(site / runtime.SCRIPT, script)
        write_bytes(site / f"{runtime.BINARY}.gz", small)
        write_text(folder / "sample.json", text)
        files, remarks, artifact = list(FILES), [], SINGLE
        if len(content) <= LARGEST_SINGLE:
            licences = packed(f"{licence}\n{notices}".encode())
            single = page.single(packed(script), small, packed(content), licences)
            write_text(folder / SINGLE, single)
            copy = embedded((folder / SINGLE).read_text(encoding="utf-8"), "model")
            check_copy(copy, content, "web", f"the model in {SINGLE}")
        else:
            files, artifact = files[1:], f"{SITE}/index.html"
            remarks.append(f"The model is too large for a single HTML file: serve {SITE}.")
        return Form(
            artifact,
            parity,
            sample,
            lambda note: readme(description, files, note, runtime.VERSION),
            tuple(remarks),
        )

    def _page(self, description: dict[str, Any], model: Path) -> Page:
        from mlfw_web.page import Page

        targets = listing(target["name"] for target in description["targets"])
        return Page(
            title=self.title or f"Predict {targets}",
            lead=f"A model that predicts {targets} from {counted(description['inputs'])}.",
            about=about(description["name"], model / "card.json"),
            description=description,
        )


def _check_runtime() -> None:
    """Check that ONNX Runtime Web is there.

    Raises:
        UserError: It is not.
    """
    from mlfw_web import runtime

    if not runtime.is_complete():
        raise UserError(
            f"deployer=web: {runtime.PACKAGE} {runtime.VERSION} is not in {runtime.FOLDER}.",
            f"Fetch it by npm: {program('python')} -m mlfw_web.runtime",
        )


def counted(inputs: list[dict[str, Any]]) -> str:
    """Return how many columns there are, in words."""
    return f"{len(inputs)} columns" if len(inputs) != 1 else "1 column"


def about(name: str, card: Path) -> tuple[str, ...]:
    """Return lines about the model for the foot of the page."""
    if not card.is_file():
        return (f"Model: {name}.",)
    found = read_json(card)
    lines = [f"Model: {name} ({found['model']}), trained on {found['created']} by mlfw."]
    scores = found.get("metrics", {}).get("test", {})
    shown = [f"{key} {value:.3g}" for key, value in scores.items() if isinstance(value, float)]
    if shown:
        lines.append(f"On test rows: {', '.join(shown[:4])}.")
    return tuple(lines)
