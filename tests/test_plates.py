"""Characters of number plates: the sample that ships, what is planted in it, and the maker."""

import csv
from collections import Counter

import numpy as np
import pytest
import torch
from PIL import Image

from lenet_utils import plates
from lenet_utils.plates import __main__ as command
from lenet_utils.plates.drawing import draw_character, draw_mask, draw_nothing
from lenet_utils.plates.folder import SMALL, Sizes, make_folder
from lenet_utils.plates.sample import SAMPLE, pack
from lenet_utils.plates.spoiled import CLASSES, WRONG, spoiled_folder
from lenet_utils.plates.typefaces import (
    CHINESE,
    LATIN,
    SPLITS,
    Face,
    faces_of,
    find_faces,
    require_faces,
)


@pytest.fixture(scope="module")
def sample(tmp_path_factory):
    return plates.unpack_sample(tmp_path_factory.mktemp("plates") / "sample")


@pytest.fixture(scope="module")
def planted(sample):
    with (sample / "planted.csv").open(encoding="utf-8") as file:
        return list(csv.DictReader(file))


def test_there_are_65_characters():
    assert len(plates.NAMES) == 65 == len(set(plates.CHARACTERS.values()))
    assert len(plates.PROVINCES) == 31
    assert "I" not in plates.NAMES and "O" not in plates.NAMES
    assert all(name.isascii() for name in plates.NAMES)
    assert list(plates.NAMES) == sorted(plates.NAMES)


def test_no_family_is_in_two_splits():
    for families in (CHINESE, LATIN):
        files = [face.partition("#")[0] for family in families for face in family.faces]
        assert len(set(files)) == len(files)
        assert len({family.name for family in families}) == len(families)
        assert {family.split for family in families} == set(SPLITS)
        assert all(family.licence and family.packages for family in families)


def test_the_sample_is_small_and_complete(sample):
    assert SAMPLE.stat().st_size <= 1_500_000
    for split in SPLITS:
        assert sorted(p.name for p in (sample / split).iterdir()) == list(plates.NAMES)
    assert len(list((sample / "none" / "test").iterdir())) == SMALL.none
    again = plates.unpack_sample(sample)  # nothing is done twice
    assert again == sample


def test_the_test_set_has_typefaces_of_its_own(sample):
    with (sample / "made.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    families = {
        split: {row["family"] for row in rows if row["file"].startswith(f"{split}/")}
        for split in SPLITS
    }
    assert not families["train"] & families["test"]
    assert not families["validation"] & families["test"]
    assert not families["validation"] & families["train"]
    assert families["test"] == {f.name for f in CHINESE + LATIN if f.split == "test"}


def test_a_survey_finds_what_was_planted(sample, planted):
    found = plates.survey(sample / "train")
    kinds = {row["file"]: row["kind"] for row in planted}
    skipped = {kinds[path.relative_to(sample).as_posix()] for path in found.skipped}
    assert skipped == {"truncated", "empty", "no picture"}
    assert found.modes["LA"] == 1
    copies = {path.relative_to(sample).as_posix() for pair in found.copies for path in pair}
    assert {row["file"] for row in planted if row["kind"] == "copy"} <= copies
    common = Counter(found.counts).most_common(1)[0][1]
    for name in plates.RARE:
        assert found.counts[name] < common / 2


def test_reading_says_what_it_left_out(sample):
    train = plates.read_classes(sample / "train")
    assert train.images.dtype == torch.uint8 and train.images.shape[1:] == (32, 32)
    assert len(train.images) == len(train.labels) == len(train.files)
    assert train.names == plates.NAMES
    assert len(train.skipped) == 3
    messages = " ".join(train.skipped.values())
    assert "is empty" in messages and "is damaged" in messages and "no picture" in messages
    name = train.names[int(train.labels[100])]
    assert train.files[100].parent.name == name


def test_what_is_transparent_comes_on_white(tmp_path):
    clear = Image.new("LA", (8, 8), (0, 0))
    clear.save(tmp_path / "clear.png")
    assert plates.open_picture(tmp_path / "clear.png").getpixel((4, 4)) == (255, 255, 255)


def test_a_phone_turned_on_its_side_is_turned_back(tmp_path):
    picture = Image.new("RGB", (20, 10))
    exif = picture.getexif()
    exif[0x0112] = 6
    picture.save(tmp_path / "turned.jpg", exif=exif)
    assert plates.open_picture(tmp_path / "turned.jpg").size == (10, 20)


def save(path, grey=100, size=(9, 14)):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size, grey).save(path)


