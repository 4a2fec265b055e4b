"""Names and texts from data as identifiers, literals and comments of Kotlin and Swift."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

LONGEST = 60
# Keywords of either language, and names that the generated classes have already.
KEYWORDS = (
    "actor any as associatedtype associativity async await break by case catch class "
    "companion component const constructor continue convenience copy crossinline data default "
    "defer deinit delegate didset do dynamic each else entries enum equals expect extension "
    "external fallthrough false field file fileprivate final finally for fun func get "
    "getclass guard hash hashcode hasher if import in indirect infix init inline inner inout "
    "interface internal is isolated it java javaclass lateinit lazy left let mirror mutating "
    "names nil noinline none nonisolated nonmutating null object of open operator optional "
    "out override package param postfix precedence prefix private property protocol public "
    "receiver reified repeat required rethrows return right sealed self set setparam some "
    "static struct subscript super suspend switch tailrec this throw throws tostring true try "
    "type typealias typeof unowned use val value values var vararg wait weak when where while "
    "willset notify notifyall "
)
TAKEN = frozenset([*KEYWORDS.split(), "made", "outputs", "row", "targets"])


def identifiers(names: Iterable[str], fallback: str) -> list[str]:
    """Return a different property name for each name, valid in Kotlin and in Swift.

    Letters and digits of ASCII are kept, letters with accents lose these; all else separates words.

    Args:
        names: Names of columns or targets.
        fallback: The word for names of which nothing is left.
    """
    made: list[str] = []
    taken: set[str] = set()
    for name in names:
        words = _words(name)
        first, *rest = words or [fallback]
        joined = (first.lower() + "".join(word[:1].upper() + word[1:] for word in rest))[:LONGEST]
        if joined[0].isdigit():
            joined = f"{fallback}{joined}"
        if joined.lower() in TAKEN or re.fullmatch(r"component\d+", joined):
            joined += "Value"
        candidate, number = joined, 2
        while candidate.lower() in taken:
            candidate, number = f"{joined}_{number}", number + 1
        taken.add(candidate.lower())
        made.append(candidate)
    return made


def package_name(name: str) -> str:
    """Return a package of Java for a model's name."""
    return f"app.mlfw.model_{'_'.join(_words(name)).lower()[:LONGEST] or 'mlfw'}"


def module_name(name: str) -> str:
    """Return a module of Swift for a model's name."""
    words = "".join(word[:1].upper() + word[1:] for word in _words(name))[:LONGEST]
    return f"{'M' if words[:1].isdigit() else ''}{words or 'Mlfw'}Model"


def _words(name: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", name)
    ascii_only = "".join(each for each in plain if not unicodedata.combining(each))
    return re.findall(r"[A-Za-z0-9]+", ascii_only)


def kotlin_text(text: str) -> str:
    """Return a text as a literal of Kotlin."""
    escapes = {"\\": "\\\\", '"': '\\"', "$": "\\$", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return f'"{"".join(escapes.get(c) or _escaped(c, "u{:04x}") for c in text)}"'


def swift_text(text: str) -> str:
    """Return a text as a literal of Swift."""
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
    return f'"{"".join(escapes.get(c) or _escaped(c, "u{{{:x}}}") for c in text)}"'


def xml_text(text: str) -> str:
    """Return a text for an attribute of an Android manifest."""
    from xml.sax.saxutils import escape

    kept = "".join(" " if unicodedata.category(c).startswith("C") else c for c in text).strip()
    # At the beginning @ and ? refer to resources; a backslash escapes.
    plain = kept.replace("\\", "\\\\")
    marked = f"\\{plain}" if plain[:1] in ("@", "?") else plain
    return escape(marked, {'"': "&quot;", "'": "\\&apos;"})


def comment(text: str) -> str:
    """Return a text for a comment that ends with its line."""
    printable = "".join(c if unicodedata.category(c)[0] not in "CZ" else " " for c in text)
    return " ".join(printable.split())[:200]


def _escaped(character: str, form: str) -> str:
    """Return a character, or an escape where it cannot be seen."""
    seen = unicodedata.category(character)[0] not in "CZ" or character == " "
    if seen or ord(character) > 0xFFFF:
        return character
    return f"\\{form.format(ord(character))}"
