from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import attrs
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nasframe_audiovisual import REASONS, LeftOut
from nasframe_deepfake.detection import LABELS, Calibration, verdict
from nasframe_deepfake.detection.detector import ClipScores
from nasframe_deepfake.detection.streams_read import STREAMS, STREAMS_OF_KIND
from nasframe_deepfake.detection.verdict import HANGS, NOT_FINITE, UNLIKE_TRAINING

CLIP = Path("clip.mp4")
GUIDE = Path(__file__).parents[2] / "docs" / "deepfake.md"


def scores(
    log_odds: Sequence[float],
    *,
    starts: Sequence[float] | None = None,
    pictures_alone: Sequence[float] | None = None,
    sound_alone: Sequence[float] | None = None,
    kinds: Mapping[str, float] | None = None,
    novelty: float = 0.5,
    left_out: Sequence[LeftOut] = (),
) -> ClipScores:
    """Windows of 1.6 s that begin every 0.8 s from 0.2 s on, unless told otherwise."""
    values = torch.tensor(log_odds, dtype=torch.float64)
    begins = torch.tensor(starts or [0.2 + 0.8 * place for place in range(len(values))], dtype=torch.float64)
    return ClipScores(
        torch.stack([begins, begins + 1.6], 1),
        torch.tensor([[3, 4, 100 + place] for place in range(len(values))]),
        values,
        values if pictures_alone is None else torch.tensor(pictures_alone, dtype=torch.float64),
        values if sound_alone is None else torch.tensor(sound_alone, dtype=torch.float64),
        {kind: torch.full((len(values),), chance) for kind, chance in (kinds or {}).items()},
        {"pictures": torch.full((len(values),), novelty), "sound": torch.full((len(values),), 0.5)},
        left_out,
    )


def chance(log_odds: float) -> float:
    return 1 / (1 + math.exp(-log_odds))


def answer(*args: Any, calibration: Calibration | None = None, **named: Any) -> dict[str, Any]:
    return verdict(CLIP, scores(*args, **named), calibration or Calibration())


def test_the_square_of_each_window_stands_beside_its_place_in_the_clip() -> None:
    found = answer([0.0, 1.0], starts=[0.2, 1.0])
    assert found["squares"] == [
        {"start": 0.2, "end": 1.8, "left": 3, "top": 4, "side": 100},
        {"start": 1.0, "end": 2.6, "left": 3, "top": 4, "side": 101},
    ]


def test_the_score_is_the_calibrated_probability_and_decides_from_the_threshold_up() -> None:
    calibration = Calibration(threshold=chance(1.0), temperature=2.0)
    found = answer([2.0], calibration=calibration)
    assert found["score"] == pytest.approx(chance(1.0))
    assert found["decision"] == "fake"
    assert answer([1.99], calibration=calibration)["decision"] == "real"


def test_ten_fake_seconds_after_two_genuine_ones_are_fake_and_the_seconds_are_named() -> None:
    found = answer([-4.0, -4.0, *[3.0] * 12])
    assert found["decision"] == "fake"
    assert all(part["start"] >= 1.8 for part in found["suspicious"])
    by_second = {round(part["start"]): part["score"] for part in found["seconds"]}
    assert by_second[0] < 0.05
    assert all(by_second[second] > 0.9 for second in range(4, 10))


def test_every_second_that_was_used_has_a_score_and_no_other() -> None:
    found = answer([0.0, 1.0], starts=[0.2, 5.0])
    assert [(part["start"], part["end"]) for part in found["seconds"]] == [
        (0.2, 1.0),
        (1.0, 1.8),
        (5.0, 6.0),
        (6.0, 6.6),
    ]
    assert [part["score"] for part in found["seconds"]] == pytest.approx(
        [chance(0), chance(0), chance(1), chance(1)]
    )
    assert found["used_seconds"] == pytest.approx(3.2)


def test_a_second_that_two_windows_share_has_their_mean_weighted_by_what_they_share() -> None:
    # from 0.2 to 1.8 and from 1.0 to 2.6: second 1 has 0.8 s of the first and 1 s of the other
    found = answer([-1.0, 2.0])
    assert found["seconds"][1]["score"] == pytest.approx(chance((-1.0 * 0.8 + 2.0 * 1.0) / 1.8))


def test_the_most_suspicious_windows_come_first_and_do_not_overlap() -> None:
    found = answer([0.0, 3.0, 2.5, 0.0, 1.0])["suspicious"]
    assert [part["start"] for part in found] == pytest.approx([1.0, 3.4])
    assert found[0]["score"] == pytest.approx(chance(3.0))


@pytest.mark.parametrize(
    ("pictures_alone", "sound_alone", "leaned_on"),
    [
        ([2.9], [-2.0], "pictures"),
        ([-2.0], [2.9], "sound"),
        ([0.0], [0.5], "both"),
        ([4.0], [4.0], "both"),  # both speak against it
        ([2.9], [5.0], "sound"),  # the pictures speak against it
    ],
)
def test_the_stream_without_which_the_score_turns_more_is_named(
    pictures_alone: list[float], sound_alone: list[float], leaned_on: str
) -> None:
    found = answer([3.0], pictures_alone=pictures_alone, sound_alone=sound_alone)
    assert found["leaned_on"] == leaned_on
    assert found["score_of_pictures"] == pytest.approx(chance(pictures_alone[0]))
    assert found["score_of_sound"] == pytest.approx(chance(sound_alone[0]))


