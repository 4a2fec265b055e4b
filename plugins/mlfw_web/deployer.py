"""The deployer `web`."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import mlfw
from mlfw import Deployer, Deployment, UserError, limits
from mlfw.errors import listing
from mlfw.files import read_json, write_bytes, write_text
from mlfw.hints import program

if TYPE_CHECKING:
    from mlfw_web.page import Page

SITE, SINGLE = "site", "predict.html"
LARGEST_SINGLE = 64_000_000  # a larger model would make a file that browsers open slowly
FILES = (
    (SINGLE, "the page as one file; it opens from a disk and works offline"),
    (SITE, "the page as a folder for any web server"),
    (f"{SITE}/predict.js", "the model as an ES module, with its types in `predict.d.ts`"),
    ("schema.json", "the columns and the targets as mlfw describes them"),
    ("sample.json", "made-up rows with their predictions"),
)


@dataclass(kw_only=True)
class Web(Deployer):
    """The model as a web page that predicts in the browser: a form, CSV files, an ES module.

    It is written only if the model in it predicts what mlfw predicts, both for made-up rows and for
    test rows of the run.

    Attributes:
        title: The heading of the page; the names of the targets if left out.
        check_rows: Largest number of the run's test rows to compare, if they are available.
    """

    packages: ClassVar[tuple[str, ...]] = ("onnx", "onnxruntime")
    extra: ClassVar[str] = "web"
    exports: ClassVar[bool] = True

    title: str | None = None
    check_rows: int = field(default=10_000, metadata=limits(minimum=0))

    def deploy(self, model: Path, folder: Path, name: str) -> Deployment:
        """Write the folder `site`, `predict.html`, `README.md`, `schema.json` and `sample.json`.

        Raises:
            UserError: ONNX Runtime Web is not there, or the model has no ONNX form, predicts
                otherwise in it, or needs what a browser has not.
        """
        from mlfw.pipeline.output import identifier_columns
        from mlfw_onnx.parity import Parity, session_of
        from mlfw_onnx.portable import made_up_rows, sample_text
        from mlfw_onnx.predictions import TargetOutputs
        from mlfw_web import runtime
        from mlfw_web.description import Described
        from mlfw_web.page import packed, styles
        from mlfw_web.readme import readme
        from mlfw_web.types import declarations

        _check_runtime()
        saved = mlfw.load(model)
        made = saved.predictor.to_onnx()
        content = made.SerializeToString()
        parity = Parity(saved.predictor, session_of(content), TargetOutputs.of(made))
        parity.deployer = "web"
        rows = made_up_rows(saved.predictor, made)
        sample = sample_text(parity, made, rows)
        identifiers = identifier_columns(model.parent / "data")
        described = Described(name, saved.schema, made, parity, sample, identifiers)
        description = described.data()
        note = parity.note(rows, saved.test_rows(self.check_rows))
        page = self._page(description, model)
        script, binary = (
            (runtime.FOLDER / file).read_bytes() for file in (runtime.SCRIPT, runtime.BINARY)
        )
        site = folder / SITE
        for file, text in (
            ("index.html", page.index()),
            ("page.js", page.script()),
            ("page.css", styles()),
            ("predict.js", page.module()),
            ("predict.d.ts", declarations(description)),
        ):
            write_text(site / file, text)
        write_bytes(site / "model.onnx", content)
        write_bytes(site / runtime.SCRIPT, script)
        small = packed(binary)
        write_bytes(site / f"{runtime.BINARY}.gz", small)
        write_bytes(site / "ort-LICENSE.txt", (runtime.FOLDER / runtime.LICENSE).read_bytes())
        saved.schema.save(folder / "schema.json")
        write_text(folder / "sample.json", sample)
        files, notes = list(FILES), [note]
        if len(content) <= LARGEST_SINGLE:
            write_text(folder / SINGLE, page.single(packed(script), small, packed(content)))
        else:
            files = files[1:]
            notes.append(f"The model is too large for a single HTML file: serve {SITE}.")
        write_text(folder / "README.md", readme(description, files, note, runtime.VERSION))
        artifact = SINGLE if len(files) == len(FILES) else f"{SITE}/index.html"
        return Deployment(artifact, notes=tuple(notes))

    def _page(self, description: dict[str, Any], model: Path) -> Page:
        from mlfw_web.page import Page

        targets = listing(target["name"] for target in description["targets"])
        return Page(
            title=self.title or f"Predict {targets}",
            lead=f"A model that predicts {targets} from {_counted(description['inputs'])}.",
            about=_about(description["name"], model / "card.json"),
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


def _counted(inputs: list[dict[str, Any]]) -> str:
    return f"{len(inputs)} columns" if len(inputs) != 1 else "1 column"


def _about(name: str, card: Path) -> tuple[str, ...]:
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
