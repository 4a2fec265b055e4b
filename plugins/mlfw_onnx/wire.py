"""Reading models in ONNX as files, field by field, without trusting them.

The package `onnx` would do it too, but it loads in 0.13 s, and its messages take up to fifty times
the room of a file that was made for this purpose. What is read here is what mlfw writes: every
other field, and a second value of a field that has one, is refused, so that no other reader can
understand a file differently.

Source: https://protobuf.dev/programming-guides/encoding/ and `onnx.proto` of ONNX 1.23.
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

VARINT, BYTES, FIXED = 0, 2, 5  # how a field is stored
MESSAGES, PARTS = 100_000, 1_000_000  # at most so many in a model
DEPTH = 20  # at most so many messages within one another
WINDOW = 1 << 16  # bytes that are decoded at once
FEW = 64  # integers in at most so many bytes are decoded one by one
TOP = 1 << 63


class DamagedError(ValueError):
    """A file is no model in ONNX, or has parts that mlfw does not write; says which."""


class Value(Enum):
    """What a field holds."""

    integer = "integer"
    integers = "integers"
    number = "number"
    content = "content"
    counted = "counted"  # contents of which only the number matters
    text = "text"


@dataclass(frozen=True)
class Field:
    """A field of a message.

    Attributes:
        name: Its name in `onnx.proto`.
        value: What it holds: a value, or the message of this name.
        repeated: Whether it holds several of them.
    """

    name: str
    value: Value | str
    repeated: bool = False


_INTEGER, _NUMBER, _TEXT, _CONTENT = Value.integer, Value.number, Value.text, Value.content
_FIELDS: dict[str, dict[int, Field]] = {
    "ModelProto": {
        1: Field("ir_version", _INTEGER),
        2: Field("producer_name", _TEXT),
        3: Field("producer_version", _TEXT),
        6: Field("doc_string", _TEXT),
        7: Field("graph", "GraphProto"),
        8: Field("opset_import", "OperatorSetIdProto", repeated=True),
        14: Field("metadata_props", "StringStringEntryProto", repeated=True),
    },
    "OperatorSetIdProto": {1: Field("domain", _TEXT), 2: Field("version", _INTEGER)},
    "StringStringEntryProto": {1: Field("key", _TEXT), 2: Field("value", _TEXT)},
    "GraphProto": {
        1: Field("node", "NodeProto", repeated=True),
        2: Field("name", _TEXT),
        5: Field("initializer", "TensorProto", repeated=True),
        11: Field("input", "ValueInfoProto", repeated=True),
        12: Field("output", "ValueInfoProto", repeated=True),
    },
    "NodeProto": {
        1: Field("input", _TEXT, repeated=True),
        2: Field("output", _TEXT, repeated=True),
        3: Field("name", _TEXT),
        4: Field("op_type", _TEXT),
        5: Field("attribute", "AttributeProto", repeated=True),
        7: Field("domain", _TEXT),
    },
    "AttributeProto": {
        1: Field("name", _TEXT),
        2: Field("f", _NUMBER),
        3: Field("i", _INTEGER),
        4: Field("s", _CONTENT),
        5: Field("t", "TensorProto"),
        6: Field("g", "GraphProto"),
        8: Field("ints", Value.integers),
        9: Field("strings", Value.counted),
        20: Field("type", _INTEGER),
    },
    "TensorProto": {
        1: Field("dims", Value.integers),
        2: Field("data_type", _INTEGER),
        6: Field("string_data", Value.counted),
        8: Field("name", _TEXT),
        9: Field("raw_data", _CONTENT),
    },
    "ValueInfoProto": {1: Field("name", _TEXT), 2: Field("type", "TypeProto")},
    "TypeProto": {1: Field("tensor_type", "TypeProto.Tensor")},
    "TypeProto.Tensor": {
        1: Field("elem_type", _INTEGER),
        2: Field("shape", "TensorShapeProto"),
    },
    "TensorShapeProto": {1: Field("dim", "TensorShapeProto.Dimension", repeated=True)},
    "TensorShapeProto.Dimension": {
        1: Field("dim_value", _INTEGER),
        2: Field("dim_param", _TEXT),
    },
}
_STORED: dict[Value | str, int] = {
    Value.integer: VARINT,
    Value.integers: VARINT,
    Value.number: FIXED,
}
_KEYS = {
    message: {
        number << 3 | _STORED.get(each.value, BYTES): (each.name, each.value, each.repeated)
        for number, each in fields.items()
    }
    for message, fields in _FIELDS.items()
}

Message = dict[str, Any]

# The messages of which a model has many or large ones: each is read when it is looked at, so that
# one at a time is in memory.
LATER = "NodeProto"


def read_model(content: bytes | mmap.mmap) -> Message:
    """Return the fields of a file that holds a model in ONNX.

    Args:
        content: The file's content.

    Returns:
        The values of the fields that are there, by name: messages as dicts, nodes as `Later`,
        lists of integers as int64 arrays, `raw_data` as a part of the content, lists of strings
        as their number.

    Raises:
        DamagedError: It is none, or has fields that mlfw does not write.
    """
    return _Reader(memoryview(content)).message("ModelProto", 0, len(content))


@dataclass(frozen=True)
class Later:
    """A message that is read when it is looked at."""

    reader: _Reader
    at: int
    end: int
    depth: int

    def read(self) -> Message:
        """Return the fields; see `read_model`.

        Raises:
            DamagedError: It is none, or has fields that mlfw does not write.
        """
        self.reader.messages -= 1  # it was counted when it was found
        self.reader.depth = self.depth
        return self.reader.message(LATER, self.at, self.end)


@dataclass
class _Reader:
    data: memoryview
    messages: int = 0
    parts: int = 0
    depth: int = 0
    bytes: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        import numpy as np

        self.bytes = np.frombuffer(self.data, np.uint8)

    def _count(self) -> None:
        self.messages += 1
        if self.messages > MESSAGES or self.depth >= DEPTH:
            raise DamagedError(f"has over {MESSAGES:,} parts, or over {DEPTH} within one another")

    def message(self, kind: str, at: int, end: int) -> Message:
        """Return the fields of the message between two places."""
        self._count()
        self.depth += 1
        keys, data, found = _KEYS[kind], self.data, Message()
        while at < end:
            key = data[at]
            at += 1
            if key >= 0x80:
                key, at = self._varint(at - 1, end)
            if key not in keys:
                raise DamagedError(f"{kind}: field {key >> 3} is damaged or not allowed")
            name, value, repeated = keys[key]
            made: Any
            if value is Value.counted:
                made, at = self._part(name, at, end)
                found[name] = found.get(name, 0) + 1
                continue
            if value is Value.integer:
                made, at = self._varint(at, end)
                made = made - 2 * TOP if made >= TOP else made
            elif value is Value.integers:
                made, at = self._integers(at, end, key)
            elif value is Value.number:
                made, at = self._number(at, end)
            else:
                part, at = self._part(name, at, end)
                made = self._content(part, value, name, at)
            if repeated:
                found.setdefault(name, []).append(made)
            elif name in found:
                raise DamagedError(f"{kind}: two values of '{name}'")
            else:
                found[name] = made
        self.depth -= 1
        return found

    def _part(self, name: str, at: int, end: int) -> tuple[memoryview, int]:
        """Return the part of the file that a field holds, and where it ends."""
        size, at = self._varint(at, end)
        if size > end - at:
            raise DamagedError(f"ends within '{name}'")
        self.parts += 1
        if self.parts > PARTS:
            raise DamagedError(f"has over {PARTS:,} parts")
        return self.data[at : at + size], at + size

    def _content(self, part: memoryview, value: Value | str, name: str, end: int) -> Any:
        if value == LATER:
            self._count()
            return Later(self, end - len(part), end, self.depth)
        if isinstance(value, str):
            return self.message(value, end - len(part), end)
        try:
            return str(part, "utf-8") if value is Value.text else part
        except UnicodeDecodeError:
            raise DamagedError(f"'{name}' is no text") from None

    def _number(self, at: int, end: int) -> tuple[float, int]:
        if end - at < 4:
            raise DamagedError("ends within a number")
        return struct.unpack_from("<f", self.data, at)[0], at + 4

    def _varint(self, at: int, end: int) -> tuple[int, int]:
        """Return the number from 0 to 2^64 - 1 that begins at a place, and where it ends."""
        if at < end and self.data[at] < 0x80:
            return self.data[at], at + 1
        value = 0
        for shift in range(0, 70, 7):
            if at >= end:
                break
            byte = self.data[at]
            at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value & (2 * TOP - 1), at
        raise DamagedError("ends within a number")

    def _integers(self, at: int, end: int, key: int) -> tuple[np.ndarray, int]:
        """Return numbers that follow one another, each after its key, and where they end."""
        import numpy as np

        at -= 1
        if end - at > FEW:
            return self._many(at, end, key)
        values = []
        while at < end and self.data[at] == key:
            value, at = self._varint(at + 1, end)
            values.append(value)
        return np.array(values, np.uint64).view(np.int64), at

    def _many(self, at: int, end: int, key: int) -> tuple[np.ndarray, int]:
        import numpy as np

        parts = []
        while at < end:
            window = self.bytes[at : min(at + WINDOW, end)]
            ends = np.flatnonzero(window < 0x80)  # the last bytes of keys and of numbers, in turn
            count = len(ends) // 2
            keys, stops = ends[0 : 2 * count : 2], ends[1 : 2 * count : 2]
            good = window[keys] == key
            good[:1] &= keys[:1] == 0
            good[1:] &= keys[1:] == stops[:-1] + 1
            if not good.all():
                count = int(good.argmin())
            keys, stops = keys[:count], stops[:count]
            if not count:
                if window[0] == key:
                    raise DamagedError("ends within a number")
                break
            sizes = stops - keys
            if sizes.max() > 10:
                raise DamagedError("ends within a number")
            values = np.zeros(count, np.uint64)
            for place in range(int(sizes.max())):
                more = sizes > place
                byte = window[keys[more] + 1 + place].astype(np.uint64) & np.uint64(0x7F)
                values[more] |= byte << np.uint64(7 * place)
            parts.append(values)
            at += int(stops[-1]) + 1
        return np.concatenate(parts).view(np.int64), at
