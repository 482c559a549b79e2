import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
import pytest
from PIL import Image, ImageCms

from tests.encoder_pictures import declared_png, encoded, grey_png, scene
from workers.encoder.decoder import PillowDecoder
from workers.encoder.refusal import ImageRefused


@pytest.fixture(scope="module")
def decoder() -> PillowDecoder:
    return PillowDecoder(max_pixels=1_000_000)


def pixels(image: Image.Image) -> np.ndarray:
    return np.asarray(image, dtype=np.int64)


def refusal(decoder: PillowDecoder, data: bytes) -> str:
    with pytest.raises(ImageRefused) as caught:
        decoder.decode(data)
    assert caught.value.detail
    return caught.value.code


@pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF", "WEBP", "JPEG"])
def test_every_format_gives_the_picture(decoder: PillowDecoder, kind: str) -> None:
    picture = scene()
    options = {"lossless": True} if kind == "WEBP" else {"quality": 95} if kind == "JPEG" else {}
    image = decoder.decode(encoded(picture, kind, **options))
    assert (image.mode, image.size) == ("RGB", picture.size)
    assert np.abs(pixels(image) - pixels(picture)).mean() < {"JPEG": 6, "GIF": 15}.get(kind, 1e-9)


@pytest.mark.parametrize(
    ("mode", "make"),
    [
        ("1", lambda: scene().convert("1")),
        ("L", lambda: scene().convert("L")),
        ("P", lambda: scene().convert("P", palette=Image.Palette.ADAPTIVE)),
        ("LA", lambda: scene().convert("LA")),
        ("RGBA", lambda: scene().convert("RGBA")),
    ],
)
def test_png_of_every_mode_becomes_rgb(
    decoder: PillowDecoder, mode: str, make: Callable[[], Image.Image]
) -> None:
    source = make()
    assert source.mode == mode
    image = decoder.decode(encoded(source))
    assert np.abs(pixels(image) - pixels(source.convert("RGB"))).max() <= 1


