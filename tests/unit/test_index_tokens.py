"""What titles say: quantities, packs, sizes, colours, models, numbers, and where two titles contradict."""

import pytest

from shared.messages import Conflict
from tests.pairs import one_pair
from workers.index.tokens.conflicts import KINDS
from workers.index.tokens.facts import read_facts
from workers.index.tokens.quantities import parse_number
from workers.index.told import compare, conflicts_at


@pytest.mark.parametrize(
    ("text", "unit", "expected"),
    [
        ("400", "", 400), ("0.4", "kg", 0.4), ("0,4", "kg", 0.4), ("1.5", "l", 1.5), ("1,5", "l", 1.5),
        ("10.000", "mah", 10_000), ("10,000", "mah", 10_000), ("1.000.000", "", 1_000_000),
        ("37.5", "g", 37.5),
        ("1.250", "kg", 1.25), ("1.250", "g", 1250), ("0.375", "g", 0.375), ("1.234,5", "g", 1234.5),
        ("1,234.5", "g", 1234.5),
    ],
)  # fmt: skip
def test_number_is_read_with_points_and_commas(text: str, unit: str, expected: float) -> None:
    assert parse_number(text, unit) == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Shampoo 400 ml", {"ml": {400}}),
        ("Shampoo 400ML", {"ml": {400}}),
        ("0,4 liter sampo", {"ml": {400}}),
        ("Juice 1L", {"ml": {1000}}),
        ("Coffee 0.25 kg", {"g": {250}}),
        ("kopi 250gr", {"g": {250}}),
        ("kopi 2,5 ons", {"g": {250}}),
        ("Vitamin 500mg 60 capsules", {"g": {0.5}, "capsules": {60}}),
        ("Vitamin 60 kapsul", {"capsules": {60}}),
        ("Powerbank 10.000 mAh", {"mAh": {10_000}}),
        ("Powerbank 20Ah", {"mAh": {20_000}}),
        ("SSD 1TB", {"GB": {1024}}),
        ("SSD 512 GB", {"GB": {512}}),
        ('Monitor 24"', {"cm": {60.96}}),
        ("Monitor 24 inch", {"cm": {60.96}}),
        ("Box 30x40 cm", {"cm": {30, 40}}),
        ("Tali 12 mm x 4,5 m", {"cm": {1.2, 450}}),
        ("tali 12mmx4.5m", {"cm": {1.2, 450}}),
        ("lakban 48 mm x 90 m x 2 pcs", {"cm": {4.8, 9000}}),
        ("Rope 10 x 15 mm x 2 m", {"cm": {1, 1.5, 200}}),
        ("Beras 1/2 kg", {"g": {500}}),
        ("Mehl 1\u20442 kg", {"g": {500}}),
        ("Gula 11\u20442 kg", {"g": {1500}}),
        ("pipa 1 1/4 inch", {"cm": {3.175}}),
        ("RAM 4/8 GB", {"GB": {8}}),
        ("kopi 397 gr", {"g": {397}}),
        ("jus 220ml", {"ml": {220}}),
        ("Juice 16 fl oz", {"ml": {473.176}}),
        ("Box 30 x 40 x 10cm", {"cm": {30, 40, 10}}),
        ("Lampu 9 watt", {"W": {9}}),
        ("Camera 12 MP", {"MP": {12}}),
        ("Tali 5m", {"cm": {500}}),
        ("Soda 6x330ml", {"ml": {330}}),
        ("Soda 330 ml x 6", {"ml": {330}}),
        ("(500g)", {"g": {500}}),
        ("Kaos size L", {}),
        ("3 in 1 shampoo", {}),
        ("AX-100g", {}),
    ],
)
def test_quantities_are_read_in_base_units(title: str, expected: dict[str, set[float]]) -> None:
    assert {name: set(values) for name, values in read_facts(title, {}).quantities.items()} == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Masker isi 12", {12}), ("Masker 12 pcs", {12}), ("Masker 12pcs", {12}), ("Mask pack of 12", {12}),
        ("Mask set of 3", {3}), ("Soap x6", {6}), ("Soap 6-pack", {6}), ("Soap 6 pack", {6}),
        ("paket 3 pcs sabun", {3}), ("sabun 6 buah", {6}), ("Soda 6x330ml", {6}), ("Soda 330 ml x 6", {6}),
        ("piring 1 lusin", {12}), ("twin pack soap", {2}), ("Soap 1 pcs", set()), ("Soap", set()),
        ("isi 12 pcs 500 ml", {12}), ("SET OF 3 75 ML", {3}), ("case for Kuma X12", set()),
        ("isi 500 ml", set()), ("sabun 2 pcs", {2}), ("masker isi 3", {3}), ("masker isi3", {3}),
        ("isi3pcs", {3}), ("pack de 6", {6}), ("lote de 3", {3}), ("6er Pack", {6}), ("3 Stück", {3}),
        ("12 unidades", {12}), ("isi 10 sachet", {10}), ("paket isi 3 x 220ml", {3}),
    ],
)  # fmt: skip
def test_packs_are_counted(title: str, expected: set[int]) -> None:
    assert read_facts(title, {}).packs == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("kaos merah", {"red"}), ("red shirt", {"red"}), ("biru", {"blue"}), ("hitam", {"black"}),
        ("putih", {"white"}), ("hijau", {"green"}), ("kuning", {"yellow"}), ("ungu", {"purple"}),
        ("abu-abu", {"grey"}), ("abu", {"grey"}), ("gray", {"grey"}), ("coklat", {"brown"}),
        ("cokelat", {"brown"}),
        ("merah muda", {"pink"}), ("pink", {"pink"}), ("oranye", {"orange"}), ("navy blue", {"navy"}),
        ("biru dongker", {"navy"}), ("red and blue", {"red", "blue"}), ("hired", set()), ("HITAM", {"black"}),
        ("camisa negra", {"black"}), ("T-Shirt schwarz", {"black"}), ("chemise noire", {"black"}),
        ("maglia grigia", {"grey"}),
        ("Braun shaver", set()), ("blu-ray", set()), ("camiseta preta", {"black"}),
        ("weiß", {"white"}), ("WEISS", {"white"}),
        ("rojo", {"red"}), ("rouge", {"red"}), ("rot", {"red"}), ("azul marino", {"navy"}),
        ("azul", {"blue"}),
        ("grün", {"green"}), ("verde", {"green"}), ("amarillo", {"yellow"}), ("jaune", {"yellow"}),
        ("gris", {"grey"}), ("kelabu", {"grey"}), ("marrón", {"brown"}), ("rosa", {"pink"}),
        ("oro rosa", {"rose gold"}), ("merah marun", {"maroon"}), ("golden retriever", set()),
    ],
)  # fmt: skip
def test_colours_are_read_in_many_languages(title: str, expected: set[str]) -> None:
    assert read_facts(title, {}).colours == expected


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Kaos size M", {"m"}), ("Kaos ukuran XL", {"xl"}), ("Kaos XXL", {"2xl"}), ("Kaos 2XL", {"2xl"}),
        ("Sepatu size 42", {"42"}), ("Sepatu EU 42", {"42"}), ("Sepatu ukuran 42.5", {"42.5"}),
        ("Kaos Polos Hitam L", {"l"}), ("KAOS POLOS L", set()), ("Juice 1 L", set()), ("Ladies' S", {"s"}),
        ("Sepatu EU42", {"42"}), ("Hemd Größe M", {"m"}), ("camisa talla L", {"l"}), ("eureka 42", set()),
        ("L'Oreal", set()), ("H&M kaos", set()),
    ],
)  # fmt: skip
def test_sizes_are_read(title: str, expected: set[str]) -> None:
    assert read_facts(title, {}).sizes == expected


