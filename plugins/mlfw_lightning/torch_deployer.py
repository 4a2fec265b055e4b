"""The deployer `torch`."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import mlfw
from mlfw import Deployer, Deployment, limits
from mlfw.files import finite, write_bytes, write_text

if TYPE_CHECKING:
    import numpy as np
    import pyarrow as pa

    from mlfw_onnx.predictions import TargetOutputs

MODEL = "model.pt2"
SAMPLE_NUMBERS = 50_000


@dataclass(kw_only=True)
class TorchProgram(Deployer):
    """A network as a program of `torch.export`, preprocessing included, for use without mlfw.

    It is written only if it predicts what mlfw predicts, both for made-up rows and for test rows of
    the run.

    Attributes:
        check_rows: Largest number of the run's test rows to compare, if they are available.
    """

    packages: ClassVar[tuple[str, ...]] = ("torch", "safetensors")
    extra: ClassVar[str] = "lightning"
    exports: ClassVar[bool] = True

    check_rows: int = field(default=10_000, metadata=limits(minimum=0))

    def deploy(self, model: Path, folder: Path, name: str) -> Deployment:
        """Write `model.pt2`, `schema.json`, `sample.json` and `README.md` into the folder.

        Raises:
            UserError: The model is no network, torch cannot export it, or the program predicts
                otherwise.
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
        from mlfw_onnx.predictions import INPUTS, TARGETS
        from mlfw_onnx.sample import sample_rows

        saved = mlfw.load(model)
        network = network_of(saved, "torch")
        outputs = target_outputs(network)
        sample = mlfw.conform(
            sample_rows(saved.schema, network.preprocessor.input_notes(True)), saved.schema
        )
        traced = sample.slice(0, ROWS)
        program = export_program(network, traced, any_rows=True, deployer="torch")
        notes = program_notes(network, program_inputs(network, traced))
        content = io.BytesIO()
        extra = {
            INPUTS: json.dumps(notes, ensure_ascii=False),
            TARGETS: json.dumps([asdict(each) for each in outputs], ensure_ascii=False),
        }
        torch.export.save(program, content, extra_files=extra)
        loaded = torch.export.load(io.BytesIO(content.getvalue())).module()

        def run(rows: pa.Table) -> list[np.ndarray]:
            with torch.inference_mode():
                return [values.numpy() for values in loaded(program_inputs(network, rows))]

        comparison = ProgramComparison(network, outputs, "torch", run)
        note = comparison.note(sample, saved.test_rows(self.check_rows))
        write_bytes(folder / MODEL, content.getvalue())
        saved.schema.save(folder / "schema.json")
        size = sum(max(sum(each["shape"]), 1) for each in notes)
        some = sample.slice(0, max(SAMPLE_NUMBERS // size, 1))
        write_text(folder / "sample.json", json.dumps(finite(comparison.sample(some))))
        write_text(folder / "README.md", _page(name, saved.use, notes, outputs, note))
        return Deployment(MODEL, notes=(note,))


def _page(
    name: str,
    use: str,
    notes: Sequence[Mapping[str, Any]],
    outputs: Sequence[TargetOutputs],
    checked: str,
) -> str:
    """Return the README in Markdown."""
    from mlfw.errors import listing
    from mlfw_onnx.markdown import block, cell, code, table
    from mlfw_onnx.predictions import INPUTS, TARGETS

    targets = listing([f"{code(each.target)} ({each.task})" for each in outputs])
    taken = []
    for each in notes:
        shape = ", ".join(map(str, ("rows", *each["shape"])))
        names = each.get("categories")
        shown = f": {', '.join(map(code, names[:20]))}" if names else ""
        shown += f" and {len(names) - 20} more, see `{INPUTS}`" if names and len(names) > 20 else ""
        missing = each.get("missing", 0)
        missing = "zeros" if isinstance(missing, list) and not any(missing) else cell(str(missing))
        kind = f"{each['dtype']} [{shape}]"
        taken.append([code(each["name"]), kind, f"{cell(each['holds'])}{shown}", missing])
    given = []
    for output in outputs:
        if output.prediction:
            what = f"the {cell(output.target)} predicted"
            given.append([code(output.prediction), "float64 [rows]", what])
        else:
            classes = ", ".join(map(code, output.classes))
            what = "label" if output.task == "multilabel" else "class"
            shape = f"float64 [rows, {len(output.classes)}]"
            words = f"how likely each {what} of {cell(output.target)} is: {classes}"
            given.append([code(output.probabilities), shape, words])
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
        f"# {cell(name)}",
        f"`model.pt2` predicts {targets} from {len(notes)} columns. It is a {code(use)} model of "
        "mlfw, preprocessing included, as a program of `torch.export`: it needs PyTorch and "
        "nothing else, and takes any number of rows at once.",
        "## What goes in",
        "A tuple of tensors, one per column in this order, with the same rows in each.",
        table(["input", "type", "holds", "missing value"], taken),
        "## What comes out",
        "A tuple of tensors.",
        table(["output", "type", "holds"], given),
        "The predicted class is the likeliest one; a label is predicted from 0.5 on.",
        "## Predicting",
        "`pip install torch`. The rows are those of `sample.json`, which holds made-up rows: the "
        "inputs by name, where `null` stands for NaN, the outputs that mlfw computes for them, and "
        "the rows in mlfw's own form.",
        block("python", "\n".join(example)),
        "For C++ without Python, compile the program with `torch._inductor.aoti_compile_and_package"
        '(torch.export.load("model.pt2"))`.',
        "## How it was checked",
        checked,
        f"`schema.json` describes the columns in mlfw; the program's extra files (`{INPUTS}` and "
        f"`{TARGETS}`) describe its inputs and outputs.",
    ]
    return "\n\n".join(parts) + "\n"