def test_16_bit_grey_is_scaled_not_clipped(decoder: PillowDecoder) -> None:
    ramp = np.linspace(0, 65535, 64 * 64).astype(np.uint16).reshape(64, 64)
    image = decoder.decode(encoded(Image.fromarray(ramp)))
    assert np.abs(pixels(image)[..., 0] - ramp // 257).max() <= 1
    assert pixels(image)[..., 0].std() > 50


def test_cmyk_jpeg_keeps_its_colours(decoder: PillowDecoder) -> None:
    red = Image.new("RGB", (32, 32), (200, 20, 20))
    image = decoder.decode(encoded(red.convert("CMYK"), "JPEG", quality=95))
    assert np.abs(pixels(image).mean(axis=(0, 1)) - [200, 20, 20]).max() < 12


def test_transparent_parts_are_white(decoder: PillowDecoder) -> None:
    clear = Image.new("RGBA", (8, 8), (10, 20, 30, 0))
    clear.paste((10, 20, 30, 255), (0, 0, 4, 8))
    half = Image.new("RGBA", (8, 8), (0, 0, 0, 128))
    for image in (decoder.decode(encoded(clear)), decoder.decode(encoded(clear, "WEBP", lossless=True))):
        assert image.getpixel((1, 1)) == (10, 20, 30)
        assert image.getpixel((6, 6)) == (255, 255, 255)
    assert decoder.decode(encoded(half)).getpixel((0, 0)) == (127, 127, 127)


def test_transparent_palette_colour_is_white(decoder: PillowDecoder) -> None:
    palette = Image.new("P", (8, 8), 1)
    palette.putpalette([0, 0, 0, 90, 80, 70, *([0] * 750)])
    palette.paste(0, (0, 0, 4, 8))
    for kind in ("PNG", "GIF"):
        image = decoder.decode(encoded(palette, kind, transparency=0))
        assert image.getpixel((1, 1)) == (255, 255, 255)
        assert image.getpixel((6, 6)) == (90, 80, 70)


@pytest.mark.parametrize(("bits", "unit"), [(8, 1), (16, 257)])
def test_transparent_level_of_grey_is_white(decoder: PillowDecoder, bits: int, unit: int) -> None:
    data = grey_png(bits, [level * unit for level in (0, 90, 91, 255)], clear=90 * unit)
    assert pixels(decoder.decode(data))[0, :, 0].tolist() == [0, 255, 91, 255]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_picture_stands_upright_whatever_its_exif(decoder: PillowDecoder, orientation: int) -> None:
    undo = {
        1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_90,
        7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
    }[orientation]  # fmt: skip
    picture = scene()
    stored = picture if undo is None else picture.transpose(undo)
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = decoder.decode(encoded(stored, "PNG", exif=exif))
    assert np.array_equal(pixels(image), pixels(picture))


@pytest.mark.filterwarnings("ignore:.*EXIF")
def test_damaged_exif_is_ignored(decoder: PillowDecoder) -> None:
    data = encoded(scene(), "JPEG", exif=b"Exif\x00\x00MM\x00*\xff\xff\xff\xff\x00\x01rubbish")
    assert decoder.decode(data).size == scene().size


@pytest.mark.parametrize("kind", ["GIF", "WEBP"])
def test_first_picture_of_an_animation_counts(decoder: PillowDecoder, kind: str) -> None:
    frames = [Image.new("RGB", (16, 16), colour) for colour in ("red", "green", "blue")]
    data = encoded(frames[0], kind, save_all=True, append_images=frames[1:], duration=50)
    assert decoder.decode(data).getpixel((8, 8))[0] > 240  # type: ignore[index]


def test_colour_profile_changes_nothing(decoder: PillowDecoder) -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()
    with_profile = decoder.decode(encoded(scene(), "PNG", icc_profile=profile))
    assert np.array_equal(pixels(with_profile), pixels(scene()))


def test_same_bytes_give_same_pixels_in_many_threads(decoder: PillowDecoder) -> None:
    data = encoded(scene(500, 400), "JPEG")
    with ThreadPoolExecutor(8) as pool:
        results = {image.tobytes() for image in pool.map(decoder.decode, [data] * 32)}
    assert len(results) == 1


def test_hairline_is_cut_to_its_middle(decoder: PillowDecoder) -> None:
    assert decoder.decode(encoded(Image.new("RGB", (3, 5000)))).size == (3, 48)
    assert decoder.decode(encoded(Image.new("RGB", (5000, 3)))).size == (48, 3)
    assert decoder.decode(encoded(Image.new("RGB", (16, 1)))).size == (16, 1)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "image_empty"),
        (b"\x00", "image_broken"),
        (b"hello, this is text", "image_broken"),
        (b"<html><body>404 not found</body></html>", "image_broken"),
        (b"\x00" * 5000, "image_broken"),
        (bytes(range(256)) * 40, "image_broken"),
        (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "image_format"),
        (b"\n  <svg xmlns='http://www.w3.org/2000/svg'/>", "image_format"),
        (b"%PDF-1.7 something", "image_format"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "image_format"),
        (b"\x00\x00\x00\x20ftypavif\x00\x00\x00\x00", "image_format"),
        (encoded(scene(), "TIFF"), "image_format"),
        (encoded(scene(), "ICO"), "image_format"),
        (encoded(scene(), "PPM"), "image_format"),
        (declared_png(1001, 1000), "image_too_many_pixels"),
        (declared_png(100_000, 100_000), "image_too_many_pixels"),
        (declared_png(2**31 - 1, 2**31 - 1), "image_too_many_pixels"),
        (declared_png(500, 500), "image_truncated"),
        (declared_png(0, 10), "image_broken"),
        (encoded(scene())[:20], "image_truncated"),
        (b"\xff\xd8\xff", "image_truncated"),
        (b"GIF89a", "image_truncated"),
        (b"RIFF\x24\x10\x00\x00WEBP", "image_truncated"),
        (b"BM", "image_truncated"),
    ],
)
def test_bad_bytes_are_refused_with_their_code(decoder: PillowDecoder, data: bytes, code: str) -> None:
    assert refusal(decoder, data) == code


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
@pytest.mark.parametrize("share", [0.3, 0.6, 0.9])
def test_cut_image_is_truncated(decoder: PillowDecoder, kind: str, share: float) -> None:
    data = encoded(scene(200, 150), kind)
    assert refusal(decoder, data[: int(len(data) * share)]) == "image_truncated"


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_flipped_bytes_never_raise_anything_else(decoder: PillowDecoder, kind: str) -> None:
    data, random = encoded(scene(40, 30), kind), np.random.default_rng(7)
    for _ in range(150):
        damaged = bytearray(data)
        for place in random.integers(0, len(data), size=3):
            damaged[place] = random.integers(0, 256)
        with suppress(ImageRefused):
            assert decoder.decode(bytes(damaged)).mode == "RGB"


def test_large_images_are_decoded_one_at_a_time() -> None:
    decoder = PillowDecoder(max_pixels=50_000_000)
    data = encoded(Image.new("L", (4000, 3200)))
    before = threading.active_count()
    with ThreadPoolExecutor(3) as pool:
        assert {image.size for image in pool.map(decoder.decode, [data] * 3)} == {(4000, 3200)}
    assert threading.active_count() == before
