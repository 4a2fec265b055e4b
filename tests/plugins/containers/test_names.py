"""Names from data in the forms that Docker and Kubernetes take."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from mlfw_containers.names import (
    image_name,
    is_object,
    is_pinned,
    is_repository,
    is_tag,
    label_value,
    object_name,
)

NAMES = st.text(max_size=150) | st.from_regex(r"[A-Za-z0-9_.\- ]{1,120}")


@hypothesis_settings(deadline=None)
@given(NAMES)
def test_any_name_becomes_one_that_docker_and_kubernetes_take(text: str) -> None:
    assert is_repository(image_name(text))
    name = object_name(text)
    assert is_object(name)
    assert is_object(f"{name}-token")
    assert re.fullmatch(r"[A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?", label_value(text))


@pytest.mark.parametrize(
    ("text", "image", "kubernetes"),
    [
        ("penguins", "penguins", "penguins"),
        ("Rows & columns", "rows-columns", "rows-columns"),
        ("2024-11-29_run.1", "2024-11-29-run-1", "model-2024-11-29-run-1"),
        ("größe", "gr-e", "gr-e"),
        ("日本", "model", "model"),
        ("-a" * 60, "a" + "-a" * 49, "a" + "-a" * 24),
    ],
)
def test_names_stay_as_near_as_they_can(text: str, image: str, kubernetes: str) -> None:
    assert image_name(text) == image
    assert object_name(text) == kubernetes


@pytest.mark.parametrize(
    "text", ["python:3.11.9-slim", "reg.example.org:5000/team/py:1", "a@sha256:" + "0" * 64]
)
def test_an_image_with_a_tag_or_a_digest_is_pinned(text: str) -> None:
    assert is_pinned(text)


@pytest.mark.parametrize("text", ["python", "python:latest", "Python:3", "a b:1", "", "a:1\nRUN x"])
def test_any_other_text_is_not(text: str) -> None:
    assert not is_pinned(text)


def test_tags_are_those_of_docker() -> None:
    assert is_tag("1.0-rc_1")
    assert not is_tag("-1")
    assert not is_tag("1/2")
    assert not is_tag("a" * 129)
