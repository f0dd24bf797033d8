"""Reader of SWAN-DF: altered videos and altered voices in files of their own, beside the clips of SWAN.

There is no table: all is in the names of files and folders.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import ClassVar

from attrs import define, field, frozen

from nasframe.errors import DataError
from nasframe_audiovisual import files_of
from nasframe_deepfake.datasets.categories import FAKE_BOTH, GENUINE
from nasframe_deepfake.datasets.dataset import Dataset, Desync
from nasframe_deepfake.datasets.listing import Clip, Listing
from nasframe_deepfake.datasets.no_clip import require_files
from nasframe_deepfake.datasets.video_files import is_video

__all__ = ["SwanDF"]

_SIZES = ("160x160", "256x256", "320x320")
_SITES = {"1": "NTNU", "2": "UIO", "3": "MPH-FRA", "4": "IDIAP", "6": "MPH-IND"}
_DEVICES = {"p": "iPhone", "t": "iPad"}
_MODALITIES = {"1": "face", "2": "voice", "3": "eye", "4": "finger"}
_VOICE = "2"
_GENDERS = {"m": "men", "f": "women"}

_STEM = (
    r"(?P<stem>(?:[^_]+_)?(?P<site>[0-9])_(?P<person>[0-9]{5})_(?P<gender>[mf])_(?P<session>[0-9]{2})_"
    r"(?P<recording>[0-9]{2})_(?P<device>[pt])_(?P<modality>[0-9]))"
)
_GENUINE = re.compile(_STEM)
_FAKE_VIDEO = re.compile(rf"{_STEM}-(?P<recipe>model_[0-9]+d-.+)-to-(?P<target>[0-9]{{5}})")
_FAKE_VOICE = re.compile(rf"{_STEM}-(?P<recipe>.+)-to-(?P<target>[0-9]{{5}})")
_SESSION = re.compile("session_([0-9]{2})")

_GENUINE_NAME = "site_person_gender_session_recording_device_modality.mp4"
_VIDEO_NAME = "<name of a SWAN clip>-model_<size>d-<training>-<blending>-to-<person>.mp4"
_VOICE_NAME = "<name of a SWAN clip>-<conversion>-to-<person>.wav"


class SwanDF(Dataset):
    """SWAN-DF with SWAN: fakes whose pictures and voices are in files of their own, paired by their names."""

    expects: ClassVar[str] = (
        "the folders videos and audios of SWAN-DF, and those of SWAN's sites, such as IDIAP/session_01"
    )

    corpus: ClassVar[str] = "SWAN"  # sources and targets are its people, by their numbers there

    def recognises(self, folder: Path) -> bool:
        """Return True where a folder has a part, or parts lie in the folders below and no other set does."""
        if _has_a_part(folder):
            return True
        inside = _folders(folder)
        parts = [item for item in inside if _has_a_part(item)]
        return bool(parts) and not any(_may_be_a_set(item) for item in inside if item not in parts)

    def why_not(self, folder: Path) -> str:
        return f"there is no videos/{_SIZES[-1]}, audios/wav or IDIAP/session_01"

    def read(self, folder: Path, desync: Desync) -> Listing:
        """Return the genuine clips of SWAN, and a clip for each pair of an altered video and a voice."""
        if not folder.is_dir():
            raise DataError(
                f"data folder {folder} {'is not a folder' if folder.exists() else 'does not exist'}"
            )
        listing = Listing(folder)
        tree = _Tree(listing)
        for path in files_of(folder):
            tree.take(path)
        tree.pair()
        listing.clips.sort(key=lambda clip: (clip.path, clip.sound_file))
        _note_numbers_of_several_people(listing)
        require_files(listing)
        return listing


def _folders(folder: Path) -> list[Path]:
    return [item for item in sorted(folder.iterdir()) if item.is_dir() and not item.name.startswith(".")]


def _may_be_a_set(folder: Path) -> bool:
    """Return True for a folder with folders, videos or tables in it, so not for one of programs or texts."""
    return any(
        item.is_dir() or is_video(item.name) or item.suffix.lower() in (".csv", ".json")
        for item in folder.iterdir()
    )


def _has_a_part(folder: Path) -> bool:
    """Return True where a folder has the altered videos, the altered voices, or the clips of a site."""
    return (
        any((folder / "videos" / size).is_dir() for size in _SIZES)
        or (folder / "audios" / "wav").is_dir()
        or any(any((folder / site).glob("session_*")) for site in _SITES.values())
    )


@frozen
class _Part:
    """One file of a fake: its pictures or its voice."""

    path: str
    recipe: str
    names: Mapping[str, str]

    @property
    def key(self) -> tuple[str, str]:
        """The genuine clip and the person who is shown, which both files of a fake have in common."""
        return self.names["stem"], self.names["target"]


@define
class _Tree:
    """The files of the folder, each taken for what its place and its name say."""

    listing: Listing
    _videos: list[_Part] = field(factory=list)
    _voices: list[_Part] = field(factory=list)

    def take(self, path: str) -> None:
        """Put a file where it belongs."""
        parts, ending = PurePosixPath(path).parts, PurePosixPath(path).suffix.lower()
        if parts[-4:-3] == ("videos",) and is_video(path):
            self._take_part(path, _FAKE_VIDEO, _VIDEO_NAME, self._videos)
        elif parts[-4:-2] == ("audios", "wav") and ending == ".wav":
            self._take_part(path, _FAKE_VOICE, _VOICE_NAME, self._voices)
        elif len(parts) >= 5 and _SESSION.fullmatch(parts[-4]) and is_video(path):
            self._take_genuine(path)
        elif is_video(path) or ending == ".wav":
            self.listing.unlisted.append(path)

    def pair(self) -> None:
        """List each video with every recording of the same genuine clip and target."""
        recordings: dict[tuple[str, str], list[_Part]] = defaultdict(list)
        for voice in self._voices:
            recordings[voice.key].append(voice)
        for video in self._videos:
            for voice in recordings[video.key]:
                self.listing.clips.append(_fake(video, voice))
            if not recordings[video.key]:
                self.listing.left_out.append(f"{video.path}: {_no_other('voice', video)}")
        shown = {video.key for video in self._videos}
        self.listing.left_out += [
            f"{voice.path}: {_no_other('video', voice)}" for voice in self._voices if voice.key not in shown
        ]

    def _take_part(self, path: str, names: re.Pattern[str], expected: str, parts: list[_Part]) -> None:
        _, size, source, name = PurePosixPath(path).parts[-4:]
        found = names.fullmatch(name.rpartition(".")[0])
        if found is None:
            self._refuse(path, f"expected {expected}")
        elif parts is self._videos and size not in _SIZES:
            self._refuse(path, f"unknown folder {size!r}; expected one of {', '.join(_SIZES)}")
        elif problem := _contradiction(found.groupdict(), {"person": source}):
            self._refuse(path, problem)
        else:
            parts.append(_Part(path, found["recipe"], found.groupdict()))

    def _take_genuine(self, path: str) -> None:
        site, session, device, person, name = PurePosixPath(path).parts[-5:]
        found = _GENUINE.fullmatch(name.rpartition(".")[0])
        if found is None:
            self._refuse(path, f"expected {_GENUINE_NAME}")
            return
        names = found.groupdict()
        places = {
            "site": site,
            "session": session.removeprefix("session_"),
            "device": device,
            "person": person,
        }
        if problem := _contradiction(names, places):
            self._refuse(path, problem)
        elif names["modality"] != _VOICE:
            modality = f"{names['modality']}, {_MODALITIES.get(names['modality'], 'unknown')}"
            self.listing.left_out.append(f"{path}: its modality is {modality}; only {_VOICE}, voice, is used")
        else:
            gender = _GENDERS[names["gender"]]
            self.listing.clips.append(
                Clip(path, GENUINE.name, "real", names["person"], (), "", gender, lying=True)
            )

    def _refuse(self, path: str, why: str) -> None:
        self.listing.malformed.append(f"{path}: {why}")


def _contradiction(names: Mapping[str, str], folders: Mapping[str, str]) -> str:
    """Return where the name of a file and the folders that it lies in disagree; empty where they do not."""
    if names["site"] not in _SITES:
        return f"unknown site {names['site']!r}; expected one of {', '.join(_SITES)}"
    said = {**names, "site": _SITES[names["site"]], "device": _DEVICES[names["device"]]}
    for key, folder in folders.items():
        if said[key].casefold() != folder.casefold():
            return f"{key} is {said[key]} by its name, and {folder} by its folder"
    return ""


def _fake(video: _Part, voice: _Part) -> Clip:
    person, target = video.names["person"], video.names["target"]
    return Clip(
        video.path,
        FAKE_BOTH.name,
        f"{video.recipe} and {voice.recipe}",
        person,
        (target,) if target != person else (),
        "",
        _GENDERS[video.names["gender"]],
        sound_file=voice.path,
        lying=True,
    )


def _no_other(kind: str, part: _Part) -> str:
    stem, target = part.key
    return f"there is no {kind} of {stem} to {target}"


def _note_numbers_of_several_people(listing: Listing) -> None:
    """Note the numbers that two sites or genders have: targets name no site, so one number is one person."""
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for clip in listing.clips:
        name = _GENUINE.match(PurePosixPath(clip.path).name)
        if name is not None:
            found[clip.source].add((name["site"], name["gender"]))
    several = sorted(person for person, names in found.items() if len(names) > 1)
    if several:
        shown = f"{', '.join(several[:3])}{', …' if len(several) > 3 else ''}"
        listing.notes.append(
            f"{len(several)} numbers stand for people of several sites or genders ({shown}) and count as one "
            "person each: the target of a fake names no site"
        )