@pytest.mark.parametrize(
    ("decides", "alone", "leaned_on"),
    [
        (3.0, {"pictures_alone": [3.0], "sound_alone": [0.2]}, "pictures"),
        (3.0, {"pictures_alone": [3.0], "sound_alone": [5.0]}, "pictures"),  # which speak against it
        (-3.0, {"pictures_alone": [-3.0], "sound_alone": [-5.0]}, "pictures"),
        (3.0, {"pictures_alone": [0.2], "sound_alone": [3.0]}, "sound"),
        (3.0, {"pictures_alone": [5.0], "sound_alone": [3.0]}, "sound"),
        (3.0, {"pictures_alone": [3.0], "sound_alone": [3.0]}, None),
    ],
)
@pytest.mark.parametrize("kind", [None, "fake_picture", "fake_voice", "false_pairing"])
@pytest.mark.parametrize("is_known", [True, False], ids=["architecture", "equal scores"])
def test_a_stream_that_changes_nothing_is_never_named_and_has_no_score(
    decides: float, alone: dict[str, Any], leaned_on: str | None, kind: str | None, is_known: bool
) -> None:
    kinds = {} if kind is None else {name: 0.9 if name == kind else 0.1 for name in LABELS[1:]}
    read = {leaned_on} - {None} if is_known else STREAMS
    found = verdict(CLIP, scores([decides], **alone, kinds=kinds), Calibration(), read=read)
    assert found["leaned_on"] == leaned_on
    for stream in STREAMS:
        own = found[f"score_of_{stream}"]
        assert own == (pytest.approx(chance(decides)) if stream == leaned_on else None)
    named = f", leaned on {leaned_on} alone; most" if leaned_on else "(1 window); most"
    assert named in found["summary"]
    tells = decides > 0 and kind is not None and STREAMS_OF_KIND[kind] == {leaned_on}
    assert found["summary"].startswith(f"{kind or ''}".replace("_", " ") + ": 0.90" if tells else "used ")


@pytest.mark.parametrize(
    ("kind", "leaned_on"), [("fake_picture", "pictures"), ("fake_voice", "sound"), ("false_pairing", "both")]
)
def test_a_fake_of_a_known_kind_leaned_on_the_stream_of_that_kind(kind: str, leaned_on: str) -> None:
    kinds = {name: 0.9 if name == kind else 0.1 for name in ("fake_picture", "fake_voice", "false_pairing")}
    found = answer([3.0], pictures_alone=[4.0], sound_alone=[5.0], kinds=kinds)
    assert found["leaned_on"] == leaned_on
    assert found["summary"].startswith(f"{kind.replace('_', ' ')}: 0.90; used ")
    genuine = answer([-3.0], pictures_alone=[-2.9], sound_alone=[2.0], kinds=kinds)
    assert genuine["leaned_on"] == "pictures"
    assert genuine["summary"].startswith("used ")


def test_a_clip_unlike_the_training_gets_words_and_no_number() -> None:
    found = answer([3.0, 3.0, 3.0], novelty=1.7)
    assert found == {
        "file": "clip.mp4",
        "reason": "unlike-training",
        "error": found["error"],
        "left_out": [{"start": 0.2, "end": 3.4, "reason": "unlike-training"}],
    }
    assert "its pictures are unlike anything in the training (1.7 times" in found["error"]


def test_the_guide_explains_every_reason_and_no_other() -> None:
    text = GUIDE.read_text(encoding="utf-8")
    rows = text[text.index("| `reason` |") :].split("\n\n")[0].splitlines()[2:]
    explained = {word for row in rows for word in re.findall(r"`([^`]+)`", row.split("|")[1])}
    assert explained == {*REASONS, UNLIKE_TRAINING, NOT_FINITE, HANGS}


def unlike(found: ClipScores, pictures: Sequence[float], sound: Sequence[float]) -> ClipScores:
    return attrs.evolve(found, novelty={"pictures": torch.tensor(pictures), "sound": torch.tensor(sound)})


@pytest.mark.parametrize(
    ("pictures", "sound", "words"),
    [
        ([0.5, 0.5], [2.0, 2.0], "its sound is unlike anything in the training (2.0 times"),
        ([3.0, 3.0], [0.5, 0.5], "its pictures are unlike anything in the training (3.0 times"),
        ([3.0, 3.0], [2.0, 0.5], "its pictures and its sound are unlike anything in the training (3.0, 2.0"),
    ],
    ids=["sound", "pictures", "both"],
)
def test_the_streams_that_are_unlike_the_training_are_named(
    pictures: list[float], sound: list[float], words: str
) -> None:
    found = verdict(CLIP, unlike(scores([0.0, 0.0]), pictures, sound), Calibration())
    assert words in found["error"]


