"""Pretrained encoders of images learn on, see what their image processor makes, and are saved."""

from __future__ import annotations

import json
import shutil
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from PIL import Image
from safetensors.torch import load

import mlfw
from mlfw import UserError
from mlfw_lightning.fine_tuning.blocks import parameter_groups, set_trainable
from mlfw_lightning.learner import Learner
from mlfw_lightning.loop.batch import Inputs
from mlfw_lightning.network import ImageShape
from mlfw_lightning.networks.encoders.image_resnet import ImageResNet
from mlfw_lightning.networks.encoders.pixels import Normalise
from mlfw_lightning.networks.encoders.words import MeanOfWords
from mlfw_lightning.networks.fusion import Fusion
from mlfw_transformers import Pretrained
from mlfw_transformers.model import Pooling
from mlfw_transformers.vision import VisionEncoder

from .conftest import accuracy, context
from .pictures import WRITERS, digits, picture_splits

# Of a channel's deviation. Where nothing but the type of the numbers differs, rounding; where a
# large JPEG is read at a smaller scale, as decoders can, on average a shade or two of 255.
ROUNDING, SHADES = 1e-5, 0.03


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The encoders' folders; not to be changed."""
    made = {name: tmp_path_factory.mktemp(name) for name in WRITERS}
    for name, folder in made.items():
        WRITERS[name](folder)
    return made


def start(model: Pretrained, folder: Path, columns: tuple[str, ...] = ("photo",)) -> Any:
    """Return a learner, its preprocessor and the network that its training starts from."""
    learner, ready = Learner.of(model, picture_splits(columns), context(folder))
    network = learner.model.build(learner.shape)
    model.start(network)
    return learner, ready, network.eval()


def encoder_of(network: torch.nn.Module) -> VisionEncoder:
    (found,) = (module for module in network.modules() if isinstance(module, VisionEncoder))
    return found


def processor_of(folder: Path) -> Any:
    from transformers import AutoImageProcessor

    return AutoImageProcessor.from_pretrained(folder, backend="pil")


@pytest.mark.parametrize("name", WRITERS)
def test_images_are_learnt_from(name: str, folders: dict[str, Path], tmp_path: Path) -> None:
    data = picture_splits()
    model = Pretrained(path=str(folders[name]), learning_rate=4e-3, batch_size=4, dropout=0.0)

    fitted = model.fit(data, context(tmp_path, epochs=12))

    assert accuracy(data, fitted) > 0.85


def photo(form: str, size: tuple[int, int]) -> bytes:
    """Return a smooth picture with a little noise."""
    width, height = size
    x, y = np.meshgrid(np.linspace(0, 6, width), np.linspace(0, 4, height))
    waves = np.stack([np.sin(x + y), np.cos(x), np.sin(y)], axis=2)
    noise = np.random.default_rng(0).normal(0, 8, waves.shape)
    pixels = np.clip(128 + 90 * waves + noise, 0, 255).astype(np.uint8)
    file = BytesIO()
    Image.fromarray(pixels).save(file, form)
    return file.getvalue()


@pytest.mark.parametrize("name", ["vit", "convnext"])
@pytest.mark.parametrize(
    ("form", "size", "tolerance"),
    [("PNG", (8, 8), ROUNDING), ("PNG", (90, 50), ROUNDING), ("JPEG", (700, 500), SHADES)],
)
def test_images_are_prepared_as_the_image_processor_does_it(
    name: str,
    form: str,
    size: tuple[int, int],
    tolerance: float,
    folders: dict[str, Path],
    tmp_path: Path,
) -> None:
    learner, ready, _ = start(Pretrained(path=str(folders[name])), tmp_path)
    content = photo(form, size)

    pixels = ready.images["photo"].read(pa.array([content], pa.binary()))

    assert pixels.dtype == np.uint8
    found = Normalise(learner.shape.images[0])(torch.from_numpy(pixels)).numpy()
    image = Image.open(BytesIO(content)).convert("RGB")
    expected = np.stack(processor_of(folders[name])(image)["pixel_values"])
    assert found.shape == expected.shape
    assert np.abs(found - expected).mean() < tolerance


