"""Histograms of oriented gradients: what image search did before networks."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt
from PIL import Image
from skimage.feature import hog

from workers.trainer.evaluation.encoders import Vectors


class HogEncoder:
    """Dalal and Triggs 2005, of the photo squashed to 128 x 128 grey pixels; rows of unit length."""

    name = "HOG"

    def encode(self, photos: Iterable[Image.Image]) -> Vectors:
        """Describe photos; see `PhotoEncoder`."""
        rows = [self._describe(photo) for photo in photos]
        described = np.stack(rows).astype(np.float32)
        # A photo of one colour has no gradients at all.
        unit: Vectors = described / np.maximum(np.linalg.norm(described, axis=1, keepdims=True), 1e-12)
        return unit

    def _describe(self, photo: Image.Image) -> npt.NDArray[np.float64]:
        # Cells and blocks of this size found most among those tried.
        gray = photo.convert("L").resize((128, 128), Image.Resampling.BICUBIC)
        described: npt.NDArray[np.float64] = hog(
            np.asarray(gray), orientations=9, pixels_per_cell=(16, 16), cells_per_block=(3, 3)
        )
        return described
