"""The contact sheet as one HTML file that needs nothing else: photos, styles and all."""

import base64
import io
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from PIL import Image

from local.demo.cards import Card, Tile

_THUMBNAIL = 220


def write_html(path: Path, cards: Sequence[Card], headline: str, facts: Sequence[tuple[str, str]]) -> None:
    """Write the sheet; `facts` are (figure, what it is) shown above the cards."""
    listed = "".join(f"<li><b>{escape(figure)}</b><span>{escape(what)}</span></li>" for figure, what in facts)
    photos = {tile.photo for card in cards for tile in card.members + card.variants if tile.photo}
    sources = {photo: _data_uri(photo) for photo in photos}
    body = "\n".join(_card(card, sources) for card in cards)
    style = (Path(__file__).parent / "sheet.css").read_text(encoding="utf-8")
    path.write_text(
        f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>Doppel: found groups</title>\n<style>{style}</style>\n"
        f'<h1>Doppel found these groups</h1>\n<p class="lead">{escape(headline)}</p>\n'
        f'<ul class="facts">{listed}</ul>\n<div class="cards">\n{body}\n</div>\n</html>\n',
        encoding="utf-8",
    )


def _card(card: Card, sources: Mapping[Path, str]) -> str:
    members = "".join(
        _tile(tile, "canonical" if n == 0 else "", sources) for n, tile in enumerate(card.members)
    )
    apart = "".join(_tile(tile, "", sources) for tile in card.variants)
    variants = f'<div class="strip apart"><h2>Variants, kept apart</h2><div class="tiles">{apart}</div></div>'
    return (
        f'<section class="card"><div class="strip"><h2>{card.heading} '
        f'<small>{escape(card.id)}</small></h2><div class="tiles">{members}</div></div>'
        f"{variants if card.variants else ''}</section>"
    )


def _tile(tile: Tile, role: str, sources: Mapping[Path, str]) -> str:
    picture = f'<img src="{sources[tile.photo]}" alt="">' if tile.photo else "no photo"
    note = "in truth another product" if tile.wrong else tile.note
    said = f'<div class="note">{escape(note)}</div>' if note else ""
    return (
        f'<figure class="{"wrong" if tile.wrong else role}"><div class="photo">{picture}</div><figcaption>'
        f'<div class="title" title="{escape(tile.title)}">{escape(tile.title) or "no title"}</div>'
        f'<div class="meta">{escape(tile.caption)}</div>'
        f"{said}</figcaption></figure>"
    )


def _data_uri(photo: Path) -> str:
    with Image.open(photo) as image:
        # A JPEG is decoded at the least size that is large enough.
        image.draft("RGB", (_THUMBNAIL, _THUMBNAIL))
        small = image.convert("RGB")
    small.thumbnail((_THUMBNAIL, _THUMBNAIL))
    data = io.BytesIO()
    small.save(data, "JPEG", quality=80)
    return f"data:image/jpeg;base64,{base64.b64encode(data.getvalue()).decode('ascii')}"