def test_a_few_seconds_unlike_the_training_decide_nothing_and_are_named() -> None:
    """Five windows of a drawing, which the network calls fake, in a genuine minute."""
    values = [-3.0] * 30 + [9.0] * 5 + [-3.0] * 40
    distances = [0.5] * 30 + [1.4] * 5 + [0.5] * 40
    found = verdict(CLIP, unlike(scores(values), distances, [0.5] * 75), Calibration())
    assert found["decision"] == "real"
    assert found["score"] == pytest.approx(chance(-3.0))
    assert found["windows"] == 70
    # from 24.2 s to 29 s; the windows before and behind cover what they share with it
    assert found["left_out"] == [{"start": 25.0, "end": 28.2, "reason": "unlike-training"}]
    assert all(part["score"] < 0.5 for part in (*found["suspicious"], *found["seconds"]))


def test_a_clip_of_which_more_than_half_is_unlike_the_training_is_refused() -> None:
    half = unlike(scores([0.0] * 4), [9.0, 0.5, 0.5, 0.5], [0.5, 9.0, 0.5, 0.5])
    assert verdict(CLIP, half, Calibration())["windows"] == 2
    most = unlike(scores([0.0] * 4), [9.0, 0.5, 0.5, 0.5], [0.5, 9.0, 9.0, 0.5])
    assert verdict(CLIP, most, Calibration())["reason"] == "unlike-training"


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_no_number_is_no_decision(value: float) -> None:
    found = answer([0.0, value, 0.0])
    assert found["reason"] == "not-finite"
    assert "score" not in found


def test_a_distance_that_is_no_number_is_unlike_the_training() -> None:
    assert answer([0.0], novelty=math.nan)["reason"] == "unlike-training"


def test_neighbouring_parts_that_are_left_out_for_one_reason_are_one() -> None:
    parts = [LeftOut(2.0, 2.8, "no-face"), LeftOut(2.8, 3.6, "no-face"), LeftOut(3.6, 4.0, "silence")]
    assert answer([0.0], left_out=parts)["left_out"] == [
        {"start": 2.0, "end": 3.6, "reason": "no-face"},
        {"start": 3.6, "end": 4.0, "reason": "silence"},
    ]


def test_what_is_left_out_has_no_score() -> None:
    """The window from 1.0 to 2.6 s has no face, and the one before it was used until 1.8 s."""
    found = answer([0.0, 0.0], starts=[0.2, 3.4], left_out=[LeftOut(1.0, 2.6, "no-face")])
    assert found["left_out"] == [{"start": 1.8, "end": 2.6, "reason": "no-face"}]
    inside = answer([0.0, 0.0], left_out=[LeftOut(0.6, 1.4, "silence")])
    assert inside["left_out"] == []


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20), st.sampled_from("abc")), max_size=8),
    st.lists(st.integers(0, 60), min_size=1, max_size=8, unique=True),
)
def test_parts_are_disjoint_and_each_moment_is_used_or_left_out(
    parts: list[tuple[int, int, str]], starts: list[int]
) -> None:
    """In tenths of a second."""
    left_out = [LeftOut(start / 10, (start + length) / 10, reason) for start, length, reason in parts]
    begins = [start / 10 for start in sorted(starts)]
    found = answer([0.0] * len(begins), starts=begins, left_out=left_out)["left_out"]
    named = [tenth for part in found for tenth in range(round(10 * part["start"]), round(10 * part["end"]))]
    used = {tenth for start in starts for tenth in range(start, start + 16)}
    given_ = {tenth for start, length, _ in parts for tenth in range(start, start + length)}
    assert named == sorted(given_ - used)


def test_the_summary_says_what_stands_behind_a_score() -> None:
    parts = [LeftOut(9.0 + place, 9.5 + place, "no-face") for place in range(5)]
    alike: dict[str, Any] = {"pictures_alone": [5.0] * 4, "sound_alone": [5.0] * 4}
    found = answer([-1.0, 2.0, -1.0, -1.0], starts=[0.2, 1.0, 4.0, 6.0], left_out=parts, **alike)
    assert found["summary"] == (
        "used 5.6 s (4 windows), leaned on both streams; most suspicious: 1.0-2.6 s (0.88), "
        "4.0-5.6 s (0.27), 6.0-7.6 s (0.27); left out: 9.0-9.5 s (no-face), 10.0-10.5 s (no-face), "
        "11.0-11.5 s (no-face), 2 more"
    )
    assert "; left out" not in answer([0.0])["summary"]
    assert "used 1.6 s (1 window), leaned on" in answer([0.0], sound_alone=[1.0])["summary"]


def test_an_answer_is_json_with_its_notes() -> None:
    found = verdict(CLIP, scores([0.3, 0.1]), Calibration(), ["Trained on toys."])
    assert json.loads(json.dumps(found)) == found
    assert found["notes"] == ["Trained on toys."]
    assert "notes" not in answer([0.3])
