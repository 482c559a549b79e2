import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.titles import normalise_title


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("", ""),
        ("Plain title 500 ml", "Plain title 500 ml"),
        ("  many \t spaces\u00a0and\nlines ", "many spaces and lines"),
        # bytes spelled out
        (r"\xe2\x9c\x85 Garansi Resmi", "Garansi Resmi"),
        (r"Kaos \xf0\x9f\x94\xa5\xf0\x9f\x94\xa5 Murah", "Kaos Murah"),
        (r"Caf\xc3\xa9 mug", "Café mug"),
        (r"cut \xe2\x9c off", "cut off"),
        (r"path C:\xfiles stays", r"path C:\xfiles stays"),
        (r"\xE2\x9C\x85upper", "upper"),
        (r"control \x00\x07 bytes", "control bytes"),
        # emoji and what belongs to them
        ("🔥 SALE 🔥 phone case", "SALE phone case"),
        ("❤️ Mug", "Mug"),
        ("👨‍👩‍👧 family tent", "family tent"),
        ("👍🏽 good", "good"),
        ("size 1️⃣ only", "size 1 only"),
        ("🇩🇪 Lager", "Lager"),
        # symbols that spell something, and those that do not
        ("Kamera 360° WiFi", "Kamera 360° WiFi"),
        ("wash at 60℃", "wash at 60°C"),
        ("Parfum №5", "Parfum No5"),
        ("rug 4㎡, 500㎖", "rug 4m2, 500ml"),
        ("Lego® Star Wars™ ©2020", "Lego Star Wars 2020"),
        # compatibility forms
        ("ＦＵＬＬ ｗｉｄｔｈ １２３", "FULL width 123"),
        ("ﬁne oﬃce", "fine office"),
        ("x² ½ Ⅷ", "x2 1⁄2 VIII"),
        ("𝐁𝐨𝐥𝐝 𝓼𝓬𝓻𝓲𝓹𝓽", "Bold script"),
        ("e\u0301clair", "éclair"),
        # invisible inside words
        ("Sam\u00adsung", "Samsung"),
        ("zero\u200bwidth", "zerowidth"),
        ("\ufeffBOM", "BOM"),
        ("left\u202eright", "leftright"),
        # other scripts keep their words and marks
        ("ครีมกันแดด 50 มล", "ครีมกันแดด 50 มล"),
        ("日本製 保温ボトル", "日本製 保温ボトル"),
        ("حقيبة يد", "حقيبة يد"),
        # kept: signs that product names are full of
        ("5.5\" x 3/4' - A+B & C (2-pack) #10 50% $5 €3", "5.5\" x 3/4' - A+B & C (2-pack) #10 50% $5 €3"),
        ("±5% × 2 ≤ 3", "±5% × 2 ≤ 3"),
        ("\ud800 lone surrogate", "lone surrogate"),
    ],
)
def test_title_is_normalised(title: str, expected: str) -> None:
    assert normalise_title(title) == expected


@pytest.mark.parametrize("title", ["🔥🔥🔥", "   ", r"\xe2\x9c\x85", "\u200b", "™"])
def test_title_of_symbols_only_is_empty(title: str) -> None:
    assert normalise_title(title) == ""


@given(st.text())
def test_result_is_clean_and_encodable(title: str) -> None:
    result = normalise_title(title)
    assert result == " ".join(result.split())
    result.encode()


@given(st.text(alphabet=st.characters(codec="utf-8")))
def test_normalising_twice_changes_nothing(title: str) -> None:
    once = normalise_title(title.replace("\\", ""))
    assert normalise_title(once) == once
