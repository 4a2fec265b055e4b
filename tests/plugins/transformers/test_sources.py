"""Where an encoder comes from, and what is refused of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from conftest import environment
from mlfw import UserError
from mlfw_lightning.learner import Learner
from mlfw_transformers import Pretrained

from .conftest import context, splits

Hurt = Callable[[Path], object]


def begin(model: Pretrained, folder: Path) -> None:
    """Do what a fit does before its first step."""
    learner, _ = Learner.of(model, splits(), context(folder))
    model.start(model.build(learner.shape))


def changed(**keys: object) -> Hurt:
    """Return what changes keys of `config.json`."""

    def change(folder: Path) -> None:
        config = json.loads((folder / "config.json").read_text())
        (folder / "config.json").write_text(json.dumps({**config, **keys}))

    return change


def without_weights(folder: Path) -> None:
    """Leave weights that are a pickle."""
    (folder / "model.safetensors").unlink()
    torch.save({}, folder / "pytorch_model.bin")


def other_layers(folder: Path) -> None:
    """Let the configuration ask for more layers than there are weights for."""
    changed(num_hidden_layers=3)(folder)


@pytest.mark.parametrize(
    ("hurt", "message"),
    [
        (changed(auto_map={"AutoModel": "evil.Model"}), "auto_map: needs code of its own"),
        (changed(trust_remote_code=True), "trust_remote_code: needs code of its own"),
        (changed(text_config={"auto_map": {"AutoModel": "x.Y"}}), "auto_map: needs code"),
        (changed(quantization_config={"bits": 4}), "quantization_config: its weights"),
        (changed(model_type="telepathy"), "does not know: 'telepathy'"),
        (changed(model_type=["bert"]), "does not know"),
        (changed(is_encoder_decoder=True), "has a decoder too"),
        (changed(hidden_size="wide"), "the encoder's settings: "),
        (changed(num_attention_heads=5), "the encoder's settings: .*5"),
        (lambda f: (f / "config.json").write_text("{"), "config.json: cannot be read"),
        (lambda f: (f / "config.json").write_text("[1]"), "expected keys with values"),
        (lambda f: (f / "config.json").unlink(), "config.json not in it"),
        (lambda f: (f / "tokenizer.json").unlink(), "tokenizer.json not in it"),
        (lambda f: (f / "tokenizer.json").write_text("{}"), "tokenizer of the encoder cannot be"),
        (without_weights, r"\*.safetensors not in it.*\n.*pickled weights .* never read"),
        (lambda f: (f / "model.safetensors").write_bytes(b"PK"), "its weights cannot be read"),
        (lambda f: (f / "adapter_config.json").write_text("{}"), "holds an adapter"),
        (other_layers, r"weights are missing: .*layer\.2\."),
    ],
)
def test_what_is_hostile_or_damaged_is_refused(
    hurt: Hurt, message: str, own_encoder: Path, tmp_path: Path
) -> None:
    hurt(own_encoder)

    with pytest.raises(UserError, match=rf"(?s){message}"):
        begin(Pretrained(path=str(own_encoder)), tmp_path)


def test_kernels_that_a_configuration_names_are_not_fetched(
    own_encoder: Path, tmp_path: Path
) -> None:
    changed(_attn_implementation="owner/kernel", attn_implementation="owner/kernel")(own_encoder)

    begin(Pretrained(path=str(own_encoder)), tmp_path)


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"model\.path: .*nowhere: no such folder"):
        begin(Pretrained(path=str(tmp_path / "nowhere")), tmp_path)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "model.name, model.path, model.package, model.init_from: .*none is set"),
        ({"name": "a", "path": "b"}, "found model.name, model.path"),
        ({"path": "b", "revision": "c"}, "model.revision: belongs to an encoder of the Hub"),
    ],
)
def test_an_encoder_is_named_in_one_way(options: dict[str, str], message: str) -> None:
    with pytest.raises(UserError, match=message):
        Pretrained(**options).check()  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("package", "message"),
    [
        ("no_such_package", "no package 'no_such_package' is installed"),
        ("../evil", "no package '../evil' is installed"),
        ("json", "no folder in it holds config.json"),
    ],
)
def test_a_package_without_an_encoder_is_named(package: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=f"model.package: .*{message}"):
        begin(Pretrained(package=package), tmp_path)


def test_without_a_network_an_encoder_of_the_hub_is_named_with_what_to_do(tmp_path: Path) -> None:
    code = (
        "from mlfw_transformers.source import find_folder\n"
        "from mlfw import UserError\n"
        "try: find_folder('owner/encoder', None, '', '')\n"
        "except UserError as error: print(error)\n"
    )
    changes = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}

    result = subprocess.run(
        [sys.executable, "-c", code], env=environment(**changes), capture_output=True, text=True
    )

    assert "model.name: owner/encoder: the Hugging Face Hub cannot be reached" in result.stdout
    assert "model.path=FOLDER" in result.stdout


def test_an_encoder_of_the_hub_that_was_loaded_before_needs_no_network(
    encoder: Path, tmp_path: Path
) -> None:
    snapshot = tmp_path / "hub/models--owner--encoder/snapshots/abc"
    snapshot.mkdir(parents=True)
    for file in encoder.iterdir():
        os.link(file, snapshot / file.name)
    refs = tmp_path / "hub/models--owner--encoder/refs"
    refs.mkdir()
    (refs / "main").write_text("abc")
    code = (
        "from mlfw_transformers.source import find_folder\n"
        "print(find_folder('owner/encoder', None, '', ''))\n"
    )
    changes = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path)}

    result = subprocess.run(
        [sys.executable, "-c", code], env=environment(**changes), capture_output=True, text=True
    )

    assert result.stdout.strip() == str(snapshot), result.stderr


@pytest.mark.parametrize("name", ["../../etc", "a/b/c", "-x", "https://evil.example/x"])
def test_what_is_no_name_of_the_hub_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="not a name on the Hub"):
        begin(Pretrained(name=name), tmp_path)


def test_changed_weights_change_the_fingerprint(own_encoder: Path) -> None:
    before = Pretrained(path=str(own_encoder)).fingerprint()
    assert before == Pretrained(path=str(own_encoder)).fingerprint()

    changed(hidden_dropout_prob=0.2)(own_encoder)

    assert Pretrained(path=str(own_encoder)).fingerprint() != before


def test_a_table_without_texts_is_told_what_is_missing(encoder: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"columns are size, none of them a text.*\n.*NAME=text"):
        Pretrained(path=str(encoder)).fit(splits(("size",)), context(tmp_path))


def test_a_saved_model_whose_settings_were_made_hostile_is_refused(
    encoder: Path, tmp_path: Path
) -> None:
    data = splits()
    fitted = Pretrained(path=str(encoder)).fit(data, context(tmp_path / "fit"))
    (tmp_path / "saved").mkdir()
    fitted.save(tmp_path / "saved")
    file = tmp_path / "saved/network.json"
    saved = json.loads(file.read_text())
    reader = json.loads(saved["shape"]["texts"][0]["reader"])
    saved["shape"]["texts"][0]["reader"] = json.dumps({**reader, "auto_map": {"AutoModel": "x.Y"}})
    file.write_text(json.dumps(saved))

    with pytest.raises(UserError, match="auto_map: needs code of its own, which is never run"):
        Pretrained().load(tmp_path / "saved", data.schema)
