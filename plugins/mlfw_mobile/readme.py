"""The README of the apps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mlfw import Kind, Task
from mlfw_mobile.columns import Layout
from mlfw_mobile.names import kotlin_text, module_name, package_name, swift_text
from mlfw_mobile.sources import ANDROID, ORT_SWIFT
from mlfw_onnx import markdown as md

MOST_NAMED = 20
RUNTIMES = {"onnx": "ONNX Runtime", "executorch": "ExecuTorch"}


def page(name: str, use: str, layout: Layout, runtime: str, checked: str) -> str:
    """Return the page in Markdown.

    Args:
        name: The model's name.
        use: The name of the model component.
        layout: Its columns and targets.
        runtime: What runs it: onnx or executorch.
        checked: A sentence that says how it was compared with mlfw.
    """
    package, module = package_name(name), module_name(name)
    folder = package.replace(".", "/")
    file = "model.onnx" if runtime == "onnx" else "model.pte"
    dependency = ANDROID[runtime].splitlines()[0].strip()
    where = (
        "on the computer itself: `gradle :app:testDebugUnitTest`"
        if runtime == "onnx"
        else "on a device or in an emulator: `gradle :app:connectedDebugAndroidTest`"
    )
    swift_runtime = (
        f"`{ORT_SWIFT}`, version 1.24.2, product `onnxruntime`"
        if runtime == "onnx"
        else "`https://github.com/pytorch/executorch`, branch `swiftpm-1.5.1`, products "
        "`executorch`, `backend_xnnpack` and `kernels_optimized`"
    )
    predicted = layout.predicted[0]
    suffix = (
        ""
        if layout.outputs[0].task == Task.regression
        else (".labels" if layout.outputs[0].task == Task.multilabel else ".label")
    )
    kotlin = [
        "val model = Model.load(context)",
        "val row = Row()",
        *(f"row.{p} = {v}" for p, v in _values(layout, kotlin_text, "LocalDateTime.of")),
        "val prediction = model.predict(row)",
        f"println(prediction.{predicted}{suffix})",
    ]
    swift = [
        f"import {module}",
        "",
        "let model = try Model.load()",
        "var row = Row()",
        *(f"row.{p} = {v}" for p, v in _values(layout, swift_text, "")),
        "let prediction = try model.predict(row)",
        f"print(prediction.{predicted}{suffix})",
    ]
    parts = [
        f"# {md.cell(name)}",
        f"A {md.code(use)} model of mlfw, preprocessing included, for phones: an Android project "
        f"and an iOS package. {RUNTIMES[runtime]} runs it on the phone itself, without a network "
        "connection. Both have a form with one field per column.",
        "## Android",
        "Open the folder `android` in Android Studio (Ladybug or newer, which brings JDK 17 and "
        "Gradle) and press Run. The app needs Android 8 or newer.",
        f"`SampleTest` predicts the rows of `sample.json` and compares, {where}.",
        "To put the model into an app of your own:",
        f"1. copy `{file}` and `columns.json` from `android/app/src/main/assets` into its "
        "`src/main/assets`;\n"
        f"2. copy `Model.kt`, `Columns.kt` and `Row.kt` from `android/app/src/main/java/{folder}`;"
        f"\n3. add the dependency: `{dependency}`.",
        md.block("kotlin", "\n".join(kotlin)),
        "`load` reads the model: call it once, off the main thread.",
        "## iOS",
        "Create an app in Xcode 15.4 or newer (File > New > Project > App), choose File > Add "
        "Package Dependencies > Add Local, and select the folder `ios`. Then show the form:",
        md.block(
            "swift",
            f"import SwiftUI\nimport {module}\n\n@main\nstruct ExampleApp: App {{\n"
            "    var body: some Scene {\n        WindowGroup { FormView() }\n    }\n}",
        ),
        "Or predict without the form:",
        md.block("swift", "\n".join(swift)),
        f"The package needs iOS 17 or newer and takes {swift_runtime}. Its test predicts the rows "
        f"of `sample.json` and compares: in Xcode, Product > Test.{_linked(runtime)}",
        "## What goes in",
        "A value that is missing is `null` in Kotlin and `nil` in Swift.",
        md.table(["column", "property", "holds"], _rows(layout)),
        "## What comes out",
        md.table(["target", "property", "holds"], _targets(layout)),
        "## How it was checked",
        f"{checked} `sample.json` holds the made-up rows, and what mlfw predicts for them.",
    ]
    return "\n\n".join(parts) + "\n"


def _linked(runtime: str) -> str:
    """Return what an app must set so that the runtime's operators are linked."""
    if runtime == "onnx":
        return ""
    return (
        " If an app stops because an operator or the backend is missing, add `-all_load` to its "
        "build setting Other Linker Flags."
    )


def _values(layout: Layout, text: Any, date: str) -> list[tuple[str, str]]:
    """Return the first properties with values to try, in Kotlin or in Swift."""
    made = []
    for name, notes in list(zip(layout.properties, layout.notes, strict=True))[:5]:
        kind = notes["kind"]
        if kind == Kind.number:
            made.append((name, repr(float(f"{notes.get('usual', 0.0):.4g}"))))
        elif kind == Kind.boolean:
            made.append((name, "true"))
        elif kind == Kind.category and notes.get("categories"):
            made.append((name, text(notes["categories"][0])))
        elif kind == Kind.text:
            made.append((name, text("some words")))
        elif kind == Kind.datetime and date:
            made.append((name, f"{date}(2024, 5, 31, 18, 30)"))
    return made


def _rows(layout: Layout) -> list[list[str]]:
    rows = []
    for name, notes in zip(layout.properties, layout.notes, strict=True):
        rows.append([md.code(notes["name"]), f"`{name}`", _holds(notes)])
    return rows


def _holds(notes: Mapping[str, Any]) -> str:
    kind = notes["kind"]
    if kind == Kind.category:
        names = notes.get("categories", [])
        more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
        return f"one of {', '.join(map(md.code, names[:MOST_NAMED]))}{more}; any other is unknown"
    words = {
        Kind.boolean: "true or false",
        Kind.datetime: "a date with a time, without a time zone; in Swift in UTC",
        Kind.text: "a text",
    }
    return words.get(kind, "a number" + _written(notes))


def _written(notes: Mapping[str, Any]) -> str:
    from mlfw.schema import is_duration

    written = notes.get("written", "")
    if not written:
        return ""
    what = "in seconds" if is_duration(written) else "without its marks"
    return f" {what}, as {md.code(written)} in the data"


def _targets(layout: Layout) -> list[list[str]]:
    rows = []
    for name, each in zip(layout.predicted, layout.outputs, strict=True):
        classes = ", ".join(map(md.code, each.classes))
        holds = {
            Task.regression: "the value predicted",
            Task.multilabel: f"`labels`, and how likely each label is: {classes}",
        }.get(Task(each.task), f"`label`, and how likely each class is: {classes}")
        rows.append([md.code(each.target), f"`{name}`", holds])
    return rows
