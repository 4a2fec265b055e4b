"""A few lines of code in several languages that predict one row with a model in ONNX."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mlfw import Task
from mlfw_onnx.predictions import TargetOutputs


@dataclass(frozen=True)
class Feed:
    """One input of a model and its value in one row.

    Attributes:
        name: The input's name.
        type: The element type as ONNX calls it: double, float, int32, uint8 or string.
        shape: Its shape without the rows.
        value: A number (NaN for a missing one), a text, or the numbers of the shape; None if
            these are all zeros.
    """

    name: str
    type: str
    shape: tuple[int, ...]
    value: float | str | tuple[float, ...] | None


@dataclass(frozen=True)
class Read:
    """One output of a model.

    Attributes:
        name: The output's name.
        type: The element type: double, string, int64 or bool.
        rank: The number of dimensions, the rows included.
    """

    name: str
    type: str
    rank: int


def outputs_read(outputs: Sequence[TargetOutputs], types: dict[str, str]) -> list[Read]:
    """Return the outputs that the code reads.

    Args:
        outputs: The outputs of each target.
        types: Element types of outputs, by name.
    """
    read = []
    for each in outputs:
        label_rank = 2 if each.task == Task.multilabel else 1
        named = ((each.label, label_rank), (each.probabilities, 2), (each.prediction, 1))
        read += [Read(name, types[name], rank) for name, rank in named if name]
    return read


def python(feeds: Sequence[Feed], outputs: Sequence[Read]) -> str:
    """Return code for Python."""
    dtypes = {"double": "np.float64", "float": "np.float32", "int32": "np.int32"}
    dtypes |= {"uint8": "np.uint8", "string": "object"}

    def array(feed: Feed) -> str:
        if feed.value is None:
            return f"np.zeros({(1, *feed.shape)}, {dtypes[feed.type]})"
        values = f"np.array([{_literals(feed, 'np.nan')}], {dtypes[feed.type]})"
        return f"{values}.reshape{(1, *feed.shape)}" if feed.shape else values

    return "\n".join(
        [
            "import numpy as np",
            "import onnxruntime",
            "",
            'session = onnxruntime.InferenceSession("model.onnx")',
            "row = {",
            *(f"    {_text(feed.name)}: {array(feed)}," for feed in feeds),
            "}",
            f"names = [{', '.join(_text(each.name) for each in outputs)}]",
            "for name, values in zip(names, session.run(names, row)):",
            "    print(name, values[0])",
        ]
    )


def node(feeds: Sequence[Feed], outputs: Sequence[Read]) -> str:
    """Return code for Node.js."""
    types = {"double": "float64", "float": "float32", "int32": "int32", "uint8": "uint8"}
    arrays = {"float": "Float32Array", "int32": "Int32Array", "uint8": "Uint8Array"}

    def tensor(feed: Feed) -> str:
        kind = _text(types.get(feed.type, feed.type))
        shape = json.dumps([1, *feed.shape])
        if feed.value is None:
            size = " * ".join(map(str, feed.shape))
            return f"new ort.Tensor({kind}, new {arrays[feed.type]}({size}), {shape})"
        return f"new ort.Tensor({kind}, [{_literals(feed, 'NaN')}], {shape})"

    return "\n".join(
        [
            'const ort = require("onnxruntime-node");',
            "",
            'ort.InferenceSession.create("model.onnx").then(async (session) => {',
            "  const row = {",
            *(f"    {_key(feed.name)}: {tensor(feed)}," for feed in feeds),
            "  };",
            "  const result = await session.run(row);",
            *(
                f"  console.log({_text(each.name)}, result[{_text(each.name)}].data);"
                for each in outputs
            ),
            "});",
        ]
    )


def java(feeds: Sequence[Feed], outputs: Sequence[Read]) -> str:
    """Return code for Java."""
    types = {"double": "double", "float": "float", "int32": "int", "string": "String"}
    read = {"double": "double", "string": "String", "int64": "long", "bool": "boolean"}

    def tensor(feed: Feed) -> str:
        if feed.type == "uint8":
            size = " * ".join(map(str, feed.shape))
            shape = ", ".join(map(str, (1, *feed.shape)))
            return (
                f"OnnxTensor.createTensor(env, ByteBuffer.allocateDirect({size}), "
                f"new long[] {{{shape}}}, OnnxJavaType.UINT8)"
            )
        if feed.value is None:
            sizes = "".join(f"[{size}]" for size in (1, *feed.shape))
            return f"OnnxTensor.createTensor(env, new {types[feed.type]}{sizes})"
        values = f"{{{_literals(feed, 'Double.NaN')}}}"
        if feed.shape:
            values = f"{{{values}}}"  # a text's numbers: the only values in a row
        rank = "[]" * (1 + len(feed.shape))
        return f"OnnxTensor.createTensor(env, new {types[feed.type]}{rank} {values})"

    def shown(each: Read) -> str:
        value = f"result.get({_text(each.name)}).get().getValue()"
        cast = f"(({read[each.type]}{'[]' * each.rank}) {value})[0]"
        return cast if each.rank == 1 else f"Arrays.toString({cast})"

    buffers = ["import java.nio.ByteBuffer;"] if any(f.type == "uint8" for f in feeds) else []
    return "\n".join(
        [
            "import ai.onnxruntime.*;",
            *buffers,
            "import java.util.*;",
            "",
            "public class Predict {",
            "  public static void main(String[] arguments) throws OrtException {",
            "    OrtEnvironment env = OrtEnvironment.getEnvironment();",
            '    OrtSession session = env.createSession("model.onnx");',
            "    Map<String, OnnxTensor> row = new HashMap<>();",
            *(f"    row.put({_text(feed.name)}, {tensor(feed)});" for feed in feeds),
            "    OrtSession.Result result = session.run(row);",
            *(f"    System.out.println({shown(each)});" for each in outputs),
            "  }",
            "}",
        ]
    )


def csharp(feeds: Sequence[Feed], outputs: Sequence[Read]) -> str:
    """Return code for C#."""
    types = {"double": "double", "float": "float", "int32": "int", "string": "string"}
    types |= {"uint8": "byte"}
    read = {"double": "double", "string": "string", "int64": "long", "bool": "bool"}

    def tensor(feed: Feed) -> str:
        shape = ", ".join(map(str, (1, *feed.shape)))
        kind = types[feed.type]
        values = ""
        if feed.value is not None:
            values = f"new {kind}[] {{ {_literals(feed, 'double.NaN')} }}, "
        return f"new DenseTensor<{kind}>({values}new[] {{ {shape} }})"

    def shown(each: Read) -> str:
        name = _text(each.name)
        values = f"result.First(each => each.Name == {name}).AsEnumerable<{read[each.type]}>()"
        return f'Console.WriteLine({name} + " " + string.Join(" ", {values}));'

    return "\n".join(
        [
            "using Microsoft.ML.OnnxRuntime;",
            "using Microsoft.ML.OnnxRuntime.Tensors;",
            "",
            'using var session = new InferenceSession("model.onnx");',
            "var row = new List<NamedOnnxValue>",
            "{",
            *(
                f"    NamedOnnxValue.CreateFromTensor({_text(feed.name)}, {tensor(feed)}),"
                for feed in feeds
            ),
            "};",
            "using var result = session.Run(row);",
            *(shown(each) for each in outputs),
        ]
    )


def _text(value: str) -> str:
    """Return a text as a literal of any of the languages."""
    return json.dumps(value, ensure_ascii=False)


def _key(name: str) -> str:
    """Return a key of an object of JavaScript; `__proto__` is none unless it is computed."""
    return f"[{_text(name)}]" if name == "__proto__" else _text(name)


def _literals(feed: Feed, nan: str) -> str:
    """Return an input's values as literals with commas between them."""
    values = feed.value if isinstance(feed.value, tuple) else (feed.value,)
    return ", ".join(_literal(value, feed.type, nan) for value in values)


def _literal(value: Any, kind: str, nan: str) -> str:
    if kind == "string":
        return _text(value)
    if kind in ("int32", "uint8"):
        return str(int(value))
    return nan if value != value else repr(float(value))