@pytest.mark.parametrize(
    ("title", "models", "numbers"),
    [
        ("Headset AX-1008", {"ax1008"}, set()),
        ("Headset AX1008", {"ax1008"}, set()),
        ("headset ax 1008", {"ax1008"}, set()),
        ("Case for Zenta A12", {"a12"}, set()),
        ("Case for Kuma X12", {"x12"}, set()),
        ("Case for Pexa Note 8", set(), {"8"}),
        ("set 100", set(), set()),
        ("harga 1500", set(), {"1500"}),
        ("100% original", set(), set()),
        ("Playstation 007", set(), {"7"}),
        ("USB-C cable", set(), set()),
        ("DKP-4000/BA", {"dkp4000"}, set()),
        ("mouse 910-000298", set(), {"910000298"}),
        ("version 4.0", set(), {"4"}),
        ("blade 5-1008ax", {"51008ax"}, set()),
        ("sscc 0340123450000000021", set(), {"340123450000000021"}),
        ("mug " + "9" * 400, set(), {"9" * 400}),
    ],
)
def test_model_codes_and_bare_numbers_are_read(title: str, models: set[str], numbers: set[str]) -> None:
    facts = read_facts(title, {})
    assert (facts.models, facts.numbers) == (models, numbers)


SAME = [
    ("Shampoo 400 g", "Shampoo 0,4 kg"), ("500ml", "0.5 l"), ("isi 12", "12 pcs"), ("pack of 12", "isi 12"),
    ("merah", "red"), ("navy", "blue"), ("abu-abu", "gray"), ("AX-1008", "AX 1008"), ("AX1008", "ax1008b"),
    ("size XXL", "2XL"), ("16 oz", "454 g"), ("red blue", "biru"), ("10.000mAh", "10000 mah"),
    ("clock ip99br", "clock ip99br8"), ("combustion 4", "combustion 4.0"),
    ("12 x 500 ml", "500ml isi 12"), ("Tali 12 mm x 4,5 m", "rope 12mm x 4.5m"), ("rojo", "merah"),
    ("schwarz", "hitam"), ("noir", "black"), ("azul", "blau"), ("6er pack", "isi 6"), ("1/2 kg", "500 gr"),
    ("EU42", "size 42"), ("5-1008AX", "5-1008ax"), ("12 fl oz", "355 ml"),
]  # fmt: skip
DIFFERENT = [
    ("Shampoo 400 ml", "Shampoo 200 ml", "size", "400 ml", "200 ml"),
    ("kopi 1kg", "kopi 500 g", "size", "1000 g", "500 g"),
    ("isi 12", "isi 6", "pack", "12 pcs", "6 pcs"),
    ("size M", "size L", "size", "m", "l"),
    ("EU 42", "size 43", "size", "42", "43"),
    ("merah", "blue", "colour", "red", "blue"),
    ("merah muda", "merah", "colour", "pink", "red"),
    ("AX-1008", "AX-1018", "model", "ax1008", "ax1018"),
    ("AX-100", "AX-1008", "model", "ax100", "ax1008"),
    ("blade 5-1008ax", "blade 5-1015nr", "model", "51008ax", "51015nr"),
    ("tali 12 mm x 4,5 m", "tali 10 mm x 3 m", "size", "1.2 cm, 450 cm", "1 cm, 300 cm"),
    ("kopi 397 gr", "kopi 220 gr", "size", "397 g", "220 g"),
    ("sabun 2 pcs", "sabun isi 3", "pack", "2 pcs", "3 pcs"),
    ("Hemd schwarz", "camisa roja", "colour", "black", "red"),
    ("for Pexa Note 8", "for Pexa Note 11", "number", "8", "11"),
]


