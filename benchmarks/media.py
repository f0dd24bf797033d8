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
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import cv2
import numpy as np
import torch
from deepfake import Last, make_detector

from nasframe.runtime import Progress
from nasframe_audiovisual import FaceSettings, FaceTracker, LeftOut, Picture, Window, play, read_windows
from nasframe_deepfake.detection import Calibration, ClipScorer, make_heads
from nasframe_deepfake.synthesis import Corpus, write_corpus

WIDTH, HEIGHT, RATE = 1280, 720, 25
WINDOW = Window(size=64)


def write_film(clip: Path, out: Path, seconds: float) -> None:
    """Write a film of so many seconds at 720p, with the face of a clip of two seconds in it."""
    with av.open(str(clip)) as source:
        frames = [frame.to_ndarray(format="rgb24") for frame in source.decode(video=0)]
    with av.open(str(clip)) as source:
        heard = [frame.to_ndarray().reshape(-1) for frame in source.decode(audio=0)]
        rate = source.streams.audio[0].rate
    samples = np.tile(np.concatenate(heard), int(seconds) // 2 + 1)[: round(seconds * rate)]
    random = np.random.default_rng(0)
    room = cv2.GaussianBlur(random.uniform(0, 255, (HEIGHT, WIDTH, 3)).astype(np.float32), (0, 0), 9)
    room = np.clip(128 + 6 * (room - room.mean()), 0, 255).astype(np.uint8)
    with av.open(str(out), "w") as container:
        video = container.add_stream("libx264", rate=RATE, options={"preset": "veryfast", "crf": "23"})
        video.height, video.width, video.pix_fmt = HEIGHT, WIDTH, "yuv420p"
        audio = container.add_stream("aac", rate=rate, layout="mono")
        for number in range(round(seconds * RATE)):
            # back and forth, so that no cut is in the film
            place = number % (2 * len(frames) - 2)
            face = cv2.resize(frames[min(place, 2 * len(frames) - 2 - place)], (336, 336))
            picture = room.copy()
            left = 600 + round(120 * np.sin(number / 60))
            picture[200:536, left : left + 336] = face
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, RATE)
            container.mux(video.encode(frame))
        sound = av.AudioFrame.from_ndarray(samples[None].astype(np.float32), format="fltp", layout="mono")
        sound.sample_rate, sound.pts, sound.time_base = rate, 0, Fraction(1, rate)
        resampler = av.AudioResampler(format="fltp", layout="mono", rate=rate, frame_size=1024)
        for piece in [*resampler.resample(sound), *resampler.resample(None)]:
            container.mux(audio.encode(piece))
        container.mux(video.encode(None))
        container.mux(audio.encode(None))


def pictures_of(film: Path) -> Iterator[Picture]:
    for part in play(film, WINDOW.trim + WINDOW.step / 2, WINDOW.step):
        if isinstance(part, Picture):
            yield part


def scorer(faces: str) -> ClipScorer:
    detector = make_detector("resnet10t", WINDOW.size)
    detector.faces = FaceSettings(faces).make()  # type: ignore[arg-type]
    return ClipScorer(detector, Last(), Calibration(), make_heads("single"))


def follow(film: Path) -> tuple[float, int]:
    """Return the seconds that finding and following the face takes, without decoding, and the looks."""
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
            write_film(clip, film, length)
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
        for length, used in memory.items():
            print(f"  memory for {length:g} s: {used:.0f} MB")


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
