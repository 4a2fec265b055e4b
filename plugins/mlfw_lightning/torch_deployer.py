"""The deployer `torch`."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from mlfw.files import finite, write_bytes, write_text
from mlfw_onnx import Export

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from mlfw.pipeline.saved_model import SavedModel
    from mlfw_onnx import Form, TargetOutputs

MODEL = "model.pt2"
SAMPLE_NUMBERS = 50_000


@dataclass(kw_only=True)
class TorchProgram(Export):
    """A network as a program of `torch.export`, preprocessing included, for use without mlfw.

    It is written only if it predicts what mlfw predicts, both for made-up rows and for test rows of
    the run.
    """

    packages: ClassVar[tuple[str, ...]] = ("torch", "safetensors")
    extra: ClassVar[str] = "lightning"

    def write(self, saved: SavedModel, folder: Path, name: str) -> Form:
        """Write `model.pt2` and `sample.json`.

        Raises:
            UserError: The model is no network, or torch cannot export it.
        """
        import torch

        from mlfw_lightning.comparison import ProgramComparison
        from mlfw_lightning.program import (
            ROWS,
            export_program,
            network_of,
            program_inputs,
            program_notes,
            target_outputs,
        )
        from mlfw_onnx import INPUTS, TARGETS, Form, sample_of

        network = network_of(saved, "torch")
        outputs = target_outputs(network)
        sample = sample_of(saved, network.preprocessor.input_notes(True))
        traced = sample.rows.slice(0, ROWS)
        program = export_program(network, traced, any_rows=True, deployer="torch")
        notes = program_notes(network, program_inputs(network, traced))
        content = io.BytesIO()
        extra = {
            INPUTS: json.dumps(notes, ensure_ascii=False),
            TARGETS: json.dumps([asdict(each) for each in outputs], ensure_ascii=False),
        }
        torch.export.save(program, content, extra_files=extra)
        write_bytes(folder / MODEL, content.getvalue())
        loaded = torch.export.load(folder / MODEL).module()

        def run(rows: pa.Table) -> list[np.ndarray]:
            with torch.inference_mode():
                return [values.numpy() for values in loaded(program_inputs(network, rows))]

        comparison = ProgramComparison(network, outputs, "torch", run)
        size = sum(max(sum(each["shape"]), 1) for each in notes)
        some = sample.rows.slice(0, max(SAMPLE_NUMBERS // size, 1))
        write_text(folder / "sample.json", json.dumps(finite(comparison.sample(some))))
        return Form(
            MODEL, comparison, sample, lambda note: _page(name, saved.use, notes, outputs, note)
        )


def _page(
    name: str,
    use: str,
    notes: Sequence[Mapping[str, Any]],
    outputs: Sequence[TargetOutputs],
    checked: str,
) -> str:
    """Return the README in Markdown."""
    from mlfw.errors import listing
    from mlfw_onnx import INPUTS, TARGETS
    from mlfw_onnx import markdown as md

    targets = listing([f"{md.code(each.target)} ({each.task})" for each in outputs])
    taken = []
    for each in notes:
        shape = ", ".join(map(str, ("rows", *each["shape"])))
        names = each.get("categories")
        shown = f": {', '.join(map(md.code, names[:20]))}" if names else ""
        shown += f" and {len(names) - 20} more, see `{INPUTS}`" if names and len(names) > 20 else ""
        missing = each.get("missing", 0)
        missing = (
            "zeros" if isinstance(missing, list) and not any(missing) else md.cell(str(missing))
        )
        kind = f"{each['dtype']} [{shape}]"
        taken.append([md.code(each["name"]), kind, f"{md.cell(each['holds'])}{shown}", missing])
    given = []
    for output in outputs:
        if output.prediction:
            what = f"the {md.cell(output.target)} predicted"
            given.append([md.code(output.prediction), "float64 [rows]", what])
        else:
            classes = ", ".join(map(md.code, output.classes))
            what = "label" if output.task == "multilabel" else "class"
            shape = f"float64 [rows, {len(output.classes)}]"
            words = f"how likely each {what} of {md.cell(output.target)} is: {classes}"
            given.append([md.code(output.probabilities), shape, words])
    example = [
        "import json",
        "import math",
        "",
        "import torch",
        "",
        f'files = {{"{INPUTS}": "", "{TARGETS}": ""}}',
        'program = torch.export.load("model.pt2", extra_files=files)',
        'with open("sample.json", encoding="utf-8") as file:',
        "    sample = json.load(file)",
        "columns = []",
        f'for column in json.loads(files["{INPUTS}"]):',
        '    values = sample["inputs"][column["name"]]',
        "    values = [math.nan if value is None else value for value in values]",
        '    columns.append(torch.tensor(values, dtype=getattr(torch, column["dtype"])))',
        "predicted = program.module()(tuple(columns))",
        f'for target, values in zip(json.loads(files["{TARGETS}"]), predicted):',
        '    print(target["probabilities"] or target["prediction"], values[0].tolist())',
    ]
    parts = [
        f"# {md.cell(name)}",
        f"`model.pt2` predicts {targets} from {len(notes)} columns. It is a {md.code(use)} model "
        "of mlfw, preprocessing included, as a program of `torch.export`: it needs PyTorch and "
        "nothing else, and takes any number of rows at once.",
        "## What goes in",
        "A tuple of tensors, one per column in this order, with the same rows in each.",
        md.table(["input", "type", "holds", "missing value"], taken),
        "## What comes out",
        "A tuple of tensors.",
        md.table(["output", "type", "holds"], given),
        "The predicted class is the likeliest one; a label is predicted from 0.5 on.",
        "## Predicting",
        "`pip install torch`. The rows are those of `sample.json`, which holds made-up rows: the "
        "inputs by name, where `null` stands for NaN, the outputs that mlfw computes for them, and "
        "the rows in mlfw's own form.",
        md.block("python", "\n".join(example)),
        "For C++ without Python, compile the program with `torch._inductor.aoti_compile_and_package"
        '(torch.export.load("model.pt2"))`.',
        "## How it was checked",
        checked,
        f"`schema.json` describes the columns in mlfw; the program's extra files (`{INPUTS}` and "
        f"`{TARGETS}`) describe its inputs and outputs.",
    ]
    return "\n\n".join(parts) + "\n"
