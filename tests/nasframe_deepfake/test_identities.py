"""Names of people: all spellings of a name are one person, and the report says which were taken for one."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nasframe.errors import ContractError
from nasframe.plugins import PluginManager
from nasframe_deepfake.datasets import Clip, Dataset, Desync, Listing, one_spelling, person_key, read_dataset
from tests.nasframe_deepfake.conftest import write_tree
from tests.plugins.made import plugin

FOLDER = "FakeAVCeleb/FakeVideo-RealAudio/African/men/id1"
NAMES = st.text(max_size=12) | st.from_regex(r"[A-Za-zÀ-ÿ]{0,4}0{0,3}[0-9]{1,4}", fullmatch=True)

UNSEEN = ["\u200b", "\u200d", "\ufeff", "\u00ad", "\u2060", "\u034f", "\ufe0f", "\u3164", "\x00"]


def zeros(name: str) -> str:
    """The name with zeros before its first number; a digit of another form, such as ², may begin one."""
    name = unicodedata.normalize("NFKC", name)
    place = next((place for place, char in enumerate(name) if char.isdigit()), None)
    return name if place is None or name[place] not in "0123456789" else f"{name[:place]}00{name[place:]}"


VARIANTS: dict[str, Callable[[str], str]] = {
    "lower case": str.lower,
    "case folded": str.casefold,
    "composed": lambda name: unicodedata.normalize("NFC", name),
    "taken apart": lambda name: unicodedata.normalize("NFD", name),
    "compatible": lambda name: unicodedata.normalize("NFKC", name),
    "leading zeros": zeros,
    "blanks around": lambda name: f" \t{name}\u00a0\n",
    "unseen before and after": lambda name: f"\ufeff{name}\u200b",
}


@given(name=NAMES)
def test_the_key_of_a_key_is_the_key(name: str) -> None:
    assert person_key(person_key(name)) == person_key(name)


@pytest.mark.parametrize("variant", VARIANTS)
@given(name=NAMES)
@example(name="²0")
def test_a_name_in_another_spelling_is_the_same_person(variant: str, name: str) -> None:
    assert person_key(VARIANTS[variant](name)) == person_key(name)


@given(name=st.from_regex(r"[A-Za-z]{1,4}[0-9]{1,4}", fullmatch=True), data=st.data())
def test_a_character_that_shows_nothing_makes_no_difference_wherever_it_is(
    name: str, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, len(name)))
    unseen = data.draw(st.sampled_from(UNSEEN))
    assert person_key(name[:place] + unseen + name[place:]) == person_key(name)
    assert person_key(name.upper()) == person_key(name)


@given(one=st.integers(0, 99_999), other=st.integers(0, 99_999))
def test_numbers_that_differ_are_different_people(one: int, other: int) -> None:
    assert (person_key(f"id{one:05d}") == person_key(f"ID{other}")) == (one == other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("id10", "10"), ("id1", "id10"), ("id0", "id"), ("anna", "anne"), ("p1_2", "p12"), ("a b", "ab")],
)
def test_other_names_are_other_people(one: str, other: str) -> None:
    assert person_key(one) != person_key(other)


def clip(path: str, source: str, *targets: str) -> Clip:
    return Clip(path, "FV-RA" if targets else "RV-RA", "m", source, targets, "", "")


def test_the_spelling_that_occurs_most_often_is_taken_and_a_target_that_is_the_source_is_none() -> None:
    clips, several = one_spelling(
        [
            clip("a", "id07"),
            clip("b", "ID7"),
            clip("c", "id07"),
            clip("d", "x", "Id007"),
            clip("e", "ID7", "id07"),
        ]
    )
    assert [(item.source, item.targets) for item in clips] == [
        ("id07", ()),
        ("id07", ()),
        ("id07", ()),
        ("x", ("id07",)),
        ("id07", ()),
    ]
    assert [(person.name, person.spellings) for person in several] == [("id07", ("ID7", "Id007", "id07"))]


def test_clips_of_people_with_one_spelling_each_stay_as_they_are() -> None:
    clips = [clip("a", "ID7"), clip("b", "é", "ID7"), clip("c", " z ")]
    assert one_spelling(clips) == (clips, [])


def row(source: str, target1: str, target2: str, number: int) -> str:
    name = f"{number}.mp4"
    return f"{source},{target1},{target2},fsgan,C,FakeVideo-RealAudio,African,men,{name},{FOLDER}"


def targets(root: Path, *rows: str) -> list[tuple[str, ...]]:
    write_tree(root, [row(*fields.split(), number) for number, fields in enumerate(rows)])
    return [found.targets for found in read_dataset("fakeavceleb", root, "pairing").clips]


def test_targets_need_not_begin_with_id(tmp_path: Path) -> None:
    assert targets(tmp_path, "anna bob -", "bob anna –", "cleo ID4 7") == [("bob",), ("anna",), ("ID4",)]


def test_what_stands_where_there_is_nobody_is_no_target(tmp_path: Path) -> None:
    assert targets(tmp_path, "id1 - -", "id2 nan 12", "id3 — None", "id4 N/A id5") == [(), (), (), ("id5",)]


def test_a_number_or_such_a_word_is_a_target_where_a_source_is_called_so(tmp_path: Path) -> None:
    assert targets(tmp_path, "0007 nan 12", "nan 0007 8") == [("nan",), ("0007",)]


def test_a_source_of_characters_that_show_nothing_is_nobody(tmp_path: Path) -> None:
    write_tree(tmp_path, [row("id1", "-", "-", 0), row("\u200b", "-", "-", 1)])
    listing = read_dataset("fakeavceleb", tmp_path, "pairing")
    assert [found.source for found in listing.clips] == ["id1"]
    assert listing.malformed == ["line 3: source, file name or folder is empty"]


class Two(Dataset):
    """A folder with two clips."""

    expects = "anything"
    clips: tuple[Clip, ...] = ()

    def recognises(self, folder: Path) -> bool:
        return True

    def read(self, folder: Path, desync: Desync) -> Listing:
        return Listing(folder, list(self.clips))


def test_the_names_of_every_data_set_are_compared_alike(plugins: PluginManager, tmp_path: Path) -> None:
    made = type("Made", (Two,), {"clips": (clip("a.mp4", "Zoë"), clip("b.mp4", "ZOE\u0308"))})
    plugins.register(plugin(register_deepfake_datasets=lambda: {"two": made}), "mine")
    listing = read_dataset("two", tmp_path, "pairing")
    assert [found.source for found in listing.clips] == ["ZOE\u0308"] * 2
    assert [person.spellings for person in listing.spellings] == [("ZOE\u0308", "Zoë")]


@pytest.mark.parametrize(("source", "others"), [(7, ()), ("id7", "id8"), ("id7", (8,))])
def test_a_data_set_whose_names_are_no_strings_is_refused(
    plugins: PluginManager, tmp_path: Path, source: object, others: object
) -> None:
    bad = Clip("a.mp4", "RV-RA", "m", source, others, "", "")  # type: ignore[arg-type]
    plugins.register(
        plugin(register_deepfake_datasets=lambda: {"two": type("Bad", (Two,), {"clips": (bad,)})}), "mine"
    )
    with pytest.raises(ContractError, match="source and targets of a clip are strings, found Clip"):
        read_dataset("two", tmp_path, "pairing")
