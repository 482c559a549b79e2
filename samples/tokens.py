"""How sellers write sizes, colours, pack counts and model numbers."""

from samples.words import COLOURS

_UNIT_SPELLINGS = {
    "ml": ("{n} ml", "{n}ml", "{n}mL", "{n} ML"),
    "g": ("{n} g", "{n}g", "{n}gr", "{n} gr", "{n} gram"),
    "capsules": ("{n} capsules", "{n} caps", "{n} kapsul", "{n}caps"),
    "L": ("{n}L", "{n} L", "{n} liter", "{n} litre"),
    "mAh": ("{n}mAh", "{n} mAh", "{n}MAH"),
}
_LARGE = {"ml": ("{n} L", "{n}L", "{n} liter"), "g": ("{n} kg", "{n}kg")}


def written_forms(axis: str, value: str, language: str = "") -> tuple[str, ...]:
    """Return every way a title may write `value` of `axis` in a language ("en", "id"; "" for both)."""
    if axis == "size":
        return _size(value, language)
    if axis == "colour":
        colour = COLOURS[value]
        names = {"en": colour.english, "id": colour.indonesian}
        return names.get(language) or tuple(dict.fromkeys(colour.english + colour.indonesian))
    if axis == "pack":
        return _pack(value, language)
    return _model(value)


def _size(value: str, language: str) -> tuple[str, ...]:
    if " " not in value:
        forms = {"en": (f"size {value}", f"Size {value}"), "id": (f"size {value}", f"ukuran {value}")}
        return forms.get(language) or tuple(dict.fromkeys(forms["en"] + forms["id"]))
    number, unit = value.split()
    if value.startswith("EU"):
        english, local = (f"EU {unit}", f"size {unit}"), (f"ukuran {unit}", f"size {unit}")
        return {"en": english, "id": local}.get(language) or tuple(dict.fromkeys(english + local))
    written = [spelling.format(n=number) for spelling in _UNIT_SPELLINGS[unit]]
    # Litres and kilograms only where they stay short: 0.4 kg, 1 L, but not 0.0375 kg.
    if unit in _LARGE and float(number) % 50 == 0 and float(number) >= 200:
        large = f"{float(number) / 1000:g}"
        written += [spelling.format(n=large) for spelling in _LARGE[unit]]
        if "." in large and language != "en":
            written += [spelling.format(n=large.replace(".", ",")) for spelling in _LARGE[unit]]
    if "." in number and language != "en":
        written += [form.replace(".", ",") for form in written]
    return tuple(dict.fromkeys(written))


def _pack(value: str, language: str) -> tuple[str, ...]:
    english = (
        f"pack of {value}",
        f"{value} pcs",
        f"{value}pcs",
        f"set of {value}",
        f"x{value}",
        f"{value}-pack",
    )
    indonesian = (f"isi {value}", f"{value} pcs", f"{value}pcs", f"paket {value} pcs", f"{value} buah")
    return {"en": english, "id": indonesian}.get(language) or tuple(dict.fromkeys(english + indonesian))


def _model(value: str) -> tuple[str, ...]:
    if "-" in value:
        return (value, value.replace("-", ""), value.replace("-", " "))
    return (value, value.upper())
