"""Data sets: what is read, what is left out and counted, and what is said when something is missing."""

from pathlib import Path

import pytest

from shared.titles import normalise_title
from tests.support import jpeg
from workers.trainer.datasets.errors import DatasetError
from workers.trainer.datasets.grocery import shopee_from_grocery
from workers.trainer.datasets.labelled import LabelledCatalog, PairBenchmark
from workers.trainer.datasets.mapping import Columns
from workers.trainer.datasets.opening import Layout, open_dataset

HEADER = "posting_id,image,image_phash,title,label_group\n"
NONE = Columns()


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def shopee(folder: Path, rows: str, photos: tuple[str, ...] = ("1.jpg", "2.jpg")) -> Path:
    write(folder / "train.csv", HEADER + rows)
    (folder / "train_images").mkdir()
    for seed, name in enumerate(photos):
        (folder / "train_images" / name).write_bytes(jpeg(seed))
    return folder


def catalog(layout: Layout, path: Path, columns: Columns = NONE) -> LabelledCatalog:
    found = open_dataset(layout, path, columns)
    assert isinstance(found, LabelledCatalog)
    return found


def test_shopee_rows_without_their_photo_are_dropped_and_counted(tmp_path: Path) -> None:
    rows = (
        'train_1,1.jpg,aa,"Lampu, LED 5w",249\n'
        "train_2,2.jpg,bb,lampu led 5 watt,249\n"
        "train_3,gone.jpg,cc,Tas,7\n"
        "train_4,,dd,Topi,8\n"
        "train_1,1.jpg,aa,again,249\n"
        "train_5,1.jpg,aa,no label,\n"
        "train_6,../train.csv,aa,outside,249\n"
    )
    found = catalog(Layout.SHOPEE, shopee(tmp_path, rows))
    assert [listing.id for listing in found.listings] == ["train_1", "train_2"]
    assert found.listings[0].title == "Lampu, LED 5w"
    assert found.root is not None
    assert all((found.root / str(listing.image)).is_file() for listing in found.listings)
    assert found.dropped == {
        "image file missing": 2,
        "id given twice": 1,
        "no group label": 1,
        "image outside the folder": 1,
    }
    assert found.same("train_1", "train_2")


def test_escaped_bytes_in_titles_are_left_to_the_normaliser(tmp_path: Path) -> None:
    rows = "a,1.jpg,x,\\xe2\\x9c\\x85Sabun 100ml,1\nb,2.jpg,x,Sabun 100ml,1\n"
    found = catalog(Layout.SHOPEE, shopee(tmp_path, rows))
    assert {normalise_title(listing.title) for listing in found.listings} == {"Sabun 100ml"}


def test_the_digest_follows_titles_labels_and_photos_but_not_the_order(tmp_path: Path) -> None:
    first, second = "a,1.jpg,x,Sabun,1\n", "b,2.jpg,x,Sabun,1\n"
    original = catalog(Layout.SHOPEE, shopee(tmp_path / "1", first + second)).digest()
    assert catalog(Layout.SHOPEE, shopee(tmp_path / "2", second + first)).digest() == original
    others = (first + second.replace("Sabun", "Sabut"), first + second + "c,1.jpg,x,Sabun,1\n")
    for place, rows in enumerate(others, 3):
        assert catalog(Layout.SHOPEE, shopee(tmp_path / str(place), rows)).digest() != original
    swapped = shopee(tmp_path / "5", first + second, photos=("2.jpg", "1.jpg"))
    assert catalog(Layout.SHOPEE, swapped).digest() != original


def test_missing_parts_of_the_shopee_layout_are_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"train\.csv is missing.*doppel data shopee DIR"):
        open_dataset(Layout.SHOPEE, tmp_path, NONE)
    write(tmp_path / "train.csv", "posting_id,image,title\n1,2,3\n")
    with pytest.raises(DatasetError, match=r"no column label_group, but posting_id, image, title"):
        open_dataset(Layout.SHOPEE, tmp_path, NONE)
    write(tmp_path / "train.csv", HEADER + "a,1.jpg,x,Sabun,1\n")
    with pytest.raises(DatasetError, match="train_images is missing"):
        open_dataset(Layout.SHOPEE, tmp_path, NONE)
    (tmp_path / "train_images").mkdir()
    with pytest.raises(DatasetError, match=r"no usable listing .1 rows: image file missing"):
        open_dataset(Layout.SHOPEE, tmp_path, NONE)
    with pytest.raises(DatasetError, match="does not exist"):
        open_dataset(Layout.SHOPEE, tmp_path / "nowhere", NONE)


