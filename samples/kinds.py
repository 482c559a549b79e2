"""The kinds of product of the sample shop: words, sizes, variant axes and prices."""

from dataclasses import dataclass

from samples.words import COLOURS


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of product.

    `sizes` are canonical ("400 ml"), `packs` are pieces, `price` is a range in thousand rupiah for the middle
    size. `nouns`, `flavours` and `features` hold (English, Indonesian) pairs.
    """

    key: str
    sector: str
    nouns: tuple[tuple[str, str], ...]
    flavours: tuple[tuple[str, str], ...]
    features: tuple[tuple[str, str], ...]
    price: tuple[int, int]
    sizes: tuple[str, ...] = ()
    packs: tuple[int, ...] = ()
    colours: tuple[str, ...] = ()
    model: str = ""

    @property
    def axes(self) -> tuple[str, ...]:
        """Axes along which a family of this kind may vary."""
        has = {"size": self.sizes, "pack": self.packs, "colour": self.colours, "model": self.model}
        return tuple(axis for axis, values in has.items() if values)


def _pairs(text: str) -> tuple[tuple[str, str], ...]:
    """Read "english=indonesian; ..." into pairs."""
    halves = (item.split("=") for item in text.split(";") if item.strip())
    return tuple((half[0].strip(), half[-1].strip()) for half in halves)


def _sizes(numbers: str, unit: str) -> tuple[str, ...]:
    return tuple(f"{number} {unit}" for number in numbers.split())


_ALL = tuple(COLOURS)
_SOFT = ("white", "navy", "green", "yellow", "grey", "pink", "red", "black")

_PACKAGED = (
    Kind(
        "shampoo", "care", _pairs("shampoo=sampo; hair shampoo=shampo rambut; hair wash=pembersih rambut"),
        _pairs("aloe vera=lidah buaya; green tea=teh hijau; coconut=kelapa; lavender;ginseng=ginseng"),
        _pairs("anti dandruff=anti ketombe; for dry hair=untuk rambut kering; hair fall control=anti rontok"),
        (28, 80), _sizes("100 180 250 340 400 650", "ml"), (1, 2, 3),
    ),
    Kind(
        "juice", "food", _pairs("juice=jus; fruit juice=jus buah; fruit drink=minuman buah"),
        _pairs("orange=jeruk; mango=mangga; apple=apel; guava=jambu; pineapple=nanas; grape=anggur"),
        _pairs("no added sugar=tanpa tambahan gula; with pulp=dengan bulir; vitamin C=vitamin C"),
        (9, 30), _sizes("250 350 500 750 1000", "ml"), (1, 6, 12, 24),
    ),
    Kind(
        "soda", "food",
        _pairs("sparkling drink=minuman soda; soda can=soda kaleng; soft drink=minuman ringan"),
        _pairs("lemon=lemon; cola=kola; lychee=leci; ginger=jahe; strawberry=stroberi; lime=jeruk nipis"),
        _pairs("zero sugar=tanpa gula; extra fizzy=ekstra soda; chilled taste=rasa segar"),
        (6, 14), _sizes("180 250 330 500", "ml"), (1, 4, 6, 12, 24),
    ),
    Kind(
        "jar", "food", _pairs("jam=selai; fruit spread=selai oles; breakfast spread=olesan roti"),
        _pairs("strawberry=stroberi; peanut=kacang; blueberry=bluberi; chocolate=cokelat; honey=madu"
            "; pandan=pandan"),
        _pairs("for bread=untuk roti; less sugar=rendah gula; homemade style=gaya rumahan"),
        (18, 65), _sizes("150 200 340 450 680", "g"), (1, 2, 3, 6),
    ),
    Kind(
        "cereal", "food", _pairs("cereal=sereal; breakfast cereal=sereal sarapan; granola=granola"),
        _pairs("honey=madu; chocolate=cokelat; banana=pisang; corn=jagung; almond=almond; berry=beri"),
        _pairs("whole grain=gandum utuh; high fibre=tinggi serat; for kids=untuk anak"),
        (25, 70), _sizes("150 220 300 375 500", "g"), (1, 2, 3, 6),
    ),
    Kind(
        "tea", "food", _pairs("tea bags=teh celup; tea=teh; herbal tea=teh herbal"),
        _pairs("jasmine=melati; green=hijau; black=hitam pekat; lemon=lemon; mint=mint; ginger=jahe"),
        _pairs("premium leaf=daun pilihan; caffeine free=bebas kafein; fragrant=harum"),
        (10, 35), _sizes("37.5 50 75 100", "g"), (1, 2, 4, 10),
    ),
    Kind(
        "coffee", "food", _pairs("coffee beans=biji kopi; ground coffee=kopi bubuk; coffee=kopi"),
        _pairs("arabica=arabika; robusta=robusta; house blend=racikan rumah; hazelnut=hazelnut; mocha=moka"),
        _pairs("dark roast=sangrai gelap; medium roast=sangrai sedang; single origin=asal tunggal"),
        (35, 120), _sizes("100 200 250 500 1000", "g"), (1, 2, 3),
    ),
    Kind(
        "snack", "food", _pairs("chips=keripik; potato chips=keripik kentang; crispy snack=camilan renyah"),
        _pairs("barbecue=barbeku; seaweed=rumput laut; cheese=keju; spicy=pedas; salted egg=telur asin"),
        _pairs("extra crunchy=ekstra renyah; party size taste=cocok untuk pesta"
            "; no preservatives=tanpa pengawet"),
        (8, 28), _sizes("40 68 120 160 250", "g"), (1, 5, 10, 20),
    ),
    Kind(
        "cream", "care", _pairs("hand cream=krim tangan; face cream=krim wajah; moisturizer=pelembap"),
        _pairs("shea=shea; rose=mawar; olive=zaitun; vanilla=vanila; cucumber=mentimun; rice=beras"),
        _pairs("for dry skin=untuk kulit kering; non greasy=tidak lengket; daily use=pemakaian harian"),
        (20, 90), _sizes("30 50 75 100 150", "ml"), (1, 2, 3),
    ),
    Kind(
        "vitamin", "care", _pairs("vitamin=vitamin; supplement=suplemen; multivitamin=multivitamin"),
        _pairs("zinc=zink; turmeric=kunyit; fish oil=minyak ikan; collagen=kolagen; calcium=kalsium"),
        _pairs("immune support=daya tahan tubuh; for adults=untuk dewasa; easy to swallow=mudah ditelan"),
        (55, 190), _sizes("30 60 90 120 180", "capsules"), (1, 2, 3),
    ),
)  # fmt: skip

_DURABLE = (
    Kind(
        "mug", "home", _pairs("mug=mug; coffee mug=cangkir kopi; ceramic mug=mug keramik"),
        (), _pairs("microwave safe=aman microwave; matte glaze=glasir doff; gift box=kotak kado"),
        (25, 85), _sizes("250 300 350 450", "ml"), (1, 2, 4, 6), _ALL,
    ),
    Kind(
        "tumbler", "home", _pairs("tumbler=tumbler; water bottle=botol minum; vacuum flask=termos"),
        (), _pairs("stainless steel=stainless steel; keeps cold=tahan dingin; leak proof=anti bocor"),
        (60, 190), _sizes("350 500 600 750 1000", "ml"), (), _ALL,
    ),
    Kind(
        "tshirt", "wear", _pairs("t-shirt=kaos; tee shirt=baju kaos; cotton tee=kaos katun"),
        (),
        _pairs("unisex=unisex; cotton combed=katun combed; short sleeve=lengan pendek; oversized=oversize"),
        (45, 140), ("S", "M", "L", "XL", "XXL"), (), _ALL,
    ),
    Kind(
        "sneaker", "wear", _pairs("sneakers=sepatu sneakers; shoes=sepatu; running shoes=sepatu lari"),
        (), _pairs("for men=pria; for women=wanita; breathable=berpori; light sole=sol ringan"),
        (180, 650), tuple(f"EU {number}" for number in range(37, 46)), (), _ALL,
    ),
    Kind(
        "case", "tech", _pairs("phone case=casing hp; back cover=softcase; silicone case=case silikon"),
        (), _pairs("shockproof=anti bentur; camera protection=pelindung kamera; slim fit=tipis"),
        (18, 70), (), (), _ALL, "device",
    ),
    Kind(
        "headphones", "tech",
        _pairs("headphones=headphone; wireless headset=headset bluetooth; headset=headset"),
        (),
        _pairs("deep bass=bass mantap; noise cancelling=peredam bising; foldable=bisa dilipat"
            ";with mic=dengan mic"),
        (150, 900), (), (), ("black", "white", "red", "navy", "grey", "pink", "beige", "green"), "code",
    ),
    Kind(
        "lamp", "home",
        _pairs("desk lamp=lampu meja; table lamp=lampu meja belajar; reading lamp=lampu baca"),
        (), _pairs("dimmable=bisa redup; warm light=cahaya hangat; energy saving=hemat energi"),
        (70, 320), (), (), _SOFT, "code",
    ),
    Kind(
        "backpack", "wear", _pairs("backpack=tas ransel; school bag=tas sekolah; laptop bag=tas laptop"),
        (), _pairs("waterproof=anti air; laptop sleeve=kompartemen laptop; for travel=untuk travel"),
        (120, 480), _sizes("15 18 20 25 30", "L"), (), _ALL,
    ),
    Kind(
        "watch", "tech", _pairs("watch=jam tangan; wristwatch=jam tangan; analog watch=arloji"),
        (), _pairs("water resistant=tahan air; leather strap=tali kulit; for men=pria; for women=wanita"),
        (150, 1200), (), (), ("black", "white", "navy", "brown", "green", "red", "grey"), "code",
    ),
    Kind(
        "powerbank", "tech",
        _pairs("power bank=powerbank; portable charger=charger portabel; battery pack=baterai portabel"),
        (), _pairs("fast charging=pengisian cepat; dual USB=dua USB; slim=tipis; with display=dengan layar"),
        (90, 420), _sizes("5000 10000 20000 30000", "mAh"), (), _SOFT, "code",
    ),
)  # fmt: skip

KINDS: dict[str, Kind] = {kind.key: kind for kind in (*_PACKAGED, *_DURABLE)}
