"""Smooth outlines through a few points."""

from collections.abc import Sequence

from samples.render.kit import Point


def curve(points: Sequence[Point], steps: int = 8, *, closed: bool = True) -> list[Point]:
    """Return a smooth line (Catmull-Rom) through `points`."""
    count = len(points)
    out: list[Point] = []
    for at in range(count if closed else count - 1):
        corners = [
            points[(at + k) % count] if closed else points[min(max(at + k, 0), count - 1)]
            for k in (-1, 0, 1, 2)
        ]
        (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners
        for step in range(steps):
            t = step / steps
            t2, t3 = t * t, t * t * t
            a, b, c, d = -t3 + 2 * t2 - t, 3 * t3 - 5 * t2 + 2, -3 * t3 + 4 * t2 + t, t3 - t2
            out.append(((a * x0 + b * x1 + c * x2 + d * x3) / 2, (a * y0 + b * y1 + c * y2 + d * y3) / 2))
    return out if closed else [*out, points[-1]]
