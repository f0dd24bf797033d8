"""Access to the data sets that plugins registered, by their names or their folders."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import attrs

from nasframe import Registered, manager
from nasframe.errors import ContractError, DataError, NasframeError, PluginError, PluginWarning, nearest
from nasframe_deepfake.datasets.categories import CATEGORIES
from nasframe_deepfake.datasets.dataset import Dataset, Desync
from nasframe_deepfake.datasets.identities import one_spelling
from nasframe_deepfake.datasets.listing import OFFICIAL_SPLITS, Clip, Listing

__all__ = [
    "AUTO",
    "DEFAULT",
    "OPTION",
    "check_dataset_name",
    "corpus_of",
    "expected_content",
    "hash_of_dataset",
    "names_recognising",
    "read_dataset",
    "resolve_dataset_name",
    "shown_name",
]

AUTO = "auto"
"""In place of a name: each data set is asked whether a folder is its own."""

DEFAULT = "fakeavceleb"
"""The data set where none is named. It enters fingerprints, and is also that of the synthesised clips."""

OPTION = "task.dataset"
"""The option that names a data set, for messages."""

_KIND = "dataset"
_OWN = "nasframe_deepfake"
_LISTS_OF_TEXT = ("missing", "unlisted", "malformed", "left_out", "corrected", "notes")
_SHOWN = 3  # names of a folder that nobody recognises
_MOST_FOLDERS = 50  # inside a folder that nobody recognises, for a hint


def check_dataset_name(name: str) -> None:
    """Refuse a name that no plugin registers, or two.

    Raises:
        ValueError: with the near names.
    """
    if name == AUTO:
        return
    try:
        _entry(name)
    except PluginError as error:
        raise ValueError(str(error)) from error


def resolve_dataset_name(name: str, folder: Path | None) -> str:
    """Return the name of a data set by which it enters fingerprints: with its plugin, unless it is our own.

    Args:
        name: as the user gives it; `auto` asks every data set.
        folder: of the data; None for synthesised clips.

    Raises:
        DataError: none recognises the folder, with what each expects, or two do; there is no folder; or the
            one that is named cannot read it, and another one recognises it.
        PluginError: no plugin registers the name, or two.
        ContractError: a data set breaks its contract.
    """
    entry = _entry_for(name, folder)
    if name != AUTO and folder is not None and folder.is_dir():
        _refuse_folder_of_another(entry, folder)
    return shown_name(f"{entry.plugin}:{entry.name}")


def expected_content(name: str) -> str:
    """Return the content of a folder of a data set, in a few words."""
    return _make(_entry(name)).expects


def hash_of_dataset(name: str) -> str | None:
    """Return the SHA-256 of the code of the plugin of a data set; None for our own, which have a version."""
    entry = _entry(name)
    return None if entry.plugin == _OWN else manager().code_of(entry.plugin, type(_make(entry)))


def read_dataset(name: str, folder: Path, desync: Desync) -> Listing:
    """Return the clips in a folder of a data set, sorted by their paths, each person under one name.

    Raises:
        DataError: see `Dataset.read`.
        ContractError: the data set fails, or returns no listing of clips.
    """
    entry = _entry(name)
    dataset = _make(entry)
    with _calling(entry, "read"):
        listing = dataset.read(folder, desync)
    _check(entry, listing)
    listing.clips.sort(key=lambda clip: (clip.path, clip.sound_file))
    if not listing.nameless:  # else the sources are names of clips, and each is what it is
        listing.clips, spellings = one_spelling(listing.clips)
        listing.spellings += spellings
    elif not listing.sets:  # of several sets each has said it of its own clips
        listing.clips = [attrs.evolve(clip, nameless=True) for clip in listing.clips]
    return listing


def names_recognising(folder: Path, without: tuple[type[Dataset], ...] = ()) -> list[str]:
    """Return the data sets that recognise a folder, each as `plugin:name`; one that fails is none of them.

    Args:
        folder: which is there.
        without: classes of data sets that are not asked.

    Raises:
        OSError: the folder cannot be read.
    """
    found = []
    for entry in manager().registered(_KIND):
        try:
            if not isinstance(_make(entry), without) and _recognises(entry, folder):
                found.append(f"{entry.plugin}:{entry.name}")
        except PluginError:  # told where the folder above is asked about
            continue
    return found


def shown_name(name: str) -> str:
    """Return a name as it enters reports and fingerprints: with its plugin, unless it is our own."""
    return name.removeprefix(f"{_OWN}:")


def corpus_of(name: str) -> str:
    """Return the corpus whose names the people of a data set have; empty where there is none."""
    return _make(_entry(name)).corpus


def _entry(name: str) -> Registered:
    return manager().find(_KIND, name, builtin=DEFAULT)


def _entry_for(name: str, folder: Path | None) -> Registered:
    if name != AUTO:
        return _entry(name)
    return _entry(DEFAULT) if folder is None else _recognising(folder)


def _refuse_folder_of_another(entry: Registered, folder: Path) -> None:
    """Refuse a folder that a data set cannot read and others recognise, with the names of these."""
    if _recognises(entry, folder):
        return
    others = [shown_name(name) for name in names_recognising(folder)]
    if not others:
        return  # who reads it says what it lacks
    try:
        read_dataset(f"{entry.plugin}:{entry.name}", folder, "pairing")
    except DataError as error:
        choices = [AUTO, *others] if len(others) == 1 else others  # auto does not choose among several
        said = " or ".join(f"{OPTION}={choice}" for choice in choices)
        raise DataError(
            f"{entry.name!r} cannot read {folder}, which {' and '.join(map(repr, others))} can: say {said}"
            f"\n  {entry.name}: {error}"
        ) from error


def _recognising(folder: Path) -> Registered:
    """Return the one data set that recognises a folder."""
    if not folder.is_dir():
        raise DataError(f"data folder {folder} {'is not a folder' if folder.exists() else 'does not exist'}")
    answers = [(entry, _ask(entry, folder)) for entry in manager().registered(_KIND)]
    entries = [entry for entry, answer in answers if answer is not None]
    found = [entry for entry, answer in answers if answer]
    if len(found) == 1:
        return found[0]
    if found:
        names = " and ".join(f"{entry.name!r} of plugin {entry.plugin!r}" for entry in found)
        choices = " or ".join(f"{entry.plugin}:{entry.name}" for entry in found)
        raise DataError(
            f"data folder {folder} is recognised by several data sets, {names}; say which: {choices}"
        )
    known = "".join(f"\n  {entry.name}: {_wanting(entry, folder)}" for entry in entries)
    raise DataError(f"no data set recognises {folder}{_there(folder)}{_hint(folder, entries)}{known}")


def _wanting(entry: Registered, folder: Path) -> str:
    """Return what a data set expects, and what of it a folder lacks."""
    dataset = _make(entry)
    with _calling(entry, "why_not"):
        lacking = dataset.why_not(folder)
    return f"{dataset.expects}; {lacking}" if lacking else dataset.expects


def _there(folder: Path) -> str:
    """Return what a folder holds, by the first few names."""
    names = sorted(item.name for item in folder.iterdir())
    if not names:
        return ", which is empty"
    return f", which holds {', '.join(names[:_SHOWN])}{', …' if len(names) > _SHOWN else ''}"


def _ask(entry: Registered, folder: Path) -> bool | None:
    """Return True where a data set recognises a folder; None for one that fails, which is reported."""
    try:
        return _recognises(entry, folder)
    except PluginError as error:
        warnings.warn(
            f"a data set cannot say whether {folder} is its own: {error}", PluginWarning, stacklevel=2
        )
        return None


def _hint(folder: Path, entries: Sequence[Registered]) -> str:
    """Return the name of a folder inside that a data set recognises, for the error message."""
    inside = sorted(item for item in folder.iterdir() if item.is_dir())[:_MOST_FOLDERS]
    for item in inside:
        for entry in entries:
            if _recognises(entry, item):
                return f"; {item} is a folder of {entry.name}"
    return ""


def _recognises(entry: Registered, folder: Path) -> bool:
    dataset = _make(entry)
    with _calling(entry, "recognises"):
        answer = dataset.recognises(folder)
    if not isinstance(answer, bool):
        raise ContractError(f"{entry}: recognises must return True or False, found {answer!r}")
    return answer


def _make(entry: Registered) -> Dataset:
    target = entry.load()
    if not (inspect.isclass(target) and issubclass(target, Dataset)):
        raise ContractError(f"{entry} must be a subclass of nasframe_deepfake.Dataset, found {target!r}")
    if entry.name == AUTO:
        raise ContractError(f"{entry}: {AUTO!r} asks every data set, and can be the name of none")
    if not isinstance(getattr(target, "expects", None), str):
        raise ContractError(f"{entry}: lacks `expects`, the content of such a folder in a few words")
    if not isinstance(target.corpus, str) or "/" in target.corpus:
        raise ContractError(f"{entry}: `corpus` is a name without a slash, found {target.corpus!r}")
    with _calling(entry, "its constructor"):
        return target()


@contextmanager
def _calling(entry: Registered, what: str) -> Iterator[None]:
    """Name the data set in an error of its code that is not for the user."""
    try:
        yield
    except (NasframeError, OSError):
        raise
    except (Exception, SystemExit) as error:  # a plugin's class may raise anything
        raise ContractError(f"{entry}: {what} raised {type(error).__name__}: {error}") from error


def _check(entry: Registered, listing: object) -> None:
    if not isinstance(listing, Listing):
        raise ContractError(f"{entry}: read must return a nasframe_deepfake.Listing, found {listing!r}")
    if not isinstance(listing.root, Path):
        raise ContractError(f"{entry}: the root of a listing is a pathlib.Path, found {listing.root!r}")
    for name in ("clips", "duplicates", *_LISTS_OF_TEXT):
        part = getattr(listing, name)
        if not isinstance(part, list):
            raise ContractError(f"{entry}: {name} of a listing is a list, found {part!r}")
        if name in _LISTS_OF_TEXT and not all(isinstance(item, str) for item in part):
            raise ContractError(f"{entry}: {name} of a listing holds strings, found {part!r}")
    if not listing.clips:
        raise DataError(f"{listing.root}: {entry.name} lists no clip to use")
    seen: set[str] = set()
    for clip in listing.clips:
        if not isinstance(clip, Clip):
            raise ContractError(f"{entry}: expected a nasframe_deepfake.Clip, found {clip!r}")
        if not isinstance(clip.path, str) or not isinstance(clip.category, str):
            raise ContractError(f"{entry}: path and category of a clip are strings, found {clip!r}")
        if not isinstance(clip.sound_file, str):
            raise ContractError(f"{entry}: the sound_file of a clip is a string, found {clip!r}")
        people = (clip.source, *clip.targets) if isinstance(clip.targets, tuple | list) else (None,)
        if not all(isinstance(person, str) for person in people):
            raise ContractError(f"{entry}: source and targets of a clip are strings, found {clip!r}")
        if clip.category not in CATEGORIES:
            problem = f"unknown category {clip.category!r}{nearest(clip.category, CATEGORIES)}"
            raise ContractError(f"{entry}: {clip.path}: {problem}")
        if clip.official_split not in ("", *OFFICIAL_SPLITS):
            problem = f"unknown official split {clip.official_split!r}"
            raise ContractError(
                f"{entry}: {clip.path}: {problem}{nearest(clip.official_split, OFFICIAL_SPLITS)}"
            )
        if clip.name in seen:
            raise ContractError(f"{entry}: lists {clip.name} twice")
        seen.add(clip.name)
