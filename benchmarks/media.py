"""A minute of 720p, from the file to the answer: decoding, faces, windows, scores; and the memory it takes.

    python benchmarks/media.py [SECONDS]

All on one thread of one core, with the demo's backbone and picture size. The film is an embedded clip, again
and again, enlarged and moved about in a noisy picture. Memory is the peak of a process that scores a film,
and of one that scores a film of three times the length.
"""

from __future__ import annotations

import multiprocessing
import resource
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import cv2
import numpy as np
import torch
from deepfake import Last, make_detector
from films import RATE, Pixels, read_film, write_film

from nasframe.runtime import Progress
from nasframe_audiovisual import FaceSettings, FaceTracker, LeftOut, Picture, Window, play, read_windows
from nasframe_deepfake.detection import Calibration, ClipScorer, make_heads
from nasframe_deepfake.synthesis import Corpus, write_corpus

WIDTH, HEIGHT = 1280, 720
WINDOW = Window(size=64)


def write_long_film(clip: Path, out: Path, seconds: float) -> None:
    """Write a film of so many seconds at 720p, with the face of a clip of two seconds in it."""
    frames, heard, rate = read_film(clip)
    samples = np.tile(heard, int(seconds) // 2 + 1)[: round(seconds * rate)]
    write_film(out, moving_about(frames, round(seconds * RATE)), samples, rate, crf=23)


def moving_about(frames: Sequence[Pixels], count: int) -> Iterator[Pixels]:
    """Yield pictures of a noisy room, in which the frames of a clip move from side to side."""
    random = np.random.default_rng(0)
    room = cv2.GaussianBlur(random.uniform(0, 255, (HEIGHT, WIDTH, 3)).astype(np.float32), (0, 0), 9)
    room = np.clip(128 + 6 * (room - room.mean()), 0, 255).astype(np.uint8)
    for number in range(count):
        # back and forth, so that no cut is in the film
        place = number % (2 * len(frames) - 2)
        face = cv2.resize(frames[min(place, 2 * len(frames) - 2 - place)], (336, 336))
        picture = room.copy()
        left = 600 + round(120 * np.sin(number / 60))
        picture[200:536, left : left + 336] = face
        yield picture


def pictures_of(film: Path) -> Iterator[Picture]:
    for part in play(film, WINDOW.trim + WINDOW.step / 2, WINDOW.step):
        if isinstance(part, Picture):
            yield part


def scorer(faces: str) -> ClipScorer:
    detector = make_detector("resnet10t", WINDOW.size)
    detector.faces = FaceSettings(faces).make()  # type: ignore[arg-type]
    return ClipScorer(detector, Last(), Calibration(), make_heads("single"))


def follow(film: Path) -> tuple[float, int]:
    """Return the seconds that finding and following the face takes, without decoding, and the pictures."""
    taken, pictures = 0.0, 0
    tracker = FaceTracker(FaceSettings("haar").make())
    for picture in pictures_of(film):
        started = time.perf_counter()
        tracker.feed(picture.moment, picture.pixels)
        taken, pictures = taken + time.perf_counter() - started, pictures + 1
    return taken, pictures


def timed(name: str, seconds: float, note: str = "") -> None:
    print(f"  {name:40} {seconds:7.2f} s   {note}")


def peak(film: str) -> float:
    """Return the largest memory of this process in MB after it has scored a film.

    On Linux, `getrusage` would count that of the parent, too.
    """
    torch.set_num_threads(1)
    list(scorer("haar").score([Path(film)]))
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return int(status.read_text(encoding="ascii").split("VmHWM:")[1].split()[0]) / 1024


def main(seconds: float = 60.0) -> None:
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    with tempfile.TemporaryDirectory() as folder:
        write_corpus(Path(folder) / "clips", Corpus(clips=5), 1, Progress())
        clip = sorted((Path(folder) / "clips" / "RealVideo-RealAudio").rglob("*.mp4"))[0]
        films = {length: Path(folder) / f"{length:g}.mp4" for length in (seconds, 3 * seconds)}
        for length, film in films.items():
            write_long_film(clip, film, length)
        film = films[seconds]
        print(f"{seconds:g} seconds of {WIDTH}x{HEIGHT} at {RATE} pictures a second, one thread")
        started = time.perf_counter()
        count = sum(1 for _ in pictures_of(film))
        timed("decoding", time.perf_counter() - started, f"{count} pictures, {1 / WINDOW.step:g} a second")
        taken, count = follow(film)
        timed("faces and cuts, without decoding", taken, f"{1e3 * taken / count:.1f} ms a picture")
        for faces in ("none", "haar"):
            started = time.perf_counter()
            parts = list(read_windows(film, WINDOW, FaceSettings(faces).make()))  # type: ignore[arg-type]
            taken = time.perf_counter() - started
            left_out = Counter(part.reason for part in parts if isinstance(part, LeftOut))
            used = len(parts) - left_out.total()
            timed(f"windows, faces {faces}", taken, f"{used} windows; left out: {dict(left_out)}")
        for faces in ("none", "haar"):
            found = scorer(faces)
            started = time.perf_counter()
            (answer,) = found.score([film])
            taken = time.perf_counter() - started
            timed(f"the answer, faces {faces}", taken, f"{answer.get('windows', answer)} windows")
        with multiprocessing.get_context("spawn").Pool(1, maxtasksperchild=1) as pool:
            memory = {length: pool.apply(peak, (str(film),)) for length, film in films.items()}
        for length, megabytes in memory.items():
            print(f"  memory for {length:g} s: {megabytes:.0f} MB")


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
