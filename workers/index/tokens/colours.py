"""Colours in the languages of the catalogs: any of them may name one in its own."""

import re
from typing import Final

from workers.index.tokens.reader import Reader

# English, Indonesian and Malay, then Spanish, Portuguese, French, German, Italian. Words that mean something
# else in titles are left out: a rose, Braun, blu-ray, a Bordeaux, "pula" (red in Manila, "also" in Jakarta).
_NAMES: Final[dict[str, str]] = {
    "black": "black|hitam|negro|negra|preto|preta|noir|noire|schwarz|schwarze|schwarzer",
    "white": "white|putih|blanco|blanca|branco|branca|blanc|blanche|weiß|weiss|weiße|weißer|bianco|bianca",
    "red": "red|merah|rojo|roja|vermelho|vermelha|rouge|rot|rote|roter|rotes|rosso|rossa",
    "blue": "blue|biru|azul|bleu|bleue|blau|blaue|blauer",
    "navy": "navy blue|navy|biru dongker|biru navy|dongker|azul marino|bleu marine|marineblau|dunkelblau",
    "green": "green|hijau|verde|vert|verte|grün|gruen|grüne|grüner",
    "yellow": "yellow|kuning|amarillo|amarilla|amarelo|amarela|jaune|gelb|gelbe|gelber|giallo|gialla",
    "grey": "grey|gray|abu-abu|abu abu|abu|kelabu|gris|grise|cinza|grau|graue|grauer|grigio|grigia",
    "pink": "pink|merah muda|merah jambu|rosa",
    "orange": "orange|oranye|jingga|naranja|laranja|arancione",
    "purple": "purple|violet|ungu|morado|morada|roxo|roxa|lila|violett|violette",
    "beige": "beige|krem",
    "brown": "brown|cokelat|coklat|marrón|marron|marrom|braune|brauner|marrone",
    "maroon": "maroon|marun|merah marun",
    "silver": "silver|perak|plateado|plateada|prateado|prateada|argenté|argentée|silber|silbern|argento",
    "gold": "gold|emas|dorado|dorada|dourado|dourada|doré|dorée|dorato",
    "rose gold": "rose gold|rosegold|oro rosa|roségold",
    "turquoise": "turquoise|tosca|toska|turquesa|türkis",
    "clear": "clear|transparent|transparan|transparente|bening",
}
_CANONICAL: Final = {name: colour for colour, names in _NAMES.items() for name in names.split("|")}
# Longer names first: "merah muda" is pink, not red.
_COLOUR = re.compile(
    r"(?<![\w])("
    + "|".join(re.escape(name) for name in sorted(_CANONICAL, key=len, reverse=True))
    + r")(?![\w])"
)
# Sellers use either word for the same thing.
_CLOSE: Final = frozenset(
    frozenset(pair) for pair in (("navy", "blue"), ("maroon", "red"), ("silver", "grey"), ("gold", "yellow"),
                                 ("gold", "rose gold"), ("pink", "rose gold"), ("turquoise", "green"),
                                 ("turquoise", "blue"), ("clear", "white"))
)  # fmt: skip


def read_colours(reader: Reader) -> set[str]:
    """Take the colours."""
    return {_CANONICAL[match[1]] for match in reader.take(_COLOUR)}


def same_colour(a: str, b: str) -> bool:
    """Say whether two colours may be meant as one."""
    return a == b or frozenset((a, b)) in _CLOSE
