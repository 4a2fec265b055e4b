"""The token that callers of a service have to send."""

from __future__ import annotations

from pathlib import Path

import pytest

import mlfw
from mlfw import tokens

TOKEN = "a-token-of-the-tests-0123456789"


def test_a_file_that_others_can_read_is_refused_unless_it_is_a_secret_of_a_container(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "secrets/token"
    file.parent.mkdir()
    file.write_text(f"{TOKEN}\n")
    file.chmod(0o444)  # as Docker and Compose mount it
    with pytest.raises(mlfw.UserError, match="others than its owner can read it"):
        tokens.read_token(file)

    monkeypatch.setattr(tokens, "SECRETS", file.parent.resolve())

    assert tokens.read_token(file) == TOKEN


def test_a_link_out_of_the_secrets_is_none_of_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "token").chmod(0o644)
    (tmp_path / "secrets/token").symlink_to(tmp_path / "token")
    monkeypatch.setattr(tokens, "SECRETS", tmp_path.resolve() / "secrets")

    with pytest.raises(mlfw.UserError, match="others than its owner can read it"):
        tokens.read_token(tmp_path / "secrets/token")
