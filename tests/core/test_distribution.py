"""Names and versions of distributions are read as the standard library reads them."""

from __future__ import annotations

from importlib.metadata import distributions
from pathlib import Path

import pytest

from mlfw.plugins.distribution import name_and_version


def test_every_installed_distribution_has_the_name_and_version_of_the_standard_library() -> None:
    for distribution in distributions():
        assert name_and_version(distribution) == (distribution.name, distribution.version)


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ("name:  odd-one \nVERSION: 2.0\n\nName: other\n", ("odd-one", "2.0")),
        ("Name: bare\n\nVersion: 9 is what we are proud of.\n", ("bare", "")),
        ("", ("", "")),
    ],
)
def test_only_the_header_counts(metadata: str, expected: tuple[str, str], tmp_path: Path) -> None:
    info = tmp_path / "some-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(metadata)

    (distribution,) = distributions(path=[str(tmp_path)])

    assert name_and_version(distribution) == expected
