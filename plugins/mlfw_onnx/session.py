"""Opening models in ONNX: those from files, which may be damaged or made to harm, and new ones."""

from __future__ import annotations

import json
import math
import mmap
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlfw import MlfwError, Task, UserError
from mlfw.memory import release_freed_memory
from mlfw_onnx.checks import TEXT_TYPE, CheckedGraph, check_graph
from mlfw_onnx.model_file import ModelFile
from mlfw_onnx.predictions import INPUTS, TARGETS, TargetOutputs, read_inputs
from mlfw_onnx.sizes import ROWS, Size
from mlfw_onnx.wire import DamagedError

if TYPE_CHECKING:
    import numpy as np
    import onnxruntime as ort

MOST_NOTES, MOST_PARTS = 16 << 20, 1_000_000  # characters of metadata, and values in them
MOST_MEMORY = 4 << 30  # of all tensors of a process
LARGE = 4 << 20  # bytes of a model from which on loading frees much more memory than it keeps
FATAL = 4  # ONNX Runtime's log level; its errors are raised
BOOL, INT64, DOUBLE = 9, 7, 11
LABEL_TYPES = (BOOL, INT64, TEXT_TYPE)


@dataclass(frozen=True)
class CheckedModel:
    """A model in ONNX that was checked and loaded.

    Attributes:
        session: Its session.
        inputs: The descriptions of its inputs, by name; see `prediction_model`.
        outputs: The names of its outputs.
        targets: The outputs of each target.
        place: Where it comes from, for messages.
    """

    session: ort.InferenceSession
    inputs: dict[str, dict[str, Any]]
    outputs: tuple[str, ...]
    targets: tuple[TargetOutputs, ...]
    place: str

    @property
    def numbers_a_row(self) -> int:
        """The number of input values per row."""
        return sum(math.prod(each.shape[1:]) for each in self.session.get_inputs())

    def run(
        self, feeds: Mapping[str, np.ndarray], names: Sequence[str] | None = None
    ) -> dict[str, np.ndarray]:
        """Return outputs by name.

        Args:
            feeds: The inputs' values, by name.
            names: Which outputs; None for all.

        Raises:
            UserError: ONNX Runtime fails, because the model is damaged.
        """
        wanted = list(self.outputs if names is None else names)
        try:
            found = self.session.run(wanted, dict(feeds))
        except Exception as error:
            raise _mistake(self.place, f"ONNX Runtime: {error}") from error
        return dict(zip(wanted, found, strict=True))


def checked_model(
    source: Path | ModelFile | bytes, place: str, threads: int = 1, *, any_operators: bool = False
) -> CheckedModel:
    """Check a model in ONNX, and load it.

    Args:
        source: The file, or its content.
        place: Where it comes from, for messages.
        threads: How many threads an operator may use.
        any_operators: Whether it may have parts that mlfw does not write, and tensors of any size;
            only for a model that this process has just made.

    Raises:
        UserError: It is damaged, or has parts that mlfw does not write.
        MlfwError: ONNX Runtime refuses a model that this process has just made.
    """
    if isinstance(source, bytes):
        return _loaded(source, place, threads, any_operators)
    file = ModelFile(source) if isinstance(source, Path) else source
    if any_operators:
        return _new(file.read(), place, threads)
    inputs, outputs, targets = _checked_file(file, place)
    try:
        path = str(file.path)
        path.encode()  # ONNX Runtime takes no other names
        session = _session(path, threads)  # holding the content too would take as much again
    except UnicodeEncodeError:
        return _loaded(file.read(), place, threads, any_operators=False)
    except Exception as error:
        raise _mistake(place, f"ONNX Runtime: {error}") from error
    if not file.unchanged():
        raise _mistake(place, "it was changed while it was loaded")
    if file.size > LARGE:
        release_freed_memory()
    return CheckedModel(session, inputs, outputs, targets, place)


def new_session(content: bytes, place: str, threads: int = 1) -> ort.InferenceSession:
    """Return a session for a graph that this process has just made, whatever its parts.

    Args:
        content: The graph.
        place: What it is, for messages.
        threads: How many threads an operator may use.

    Raises:
        MlfwError: ONNX Runtime refuses it.
    """
    try:
        return _session(content, threads)
    except Exception as error:
        raise MlfwError(f"{place}: ONNX Runtime refuses the model: {error}") from error


