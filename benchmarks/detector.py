"""A trained detector on clips that are not as those of its training: long, joined, off the centre, odd.

    python benchmarks/detector.py runs/demo --clips 80 --long 20

The run must be one on the embedded set. All clips are made of those of its test split: joined ones for the
rates of false alarms and of fakes that are found, moved ones for the change of the score, and black,
patterned, noisy and drawn pictures with their speech, of which nearly all should be refused. Rates have
Wilson's 95 % interval.
"""

from __future__ import annotations

import csv
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import cv2
import numpy as np
from cyclopts import Parameter, run
from films import RATE, Film, Pixels, Samples, read_film, write_film
from scipy.stats import binomtest

import nasframe
from nasframe.runtime import Fields, read_json

PLACES = ((320, 240, 190, 20, 120), (640, 360, 30, 120, 224), (1280, 720, 800, 200, 448))
"""Width and height of a picture, and left, top and side of the clip in it."""


def read(path: Path) -> Film:
    """Return a film whose sound is as long as its pictures."""
    pictures, samples, rate = read_film(path)
    length = round(len(pictures) / RATE * rate)
    return pictures, np.pad(samples, (0, max(0, length - len(samples))))[:length], rate


def write(path: Path, pictures: Sequence[Pixels], samples: Samples, rate: int) -> Path:
    """Write a film of high quality."""
    return write_film(path, pictures, samples, rate, crf=14, bit_rate=96_000)


def join(out: Path, parts: Sequence[Path]) -> Path:
    """Write several clips one after another."""
    clips = [read(part) for part in parts]
    pictures = [pixels for clip in clips for pixels in clip[0]]
    return write(out, pictures, np.concatenate([clip[1] for clip in clips]), clips[0][2])


def moved(clip: Film, width: int, height: int, left: int, top: int, side: int) -> list[Pixels]:
    """Return the pictures, resized to a square of a larger grey picture."""
    found = []
    for pixels in clip[0]:
        picture = np.full((height, width, 3), (96, 104, 112), np.uint8)
        picture[top : top + side, left : left + side] = cv2.resize(pixels, (side, side))
        found.append(picture)
    return found


