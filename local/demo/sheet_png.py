"""The contact sheet as one picture."""

from collections.abc import Sequence
from pathlib import Path

from fonts.ttf import Roboto, RobotoBold, RobotoMedium
from PIL import Image, ImageDraw, ImageFont

from local.demo.cards import Card, Tile

_PAGE, _CARD, _LINE, _INK, _SOFT = "#f4f5f7", "#ffffff", "#e3e6eb", "#1b1f27", "#6a7280"
_MARK, _APART, _WRONG = "#0f7b6c", "#a8540a", "#c0262d"
_WIDTH, _MARGIN, _PAD, _GAP = 1732, 40, 20, 18
_PHOTO, _CAPTION, _HEADING = 176, 92, 34
_TILES_ACROSS = 8
_CARD_HEIGHT = 2 * _PAD + _HEADING + _PHOTO + _CAPTION
_STEP = _PHOTO + _GAP
_TOP = 190


def _font(file: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(file, size)


class _Sheet:
    def __init__(self, rows: int) -> None:
        height = _TOP + rows * (_CARD_HEIGHT + _GAP) + _MARGIN
        self.image = Image.new("RGB", (_WIDTH, height), _PAGE)
        self.draw = ImageDraw.Draw(self.image)
        self.large, self.figure = _font(RobotoBold, 34), _font(RobotoBold, 25)
        self.heading, self.text, self.small = _font(RobotoMedium, 15), _font(Roboto, 15), _font(Roboto, 13)

    def head(self, headline: str, facts: Sequence[tuple[str, str]]) -> None:
        self.draw.text((_MARGIN, 32), "Doppel found these groups", _INK, self.large)
        self.draw.text((_MARGIN, 76), headline, _SOFT, self.text)
        x = float(_MARGIN)
        for number, what in facts:
            width = max(self.figure.getlength(number), self.small.getlength(what)) + 32
            self.draw.rounded_rectangle((x, 108, x + width, 172), 10, _CARD, _LINE)
            self.draw.text((x + 16, 114), number, _INK, self.figure)
            self.draw.text((x + 16, 147), what, _SOFT, self.small)
            x += width + 12

    def card(self, card: Card, left: int, top: int, right: int) -> None:
        self.draw.rounded_rectangle((left, top, right, top + _CARD_HEIGHT), 14, _CARD, _LINE)
        members, variants = _shown(card)
        x, y = left + _PAD, top + _PAD
        self.draw.text((x, y - 2), card.heading + _more(card.members, members), _MARK, self.heading)
        for number, tile in enumerate(members):
            self.tile(tile, x, y + _HEADING, _MARK if number == 0 and card.id else None)
            x += _STEP
        if not variants:
            return
        for start in range(y, y + _CARD_HEIGHT - 2 * _PAD, 12):
            self.draw.line((x, start, x, start + 6), _LINE, 2)
        x += _GAP
        title = "Variants, kept apart" if len(variants) > 1 else "Variant, kept apart"
        self.draw.text((x, y - 2), title + _more(card.variants, variants), _APART, self.heading)
        for tile in variants:
            self.tile(tile, x, y + _HEADING, None)
            x += _STEP

    def tile(self, tile: Tile, x: int, y: int, frame: str | None) -> None:
        box = (x, y, x + _PHOTO, y + _PHOTO)
        self.draw.rounded_rectangle(box, 8, _PAGE, _LINE)
        if tile.photo:
            with Image.open(tile.photo) as photo:
                photo.draft("RGB", (_PHOTO, _PHOTO))
                small = photo.convert("RGB")
            small.thumbnail((_PHOTO - 8, _PHOTO - 8))
            corner = (x + (_PHOTO - small.width) // 2, y + (_PHOTO - small.height) // 2)
            self.image.paste(small, corner)
        else:
            self.draw.text((x + _PHOTO / 2, y + _PHOTO / 2), "no photo", _SOFT, self.small, anchor="mm")
        if tile.wrong or frame:
            self.draw.rounded_rectangle(box, 8, None, _WRONG if tile.wrong else frame, 3)
        y += _PHOTO + 8
        for line in _wrapped(tile.title or "no title", self.small, 3):
            self.draw.text((x, y), line, _INK, self.small)
            y += 17
        self.draw.text((x, y + 1), tile.caption, _SOFT, self.small)
        note = "in truth another product" if tile.wrong else tile.note
        for line in _wrapped(note, self.small, 1):
            self.draw.text((x, y + 18), line, _WRONG if tile.wrong else _APART, self.small)


def _shown(card: Card) -> tuple[Sequence[Tile], Sequence[Tile]]:
    variants = card.variants[:3]
    return card.members[: _TILES_ACROSS - 1 - len(variants)], variants


def _more(tiles: Sequence[Tile], shown: Sequence[Tile]) -> str:
    return f" (+{len(tiles) - len(shown)})" if len(tiles) > len(shown) else ""


def _width(card: Card) -> int:
    members, variants = _shown(card)
    gap = _GAP if variants else 0
    return 2 * _PAD + (len(members) + len(variants)) * _STEP - _GAP + gap


def _rows(cards: Sequence[Card]) -> list[list[Card]]:
    """Put each card into the first row that has room for it."""
    rows: list[list[Card]] = []
    for card in cards:
        for row in rows:
            if sum(_width(other) + _GAP for other in row) + _width(card) <= _WIDTH - 2 * _MARGIN:
                row.append(card)
                break
        else:
            rows.append([card])
    return rows


def _wrapped(text: str, font: ImageFont.FreeTypeFont, lines: int) -> list[str]:
    """Break a text into at most `lines` lines of a tile's width; what does not fit ends in an ellipsis."""
    done: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if font.getlength(longer) <= _PHOTO or not line:
            line = longer
            continue
        done.append(line)
        line = word
    done += [line] if line else []
    if len(done) > lines:
        done = [*done[: lines - 1], f"{done[lines - 1]} …"]
    return [_shortened(line, font) for line in done]


def _shortened(line: str, font: ImageFont.FreeTypeFont) -> str:
    if font.getlength(line) <= _PHOTO:
        return line
    while line and font.getlength(f"{line}…") > _PHOTO:
        line = line[:-1]
    return f"{line.rstrip(' …')}…"


def write_png(path: Path, cards: Sequence[Card], headline: str, facts: Sequence[tuple[str, str]]) -> None:
    """Write the sheet; `facts` are (figure, what it is) shown above the cards."""
    rows = _rows(cards)
    sheet = _Sheet(len(rows))
    sheet.head(headline, facts)
    for number, row in enumerate(rows):
        left, top = _MARGIN, _TOP + number * (_CARD_HEIGHT + _GAP)
        for card in row:
            # The last card of a row reaches to the margin.
            right = _WIDTH - _MARGIN if card is row[-1] else left + _width(card)
            sheet.card(card, left, top, right)
            left = right + _GAP
    sheet.image.save(path)
