"""What all exports have in common: a form is written, read back, compared, and described."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import mlfw
from mlfw import Deployer, Deployment, UserError, limits
from mlfw.files import filled_folder, write_bytes, write_text

if TYPE_CHECKING:
    from mlfw.pipeline.saved_model import SavedModel
    from mlfw_onnx.parity import Comparison, Sample

README, SCHEMA = "README.md", "schema.json"
CARDS = ("card.json", "card.md")
ABOUT = """
## What the model is for

`card.md` says what the model was trained on, how well it predicts and under which licence it is;
`card.json` holds the same as data.
"""


@dataclass(frozen=True)
class Form:
    """A model in another form, which was written into a folder.

    Attributes:
        artifact: The name of the file to show to the user.
        comparison: Runs the form as it stands in the folder, and compares it with the model.
        sample: Rows to try it with.
        readme: Returns the text of `README.md`, given a sentence that says how the form was
            compared with the model.
        notes: Further sentences to show to the user.
    """

    artifact: str
    comparison: Comparison
    sample: Sample
    readme: Callable[[str], str]
    notes: tuple[str, ...] = ()


@dataclass(kw_only=True)
class Export(Deployer):
    """A deployer that writes a saved model in another form, for use without mlfw.

    Subclasses write the form. It is kept only if it predicts what mlfw predicts: for the sample
    that was saved with the model, and for test rows of the run.

    Attributes:
        check_rows: Largest number of the run's test rows to compare, if they are available.
    """

    packages: ClassVar[tuple[str, ...]] = ("onnx", "onnxruntime")
    extra: ClassVar[str] = "onnx"
    exports: ClassVar[bool] = True

    check_rows: int = field(default=10_000, metadata=limits(minimum=0))

    @abstractmethod
    def write(self, saved: SavedModel, folder: Path, name: str) -> Form:
        """Write a model in another form into a folder.

        `schema.json`, the model's card and `README.md` are added by `deploy`.

        Args:
            saved: The model.
            folder: An empty folder.
            name: What the model is called.

        Returns:
            What was written. Its comparison must read the files in the folder.

        Raises:
            UserError: The model has no such form.
        """

    def deploy(self, model: Path, folder: Path, name: str) -> Deployment:
        """Write a saved model in another form into the folder, or nothing.

        Raises:
            UserError: The model has no such form, or predicts otherwise in it.
        """
        saved = mlfw.load(model)
        with filled_folder(folder) as temporary:
            form = self.write(saved, temporary, name)
            note = form.comparison.note(form.sample, saved.test_rows(self.check_rows))
            saved.schema.save(temporary / SCHEMA)
            cards = [model / card for card in CARDS if (model / card).is_file()]
            for card in cards:
                write_bytes(temporary / card.name, card.read_bytes())
            text = form.readme(note) + (ABOUT if len(cards) == len(CARDS) else "")
            write_text(temporary / README, text)
        return Deployment(form.artifact, notes=(note, *form.notes))


def check_copy(found: bytes, expected: bytes, deployer: str, what: str) -> None:
    """Check that a second copy of a form holds what the first one should hold, which is compared.

    Args:
        found: The copy, as it was written.
        expected: What it should hold.
        deployer: The name of the deployer that exports, for messages.
        what: What the copy is, for messages.

    Raises:
        UserError: It holds something else.
    """
    if found != expected:
        raise UserError(
            f"deployer={deployer}: {what} was not written as it should be.",
            "Nothing was kept. Check the disk, and type the command again.",
        )