def test_any_table_with_columns_by_name(tmp_path: Path) -> None:
    rows = "brand,name,what,photo,cluster\nAcme,Mug,red,,1\nAcme,Mug,blue,a.jpg,1\nAcme,,,,2\n"
    write(tmp_path / "offers.csv", rows)
    (tmp_path / "pictures").mkdir()
    (tmp_path / "pictures" / "a.jpg").write_bytes(jpeg(1))
    columns = Columns(title=("name", "what"), group="cluster", images=Path("pictures"))
    found = catalog(Layout.CSV, tmp_path, columns)
    assert [(listing.id, listing.title, listing.image) for listing in found.listings] == [
        ("row-1", "Mug red", None),
        ("row-2", "Mug blue", "a.jpg"),
    ]
    assert found.root == tmp_path / "pictures"
    assert found.listings[0].attributes == {"brand": "Acme"}
    assert found.dropped == {"neither image nor title": 1}


@pytest.mark.parametrize(
    ("rows", "columns", "said"),
    [
        ("id,title\n1,Mug\n", NONE, "no column of group labels, but id, title: name it with --group-column"),
        ("id,group\n1,2\n", NONE, "neither titles nor images"),
        ("id,title,group\n1,Mug,2\n", Columns(group="cluster"), "no column cluster, but id, title, group"),
        ("id,title,group\n1,Mug,2\n", NONE, "no two listings of one group"),
        ("", NONE, "no column of group labels, but : name it"),
    ],
)
def test_what_a_table_lacks_is_said(tmp_path: Path, rows: str, columns: Columns, said: str) -> None:
    with pytest.raises(DatasetError, match=said):
        open_dataset(Layout.CSV, write(tmp_path / "t.csv", rows), columns)


def test_a_folder_of_several_tables_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "")
    write(tmp_path / "b.csv", "")
    with pytest.raises(DatasetError, match=r"holds 2 \.csv files"):
        open_dataset(Layout.CSV, tmp_path, NONE)


def two_tables(folder: Path) -> Path:
    write(folder / "tableA.csv", "id,title,manufacturer,price\n0,Clickart,Broderbund,9.5\n1,Arcserve,,\n")
    write(folder / "tableB.csv", "id,title,manufacturer,price\n0,Click art,,8\n1,Backup,CA,\n")
    for split in ("train", "valid", "test"):
        write(folder / f"{split}.csv", "ltable_id,rtable_id,label\n0,0,1\n1,0,0\n1,7,0\n")
    return folder


def test_two_tables_with_labelled_splits(tmp_path: Path) -> None:
    found = open_dataset(Layout.PAIRS, two_tables(tmp_path), Columns(title=("manufacturer", "title")))
    assert isinstance(found, PairBenchmark)
    assert [listing.title for listing in found.listings] == [
        "Broderbund Clickart",
        "Arcserve",
        "Click art",
        "CA Backup",
    ]
    assert found.left[0].attributes == {"brand": "Broderbund", "price": "9.5"}
    assert [(pair.left, pair.right, pair.duplicate) for pair in found.splits["test"]] == [
        ("a:0", "b:0", True),
        ("a:1", "b:0", False),
    ]
    assert found.dropped == {"pair of a listing that is in no table": 3}
    assert found.matches() == {"a:0": {"b:0"}}


def test_a_split_without_both_labels_is_refused(tmp_path: Path) -> None:
    write(two_tables(tmp_path) / "valid.csv", "ltable_id,rtable_id,label\n0,0,1\n")
    with pytest.raises(DatasetError, match=r"valid\.csv needs pairs with label 0 and with label 1"):
        open_dataset(Layout.PAIRS, tmp_path, NONE)
    (tmp_path / "test.csv").unlink()
    with pytest.raises(DatasetError, match=r"test\.csv is missing; expected are tableA\.csv"):
        open_dataset(Layout.PAIRS, tmp_path, NONE)


def test_grocery_photos_become_a_shopee_folder(tmp_path: Path) -> None:
    names = [f"{product}_{i}.jpg" for product in "xy" for i in range(3)]
    rows = "".join(f"{name},{name[0]},Product {name[0]},Milk\n" for name in names)
    source = write(tmp_path / "source" / "photos.csv", "image,product_id,product,category\n" + rows).parent
    (source / "images").mkdir()
    for seed, name in enumerate(names):
        (source / "images" / name).write_bytes(jpeg(seed))
    assert shopee_from_grocery(source, tmp_path / "target", most=2) == 4
    found = catalog(Layout.SHOPEE, tmp_path / "target")
    assert set(found.groups.values()) == {"x", "y"}
    assert {listing.title for listing in found.listings} == {"Milk"}
    (source / "images" / names[0]).unlink()
    with pytest.raises(DatasetError, match=r"x_0\.jpg is missing"):
        shopee_from_grocery(source, tmp_path / "again")
