"""Image bytes to RGB pixels, the same for the same bytes, with a code for everything that can be wrong.

Formats taken: JPEG, PNG, WebP, GIF and BMP (of an animation the first frame). Colour profiles are ignored:
sellers' tools drop them at random, and two copies of a photo should not differ by that.
"""

import threading
from io import BytesIO
from typing import Final

import numpy as np
from PIL import ExifTags, Image, ImageFile, ImageOps, UnidentifiedImageError

from workers.encoder.costly import check_bytes, check_opened
from workers.encoder.file_kinds import is_cut_short, is_other_format
from workers.encoder.refusal import ImageRefused

FORMATS: Final = ("JPEG", "PNG", "WEBP", "GIF", "BMP")
_LARGE_PIXELS = 12_000_000
# Models scale the shorter side to their input size; of a hairline that would make a giant.
_MOST_ELONGATED = 16
_BAND_ROWS = 256


class PillowDecoder:
    """Decodes with Pillow; safe to share between threads."""

    def __init__(self, max_pixels: int) -> None:
        self._max_pixels = max_pixels
        # Large images one at a time, so that memory does not grow with the number of threads.
        self._large = threading.Lock()
        # Our own limit is exact; Pillow's global one stops plugins that ask for memory as they open.
        Image.MAX_IMAGE_PIXELS = max(Image.MAX_IMAGE_PIXELS or 0, max_pixels)
        ImageFile.LOAD_TRUNCATED_IMAGES = False

    def decode(self, data: bytes) -> Image.Image:
        """Return the picture as RGB: upright by its EXIF, transparent parts white, 16 bits reduced to 8.

        Raises:
            ImageRefused: the bytes are empty, cut short, no image, of another format, or too many pixels.
        """
        if not data:
            raise ImageRefused("image_empty", "the image has no bytes")
        try:
            return self._decode(data)
        except (ImageRefused, MemoryError):
            raise
        except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
            detail = f"the image has far more than {self._max_pixels} pixels"
            raise ImageRefused("image_too_many_pixels", detail) from error
        # Pillow's plugins raise nearly any exception on hostile bytes; each means the same to the client.
        except Exception as error:
            raise self._refusal(data, error) from error

    def _decode(self, data: bytes) -> Image.Image:
        check_bytes(data)
        with Image.open(BytesIO(data), formats=FORMATS) as image:
            width, height = image.size
            if width * height > self._max_pixels:
                detail = f"the image has {width} x {height} pixels; at most {self._max_pixels} are taken"
                raise ImageRefused("image_too_many_pixels", detail)
            check_opened(image)
            if width * height > _LARGE_PIXELS:
                with self._large:
                    return _to_rgb(image)
            return _to_rgb(image)

    @staticmethod
    def _refusal(data: bytes, error: Exception) -> ImageRefused:
        if is_other_format(data):
            return ImageRefused("image_format", f"only {', '.join(FORMATS)} images are taken")
        if "truncated" in str(error).lower() or is_cut_short(data):
            return ImageRefused("image_truncated", "the image ends too early")
        if isinstance(error, UnidentifiedImageError):
            return ImageRefused("image_broken", "this is not an image")
        return ImageRefused("image_broken", f"the image cannot be decoded: {error}"[:200])


def _to_rgb(image: Image.Image) -> Image.Image:
    image.load()
    upright = _upright(_not_too_long(image))
    if upright.mode.startswith("I"):
        # Pillow would clip 16 bits to 8 instead of scaling them.
        wide = np.asarray(upright)
        if wide.dtype.itemsize > 2:
            wide = np.clip(wide, 0, 65535)
        clear = wide == upright.info.get("transparency", -1)
        upright = Image.fromarray(np.where(clear, 255, wide // 257).astype(np.uint8))
    if upright.mode in ("LA", "PA", "RGBA", "La", "RGBa") or "transparency" in upright.info:
        return _over_white(upright)
    return upright.convert("RGB")


def _over_white(image: Image.Image) -> Image.Image:
    """Work in bands: whole, it would take five pictures' memory."""
    result = Image.new("RGB", image.size)
    for top in range(0, image.height, _BAND_ROWS):
        band = image.crop((0, top, image.width, min(top + _BAND_ROWS, image.height))).convert("RGBA")
        white = Image.new("RGBA", band.size, (255, 255, 255, 255))
        result.paste(Image.alpha_composite(white, band).convert("RGB"), (0, top))
    return result


def _upright(image: Image.Image) -> Image.Image:
    try:
        # What is upright would be copied.
        if image.getexif().get(ExifTags.Base.Orientation, 1) == 1:
            return image
        return ImageOps.exif_transpose(image)
    # Damaged EXIF data says nothing about the picture, and fails in as many ways as there are tags.
    except Exception:  # noqa: BLE001
        return image


def _not_too_long(image: Image.Image) -> Image.Image:
    """Return the middle of a picture that is longer than 16 times its width."""
    width, height = image.size
    most = min(width, height) * _MOST_ELONGATED
    if max(width, height) <= most:
        return image
    left, top = max(0, (width - most) // 2), max(0, (height - most) // 2)
    return image.crop((left, top, left + min(width, most), top + min(height, most)))
