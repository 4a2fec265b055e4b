"""Images become pixels of one size; a bad one is named; variations leave training rows alone."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from mlfw import Column, Kind, Schema, Task, UserError
from mlfw_tabular import Preprocessor
from mlfw_tabular.prepare.augment import Augmentation, augment


def file(pixels: Any, form: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(np.asarray(pixels, np.uint8)).save(buffer, form, **options)
    return buffer.getvalue()


def fit(contents: list[bytes | None], **options: Any) -> tuple[Preprocessor, pa.Table]:
    schema = Schema.of(
        (Column(name="photo", kind=Kind.image, prepare=options),),
        Column(name="y", kind=Kind.number),
        Task.regression,
    )
    rows = pa.table({"photo": pa.array(contents, pa.binary())})
    return Preprocessor.fit(rows, schema), rows


GREY = np.arange(24).reshape(4, 6) * 10
COLOUR = np.random.default_rng(0).integers(0, 255, (4, 6, 3))


def test_small_images_keep_their_size_and_grey_ones_their_one_channel() -> None:
    preprocessor, rows = fit([file(GREY), file(GREY), file(GREY[:3])])

    pixels = preprocessor.transform(rows, network=True).images["photo"]

    assert pixels.dtype == np.uint8
    assert pixels.shape == (3, 1, 4, 6)
    assert np.array_equal(pixels[0, 0], GREY)


def test_large_images_become_64_by_64_and_options_decide_otherwise() -> None:
    large = file(np.zeros((100, 80, 3)))

    assert fit([large])[0].images["photo"].shape == (3, 64, 64)
    chosen = fit([large], height=10, width=20, channels=1)[0]
    assert chosen.images["photo"].shape == (1, 10, 20)


def test_estimators_take_normalised_pixels_and_a_missing_image_is_the_mean(
    tmp_path: Path,
) -> None:
    preprocessor, rows = fit([file(COLOUR), file(255 - COLOUR), None])

    numbers = preprocessor.transform(rows).numbers

    assert numbers.shape == (3, 3 * 4 * 6)
    assert numbers[:2].mean() == pytest.approx(0, abs=1e-9)
    assert numbers[:2].std() == pytest.approx(1)
    assert np.abs(numbers[2]).max() < 0.01
    preprocessor.save(tmp_path)
    assert np.array_equal(Preprocessor.load(tmp_path).matrix(rows), preprocessor.matrix(rows))


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I", "F"])
def test_every_mode_of_an_image_can_be_read(mode: str) -> None:
    picture = Image.fromarray(COLOUR.astype(np.uint8)).convert("L" if mode == "I;16" else mode)
    buffer = io.BytesIO()
    if mode == "I;16":
        picture = Image.fromarray(np.asarray(picture).astype(np.uint16) * 256)
    picture.save(buffer, "PNG" if mode not in ("CMYK", "F", "I") else "TIFF")

    preprocessor, rows = fit([file(COLOUR)])
    rows = pa.table({"photo": pa.array([buffer.getvalue()])})

    found = preprocessor.transform(rows, network=True).images["photo"][0]

    assert found.shape == (3, 4, 6)
    if mode not in ("1", "P"):  # these keep few colours
        coloured = mode in ("RGB", "RGBA", "CMYK")
        grey = np.asarray(Image.fromarray(COLOUR.astype(np.uint8)).convert("L"), float)
        expected = COLOUR.transpose(2, 0, 1) if coloured else grey
        assert np.abs(found - expected).max() < 3


def test_a_photograph_taken_on_its_side_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    preprocessor, rows = fit([file(np.zeros((8, 16)), "JPEG", exif=exif)])

    assert preprocessor.images["photo"].shape == (1, 16, 8)
    assert preprocessor.transform(rows, network=True).images["photo"].shape == (1, 1, 16, 8)


@pytest.mark.parametrize("content", [b"", b"no image", file(COLOUR)[:60]])
def test_what_is_no_image_is_named_by_column_and_row(content: bytes) -> None:
    preprocessor, _ = fit([file(COLOUR)])
    rows = pa.table({"photo": pa.array([file(COLOUR)] * 700 + [content])})

    with pytest.raises(UserError, match=r"column 'photo', row 701: expected .* image file"):
        preprocessor.transform(rows)


def test_an_image_too_large_is_refused_before_its_pixels_are_read() -> None:
    header = file(np.zeros((1, 1)))
    size = (20_000).to_bytes(4, "big")
    chunk = b"IHDR" + size + size + header[24:29]
    huge = header[:12] + chunk + struct.pack(">I", zlib.crc32(chunk)) + header[33:]

    with pytest.raises(UserError, match=r"20000 x 20000|pixels"):
        fit([huge])


IMAGES = np.random.default_rng(1).integers(0, 255, (50, 3, 8, 6)).astype(np.uint8)


def test_variations_are_off_by_default_and_follow_the_generator() -> None:
    how = Augmentation(shift=0.2, crop=0.3, flip=True, flip_vertical=True, brightness=0.5)
    before = IMAGES.copy()

    first, second, other = (augment(IMAGES, how, np.random.default_rng(s)) for s in (1, 1, 2))

    assert augment(IMAGES, Augmentation(), np.random.default_rng(1)) is IMAGES
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)
    assert first.shape == IMAGES.shape
    assert first.dtype == np.uint8
    assert np.array_equal(IMAGES, before)


def test_a_flip_turns_about_half_of_the_images_and_nothing_else() -> None:
    made = augment(IMAGES, Augmentation(flip=True), np.random.default_rng(0))

    same = (made == IMAGES).all(axis=(1, 2, 3))
    turned = (made == IMAGES[:, :, :, ::-1]).all(axis=(1, 2, 3))
    assert (same | turned).all()
    assert 10 < turned.sum() < 40


def test_a_shift_moves_all_channels_together_and_repeats_the_edge() -> None:
    made = augment(IMAGES, Augmentation(shift=0.5), np.random.default_rng(0))

    for before, after in zip(IMAGES, made, strict=True):
        padded = np.pad(before, ((0, 0), (4, 4), (3, 3)), mode="edge")
        windows = [padded[:, y : y + 8, x : x + 6] for y in range(9) for x in range(7)]
        assert any(np.array_equal(after, window) for window in windows)


def test_brightness_stays_within_its_share() -> None:
    made = augment(
        np.full((40, 1, 2, 2), 200, np.uint8),
        Augmentation(brightness=0.5),
        np.random.default_rng(0),
    )

    assert 100 <= made.min() < 120
    assert made.max() == 255


def test_options_of_variation_are_kept_with_the_column(tmp_path: Path) -> None:
    preprocessor, _ = fit([file(COLOUR)], flip=True, shift=0.1)
    preprocessor.save(tmp_path)

    loaded = Preprocessor.load(tmp_path)

    assert loaded.augmentations == {"photo": Augmentation(flip=True, shift=0.1)}
    assert fit([file(COLOUR)])[0].augmentations == {}
