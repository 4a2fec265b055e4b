"""What is refused of encoders of images and of their image processors."""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mlfw import UserError
from mlfw_lightning.learner import Learner
from mlfw_transformers import Pretrained

from .conftest import context, splits
from .pictures import picture_splits, write_convnext, write_vit

Hurt = Callable[[Path], object]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An encoder's folder; not to be changed."""
    folder = tmp_path_factory.mktemp("vit")
    write_vit(folder)
    return folder


@pytest.fixture
def vit(written: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(written, tmp_path / "vit"))


def begin(folder: Path, place: Path) -> None:
    """Do what a fit does before its first step."""
    model = Pretrained(path=str(folder))
    learner, _ = Learner.of(model, picture_splits(), context(place))
    model.start(model.build(learner.shape))


def changed(file: str, **keys: object) -> Hurt:
    """Return what changes keys of a JSON file."""

    def change(folder: Path) -> None:
        data = json.loads((folder / file).read_text())
        (folder / file).write_text(json.dumps({**data, **keys}))

    return change


def processor(**keys: object) -> Hurt:
    """Return what changes keys of the image processor."""
    return changed("preprocessor_config.json", **keys)


@pytest.mark.parametrize(
    ("hurt", "message"),
    [
        (processor(auto_map={"AutoImageProcessor": "x.Y"}), "auto_map: needs code of its own"),
        (processor(image_processor_type="os.system"), r"\(os.system\): not known"),
        (processor(image_processor_type="ViTModel"), r"\(ViTModel\): not known"),
        (processor(image_processor_type="VivitImageProcessor"), "only with torchvision"),
        (processor(size={"height": 10**9, "width": 16}), "1000000000 pixels a side"),
        (processor(size=10**9), "1000000000 pixels a side"),
        (processor(size={"tall": 3}), "image processor .*tall"),
        (processor(image_mean=[0.5]), "image processor"),
        (processor(image_std=[0, 0, 0]), "image processor"),
        (processor(size={"shortest_edge": 16}), "images of several sizes"),
        (processor(size={"height": 24, "width": 24}), r"encoder's settings: .*24\*24"),
        (lambda f: (f / "preprocessor_config.json").write_text("{"), "cannot be read"),
        (lambda f: (f / "preprocessor_config.json").write_text("[1]"), "expected keys with values"),
        (changed("config.json", num_channels=4), "encoder's settings: .*Expected 4 but got 3"),
        (changed("config.json", auto_map={"AutoModel": "x.Y"}), "auto_map: needs code of its own"),
        (changed("config.json", model_type="clip"), "reads neither texts nor images"),
        (changed("config.json", model_type="wav2vec2"), "reads neither texts nor images"),
        (changed("config.json", model_type="vit_mae"), "hides a random part of each image"),
        (changed("config.json", model_type="bert"), "tokenizer.json not in it"),
        (changed("config.json", num_hidden_layers=4), "weights are missing"),
        (lambda f: (f / "model.safetensors").unlink(), r"\*.safetensors not in it"),
        (lambda f: (f / "model.safetensors").write_bytes(b"PK"), "its weights cannot be read"),
    ],
)
def test_what_is_hostile_damaged_or_not_for_images_is_refused(
    hurt: Hurt, message: str, vit: Path, tmp_path: Path
) -> None:
    hurt(vit)

    with pytest.raises(UserError, match=rf"(?s){message}"):
        begin(vit, tmp_path)


@pytest.mark.parametrize(
    "hurt",
    [
        processor(image_processor_type="ViTImageProcessorFast"),
        processor(image_processor_type=None, feature_extractor_type="ViTFeatureExtractor"),
        processor(size=16, unknown_option={"a": 1}),
        lambda folder: (folder / "preprocessor_config.json").unlink(),
    ],
)
def test_older_newer_and_missing_image_processors_are_understood(
    hurt: Hurt, vit: Path, tmp_path: Path
) -> None:
    hurt(vit)

    begin(vit, tmp_path)


def test_a_crop_that_is_not_given_for_the_size_of_the_encoder_is_that_of_its_kind(
    tmp_path: Path,
) -> None:
    write_convnext(tmp_path / "encoder")
    (tmp_path / "encoder/preprocessor_config.json").unlink()
    model = Pretrained(path=str(tmp_path / "encoder"))

    learner, _ = Learner.of(model, picture_splits(), context(tmp_path))

    assert learner.shape.images[0].size == (3, 32, 32)


def test_a_table_without_images_is_told_what_is_missing(vit: Path, tmp_path: Path) -> None:
    message = r"reads images, and the columns are text, none of them an image.*\n.*NAME=image"
    with pytest.raises(UserError, match=message):
        Pretrained(path=str(vit)).fit(splits(("text",)), context(tmp_path))


@pytest.mark.parametrize("option", ["height", "width", "channels"])
def test_another_size_than_that_of_the_encoder_cannot_be_asked_for(
    option: str, vit: Path, tmp_path: Path
) -> None:
    data = picture_splits()
    column = dataclasses.replace(data.schema.columns[0], prepare={option: 3})
    schema = dataclasses.replace(data.schema, columns=(column,))

    with pytest.raises(UserError, match=rf"prepare\.photo\.{option}: .* image processor"):
        Learner.of(Pretrained(path=str(vit)), data.replace(schema=schema), context(tmp_path))


def test_another_image_processor_changes_the_fingerprint(vit: Path) -> None:
    before = Pretrained(path=str(vit)).fingerprint()

    processor(image_mean=[0.1, 0.2, 0.3])(vit)

    assert Pretrained(path=str(vit)).fingerprint() != before


def test_a_saved_model_whose_image_processor_was_made_hostile_is_refused(
    vit: Path, tmp_path: Path
) -> None:
    data = picture_splits()
    fitted = Pretrained(path=str(vit)).fit(data, context(tmp_path / "fit"))
    (tmp_path / "saved").mkdir()
    fitted.save(tmp_path / "saved")
    file = tmp_path / "saved/preprocessor.json"
    (encoder,) = json.loads(file.read_text())
    hostile = {**json.loads(encoder["processor"]), "image_processor_type": "os.system"}
    file.write_text(json.dumps([{**encoder, "processor": json.dumps(hostile)}]))

    with pytest.raises(UserError, match=r"\(os.system\): not known"):
        Pretrained().load(tmp_path / "saved", data.schema).predict(data.test)