def odd(count: int, seed: int) -> Iterator[tuple[str, list[Pixels]]]:
    """Yield a name and so many pictures of 224 pixels: black, patterns, noise, drawings."""
    random, size = np.random.default_rng(seed), 224
    yield "black", [np.zeros((size, size, 3), np.uint8)] * count
    bars = np.repeat(random.integers(0, 256, (8, 3)), size // 8, 0).astype(np.uint8)
    yield "pattern", [np.roll(np.broadcast_to(bars, (size, size, 3)), 2 * n, 1).copy() for n in range(count)]
    stripes = np.add.outer(np.arange(size), np.arange(size))
    yield (
        "pattern",
        [
            np.repeat((((stripes + 3 * n) // 9) % 2 * 255)[..., None], 3, 2).astype(np.uint8)
            for n in range(count)
        ],
    )
    yield "noise", [random.integers(0, 256, (size, size, 3), dtype=np.uint8) for _ in range(count)]
    soft = cv2.GaussianBlur(random.uniform(0, 255, (size + 100, size + 100, 3)).astype(np.float32), (0, 0), 6)
    soft = np.clip(128 + 8 * (soft - soft.mean()), 0, 255).astype(np.uint8)
    yield "noise", [soft[n : n + size, 2 * n : 2 * n + size] for n in range(count)]
    yield "drawing", drawing(random, count, size)
    yield "drawing", drawn_face(random, count, size)


def drawing(random: np.random.Generator, count: int, size: int) -> list[Pixels]:
    """Return pictures of shapes that move over a ground."""
    shapes = []
    for _ in range(10):
        centre, radii = random.integers(0, size, 2), random.integers(10, 90, 2)
        shapes.append((centre, radii, random.integers(0, 256, 3).tolist(), random.uniform(-3, 3, 2)))
    ground, found = random.integers(0, 256, 3), []
    for number in range(count):
        picture = np.full((size, size, 3), ground, np.uint8)
        for centre, radii, colour, speed in shapes:
            x, y = (centre + speed * number).astype(int).tolist()
            cv2.ellipse(picture, (x, y), tuple(radii.tolist()), 0, 0, 360, colour, -1)
        found.append(picture)
    return found


def drawn_face(random: np.random.Generator, count: int, size: int) -> list[Pixels]:
    """Return pictures of a round head with dots for eyes and a mouth that opens."""
    skin, ground = random.integers(120, 256, 3).tolist(), random.integers(0, 256, 3)
    x, y, radius, found = size // 2, size // 2, int(random.integers(60, 95)), []
    for number in range(count):
        picture = np.full((size, size, 3), ground, np.uint8)
        cv2.circle(picture, (x, y), radius, skin, -1)
        cv2.circle(picture, (x, y), radius, (0, 0, 0), 2)
        for side in (-1, 1):
            cv2.circle(
                picture, (x + side * radius * 2 // 5, y - radius // 5), radius // 6, (255, 255, 255), -1
            )
            cv2.circle(picture, (x + side * radius * 2 // 5, y - radius // 5), radius // 14, (0, 0, 0), -1)
        opening = 2 + int(radius * 0.25 * abs(np.sin(number / 3)))
        cv2.ellipse(picture, (x, y + radius * 9 // 20), (radius * 2 // 5, opening), 0, 0, 360, (70, 0, 0), -1)
        found.append(picture)
    return found


def rate(title: str, answers: Sequence[dict[str, Any]], holds: Callable[[dict[str, Any]], bool]) -> None:
    """Print the share of answers for which something holds, with its interval."""
    count = sum(map(holds, answers))
    if not answers:
        print(f"  {title:52} none")
        return
    low, high = binomtest(count, len(answers)).proportion_ci(method="wilson")
    print(
        f"  {title:52} {count:4} of {len(answers):4}   {count / len(answers):.3f} ({low:.3f} to {high:.3f})"
    )


def is_fake(answer: dict[str, Any]) -> bool:
    return answer.get("decision") == "fake"


def main(
    folder: Path,
    /,
    *,
    clips: Annotated[int, Parameter(help="genuine and fake clips of two seconds, each")] = 80,
    long: Annotated[int, Parameter(help="joined clips of each kind")] = 20,
    seed: int = 0,
) -> None:
    """Print the rates of a trained run on the embedded set."""
    draw = random.Random(seed)
    record = read_json(folder / "run.json", Fields())
    prepared = Path(record["data"]["folders"]["prepare"])
    source = Path(read_json(prepared / "report.json", Fields())["source"])
    with (prepared / "index.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["split"] == "test"]
    genuine = [row for row in rows if row["fake"] == "0"]
    fakes = [row for row in rows if row["fake"] == "1"]
    scorer = nasframe.load_scorer(folder)

    def score(files: Sequence[Path]) -> list[dict[str, Any]]:
        return list(scorer.score(files))

    def paths(chosen: Sequence[dict[str, str]]) -> list[Path]:
        return [source / row["path"] for row in chosen]

    short = score(paths(draw.sample(genuine, min(clips, len(genuine)))))
    print(f"genuine and fake clips of two seconds: {Counter(item.get('reason', 'scored') for item in short)}")
    rate("genuine, refused", short, lambda answer: "score" not in answer)
    rate("genuine, called fake", short, is_fake)
    rate("fake, called fake", score(paths(draw.sample(fakes, min(clips, len(fakes))))), is_fake)
    by_person: dict[str, list[dict[str, str]]] = {}
    for row in genuine:
        by_person.setdefault(row["source"], []).append(row)
    fake_by_person: dict[str, list[dict[str, str]]] = {}
    for row in fakes:
        fake_by_person.setdefault(row["source"], []).append(row)
    people = sorted(by_person.keys() & fake_by_person.keys())
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary) / "joined.mp4"

        def joined(parts: Callable[[], list[dict[str, str]]]) -> list[dict[str, Any]]:
            return [score([join(place, paths(parts()))])[0] for _ in range(long)]

        print("joined clips")
        rate("genuine, 60 s of all people, called fake", joined(lambda: draw.choices(genuine, k=30)), is_fake)
        rate(
            "genuine, 60 s of one person, called fake",
            joined(lambda: draw.choices(by_person[draw.choice(people)], k=30)),
            is_fake,
        )

        def two_and_ten() -> list[dict[str, str]]:
            person = draw.choice(people)
            return [draw.choice(by_person[person]), *draw.choices(fake_by_person[person], k=5)]

        found = joined(two_and_ten)
        rate("2 genuine seconds, 10 fake, called fake", found, is_fake)
        rate(
            "  of these, the most suspicious seconds are fake ones",
            [answer for answer in found if "suspicious" in answer],
            lambda answer: answer["suspicious"][0]["start"] >= 1.5,
        )

        print("the same clips, a face off the centre: the largest change of the score")
        for width, height, left, top, side in PLACES:
            changes, refused = [], 0
            for path in paths(draw.sample(genuine, min(10, len(genuine)))):
                clip = read(path)
                (plain,) = score([write(place, clip[0], *clip[1:])])
                (other,) = score([write(place, moved(clip, width, height, left, top, side), *clip[1:])])
                if "score" in plain and "score" in other:
                    changes.append(abs(plain["score"] - other["score"]))
                else:
                    refused += 1
            shown = f"{max(changes):.3f}, median {np.median(changes):.3f}" if changes else "none"
            print(f"  {width}x{height}, side {side:4}: {shown}, refused {refused}")

        print("odd pictures with the speech of a genuine clip")
        kinds: dict[str, list[dict[str, Any]]] = {}
        for number in range(long):
            _, samples, sampled = read(draw.choice(paths(genuine)))
            for name, pictures in odd(round(len(samples) / sampled * RATE), seed * 1000 + number):
                kinds.setdefault(name, []).extend(score([write(place, pictures, samples, sampled)]))
        for name, answers in kinds.items():
            rate(f"{name}, refused", answers, lambda answer: "score" not in answer)
        reasons = Counter(answer.get("reason", "scored") for answers in kinds.values() for answer in answers)
        print(f"  reasons: {dict(reasons)}")


if __name__ == "__main__":
    run(main)