def test_bad_folders_are_named(tmp_path):
    with pytest.raises(ValueError, match="is no folder; expected one that holds a folder"):
        plates.read_classes(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="holds no folders"):
        plates.read_classes(tmp_path)
    save(tmp_path / "京" / "1.png")
    save(tmp_path / "京" / "2.png", size=(30, 20))
    with pytest.raises(ValueError, match="one class only, '京'"):
        plates.read_classes(tmp_path)
    save(tmp_path / "b" / "1.png")
    with pytest.raises(ValueError, match="class 'b' has 1 pictures that open; expected 2 or more"):
        plates.read_classes(tmp_path)
    save(tmp_path / "b" / "2.png")
    (tmp_path / "b" / ".DS_Store").write_bytes(b"x")
    found = plates.read_classes(tmp_path)
    assert found.names == ("b", "京")
    assert found.labels.tolist() == [0, 0, 1, 1]
    assert not found.skipped
    with pytest.raises(ValueError, match="which is none of the 1 that were trained on"):
        plates.read_classes(tmp_path, ["b"])
    (tmp_path / "empty" / "a").mkdir(parents=True)
    with pytest.raises(ValueError, match="holds no picture that opens"):
        plates.read_classes(tmp_path / "empty", ["a"])
    with pytest.raises(ValueError, match="holds no picture; expected JPEG or PNG"):
        plates.read_flat(tmp_path / "empty" / "a")


def test_codes():
    codes = plates.typeface_codes()
    assert codes.shape == (65, 84)
    assert set(codes.unique().tolist()) == {-1.0, 1.0}
    apart = (codes[:, None] != codes).sum(2) + 84 * torch.eye(65, dtype=torch.long)
    assert apart.min() >= 6
    # Characters that look alike lie closer than others do.
    names = plates.NAMES
    assert apart[names.index("0"), names.index("D")] < apart.float().mean() / 2
    assert plates.random_codes(1).equal(plates.random_codes(1))
    assert not plates.random_codes(1).equal(plates.random_codes(2))
    assert plates.one_hot_codes().sum(1).eq(2 - 84).all()


def test_missing_typefaces_are_named(tmp_path, capsys):
    with pytest.raises(FileNotFoundError, match=r"apt-get install .*fonts-noto-cjk"):
        require_faces(find_faces([tmp_path]))
    assert command.main(["--out", str(tmp_path / "new"), "--fonts", str(tmp_path)]) == 1
    assert "typefaces are missing" in capsys.readouterr().err
    assert not (tmp_path / "new").exists()


def test_the_command_unpacks_and_lists(tmp_path, capsys):
    assert command.main(["--typefaces"]) == 0
    assert "OFL 1.1: fonts-lato" in capsys.readouterr().out
    assert command.main(["--sample", "--out", str(tmp_path / "new")]) == 0
    assert "files are in" in capsys.readouterr().out
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine", encoding="utf-8")
    assert command.main(["--sample", "--out", str(tmp_path / "full")]) == 1
    assert "holds other files" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        command.main([])


def test_bad_arguments_of_the_maker(tmp_path):
    with pytest.raises(ValueError, match="seed is -1"):
        make_folder(tmp_path / "new", {}, seed=-1)
    with pytest.raises(ValueError, match="train is 0"):
        make_folder(tmp_path / "new", {}, sizes=SMALL._replace(train=0))
    with pytest.raises(ValueError, match="split is 'best'"):
        faces_of({}, "best", True)


def a_typeface():
    """Return a Latin typeface that matplotlib brings along."""
    from matplotlib import font_manager

    return Face("Vera", font_manager.findfont("DejaVu Sans"), 0)


def test_a_seed_draws_the_same_picture():
    face = a_typeface()
    one, two, three = (draw_character("B", face, np.random.default_rng(s)) for s in (1, 1, 2))
    assert one.mode == "RGB" and 32 <= one.height <= 60 and one.width >= 20
    assert np.array_equal(one, two)
    assert one.size != three.size or not np.array_equal(one, three)
    nothing = [np.asarray(draw_nothing(np.random.default_rng(4))) for _ in range(2)]
    assert np.array_equal(*nothing)
    with pytest.raises(ValueError, match="draws nothing for ' '"):
        draw_mask(" ", face)


def test_a_spoiled_folder_is_drawn_by_its_seed(sample):
    one, again, other = spoiled_folder(3), spoiled_folder(3), spoiled_folder(4)
    assert one == again and one.files != other.files
    assert len(one.wrong) == WRONG
    shows = {p.read_bytes(): p.parent.name for p in sample.rglob("0*.*") if p.parent.name != "test"}
    places = {name: name.split("/") for name in one.files}
    assert len({kind for _, kind, _ in places.values()}) == CLASSES
    for name, (split, kind, _) in places.items():
        if one.files[name] in shows:  # and is not cut off
            assert (shows[one.files[name]] != kind) == (name in one.wrong)
        else:
            assert split == "train" and name not in one.wrong


@pytest.mark.slow
def test_a_seed_makes_the_same_folder(tmp_path):
    faces = find_faces()
    try:
        require_faces(faces)
    except FileNotFoundError as error:
        pytest.skip(str(error))
    sizes = Sizes(train=3, validation=1, test=1, none=2)
    for name in ("one", "two"):
        make_folder(tmp_path / name, faces, sizes=sizes, seed=5)
        pack(tmp_path / name, tmp_path / f"{name}.tar.xz")
    assert (tmp_path / "one.tar.xz").read_bytes() == (tmp_path / "two.tar.xz").read_bytes()
    with pytest.raises(FileExistsError, match="name a new or an empty folder"):
        make_folder(tmp_path / "one", faces, sizes=sizes)
