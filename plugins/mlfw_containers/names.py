"""Names and texts from data in the forms that Docker and Kubernetes take."""

from __future__ import annotations

import re

LONGEST_IMAGE, LONGEST_LABEL, LONGEST_OBJECT = 100, 63, 50
PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
DOMAIN = r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::[0-9]{1,5})?"
TAG = r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}"
DIGEST = r"sha256:[0-9a-f]{64}"
REPOSITORY = rf"(?:{DOMAIN}/)?{PART}(?:/{PART})*"
OBJECT = r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?"


def image_name(text: str) -> str:
    """Return the nearest text that Docker takes for the name of an image."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower())[:LONGEST_IMAGE].strip("-")
    return name or "model"


def object_name(text: str) -> str:
    """Return the nearest text that Kubernetes takes for the name of a Service (RFC 1035).

    It is short enough that a suffix such as `-token` may follow.
    """
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
    if not name[:1].isalpha():
        name = f"model-{name}"
    return name[:LONGEST_OBJECT].rstrip("-")


def label_value(text: str) -> str:
    """Return the nearest text that Kubernetes takes for the value of a label."""
    value = re.sub(r"[^A-Za-z0-9_.-]+", "-", text)[:LONGEST_LABEL].strip("-_.")
    return value or "unknown"


def is_repository(text: str) -> bool:
    """Tell whether Docker takes a text for an image's name without a tag."""
    return re.fullmatch(REPOSITORY, text) is not None


def is_tag(text: str) -> bool:
    """Tell whether Docker takes a text for a tag."""
    return re.fullmatch(TAG, text, re.ASCII) is not None


def is_pinned(text: str) -> bool:
    """Tell whether a text names an image by a tag other than `latest`, or by a digest."""
    found = re.fullmatch(rf"{REPOSITORY}(?::(?P<tag>{TAG}))?(?:@(?P<digest>{DIGEST}))?", text)
    return found is not None and bool(found["digest"] or found["tag"] not in (None, "latest"))


def is_object(text: str) -> bool:
    """Tell whether Kubernetes takes a text for the name of a Service or a namespace."""
    return re.fullmatch(OBJECT, text) is not None


def one_line(text: str) -> str:
    """Return a text on one line, with a blank in place of what cannot be printed."""
    line = "".join(character if character.isprintable() else " " for character in text)
    return " ".join(line.split())


def docker_text(text: str) -> str:
    """Return a text in double quotes for a Dockerfile, on one line, with no variable replaced."""
    escaped = re.sub(r'[\\"$]', lambda found: f"\\{found[0]}", one_line(text))
    return f'"{escaped}"'


def compose_text(text: str) -> str:
    """Return a text for a Compose file, in which `$` would begin a variable."""
    return text.replace("$", "$$")
