"""A library for tasks on clips with picture and sound: from files to cached features in four splits.

It registers nothing. A task uses it in this order:

- **files**: `ClipFiles` are those of a clip: mostly one, or one of its pictures and one of its sound;
  `describe_source` fingerprints a data folder, `files_of` lists one, `same_contents` finds equal
  files in it, `file_digest` is the hash of one
- **media**: `play` yields each `Picture` and `Sound` of a clip as a player shows them, or raises a
  `ClipError`; `at_most` (by default `LARGEST`) gives the size of the pictures; `log_mel` turns samples,
  `SAMPLE_RATE` a second, into a spectrogram of `COLUMNS` columns; `facts_of_file` are the `FileFacts` beside
  the content: container, rates, sizes, silence, loudness
- **many clips**: `in_threads` computes a function of each in this process, `Spares` keep what one thread at a
  time may use, `keep_freed_memory` speeds up worker processes, and `CLIP_PATIENCE` is how long one may say
  nothing of a clip; in a block `beside_torch` are the imports of
  packages that must fit torch
- **faces**: `FaceSettings` name a detector (`FaceDetectorName`) and `make` it, as `make_detector` does: one
  of the `DETECTORS`, a `FaceDetector` (it finds each `Face`); a `FaceTracker` is fed pictures and returns
  them `Located`, at most `LOOK_AHEAD` seconds later, with every `TrackedFace`; `window_square` returns the
  `Square` of a window to `crop`, or `NoSquare` with the reason, `NO_FACE` or `SEVERAL_FACES`
- **windows**: `read_windows` yields each `Excerpt` of a clip, a `Recording` of the length of a `Window`, and
  what is `LeftOut`; `first_window` returns the first, and `nothing_used` the `NothingUsedError` where there
  is none; `read_footage` reads what is around a window once more, whole (`Footage`), by its `WindowPlace`;
  `REASONS` has each reason why a clip or a part of it cannot be used
- **splits**: `split_groups` spreads whole groups over the four `SPLITS`, `joined_groups` joins groups that
  share something; `read_split_list` and `write_split_list` for a list of the user's own
- **arrays**: `write_streams` decodes a whole set once, in shards with which it goes on after a kill
  (`DecodedClips`; `streams_size` in bytes; `remove_streams`); `open_streams` maps them into memory, as
  `ShardedRows` that are read like one array. `RowWriter` and `open_rows` write and map one file,
  `write_index` and `read_index` keep what is known about each clip; `require_space`, `size_on_disk` and
  `DISK_BLOCK` check the disk first
- **backbones**: `check_backbone` and `check_weights` before any work, `hub_weights` for those that are
  published; `train_backbones` by `BackboneTraining` on `LabelledStreams` (`training_inputs` for the
  fingerprint of the stage, `weights_size` in bytes, `image_sizes` of its streams);
  `make_backbone`, `load_backbone`, `stage_channels`, `count_parameters`; their images are made by
  `normalise_pictures`, `standardise_sounds` and `channels_last`
- **features**: an `Extractor` (`load_extractor`) of both backbones, whose maps may be reduced to fewer
  channels (`unreduced` is the network whose weights are kept); `write_features` computes those of a set
  once, standardised by a `Standardiser` (`load_standardiser`); `open_features` maps them into memory, for a
  `FeatureSplit`; `window_inputs` are those of some windows, and a `Front` computes them where there is no
  nasframe; `WithBackbones` is a network with both, to train all of it; `fit_novelty`,
  `fit_novelty_of_streams` and `load_novelty` return a `Novelty`, the distance of a clip from a training.
  Their names: `PICTURE_INPUTS`, `SOUND_INPUTS`

Every name is imported when it is first used, so that a command or a worker never waits for torch, timm or a
codec that it does not need.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nasframe.runtime import lazy_page

if TYPE_CHECKING:
    from nasframe_audiovisual.backbones import BackboneTraining as BackboneTraining
    from nasframe_audiovisual.backbones import LabelledStreams as LabelledStreams
    from nasframe_audiovisual.backbones import channels_last as channels_last
    from nasframe_audiovisual.backbones import check_backbone as check_backbone
    from nasframe_audiovisual.backbones import check_weights as check_weights
    from nasframe_audiovisual.backbones import count_parameters as count_parameters
    from nasframe_audiovisual.backbones import hub_weights as hub_weights
    from nasframe_audiovisual.backbones import image_sizes as image_sizes
    from nasframe_audiovisual.backbones import load_backbone as load_backbone
    from nasframe_audiovisual.backbones import make_backbone as make_backbone
    from nasframe_audiovisual.backbones import normalise_pictures as normalise_pictures
    from nasframe_audiovisual.backbones import stage_channels as stage_channels
    from nasframe_audiovisual.backbones import standardise_sounds as standardise_sounds
    from nasframe_audiovisual.backbones import train_backbones as train_backbones
    from nasframe_audiovisual.backbones import training_inputs as training_inputs
    from nasframe_audiovisual.backbones import unreduced as unreduced
    from nasframe_audiovisual.backbones import weights_size as weights_size
    from nasframe_audiovisual.clip_files import ClipFiles as ClipFiles
    from nasframe_audiovisual.clip_patience import CLIP_PATIENCE as CLIP_PATIENCE
    from nasframe_audiovisual.faces import DETECTORS as DETECTORS
    from nasframe_audiovisual.faces import LOOK_AHEAD as LOOK_AHEAD
    from nasframe_audiovisual.faces import NO_FACE as NO_FACE
    from nasframe_audiovisual.faces import SEVERAL_FACES as SEVERAL_FACES
    from nasframe_audiovisual.faces import Face as Face
    from nasframe_audiovisual.faces import FaceDetector as FaceDetector
    from nasframe_audiovisual.faces import FaceDetectorName as FaceDetectorName
    from nasframe_audiovisual.faces import FaceSettings as FaceSettings
    from nasframe_audiovisual.faces import FaceTracker as FaceTracker
    from nasframe_audiovisual.faces import Located as Located
    from nasframe_audiovisual.faces import NoSquare as NoSquare
    from nasframe_audiovisual.faces import Square as Square
    from nasframe_audiovisual.faces import TrackedFace as TrackedFace
    from nasframe_audiovisual.faces import crop as crop
    from nasframe_audiovisual.faces import make_detector as make_detector
    from nasframe_audiovisual.faces import window_square as window_square
    from nasframe_audiovisual.features import PICTURE_INPUTS as PICTURE_INPUTS
    from nasframe_audiovisual.features import SOUND_INPUTS as SOUND_INPUTS
    from nasframe_audiovisual.features import Extractor as Extractor
    from nasframe_audiovisual.features import FeatureSplit as FeatureSplit
    from nasframe_audiovisual.features import Front as Front
    from nasframe_audiovisual.features import Novelty as Novelty
    from nasframe_audiovisual.features import Standardiser as Standardiser
    from nasframe_audiovisual.features import WithBackbones as WithBackbones
    from nasframe_audiovisual.features import fit_novelty as fit_novelty
    from nasframe_audiovisual.features import fit_novelty_of_streams as fit_novelty_of_streams
    from nasframe_audiovisual.features import load_extractor as load_extractor
    from nasframe_audiovisual.features import load_novelty as load_novelty
    from nasframe_audiovisual.features import load_standardiser as load_standardiser
    from nasframe_audiovisual.features import open_features as open_features
    from nasframe_audiovisual.features import window_inputs as window_inputs
    from nasframe_audiovisual.features import write_features as write_features
    from nasframe_audiovisual.freed_memory import keep_freed_memory as keep_freed_memory
    from nasframe_audiovisual.media import LARGEST as LARGEST
    from nasframe_audiovisual.media import REASONS as REASONS
    from nasframe_audiovisual.media import SAMPLE_RATE as SAMPLE_RATE
    from nasframe_audiovisual.media import ClipError as ClipError
    from nasframe_audiovisual.media import FileFacts as FileFacts
    from nasframe_audiovisual.media import Picture as Picture
    from nasframe_audiovisual.media import Sound as Sound
    from nasframe_audiovisual.media import at_most as at_most
    from nasframe_audiovisual.media import facts_of_file as facts_of_file
    from nasframe_audiovisual.media import play as play
    from nasframe_audiovisual.sharded_rows import ShardedRows as ShardedRows
    from nasframe_audiovisual.sharded_rows import open_streams as open_streams
    from nasframe_audiovisual.spares import Spares as Spares
    from nasframe_audiovisual.spectrogram import COLUMNS as COLUMNS
    from nasframe_audiovisual.spectrogram import log_mel as log_mel
    from nasframe_audiovisual.splits import SPLITS as SPLITS
    from nasframe_audiovisual.splits import joined_groups as joined_groups
    from nasframe_audiovisual.splits import read_split_list as read_split_list
    from nasframe_audiovisual.splits import split_groups as split_groups
    from nasframe_audiovisual.splits import write_split_list as write_split_list
    from nasframe_audiovisual.storage import DISK_BLOCK as DISK_BLOCK
    from nasframe_audiovisual.storage import RowWriter as RowWriter
    from nasframe_audiovisual.storage import describe_source as describe_source
    from nasframe_audiovisual.storage import file_digest as file_digest
    from nasframe_audiovisual.storage import files_of as files_of
    from nasframe_audiovisual.storage import open_rows as open_rows
    from nasframe_audiovisual.storage import read_index as read_index
    from nasframe_audiovisual.storage import require_space as require_space
    from nasframe_audiovisual.storage import same_contents as same_contents
    from nasframe_audiovisual.storage import size_on_disk as size_on_disk
    from nasframe_audiovisual.storage import write_index as write_index
    from nasframe_audiovisual.streams import DecodedClips as DecodedClips
    from nasframe_audiovisual.streams import remove_streams as remove_streams
    from nasframe_audiovisual.streams import streams_size as streams_size
    from nasframe_audiovisual.streams import write_streams as write_streams
    from nasframe_audiovisual.threads import in_threads as in_threads
    from nasframe_audiovisual.torch_companions import beside_torch as beside_torch
    from nasframe_audiovisual.windows import Excerpt as Excerpt
    from nasframe_audiovisual.windows import Footage as Footage
    from nasframe_audiovisual.windows import LeftOut as LeftOut
    from nasframe_audiovisual.windows import NothingUsedError as NothingUsedError
    from nasframe_audiovisual.windows import Recording as Recording
    from nasframe_audiovisual.windows import Window as Window
    from nasframe_audiovisual.windows import WindowPlace as WindowPlace
    from nasframe_audiovisual.windows import first_window as first_window
    from nasframe_audiovisual.windows import nothing_used as nothing_used
    from nasframe_audiovisual.windows import read_footage as read_footage
    from nasframe_audiovisual.windows import read_windows as read_windows

_NAMES = {
    "backbones": (
        "BackboneTraining",
        "LabelledStreams",
        "channels_last",
        "check_backbone",
        "check_weights",
        "count_parameters",
        "hub_weights",
        "image_sizes",
        "load_backbone",
        "make_backbone",
        "normalise_pictures",
        "stage_channels",
        "standardise_sounds",
        "train_backbones",
        "training_inputs",
        "unreduced",
        "weights_size",
    ),
    "clip_files": ("ClipFiles",),
    "clip_patience": ("CLIP_PATIENCE",),
    "faces": (
        "DETECTORS",
        "LOOK_AHEAD",
        "NO_FACE",
        "SEVERAL_FACES",
        "Face",
        "FaceDetector",
        "FaceDetectorName",
        "FaceSettings",
        "FaceTracker",
        "Located",
        "NoSquare",
        "Square",
        "TrackedFace",
        "crop",
        "make_detector",
        "window_square",
    ),
    "features": (
        "PICTURE_INPUTS",
        "SOUND_INPUTS",
        "WithBackbones",
        "Extractor",
        "FeatureSplit",
        "Front",
        "Novelty",
        "Standardiser",
        "fit_novelty",
        "fit_novelty_of_streams",
        "load_extractor",
        "load_novelty",
        "load_standardiser",
        "open_features",
        "window_inputs",
        "write_features",
    ),
    "freed_memory": ("keep_freed_memory",),
    "media": (
        "LARGEST",
        "REASONS",
        "SAMPLE_RATE",
        "ClipError",
        "FileFacts",
        "Picture",
        "Sound",
        "at_most",
        "facts_of_file",
        "play",
    ),
    "sharded_rows": ("ShardedRows", "open_streams"),
    "spares": ("Spares",),
    "spectrogram": (
        "COLUMNS",
        "log_mel",
    ),
    "splits": (
        "SPLITS",
        "joined_groups",
        "read_split_list",
        "split_groups",
        "write_split_list",
    ),
    "storage": (
        "DISK_BLOCK",
        "RowWriter",
        "describe_source",
        "file_digest",
        "files_of",
        "open_rows",
        "read_index",
        "require_space",
        "same_contents",
        "size_on_disk",
        "write_index",
    ),
    "streams": (
        "DecodedClips",
        "remove_streams",
        "streams_size",
        "write_streams",
    ),
    "threads": ("in_threads",),
    "torch_companions": ("beside_torch",),
    "windows": (
        "Excerpt",
        "Footage",
        "LeftOut",
        "NothingUsedError",
        "Recording",
        "Window",
        "WindowPlace",
        "first_window",
        "nothing_used",
        "read_footage",
        "read_windows",
    ),
}
_MODULES = {name: f"{__name__}.{package}" for package, names in _NAMES.items() for name in names}

__all__ = sorted(_MODULES)
__getattr__ = lazy_page(__name__, _MODULES, extra="nasframe[audiovisual]")


def __dir__() -> list[str]:
    return __all__