def runtime() -> Any:
    """Import ONNX Runtime and return it, after telling it to report nothing to its maker.

    Without `ORT_DISABLE_TELEMETRY` it keeps a device's number and events in the user's cache, and
    sends them off. Whoever has set that variable has decided.
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    return onnxruntime


def session_options(threads: int = 1) -> ort.SessionOptions:
    """Return the options of a session that wants no more than its threads and a memory limit.

    Args:
        threads: How many threads an operator may use.
    """
    ort = runtime()
    _limit_memory()
    options = ort.SessionOptions()
    options.log_severity_level = FATAL
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.enable_mem_pattern = False  # it keeps memory for every number of rows there was
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.add_session_config_entry("session.use_env_allocators", "1")
    return options


@cache
def _limit_memory() -> None:
    """Let all sessions share memory that has a limit, so that no model can take all there is."""
    ort = runtime()
    place = ort.OrtMemoryInfo(
        "Cpu", ort.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, ort.OrtMemType.DEFAULT
    )
    as_asked = 1  # take from the system what is needed, not the next power of two
    settings = {"max_mem": MOST_MEMORY, "arena_extend_strategy": as_asked}
    ort.create_and_register_allocator(place, ort.OrtArenaCfg(settings))


def _session(source: bytes | str, threads: int) -> ort.InferenceSession:
    session: ort.InferenceSession = runtime().InferenceSession(
        source, session_options(threads), providers=["CPUExecutionProvider"]
    )
    return session


def _loaded(content: bytes, place: str, threads: int, any_operators: bool) -> CheckedModel:
    if any_operators:
        return _new(content, place, threads)
    inputs, outputs, targets = _checked(content, place)
    try:
        session = _session(content, threads)
    except Exception as error:
        raise _mistake(place, f"ONNX Runtime: {error}") from error
    if len(content) > LARGE:
        release_freed_memory()
    return CheckedModel(session, inputs, outputs, targets, place)


Known = tuple[dict[str, dict[str, Any]], tuple[str, ...], tuple[TargetOutputs, ...]]


def _checked_file(file: ModelFile, place: str) -> Known:
    """Do as `_checked`, with a file that is mapped for as long."""
    try:
        content = mmap.mmap(file.number, 0, access=mmap.ACCESS_READ)
    except ValueError:
        raise _mistake(place, "it is empty") from None
    return _checked(content, place)


def _checked(content: bytes | mmap.mmap, place: str) -> Known:
    """Check a model, and return its inputs, outputs and targets; see `CheckedModel`."""
    try:
        graph = check_graph(content)
        return _inputs(graph), tuple(each.name for each in graph.outputs), _targets(graph)
    except DamagedError as error:
        raise _mistake(place, str(error)) from None


def _new(content: bytes, place: str, threads: int) -> CheckedModel:
    """Load a model that this process has just made."""
    session = new_session(content, place, threads)
    notes = session.get_modelmeta().custom_metadata_map
    outputs = tuple(each.name for each in session.get_outputs())
    try:
        inputs, targets = read_inputs(notes), TargetOutputs.read(notes)
    except (KeyError, TypeError, ValueError) as error:
        raise MlfwError(
            f"{place}: the model has not the metadata of mlfw_onnx.prediction_model: {error}"
        ) from error
    return CheckedModel(session, inputs, outputs, targets, place)


def _inputs(graph: CheckedGraph) -> dict[str, dict[str, Any]]:
    """Return the descriptions of the inputs, which name each input once."""
    notes = _json(graph, INPUTS)
    if not isinstance(notes, list) or not all(isinstance(each, dict) for each in notes):
        raise DamagedError(f"the metadata '{INPUTS}' are no list of inputs")
    if [each.get("name") for each in notes] != [each.name for each in graph.inputs]:
        raise DamagedError(f"the metadata '{INPUTS}' name other inputs")
    return {each["name"]: each for each in notes}


def _targets(graph: CheckedGraph) -> tuple[TargetOutputs, ...]:
    """Return the outputs of each target, which are all there are."""
    notes = _json(graph, TARGETS)
    if not isinstance(notes, list):
        raise DamagedError(f"the metadata '{TARGETS}' are no list of targets")
    targets = tuple(map(_target, notes))
    wanted = [output for each in targets for output in _wanted(each)]
    found = {each.name: (each.type, each.shape) for each in graph.outputs}
    if len(wanted) != len(found) or {name for name, _, _ in wanted} != found.keys():
        raise DamagedError(f"the metadata '{TARGETS}' name other outputs")
    for name, types, shape in wanted:
        if found[name][0] not in types or found[name][1] != shape:
            raise DamagedError(f"output '{name}' is not what the metadata say")
    return targets


def _target(notes: Any) -> TargetOutputs:
    names = {each.name for each in fields(TargetOutputs)}
    if not isinstance(notes, dict) or notes.keys() != names:
        raise DamagedError(f"the metadata '{TARGETS}' do not describe a target")
    classes = notes["classes"]
    texts = [value for key, value in notes.items() if key != "classes"]
    if not isinstance(classes, list) or not all(isinstance(t, str) for t in (*texts, *classes)):
        raise DamagedError(f"the metadata '{TARGETS}' do not describe a target")
    if notes["task"] not in {task.value for task in Task}:
        raise DamagedError(f"the metadata '{TARGETS}' name the task '{notes['task'][:50]}'")
    return TargetOutputs(**{**notes, "classes": tuple(classes)})


def _wanted(target: TargetOutputs) -> list[tuple[str, tuple[int, ...], tuple[Size, ...]]]:
    """Return name, possible types and shape of each output of a target."""
    if target.task == Task.regression:
        return [(target.prediction, (DOUBLE,), (ROWS,))]
    wide = (ROWS, Size(len(target.classes)))
    label = wide if target.task == Task.multilabel else (ROWS,)
    return [(target.label, LABEL_TYPES, label), (target.probabilities, (DOUBLE,), wide)]


def _json(graph: CheckedGraph, key: str) -> Any:
    text = graph.notes.get(key, "")
    if len(text) > MOST_NOTES or sum(map(text.count, ",[{")) > MOST_PARTS:
        raise DamagedError(f"the metadata '{key}' are too large")
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise DamagedError(f"the metadata '{key}' are missing or no JSON") from None


def _mistake(place: str, reason: str) -> UserError:
    return UserError(
        f"{place}: damaged, or no model that mlfw wrote: {reason.strip().rstrip('.')}.",
        "Copy the saved model again, or train it again.",
    )