def conflicts(a: str, b: str) -> tuple[Conflict, ...]:
    return conflicts_at(compare(one_pair(read_facts(a, {}), read_facts(b, {}))), 0)


def states(a: str, b: str) -> dict[str, str]:
    told = compare(one_pair(read_facts(a, {}), read_facts(b, {})))
    return {kind: told[kind].comparisons[0].state for kind in KINDS}


@pytest.mark.parametrize(("a", "b"), SAME)
def test_same_meaning_is_no_conflict(a: str, b: str) -> None:
    assert conflicts(a, b) == ()
    assert "match" in states(a, b).values()


@pytest.mark.parametrize(("a", "b", "kind", "text_a", "text_b"), DIFFERENT)
def test_conflict_names_both_sides(a: str, b: str, kind: str, text_a: str, text_b: str) -> None:
    assert conflicts(a, b) == (Conflict(kind=kind, a=text_a, b=text_b),)
    assert conflicts(b, a) == (Conflict(kind=kind, a=text_b, b=text_a),)


def test_one_sided_token_is_no_conflict() -> None:
    assert set(states("Shampoo 400 ml red AX-100", "Shampoo").values()) == {"one_sided", "absent"}


def test_attributes_speak_like_the_title() -> None:
    facts = read_facts("Shirt", {"Color": "merah", "size": "M", "brand": "Aldana Co", "price": "149.000"})
    assert (facts.colours, facts.sizes, facts.brand, facts.price) == ({"red"}, {"m"}, "aldana co", 149_000)


@pytest.mark.parametrize(
    ("price", "expected"),
    [(149.5, 149.5), (3, 3.0), ("Rp 1.500.000", 1_500_000), ("free", None), (0, None), ("9" * 400, None)],
)
def test_price_is_read_as_numbers_and_texts_write_it(price: float | str, expected: float | None) -> None:
    assert read_facts("", {"price": price}).price == expected


def test_quantities_beyond_what_numbers_hold_are_one() -> None:
    endless = read_facts(f"rope {'9' * 400} m", {})
    assert compare(one_pair(endless, endless))["quantity"].flags("match").tolist() == [1]


def test_gtin_is_read_under_any_of_its_names() -> None:
    assert read_facts("", {"EAN": "0 4006381-333931"}).gtin == "4006381333931"