@pytest.mark.parametrize(
    ("name", "pooling"), [("vit", Pooling.mean), ("vit", Pooling.first), ("convnext", Pooling.mean)]
)
def test_training_starts_from_the_weights_of_the_folder(
    name: str, pooling: Pooling, folders: dict[str, Path], tmp_path: Path
) -> None:
    from transformers import AutoModel

    learner, _, network = start(Pretrained(path=str(folders[name]), pooling=pooling), tmp_path)

    found = encoder_of(network)(torch.from_numpy(learner.train.read(0, 3)["images/photo"]))

    images = [Image.open(BytesIO(file)).convert("RGB") for file in digits()[0][:3]]
    pixels = torch.tensor(np.stack(processor_of(folders[name])(images)["pixel_values"]))
    output = AutoModel.from_pretrained(folders[name]).eval()(pixel_values=pixels)
    hidden = output.last_hidden_state
    of_vit = hidden[:, 0] if pooling is Pooling.first else hidden.mean(dim=1)
    assert torch.allclose(found, of_vit if name == "vit" else output.pooler_output, atol=1e-5)


def test_without_an_image_processor_the_size_is_that_of_the_configuration(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    learner, _, _ = start(Pretrained(path=str(folders["resnet"])), tmp_path)

    (image,) = learner.shape.images
    assert image.size == (3, 24, 24)
    assert image.mean == pytest.approx((127.5,) * 3)


@pytest.mark.parametrize("name", ["vit", "resnet"])
def test_a_saved_model_is_complete_and_predicts_the_same_without_the_encoder(
    name: str, folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = Path(shutil.copytree(folders[name], tmp_path / "encoder"))
    data = picture_splits(("photo", "size"))
    fitted = Pretrained(path=str(own)).fit(data, context(tmp_path / "fit"))
    (tmp_path / "saved").mkdir()
    fitted.save(tmp_path / "saved")
    expected = fitted.predict(data.test)

    shutil.rmtree(own)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    loaded = Pretrained(path=str(own)).load(tmp_path / "saved", data.schema)

    assert loaded.predict(data.test).equals(expected)
    one_by_one = [loaded.predict(data.test.slice(row, 1)) for row in range(3)]
    together = pa.concat_tables(one_by_one)["probability_one"].to_numpy()
    assert np.allclose(together, expected["probability_one"].to_numpy()[:3], atol=1e-5)
    assert {p.suffix for p in (tmp_path / "saved").iterdir()} == {".json", ".safetensors"}


def test_a_missing_image_is_predicted_and_a_far_too_narrow_one_is_named(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    fitted = Pretrained(path=str(folders["convnext"])).fit(picture_splits(), context(tmp_path))

    def predict(content: bytes | None) -> pa.Table:
        return fitted.predict(pa.table({"photo": pa.array([content], pa.binary())}))

    assert np.isfinite(predict(None)["probability_one"].to_numpy()).all()
    assert np.isfinite(predict(photo("PNG", (400, 8)))["probability_one"].to_numpy()).all()
    with pytest.raises(UserError, match=r"row 1: .* 1 x 100000 pixels, too narrow"):
        predict(photo("PNG", (1, 100_000)))


def test_texts_and_numbers_stand_beside_an_image(folders: dict[str, Path], tmp_path: Path) -> None:
    model = Pretrained(path=str(folders["vit"]))
    learner, _, network = start(model, tmp_path, ("size", "text", "photo"))

    arrays = learner.train.read(0, 4)
    scores = network(Inputs.of({name: torch.from_numpy(array) for name, array in arrays.items()}))

    assert scores.shape == (4, 2)
    assert sum(isinstance(module, MeanOfWords) for module in network.modules()) == 1


def test_beside_an_encoder_of_texts_an_image_goes_through_convolutions(
    encoder: Path, tmp_path: Path
) -> None:
    _, _, network = start(Pretrained(path=str(encoder)), tmp_path, ("text", "photo"))

    assert sum(isinstance(module, ImageResNet) for module in network.modules()) == 1


@pytest.mark.parametrize(
    ("name", "layers"),
    [
        ("vit", "layers"),
        pytest.param("convnext", "encoder.stages", marks=pytest.mark.slow),
        ("resnet", "encoder.stages"),
    ],
)
def test_an_encoder_opens_layer_by_layer(
    name: str, layers: str, folders: dict[str, Path], tmp_path: Path
) -> None:
    _, _, network = start(Pretrained(path=str(folders[name])), tmp_path)
    assert isinstance(network, Fusion)

    blocks = network.blocks()

    own = list(encoder_of(network).model.get_submodule(layers))
    ids = [{id(p) for p in block.parameters()} for block in blocks]
    assert len(blocks) == 1 + len(own)
    for found, layer in zip(ids[1:], own, strict=True):
        assert {id(p) for p in layer.parameters()} <= found
    assert sum(map(len, ids)) == len(list(network.parameters())) - 2


def weights_that_changed(model: Pretrained, folder: Path, epochs: int = 1) -> set[str]:
    """Return the names of all weights and statistics that a fit has changed, but the head's."""
    fitted = model.fit(picture_splits(), context(folder / "fit", epochs=epochs))
    _, _, network = start(model, folder / "again")
    before = network.state_dict()
    return {
        name
        for name, value in fitted.network.state_dict().items()
        if not name.startswith("head.") and not torch.equal(value, before[name])
    }


def test_a_frozen_encoder_keeps_its_weights_and_its_running_statistics(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    model = Pretrained(path=str(folders["resnet"]), freeze=True)

    assert not weights_that_changed(model, tmp_path)


def test_adapters_learn_in_an_encoder_and_are_merged(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    model = Pretrained(path=str(folders["vit"]), lora_rank=2, learning_rate=1e-2)

    changed = weights_that_changed(model, tmp_path)

    assert changed
    assert all(name.endswith("weight") and "embeddings" not in name for name in changed)


def test_the_last_layers_open_first(folders: dict[str, Path], tmp_path: Path) -> None:
    model = Pretrained(path=str(folders["vit"]), unfreeze_every=1, layer_decay=0.5)
    _, _, network = start(model, tmp_path)

    set_trainable(network, model, epoch=1)

    names = {name for name, p in network.named_parameters() if p.requires_grad}
    open_ones = {name for name in names if not name.startswith("head.")}
    assert any(".layers.2." in name for name in open_ones)
    assert all(".layers.2." in name or ".layernorm." in name for name in open_ones)
    scales = [group["scale"] for group in parameter_groups(network, model)]
    assert scales == [0.5**4, 0.5**3, 0.5**2, 0.5, 1.0]


def test_what_has_no_part_in_the_features_does_not_learn(tmp_path: Path) -> None:
    from transformers import Dinov2Config

    config = Dinov2Config(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, image_size=28
    )  # its mask is for its first training alone
    shape = ImageShape((3, 28, 28), (0.0,) * 3, (1.0,) * 3, config.to_json_string(use_diff=False))

    network = VisionEncoder(shape, "mean")

    still = [name for name, p in network.named_parameters() if not p.requires_grad]
    assert still == ["model.embeddings.mask_token"]


def test_another_run_goes_on_from_a_saved_model_with_its_image_processor(
    folders: dict[str, Path], tmp_path: Path
) -> None:
    for number, (content, label) in enumerate(list(zip(*digits(), strict=True))[:48]):
        file = tmp_path / f"digits/{('zero', 'one')[label]}/{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
    common = ["dataset=images", f"dataset.path={tmp_path}/digits", "model=pretrained"]
    common += ["trainer.epochs=1", "trainer.accelerator=cpu"]
    own = Path(shutil.copytree(folders["vit"], tmp_path / "encoder"))
    first = mlfw.run(None, [*common, f"model.path={own}", f"run.dir={tmp_path}/first"]).dir
    shutil.rmtree(own)

    options = [f"model.init_from={first}", "model.freeze=true", "dataset.prepare.image.shift=0.1"]
    second = mlfw.run(None, [*common, *options, f"run.dir={tmp_path}/second"]).dir

    saved = [folder / "model" for folder in (first, second)]
    there, here = (load((folder / "weights.safetensors").read_bytes()) for folder in saved)
    body = [name for name in there if not name.startswith("head.")]
    assert all(torch.equal(there[name], here[name]) for name in body)
    (before,), (after,) = (json.loads((f / "preprocessor.json").read_text()) for f in saved)
    assert after == {**before, "augmentation": {"shift": 0.1}}
    image = {"image": digits()[0][0]}
    assert mlfw.load(second).predict([image])["prediction"].to_pylist()[0] in ("zero", "one")
