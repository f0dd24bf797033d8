"""A folder of several data sets is read as one, and people of two sets do not meet by chance of a name."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from nasframe.errors import ContractError, DataError
from nasframe.plugins import PluginManager
from nasframe_deepfake import Clip, Dataset, Desync, Listing
from nasframe_deepfake.datasets import (
    SYNTHETIC_MARK,
    AVDeepfake1M,
    Combined,
    FakeAVCeleb,
    Folder,
    LavDF,
    SwanDF,
    read_dataset,
    resolve_dataset_name,
)
from tests.nasframe_deepfake import test_av_deepfake1m, test_lav_df
from tests.nasframe_deepfake.conftest import write_tree
from tests.nasframe_deepfake.swan_set import genuine_name
from tests.plugins.made import plugin

SINGLE = {
    "fakeavceleb": FakeAVCeleb,
    "folder": Folder,
    "lav_df": LavDF,
    "av_deepfake1m": AVDeepfake1M,
    "swan_df": SwanDF,
}
REAL = "RealVideo-RealAudio"


def fakeavceleb(root: Path, *people: str) -> Path:
    rows = [
        f"{one},-,-,real,A,{REAL},African,men,1.mp4,FakeAVCeleb/{REAL}/African/men/{one}" for one in people
    ]
    return write_tree(root, rows)


def swan_df(root: Path) -> Path:
    for person in (76, 77):
        file = root / genuine_name(person)
        file.parent.mkdir(parents=True)
        file.touch()
    return root


def lav_df(root: Path) -> Path:
    root.mkdir(parents=True)
    return test_lav_df.tree(root, test_lav_df.ENTRIES)


def av_deepfake1m_of_clips(root: Path) -> Path:
    """JSON for each clip, beside it, and no list at the root."""
    test_av_deepfake1m.clips(root, test_av_deepfake1m.ENTRIES)
    for item in test_av_deepfake1m.ENTRIES:
        (root / test_av_deepfake1m.where(item)).with_suffix(".json").write_text(json.dumps(item))
    return root


def two_folders(root: Path) -> Path:
    for name in ("real/ann.mp4", "fake/ann.mp4"):
        (root / name).parent.mkdir(parents=True)
        (root / name).touch()
    return root


def table(root: Path, person: str = "id00076") -> Path:
    root.mkdir(parents=True)
    (root / "clips.csv").write_text(f"path,label,source,target\nx.mp4,real,{person},\ny.mp4,fake,bob,bob2\n")
    for name in ("x.mp4", "y.mp4"):
        (root / name).touch()
    return root


TREES: Mapping[str, Callable[[Path], Path]] = {
    "fakeavceleb": lambda root: fakeavceleb(root, "id00076", "id00012"),
    "swan_df": swan_df,
    "lav_df": lav_df,
    "av_deepfake1m": lambda root: test_av_deepfake1m.tree(root, test_av_deepfake1m.ENTRIES),
    "av_deepfake1m of clips": av_deepfake1m_of_clips,
    "two folders": two_folders,
    "a table": table,
}


def read(root: Path) -> Listing:
    return read_dataset("combined", root, "pairing")


def people(listing: Listing) -> set[str]:
    return {name for clip in listing.clips for name in (clip.source, *clip.targets)}


@pytest.mark.parametrize("pair", [*itertools.combinations_with_replacement(TREES, 2)], ids=" and ".join)
def test_a_folder_of_two_sets_is_recognised_as_both_together_and_by_neither(
    pair: tuple[str, str], tmp_path: Path
) -> None:
    (tmp_path / "sets").mkdir()
    for name, kind in zip(("A", "B"), pair, strict=True):
        (tmp_path / "sets" / name).symlink_to(TREES[kind](tmp_path / f"{kind} of {name}"))
    found = resolve_dataset_name("auto", tmp_path / "sets")
    if pair == ("swan_df", "swan_df"):
        assert found == "swan_df"  # parts of it may lie in several folders
        return
    assert found == "combined"
    assert not any(kind().recognises(tmp_path / "sets") for kind in SINGLE.values())
    listing = read(tmp_path / "sets")
    for name in ("A", "B"):
        root = tmp_path / "sets" / name
        alone = read_dataset(resolve_dataset_name("auto", root), root, "pairing")
        paths = {clip.path for clip in listing.clips if clip.set == name}
        assert paths == {f"{name}/{clip.path}" for clip in alone.clips}


@pytest.mark.parametrize("kind", TREES)
def test_a_set_alone_is_no_combined_one_nor_is_a_folder_around_it(kind: str, tmp_path: Path) -> None:
    root = TREES[kind](tmp_path / "around" / "set")
    assert not Combined().recognises(root)
    assert not Combined().recognises(root.parent)


def test_parts_of_swan_df_in_folders_below_stay_one_set(tmp_path: Path) -> None:
    swan_df(tmp_path / "set" / "SWAN")
    (tmp_path / "set" / "SWAN-DF" / "audios" / "wav").mkdir(parents=True)
    (tmp_path / "set" / "scripts").mkdir()
    (tmp_path / "set" / "scripts" / "rotate.py").touch()
    assert resolve_dataset_name("auto", tmp_path / "set") == "swan_df"


@pytest.mark.parametrize("kind", TREES)
def test_folders_called_real_and_fake_that_are_data_sets_are_not_taken_for_their_names(
    kind: str, tmp_path: Path
) -> None:
    """A data set in the folder real has fakes, too."""
    root = tmp_path / "sets"
    TREES[kind](root / "real")
    (root / "fake").mkdir()
    (root / "fake" / "a.mp4").touch()
    (root / "notes.csv").write_text(
        "who,when\nme,now\n", encoding="utf-8"
    )  # no table of clips, and no reason
    with pytest.raises(DataError) as caught:
        resolve_dataset_name("auto", root)
    told = str(caught.value)
    assert re.search(
        r"folder: .*; real is a data set of its own \(\w+\), whose clips need not all be real; "
        "task.dataset=folder takes all by the name of the folder",
        told,
    )
    if kind != "swan_df":  # parts of which may lie in several folders
        (root / "fake").rename(tmp_path / "fake")
        table(root / "fake")
        assert resolve_dataset_name("auto", root) == "combined"
    assert resolve_dataset_name("folder", root) == "folder"
    assert any("and were taken for it" in note for note in read_dataset("folder", root, "pairing").notes)


def test_links_in_a_circle_are_no_data_sets_inside_one_another(tmp_path: Path) -> None:
    for name, other in (("a", "b"), ("b", "a")):
        (tmp_path / name / "fake").mkdir(parents=True)
        (tmp_path / name / "real").symlink_to(tmp_path / other)
    with pytest.raises(DataError, match="real is a data set of its own"):
        resolve_dataset_name("auto", tmp_path / "a")


@pytest.fixture
def sets(tmp_path: Path) -> Path:
    """Two sets that can be combined."""
    fakeavceleb(tmp_path / "sets" / "Celeb", "id00076")
    table(tmp_path / "sets" / "mine")
    return tmp_path / "sets"


def test_people_of_two_sets_who_have_one_name_by_chance_are_two(sets: Path) -> None:
    assert people(read(sets)) == {"VoxCeleb2/id00076", "mine/id00076", "mine/bob", "mine/bob2"}


def test_people_whom_two_sets_call_by_the_names_of_one_corpus_are_one_however_spelled(tmp_path: Path) -> None:
    fakeavceleb(tmp_path / "sets" / "Celeb", "ID12", "id00012", "id99999")
    test_av_deepfake1m.tree(tmp_path / "sets" / "AV1M", test_av_deepfake1m.ENTRIES)
    listing = read(tmp_path / "sets")
    assert people(listing) == {"VoxCeleb2/id00012", "VoxCeleb2/id00013", "VoxCeleb2/id99999"}
    assert {clip.set for clip in listing.clips if clip.source == "VoxCeleb2/id00012"} == {"Celeb", "AV1M"}
    assert [one.spellings for one in listing.spellings] == [("VoxCeleb2/ID12", "VoxCeleb2/id00012")]


def test_numbers_of_swan_are_no_names_of_voxceleb(tmp_path: Path) -> None:
    fakeavceleb(tmp_path / "sets" / "Celeb", "00076")
    swan_df(tmp_path / "sets" / "SWAN")
    assert people(read(tmp_path / "sets")) == {"VoxCeleb2/00076", "SWAN/00076", "SWAN/00077"}


def test_synthesised_people_in_fakeavcelebs_layout_are_none_of_its_people(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (fakeavceleb(tmp_path / "sets" / name, "id00001") / SYNTHETIC_MARK).touch()
    assert people(read(tmp_path / "sets")) == {"one/id00001", "two/id00001"}


def test_a_set_that_names_nobody_makes_that_known_of_all(tmp_path: Path) -> None:
    fakeavceleb(tmp_path / "sets" / "Celeb", "id1")
    test_lav_df.tree(tmp_path / "sets" / "LAV", test_lav_df.ENTRIES)
    listing = read(tmp_path / "sets")
    assert listing.nameless == "in LAV each genuine clip, with the fakes made of it, counts as one"
    assert {(clip.set, clip.nameless) for clip in listing.clips} == {("Celeb", False), ("LAV", True)}


@pytest.mark.parametrize("names", [("Mine", "mine"), ("set1", "set01"), ("VoxCeleb2", "other")])
def test_folders_whose_people_would_have_one_name_are_refused(names: tuple[str, str], tmp_path: Path) -> None:
    for name in names:
        table(tmp_path / "sets" / name)
    fakeavceleb(tmp_path / "sets" / "Celeb", "id00076")
    with pytest.raises(DataError, match="would have one name, .*/id00076; give one of these folders another"):
        read(tmp_path / "sets")


def test_clips_of_two_files_have_both_in_the_folder_of_their_set(tmp_path: Path) -> None:
    for name in (
        "videos/160x160/00001/4_00001_m_01_01_t_2-model_160d-a-b-to-00012.mp4",
        "audios/wav/00001/4_00001_m_01_01_t_2-c-to-00012.wav",
    ):
        (tmp_path / "sets" / "SWAN" / name).parent.mkdir(parents=True)
        (tmp_path / "sets" / "SWAN" / name).touch()
    fakeavceleb(tmp_path / "sets" / "Celeb", "id1")
    (clip,) = [clip for clip in read(tmp_path / "sets").clips if clip.sound_file]
    assert clip.path.startswith("SWAN/videos/")
    assert clip.sound_file.startswith("SWAN/audios/")
    assert clip.name == f"{clip.path}+{clip.sound_file}"
    assert (clip.source, clip.targets) == ("SWAN/00001", ("SWAN/00012",))


def unknown(sets: Path) -> None:
    (sets / "stuff").mkdir()


def nowhere(sets: Path) -> None:
    (sets / "gone").symlink_to(sets / "not there")


def itself(sets: Path) -> None:
    (sets / "loop").symlink_to(sets / "loop")


def upwards(sets: Path) -> None:
    (sets / "up").symlink_to(sets)


def twice(sets: Path) -> None:
    (sets / "again").symlink_to(sets / "Celeb")


def inside(sets: Path) -> None:
    table(sets.parent / "elsewhere" / "deep")
    fakeavceleb(sets.parent / "elsewhere", "id5")
    (sets / "far").symlink_to(sets.parent / "elsewhere")
    (sets / "near").symlink_to(sets.parent / "elsewhere" / "deep")


def nested(sets: Path) -> None:
    fakeavceleb(sets / "more" / "one", "id7")
    table(sets / "more" / "two")


def both(sets: Path) -> None:
    fakeavceleb(sets / "both", "id8")
    two_folders(sets / "both")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (unknown, "stuff is of no known data set"),
        (nowhere, "gone is a link that leads nowhere"),
        (itself, "loop is a link to itself"),
        (upwards, "up is a link back to a folder that it lies in"),
        (twice, "again is the same folder as Celeb|Celeb is the same folder as again"),
        (inside, "near lies in far"),
        (nested, "more is a folder of several sets itself; put one and two beside the others in its place"),
        (both, "both is recognised by several data sets, fakeavceleb and folder"),
    ],
)
def test_a_folder_that_cannot_be_one_of_several_is_refused_by_its_name(
    change: Callable[[Path], None], told: str, sets: Path
) -> None:
    change(sets)
    assert resolve_dataset_name("auto", sets) == "combined"
    with pytest.raises(DataError, match=f"not all of its folders .* can be combined:\n  ({told})"):
        read(sets)


def test_a_link_that_leads_nowhere_beside_one_set_is_told_where_nothing_is_recognised(tmp_path: Path) -> None:
    fakeavceleb(tmp_path / "sets" / "Celeb", "id1")
    nowhere(tmp_path / "sets")
    told = "combined: .*; Celeb alone is of a data set; gone is a link that leads nowhere\n"
    with pytest.raises(DataError, match=told):
        resolve_dataset_name("auto", tmp_path / "sets")
    with pytest.raises(DataError, match="gone is a link that leads nowhere"):
        read(tmp_path / "sets")


def test_hidden_folders_and_files_beside_the_sets_are_told_and_not_read(sets: Path) -> None:
    (sets / ".cache").mkdir()
    (sets / "README.txt").touch()
    (sets / "lost.mp4").touch()
    listing = read(sets)
    assert listing.unlisted == ["lost.mp4"]
    assert "beside the sets and not read: .cache, README.txt" in listing.notes


def test_what_is_told_of_each_set_carries_its_name(sets: Path) -> None:
    (sets / "mine" / "x.mp4").unlink()
    (sets / "mine" / "z.mp4").touch()
    with (sets / "Celeb" / "meta_data.csv").open("a") as file:
        file.write("too,short\n")
    listing = read(sets)
    assert listing.missing == ["mine/x.mp4"]
    assert listing.unlisted == ["mine/z.mp4"]
    assert listing.malformed == ["Celeb: line 3: 2 fields, expected 10"]
    assert any(note.startswith("mine: which stream") for note in listing.notes)
    assert {name: inside.dataset for name, inside in listing.sets.items()} == {
        "Celeb": "fakeavceleb",
        "mine": "folder",
    }


class Elsewhere(Dataset):
    """Clips that lie outside."""

    expects = "a file called mark"

    def recognises(self, folder: Path) -> bool:
        return (folder / "mark").exists()

    def read(self, folder: Path, desync: Desync) -> Listing:
        return Listing(folder.parent, [Clip("a.mp4", "RV-RA", "real", "ann", (), "", "")])


def test_a_set_of_a_plugin_is_combined_and_one_that_leaves_its_folder_is_refused(
    plugins: PluginManager, sets: Path
) -> None:
    plugins.register(plugin(register_deepfake_datasets=lambda: {"elsewhere": Elsewhere}), "theirs")
    (sets / "theirs").mkdir()
    (sets / "theirs" / "mark").touch()
    with pytest.raises(DataError, match="the clips of this set lie in .*sets, which is not below it"):
        read(sets)
    Elsewhere.read = lambda self, folder, desync: Listing(  # type: ignore[method-assign]
        folder, [Clip("a.mp4", "RV-RA", "real", "ann", (), "", "")]
    )
    listing = read(sets)
    assert listing.sets["theirs"].dataset == "theirs:elsewhere"
    assert "theirs/ann" in people(listing)
    assert listing.sets["theirs"].code is not None
    assert listing.sets["mine"].code is None


def test_a_corpus_is_a_name_without_a_slash(plugins: PluginManager, tmp_path: Path) -> None:
    broken = type("Broken", (Elsewhere,), {"corpus": "a/b"})
    plugins.register(plugin(register_deepfake_datasets=lambda: {"broken": broken}), "theirs")
    with pytest.raises(ContractError, match="`corpus` is a name without a slash, found 'a/b'"):
        read_dataset("broken", tmp_path, "pairing")


def test_a_crowd_of_folders_is_told_and_none_of_them_is_looked_into(tmp_path: Path) -> None:
    for number in range(51):
        (tmp_path / f"set{number}").mkdir()
    with pytest.raises(DataError, match="51 folders are more than 50, so none was looked into"):
        read(tmp_path)
