"""Renders a planned photo into the bytes of a JPEG file."""

import io
import random

from PIL import Image

from samples.edits import apply
from samples.plan import Plan, Shot
from samples.render.figures import figure
from samples.render.kit import View
from samples.scenes import background, compose, frame_size

_QUALITY = 88


def render(entry: Plan) -> bytes:
    """Return the listing's JPEG file; empty if it has no photo. Equal plans give equal bytes."""
    if entry.shot is None:
        return b""
    photo, quality = _taken(entry.shot), _QUALITY
    if entry.edit:
        photo, quality = apply(photo, entry.edit)
    out = io.BytesIO()
    photo.save(out, "JPEG", quality=quality)
    return out.getvalue()


def _taken(shot: Shot) -> Image.Image:
    """Take the photo: the camera follows from product and shot number, the background from the scene too."""
    name = f"{shot.product.id}/{shot.product.line.art}/{shot.number}"
    camera, place = random.Random(name), random.Random(f"{name}/{shot.scene}")
    view = View(
        yaw=camera.uniform(-0.4, 0.4),
        pitch=camera.uniform(0.05, 0.2),
        side=camera.choice((-1, 1)),
        roll=camera.gauss(0, 1.5),
    )
    drawn = figure(shot.product, view)
    size = frame_size(camera)
    scene = background(size, place, lies=drawn.lies)
    return compose(drawn, scene, camera, view.side)
