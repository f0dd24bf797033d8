"""Faces: in how many embedded clips one is found, how still its square is, and the time of a picture.

python benchmarks/faces.py [CLIPS] [SEED]
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from nasframe.runtime import make_progress
from nasframe_audiovisual import (
    FaceDetector,
    FaceTracker,
    Located,
    NoSquare,
    Picture,
    Square,
    make_detector,
    play,
    window_square,
)
from nasframe_deepfake.synthesis import Corpus, write_corpus

STEP = 0.1
"""Seconds between two pictures."""

SIZES = ((112, 112), (640, 360), (1280, 720), (1920, 1080))

Pictures = Sequence[NDArray[np.uint8]]


def located(detector: FaceDetector, pictures: Pictures) -> list[Located]:
    """Return the faces of all pictures."""
    tracker = FaceTracker(detector)
    found = [one for number, pixels in enumerate(pictures) for one in tracker.feed(number * STEP, pixels)]
    return found + tracker.close()


def clips(count: int, seed: int) -> Iterator[tuple[str, Pictures]]:
    """Yield the category of each clip of an embedded set, and 18 of its pictures."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "clips"
        for row in write_corpus(root, Corpus(clips=count, seed=seed), 0, make_progress()):
            parts = play(root / row.folder / row.file, 0.1 + STEP / 2, STEP)
            pictures = [part.pixels for part in parts if isinstance(part, Picture)]
            yield f"{row.type} ({row.method})", pictures[:18]


def placed(pictures: Pictures, width: int, height: int) -> list[NDArray[np.uint8]]:
    """Return the pictures off the centre of larger ones, at 0.6 of their height, on noisy grey."""
    side, random = round(0.6 * height), np.random.default_rng(0)
    slope = np.linspace(60, 180, width)[None, :, None]
    wall = np.clip(slope + random.normal(0, 4, (height, width, 3)), 0, 255).astype(np.uint8)
    made = []
    for pixels in pictures:
        picture = wall.copy()
        top, left = height - side, round(0.1 * width)
        picture[top:, left : left + side] = cv2.resize(pixels, (side, side), interpolation=cv2.INTER_CUBIC)
        made.append(picture)
    return made


def rates(detector: FaceDetector, count: int, seed: int) -> Pictures:
    """Print the rates, and return the pictures of one clip."""
    found: defaultdict[str, list[bool]] = defaultdict(list)
    moves, cuts, last = [], 0, None
    for category, pictures in clips(count, seed):
        faces = located(detector, pictures)
        cuts += faces[-1].shot
        if faces[-1].shot:
            continue
        one, other = (window_square(faces[first : first + 16], detector.margin) for first in (0, 2))
        found[category].append(isinstance(one, Square))
        if isinstance(one, Square) and isinstance(other, Square):
            shift = np.hypot(one.left - other.left, one.top - other.top)
            moves.append((shift / one.side, abs(one.side / other.side - 1)))
        last = pictures
    for category, squares in sorted(found.items()):
        print(f"{category:40} {np.mean(squares):6.1%} of {len(squares)} clips have a square")
    print(f"{cuts} cuts were found in {count} clips without any")
    shift, change = np.percentile(moves, 95, axis=0)
    print(
        f"0.2 s later the square has moved by {shift:.1%} and grown by {change:.1%} (95 % of clips are below)"
    )
    assert last is not None
    return last


def times(detector: FaceDetector, pictures: Pictures, count: int = 300) -> None:
    """Print the time of a picture, on this processor, in one thread."""
    for width, height in SIZES:
        shown = list(pictures) if height == 112 else placed(pictures, width, height)
        shown += shown[-2:0:-1]
        started = time.thread_time()
        faces = located(detector, [shown[number % len(shown)] for number in range(count)])
        each = (time.thread_time() - started) / count
        square = window_square(faces[-16:], detector.margin)
        words = square.reason if isinstance(square, NoSquare) else f"square {square.side}"
        print(f"{width} × {height}: {1e3 * each:5.1f} ms a picture, {600 * each:4.1f} s a minute ({words})")


if __name__ == "__main__":
    haar = make_detector("haar")
    numbers = [int(argument) for argument in sys.argv[1:]]
    times(haar, rates(haar, *numbers, *(200, 12)[len(numbers) :]))
