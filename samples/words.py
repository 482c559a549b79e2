"""The two-language lexicon: colours, sellers' phrases and invented names."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Colour:
    """A colour with its names in both languages and its sRGB value (0-255)."""

    key: str
    english: tuple[str, ...]
    indonesian: tuple[str, ...]
    rgb: tuple[int, int, int]


_COLOURS = (
    Colour("black", ("black",), ("hitam",), (38, 38, 42)),
    Colour("white", ("white",), ("putih",), (236, 235, 230)),
    Colour("red", ("red",), ("merah",), (196, 44, 46)),
    Colour("navy", ("navy", "navy blue"), ("navy", "biru dongker"), (34, 48, 88)),
    Colour("green", ("green",), ("hijau",), (58, 128, 84)),
    Colour("yellow", ("yellow",), ("kuning",), (238, 194, 62)),
    Colour("grey", ("grey", "gray"), ("abu-abu", "abu"), (138, 142, 148)),
    Colour("pink", ("pink",), ("pink", "merah muda"), (236, 156, 176)),
    Colour("orange", ("orange",), ("oranye", "jingga"), (232, 124, 46)),
    Colour("purple", ("purple",), ("ungu",), (118, 82, 156)),
    Colour("beige", ("beige",), ("krem",), (214, 194, 164)),
    Colour("brown", ("brown",), ("cokelat", "coklat"), (118, 80, 56)),
)

COLOURS: dict[str, Colour] = {colour.key: colour for colour in _COLOURS}


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


BRAND_STARTS = _words(
    "Ald Bero Brin Calu Cavo Dore Dravo Elu Emba Fenn Fira Galu Gavi Hadro Halo Ilva Jora Jun Kavi "
    "Kelu Kori Lami Lenu Lumo Maru Mire Nalo Neru Nori Olwe Orbe Pavo Pelu Quilo Raso Rume Sabi Selu "
    "Soro Tavi Telu Tiru Ulme Vari Velu Viso Wela Wiro Xelo Yari Zavo Zelu"
)
BRAND_ENDS = _words(
    "dale dana dell dora fern ford kana kara kel kraft lane lin lix lore mar mere mint mont nara "
    "nest nix nova pan pell quin rama rell ric rin sano sen sia son tana tec tela ton tram va vane "
    "vard vex vio wick wood za zen"
)

NAME_FIRST = {
    "care": "Silk Pure Velvet Herbal Daily Aqua Botanic Gentle Bright Night Soft Crystal Calm Rich Fresh",
    "food": "Golden Harvest Morning Sunny Farm Royal Wild Classic Village Mountain Island Honest Happy River",
    "tech": "Pulse Echo Drift Orbit Volt Aero Quanta Flux Tempo Core Vector Prism Signal Comet Atlas",
    "wear": "Urban Coastal Trail Street Summit Canvas Retro Nordic City Weekend Harbor Metro Desert Alpine",
    "home": "Cozy Linen Stone Amber Nordic Meadow Studio Simple Cloud Willow Copper Lunar Garden Pebble",
}
NAME_SECOND = {
    "care": "Repair Balance Glow Care Shield Bloom Ritual Touch Therapy Essence Boost Moist Clean Secret",
    "food": "Crunch Blend Valley Orchard Reserve Garden Delight Select Feast Kitchen Treat Pantry Bite Story",
    "tech": "Pro Air Lite Max One Mini Neo Wave Studio Plus Edge Play Sport Prime Flow",
    "wear": "Runner Basic Rover Club Explorer Form Stride Nomad Crew Line Move League Path Wander Daily",
    "home": "Morning House Light Story Corner Table Circle Grain Shade Moment Nest Craft Line Hour Room",
}

DEVICES = ("Zenta A", "Orvio S", "Kuma K", "Pexa Note ", "Lyra M")
"""Invented phone series that phone cases are made for; the number follows."""

SELLERS = _words(
    "tokoceria gudang.murah rumahbelanja SinarJaya88 dapur_mama BerkahStore pasarpagi.id lapak_andi "
    "GrosirKita DailyMart shopnest BrightCorner UrbanCart the.good.aisle HappyBasket MetroDeals "
    "eastside_store ClickNest SimplyShop northlane market_one PrimaOutlet kiosbudi TokoMelati"
)
INDONESIAN_SELLERS = frozenset(SELLERS[:9]) | {"PrimaOutlet", "kiosbudi", "TokoMelati"}

PROMO = {
    "en": (
        "READY STOCK",
        "SALE",
        "BEST SELLER",
        "100% Original",
        "HOT DEAL",
        "New",
        "Free Shipping",
        "Limited",
    ),
    "id": ("READY STOK", "PROMO", "TERLARIS", "100% Ori", "DISKON", "Terbaru", "GRATIS ONGKIR", "BISA COD"),
}
TAILS = {
    "en": ("best price", "fast delivery", "top quality", "original", "official", "great gift", "new arrival"),
    "id": ("murah", "kualitas terbaik", "original", "bisa cod", "termurah", "siap kirim", "harga grosir"),
}
EMOJI = ("🔥", "✅", "⭐", "💯", "🎁", "✨", "🛒")
# What a careless export makes of an emoji: its UTF-8 bytes, spelled out.
JUNK = (r"\xe2\x9c\x85", r"\xf0\x9f\x94\xa5", r"\xe2\x9c\xa8", r"\xf0\x9f\x92\xaf")
