"""SWAN-DF: names of files tell everything, and a fake is a pair of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from nasframe.errors import DataError
from nasframe_deepfake.datasets import Clip, Listing, SwanDF, read_dataset, resolve_dataset_name
from tests.nasframe_deepfake.test_folder import tree

STEM = "4_00001_m_01_01_t_2"
GENUINE = f"IDIAP/session_01/iPad/00001/{STEM}.mp4"
VIDEO = f"videos/320x320/00001/{STEM}-model_160d-tuned-histmatch-to-00012.mp4"
VOICE = f"audios/wav/00001/{STEM}-freevc-pretrained-tuned70k-to-00012.wav"


def read(root: Path) -> Listing:
    return SwanDF().read(root, "pairing")


def test_a_genuine_clip_and_a_fake_of_two_files_are_read(tmp_path: Path) -> None:
    root = tree(tmp_path, GENUINE, VIDEO, VOICE)
    assert resolve_dataset_name("auto", root) == "swan_df"
    listing = read(root)
    method = "model_160d-tuned-histmatch and freevc-pretrained-tuned70k"
    assert listing.clips == [
        Clip(GENUINE, "RV-RA", "real", "00001", (), "", "men", lying=True),
        Clip(
            *(VIDEO, "FV-FA", method, "00001", ("00012",), "", "men"),
            sound_file=VOICE,
            lying=True,
        ),
    ]
    assert listing.clips[1].fake_picture
    assert listing.clips[1].fake_voice
    assert listing.malformed == listing.left_out == listing.unlisted == listing.notes == []


@pytest.mark.parametrize("path", [GENUINE, VIDEO, VOICE])
def test_each_of_the_three_parts_is_recognised_alone(tmp_path: Path, path: str) -> None:
    assert SwanDF().recognises(tree(tmp_path, path))


def test_every_recording_of_the_same_clip_and_target_makes_a_fake_with_every_size(tmp_path: Path) -> None:
    other_size, other_voice = VIDEO.replace("320", "160"), VOICE.replace("freevc", "hifivc")
    other_target = VOICE.replace("00012", "00013")
    other_stem = VOICE.replace("_01_t_2", "_02_t_2")
    root = tree(tmp_path, GENUINE, VIDEO, other_size, VOICE, other_voice, other_target, other_stem)
    listing = read_dataset("swan_df", root, "pairing")
    assert [(clip.path, clip.sound_file) for clip in listing.clips if clip.fake] == [
        (other_size, VOICE),
        (other_size, other_voice),
        (VIDEO, VOICE),
        (VIDEO, other_voice),
    ]
    assert listing.left_out == [
        f"{other_target}: there is no video of {STEM} to 00013",
        f"{other_stem}: there is no video of 4_00001_m_01_02_t_2 to 00012",
    ]


def test_a_video_without_a_recording_is_left_out(tmp_path: Path) -> None:
    listing = read(tree(tmp_path, GENUINE, VIDEO))
    assert listing.left_out == [f"{VIDEO}: there is no voice of {STEM} to 00012"]


def test_an_eighth_part_in_front_of_a_name_is_read(tmp_path: Path) -> None:
    paths = [path.replace(STEM, f"7_{STEM}") for path in (GENUINE, VIDEO, VOICE)]
    assert [clip.path for clip in read(tree(tmp_path, *paths)).clips] == paths[:2]


def test_trees_below_folders_of_their_own_are_read(tmp_path: Path) -> None:
    root = tree(tmp_path, f"SWAN/{GENUINE}", f"SWAN-DF/{VIDEO}", f"SWAN-DF/{VOICE}")
    assert resolve_dataset_name("auto", root) == "swan_df"
    assert [clip.path for clip in read(root).clips] == [f"SWAN-DF/{VIDEO}", f"SWAN/{GENUINE}"]


@pytest.mark.parametrize(("number", "name"), [("1", "face"), ("3", "eye"), ("4", "finger"), ("9", "unknown")])
def test_clips_of_another_modality_than_voice_are_left_out(tmp_path: Path, number: str, name: str) -> None:
    other = GENUINE.replace("_t_2", f"_t_{number}")
    listing = read(tree(tmp_path, GENUINE, other))
    assert listing.left_out == [f"{other}: its modality is {number}, {name}; only 2, voice, is used"]


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        (GENUINE.replace("_m_", "_x_"), "expected site_person_gender_session_recording_device_modality.mp4"),
        (GENUINE.replace("IDIAP", "NTNU"), "site is IDIAP by its name, and NTNU by its folder"),
        (GENUINE.replace("iPad", "iPhone"), "device is iPad by its name, and iPhone by its folder"),
        (GENUINE.replace("session_01", "session_02"), "session is 01 by its name, and 02 by its folder"),
        (GENUINE.replace("/00001/", "/00002/"), "person is 00001 by its name, and 00002 by its folder"),
        (GENUINE.replace("/4_", "/5_"), "unknown site '5'; expected one of 1, 2, 3, 4, 6"),
        (
            VIDEO.replace("00012", "12"),
            "expected <name of a SWAN clip>-model_<size>d-<training>-<blending>-to",
        ),
        (
            VIDEO.replace("320x320", "64x64"),
            "unknown folder '64x64'; expected one of 160x160, 256x256, 320x320",
        ),
        (VIDEO.replace("/00001/", "/00002/"), "person is 00001 by its name, and 00002 by its folder"),
        (VOICE.replace("-to-00012", ""), "expected <name of a SWAN clip>-<conversion>-to-<person>.wav"),
    ],
)
def test_a_name_that_says_nothing_certain_is_told_and_not_guessed(
    tmp_path: Path, path: str, reason: str
) -> None:
    listing = read(tree(tmp_path, GENUINE, VIDEO, VOICE, path))
    assert len(listing.clips) == 2
    (told,) = listing.malformed
    assert told.startswith(f"{path}: {reason}")


def test_other_clips_and_recordings_are_unlisted(tmp_path: Path) -> None:
    listing = read(tree(tmp_path, GENUINE, "a.mp4", "audios/b.wav", "notes.txt"))
    assert listing.unlisted == ["a.mp4", "audios/b.wav"]


def test_one_number_at_two_sites_is_one_person_and_told(tmp_path: Path) -> None:
    other = "NTNU/session_01/iPad/00001/1_00001_f_01_01_t_2.mp4"
    listing = read(tree(tmp_path, GENUINE, other))
    assert listing.notes == [
        "1 numbers stand for people of several sites or genders (00001) and count as one person each: "
        "the target of a fake names no site"
    ]


def test_a_folder_with_nothing_to_use_is_refused_with_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "videos" / "320x320").mkdir(parents=True)
    tree(tmp_path, "a.mp4", VIDEO)
    with pytest.raises(DataError) as caught:
        read(tmp_path)
    assert str(caught.value) == (
        f"{tmp_path}: no clip to use; 0 files have another name, 1 were left out, 1 are in another folder; "
        f"found {tmp_path}/a.mp4\n  {VIDEO}: there is no voice of {STEM} to 00012"
    )
