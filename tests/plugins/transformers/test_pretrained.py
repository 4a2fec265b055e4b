"""Pretrained encoders learn on, beside other columns, and are saved whole."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from safetensors.torch import load

import mlfw
from conftest import environment
from mlfw_lightning.learner import Learner
from mlfw_lightning.loop.batch import Inputs
from mlfw_lightning.networks.fusion import Fusion
from mlfw_transformers import Pretrained
from mlfw_transformers.text import TextEncoder

from .conftest import accuracy, context, splits, texts


def encoders(network: torch.nn.Module) -> list[TextEncoder]:
    return [module for module in network.modules() if isinstance(module, TextEncoder)]


def test_texts_are_learnt_from(encoder: Path, tmp_path: Path) -> None:
    data = splits()
    model = Pretrained(path=str(encoder), learning_rate=5e-3, dropout=0.0)

    fitted = model.fit(data, context(tmp_path, epochs=25))

    assert accuracy(data, fitted) == 1


def test_tokens_are_those_of_the_encoder_and_beside_them_stands_what_else_there_is(
    encoder: Path, tmp_path: Path
) -> None:
    from transformers import PreTrainedTokenizerFast

    data = splits(("size", "text", "colour", "other"))
    learner, ready = Learner.of(Pretrained(path=str(encoder)), data, context(tmp_path))

    arrays = learner.train.read(0, 8)
    expected = PreTrainedTokenizerFast(tokenizer_file=str(encoder / "tokenizer.json"))(texts(8))
    found = [[token - 1 for token in row if token] for row in arrays["tokens/text"].tolist()]
    assert found == expected["input_ids"]
    assert arrays["tokens/other"].dtype == np.int32
    assert ready.names(network=True)
    network = learner.model.build(learner.shape)
    assert len(encoders(network)) == 2
    scores = network(Inputs.of({name: torch.from_numpy(array) for name, array in arrays.items()}))
    assert scores.shape == (8, 2)


def test_training_starts_from_the_weights_of_the_folder(encoder: Path, tmp_path: Path) -> None:
    from transformers import BertModel

    data = splits()
    learner, _ = Learner.of(Pretrained(path=str(encoder)), data, context(tmp_path))
    network = learner.model.build(learner.shape)
    learner.model.start(network)

    text = torch.from_numpy(learner.train.read(0, 4)["tokens/text"])
    (own,) = encoders(network.eval())
    mask = text > 0
    reference = BertModel.from_pretrained(encoder).eval()
    output = reference(
        input_ids=(text - 1).clamp(min=0).long(), attention_mask=mask.long()
    ).last_hidden_state
    mean = torch.stack([row[keep].mean(0) for row, keep in zip(output, mask, strict=True)])
    assert torch.allclose(own(text), mean, atol=1e-5)
    first = TextEncoder(learner.shape.texts[0], "first").eval()
    first.load_state_dict(own.state_dict())
    assert torch.allclose(first(text), output[:, 0], atol=1e-5)


def test_padding_and_the_texts_beside_it_change_nothing(encoder: Path, tmp_path: Path) -> None:
    data = splits()
    learner, _ = Learner.of(Pretrained(path=str(encoder)), data, context(tmp_path))
    (own,) = encoders(learner.model.build(learner.shape).eval())
    text = torch.from_numpy(learner.train.read(0, 6)["tokens/text"])

    longer = torch.nn.functional.pad(text, (0, 5))

    assert torch.allclose(own(longer), own(text), atol=1e-5)
    assert torch.allclose(own(text[2:3]), own(text)[2:3], atol=1e-5)


def test_a_saved_model_is_complete_and_predicts_the_same_without_the_encoder(
    own_encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = splits(("text", "size"))
    model = Pretrained(path=str(own_encoder))
    fitted = model.fit(data, context(tmp_path / "fit"))
    (tmp_path / "saved").mkdir()
    fitted.save(tmp_path / "saved")
    expected = fitted.predict(data.test)

    shutil.rmtree(own_encoder)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    loaded = Pretrained(path=str(own_encoder)).load(tmp_path / "saved", data.schema)

    assert loaded.predict(data.test).equals(expected)
    assert {p.suffix for p in (tmp_path / "saved").iterdir()} == {".json", ".safetensors"}


def test_missing_empty_long_and_unknown_texts_are_predicted(encoder: Path, tmp_path: Path) -> None:
    data = splits()
    fitted = Pretrained(path=str(encoder)).fit(data, context(tmp_path))

    odd = pa.table({"text": pa.array([None, "", "very " * 500, "żółw 龜"], pa.string())})
    shares = np.array(fitted.predict(odd)["probability_good"])

    assert np.isfinite(shares).all()
    assert np.isclose(shares[0], shares[1])


def test_the_length_is_that_of_most_training_texts_unless_it_is_set(
    encoder: Path, tmp_path: Path
) -> None:
    import dataclasses

    data = splits()
    _, ready = Learner.of(Pretrained(path=str(encoder)), data, context(tmp_path))
    assert ready.texts["text"].length == 9  # [CLS] the day was very very very bad [SEP]

    for given, expected in ((4, 4), (4000, 24)):
        columns = (dataclasses.replace(data.schema.columns[0], prepare={"length": given}),)
        schema = dataclasses.replace(data.schema, columns=columns)
        _, ready = Learner.of(
            Pretrained(path=str(encoder)), data.replace(schema=schema), context(tmp_path)
        )
        assert ready.texts["text"].length == expected


def test_an_encoder_opens_layer_by_layer(encoder: Path, tmp_path: Path) -> None:
    learner, _ = Learner.of(Pretrained(path=str(encoder)), splits(), context(tmp_path))
    network = learner.model.build(learner.shape)
    assert isinstance(network, Fusion)

    blocks = network.blocks()

    (own,) = encoders(network)
    layers = own.model.encoder.layer
    ids = [{id(p) for p in block.parameters()} for block in blocks]
    assert ids[1:] == [{id(p) for p in layer.parameters()} for layer in layers]
    assert {id(p) for p in own.model.embeddings.parameters()} == ids[0]
    assert sum(map(len, ids)) == len(list(network.parameters())) - 2


def test_adapters_learn_in_an_encoder_and_are_merged(encoder: Path, tmp_path: Path) -> None:
    data = splits()
    model = Pretrained(path=str(encoder), lora_rank=2, learning_rate=1e-2, dropout=0.0)

    fitted = model.fit(data, context(tmp_path, epochs=2))

    learner, _ = Learner.of(model, data, context(tmp_path / "again"))
    start = model.build(learner.shape)
    model.start(start)
    changed = {
        name
        for name, value in fitted.network.state_dict().items()
        if not name.startswith("head.") and not torch.equal(value, start.state_dict()[name])
    }
    assert changed
    assert all(name.endswith("weight") and "embeddings" not in name for name in changed)


def test_another_run_goes_on_from_a_saved_model_with_its_tokenizer(
    own_encoder: Path, tmp_path: Path
) -> None:
    rows = ["text,feel,mark"]
    rows += [f"{text},{'yes' if i % 2 else 'no'},{i % 3}" for i, text in enumerate(texts(60))]
    (tmp_path / "rows.csv").write_text("\n".join(rows) + "\n")
    common = ["dataset=csv", f"dataset.path={tmp_path}/rows.csv", "dataset.columns.text=text"]
    common += ["model=pretrained", "trainer.epochs=1", "trainer.accelerator=cpu"]
    own = ["dataset.target=feel", "dataset.drop=[mark]", f"model.path={own_encoder}"]
    first = mlfw.run(None, [*common, *own, f"run.dir={tmp_path}/first"]).dir
    shutil.rmtree(own_encoder)

    own = ["dataset.target=mark", "dataset.drop=[feel]", f"model.init_from={first}"]
    second = mlfw.run(None, [*common, *own, "model.freeze=true", f"run.dir={tmp_path}/second"]).dir

    folders = [first / "model", second / "model"]
    there, here = (load((folder / "weights.safetensors").read_bytes()) for folder in folders)
    body = [name for name in there if not name.startswith("head.")]
    assert all(torch.equal(there[name], here[name]) for name in body)
    prepared = [json.loads((folder / "preprocessor.json").read_text()) for folder in folders]
    assert prepared[0] == prepared[1]


def test_loading_the_plugin_loads_nothing_heavy() -> None:
    import subprocess
    import sys

    code = (
        "import sys, mlfw_transformers; "
        "print([m for m in ('torch', 'transformers', 'tokenizers', 'peft') if m in sys.modules])"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], env=environment(), capture_output=True, text=True
    )
    assert result.stdout.strip() == "[]", result.stderr
