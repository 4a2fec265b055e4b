"""The sources of the apps: templates, and what is made from the schema."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from mlfw import Kind, Task
from mlfw_mobile.columns import HOLDS, Layout, rounded
from mlfw_mobile.names import comment, kotlin_text, module_name, package_name, swift_text, xml_text

TEMPLATES = Path(__file__).parent / "templates"
MOST_PARAMETERS = 200  # a constructor on the JVM takes 255 words at most
KOTLIN = {
    Kind.number: "Double",
    Kind.boolean: "Boolean",
    Kind.datetime: "LocalDateTime",
    Kind.category: "String",
    Kind.text: "String",
}
SWIFT = {**KOTLIN, Kind.boolean: "Bool", Kind.datetime: "Date"}
PREDICTED = {Task.regression: "Double", Task.multilabel: "Labels"}
ANDROID = {
    "onnx": """\
    implementation("com.microsoft.onnxruntime:onnxruntime-android:1.29.0")
    testImplementation("com.microsoft.onnxruntime:onnxruntime:1.29.0")
    testImplementation("junit:junit:4.13.2")
    testImplementation("org.json:json:20250517")""",
    "executorch": """\
    implementation("org.pytorch:executorch-android:1.5.1")
    androidTestImplementation("androidx.test:runner:1.6.2")
    androidTestImplementation("androidx.test.ext:junit:1.2.1")
    androidTestImplementation("junit:junit:4.13.2")""",
}
ORT_SWIFT = "https://github.com/microsoft/onnxruntime-swift-package-manager"
PACKAGES = {
    "onnx": f'.package(url: "{ORT_SWIFT}", exact: "1.24.2")',
    "executorch": '.package(url: "https://github.com/pytorch/executorch", branch: "swiftpm-1.5.1")',
}
BREAK = ",\n                "
PRODUCTS = {
    "onnx": '.product(name: "onnxruntime", package: "onnxruntime-swift-package-manager")',
    "executorch": BREAK.join(
        f'.product(name: "{name}", package: "executorch")'
        for name in ("executorch", "backend_xnnpack", "kernels_optimized")
    ),
}
# Backends and operators register themselves when they are loaded, so all of them must be linked.
SETTINGS = {
    "onnx": "",
    "executorch": ',\n            linkerSettings: [.unsafeFlags(["-Wl,-all_load"])]',
}


def android_files(layout: Layout, name: str, runtime: str) -> dict[str, str]:
    """Return the text files of the Android project, by path.

    Args:
        layout: The columns and targets.
        name: The model's name.
        runtime: What runs it: onnx or executorch.
    """
    package = package_name(name)
    values = {
        "PACKAGE": package,
        "PROJECT": module_name(name),
        "TITLE": xml_text(name) or "Model",
        "DEPENDENCIES": ANDROID[runtime],
    }
    tests = "app/src/test/java" if runtime == "onnx" else "app/src/androidTest/java"
    folder = package.replace(".", "/")
    files: dict[str, str] = {}
    for source in ("android", f"android_{runtime}"):
        for path, text in _templates(source, values):
            head, _, rest = path.partition("/java/")
            files[f"{head}/java/{folder}/{rest}" if rest else path] = text
    for path, text in _templates("android_sample", values):
        files[f"{tests}/{folder}/{path}"] = text
    files[f"app/src/main/java/{folder}/Row.kt"] = kotlin_row(layout, package)
    return files


def ios_files(layout: Layout, name: str, runtime: str) -> dict[str, str]:
    """Return the text files of the iOS package, by path; see `android_files`."""
    values = {
        "MODULE": module_name(name),
        "PACKAGES": PACKAGES[runtime],
        "PRODUCTS": PRODUCTS[runtime],
        "SETTINGS": SETTINGS[runtime],
    }
    files: dict[str, str] = {}
    for source in ("ios", f"ios_{runtime}"):
        files |= dict(_templates(source, values))
    files["Sources/Row.swift"] = swift_row(layout)
    return files


def kotlin_row(layout: Layout, package: str) -> str:
    """Return the classes of rows and predictions in Kotlin."""
    columns = list(zip(layout.properties, layout.notes, strict=True))
    wide = len(columns) > MOST_PARAMETERS
    end, head, close = ("", "class Row {", "") if wide else (",", "data class Row(", ") {")
    lines = [f"package {package}", ""]
    if any(notes["kind"] == Kind.datetime for notes in layout.notes):
        lines += ["import java.time.LocalDateTime", ""]
    lines += [f"/** A row: one property per column, null where the value is missing. */\n{head}"]
    for name, notes in columns:
        lines.append(f"    // {_described(notes)}")
        lines.append(f"    var {name}: {KOTLIN[Kind(notes['kind'])]}? = null{end}")
    lines += [close] if close else [""]
    lines.append("    /** Returns the values in the order of the columns. */")
    lines.append("    fun values(): List<Any?> =")
    lines.append("        listOf(")
    lines += [f"            {name}," for name, _ in columns]
    lines += ["        )", "", "    companion object {"]
    lines.append("        /** Returns a row of values by column. */")
    lines.append("        fun of(values: Map<String, Any?>): Row {")
    lines.append("            val row = Row()")
    for name, notes in columns:
        value = f"values[{kotlin_text(notes['name'])}] as {KOTLIN[Kind(notes['kind'])]}?"
        lines.append(f"            row.{name} = {value}")
    lines += ["            return row", "        }", "    }", "}", ""]
    targets = list(zip(layout.predicted, layout.outputs, strict=True))
    lines += ["/** What is predicted for a row. */", "data class Prediction("]
    for name, each in targets:
        lines.append(f"    // {comment(each.target)}")
        lines.append(f"    val {name}: {PREDICTED.get(Task(each.task), 'Likely')},")
    lines += [") {", "    /** Returns the predictions by target. */"]
    lines.append("    fun entries(): List<Pair<String, Any>> =")
    lines.append("        listOf(")
    lines += [f"            {kotlin_text(e.target)} to {name}," for name, e in targets]
    lines += ["        )", "", "    companion object {"]
    lines.append("        /** Returns the prediction that the model's outputs stand for. */")
    lines.append("        fun of(targets: List<Target>, outputs: List<DoubleArray>): Prediction =")
    lines.append("            Prediction(")
    for place, (name, each) in enumerate(targets):
        lines.append(f"                {name} = {_output(each.task, place)},")
    lines += ["            )", "    }", "}", ""]
    return "\n".join(lines)


def swift_row(layout: Layout) -> str:
    """Return the types of rows and predictions in Swift."""
    columns = list(zip(layout.properties, layout.notes, strict=True))
    lines = ["import Foundation", ""]
    lines += ["/// A row: one property per column, nil where the value is missing."]
    lines += ["public struct Row {"]
    for name, notes in columns:
        lines.append(f"    // {_described(notes)}")
        lines.append(f"    public var {name}: {SWIFT[Kind(notes['kind'])]}?")
    lines += ["", "    public init() {}", "", "    /// Takes values by column."]
    lines.append("    public init(_ values: [String: Any]) {")
    for name, notes in columns:
        kind = SWIFT[Kind(notes["kind"])]
        lines.append(f"        {name} = values[{swift_text(notes['name'])}] as? {kind}")
    lines += ["    }", "", "    /// The values in the order of the columns."]
    lines += ["    public var values: [Any?] {", "        var made: [Any?] = []"]
    lines += [f"        made.append({name})" for name, _ in columns]
    lines += ["        return made", "    }", "}", ""]
    targets = list(zip(layout.predicted, layout.outputs, strict=True))
    lines += ["/// What is predicted for a row.", "public struct Prediction {"]
    for name, each in targets:
        lines.append(f"    // {comment(each.target)}")
        lines.append(f"    public let {name}: {PREDICTED.get(Task(each.task), 'Likely')}")
    lines += ["", "    init(_ targets: [Target], _ outputs: [[Double]]) {"]
    for place, (name, each) in enumerate(targets):
        lines.append(f"        {name} = {_output(each.task, place)}")
    lines += ["    }", "", "    /// The predictions by target."]
    lines += ["    public var entries: [(String, Any)] {", "        ["]
    lines += [f"            ({swift_text(e.target)}, {name})," for name, e in targets]
    lines += ["        ]", "    }", "}", ""]
    return "\n".join(lines)


def _output(task: str, place: int) -> str:
    """Return what a target's output becomes: the same in Kotlin and in Swift."""
    if task == Task.regression:
        return f"outputs[{place}][0]"
    made = "labels" if task == Task.multilabel else "likely"
    return f"targets[{place}].{made}(outputs[{place}])"


def _described(notes: Mapping[str, Any]) -> str:
    usual = notes.get("usual")
    about = ""
    if notes["kind"] == Kind.number and usual is not None:
        about = f", often about {rounded(usual):g}"
    return comment(f"{notes['name']}: {HOLDS[Kind(notes['kind'])]}{about}")


def _templates(folder: str, values: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the files of a folder of templates by path, with values filled in."""
    root = TEMPLATES / folder
    for path in sorted(root.rglob("*")):
        if path.is_file():
            text = path.read_text(encoding="utf-8")
            filled = re.sub(f"@({'|'.join(values)})@", lambda found: values[found[1]], text)
            yield path.relative_to(root).as_posix(), filled
