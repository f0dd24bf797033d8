"""Score a clip with an exported detector: onnxruntime, numpy and PyAV, no torch and no nasframe.

    nasframe export runs/demo --out exported
    python examples/score_without_nasframe.py exported clip.mp4
    python examples/score_without_nasframe.py exported clip.mp4 --square 120,40,200

    nasframe predict runs/demo clip.mp4 --json > answer.json
    python examples/score_without_nasframe.py exported clip.mp4 --squares answer.json

The clip is read from its start to its end in windows that overlap by half, and scored by the same rule as in
`nasframe predict`. A window is cropped to a square around the face, which `predict` finds anew in each:
`--squares` takes the windows and their squares from an answer of `predict`, and gives its score. `--square`
is one for the whole clip; without either it is the middle square.

The exit status is 1 for a clip without a score, and 2 for wrong arguments. These parts of nasframe are left
out, and are yours to add where your clips need them:

- faces: nobody finds them, or says that there is none, or several, or a clip that is upside down
- cuts: a window may span one
- windows with nothing to judge (black or frozen pictures, digital silence) are scored
- pictures are taken as they are stored: not turned, mirrored or stretched; nasframe also reduces those whose
  longer side has more than 1280 pixels first, and enlarges a smaller square smoothly
- the first stream of each kind is taken, whatever the file says of them
- time stamps are believed: holes in the sound are closed up, and a frame is held until the next one
- channels are averaged, also where they cancel each other
"""

import argparse
import json
from pathlib import Path

import av
import numpy as np

try:
    import onnxruntime
except ModuleNotFoundError as error:
    raise SystemExit('this example needs onnxruntime: pip install "nasframe[onnx]"') from error


class NoScoreError(Exception):
    """A clip that cannot be scored; the text says why."""


def read(path, first, step, rate, small):
    """Return the pictures on screen at `first`, `first + step`, …, after the first frame; and the sound.

    `small` makes what is kept of a frame for each of some moments, given its pixels and the moments, so that
    whole pictures do not fill the memory.

    Returns:
        what is kept for each moment; the second of the first frame; the second at which the sound begins; and
        the samples from second 0 on.
    """
    pictures, samples, shown = [], [], None
    resampler = av.AudioResampler(format="flt", layout="mono", rate=rate)
    with path.open("rb") as file, av.open(file) as container:
        if not container.streams.video or not container.streams.audio:
            raise NoScoreError(f"has no {'sound' if container.streams.video else 'video'}")
        streams = container.streams.video[0], container.streams.audio[0]
        zero = min(float(stream.start_time * stream.time_base) for stream in streams)

        def hold(until):
            """Take the picture on screen at all moments before `until`."""
            count = int(np.ceil((until - 1e-6 - begins - first) / step)) - len(pictures)
            if count > 0:
                moments = begins + first + step * np.arange(len(pictures), len(pictures) + count)
                pictures.extend(small(shown.to_ndarray(format="rgb24"), moments))

        begins = heard = None
        for frame in container.decode(*streams):
            time = frame.time - zero
            if isinstance(frame, av.AudioFrame):
                if heard is None:
                    heard = time
                samples += [piece.to_ndarray().reshape(-1) for piece in resampler.resample(frame)]
                continue
            if shown is None:
                begins = time
            else:
                hold(time)
            shown, shown_at = frame, time
        if begins is None or heard is None:
            raise NoScoreError(f"has no {'sound' if heard is None else 'pictures'}")
        lasts = float((shown.duration or 0) * shown.time_base)
        hold(shown_at + max(min(lasts, 1.0), 2 * step))
    samples += [piece.to_ndarray().reshape(-1) for piece in resampler.resample(None)]
    # A decoder may give sound from before second 0, as Opus does, which begins with some that is not meant.
    before = round(heard * rate)
    samples = [np.zeros(max(0, before), np.float32), *samples]
    return pictures, begins, max(0.0, heard), np.concatenate(samples)[max(0, -before) :]


def averages(source, size):
    """Return the matrix `(size, source)` that gives each new pixel the mean of those that it covers."""
    edges = np.arange(size + 1) * source / size
    pixels = np.arange(source)
    shared = np.minimum(edges[1:, None], pixels + 1) - np.maximum(edges[:-1, None], pixels)
    return np.clip(shared, 0, None) * size / source


def reduced(picture, square, size):
    """Return the square (left, top, side) of a picture, reduced to `(size, size, 3)`."""
    left, top, side = square
    rows = np.clip(np.arange(top, top + side), 0, picture.shape[0] - 1)
    columns = np.clip(np.arange(left, left + side), 0, picture.shape[1] - 1)
    means = averages(side, size)
    found = np.einsum("ij,jkc,lk->ilc", means, picture[rows][:, columns].astype(float), means, optimize=True)
    # half a level is rounded as OpenCV does it: up where four pixels become one, else to the even one
    return (np.floor(found + 0.5) if side == 2 * size else np.rint(found)).astype(np.uint8)


def overall(log_odds, stretch, shifts):
    """Return the log-odds of a clip: of its most suspicious stretch, less the shift for its length."""
    width = min(stretch, len(log_odds))
    worst = max(np.convolve(log_odds, np.ones(width) / width, "valid"))
    known = sorted({1: 0.0, **{int(length): shift for length, shift in shifts.items()}}.items())
    lengths, values = np.log([length for length, _ in known]), [value for _, value in known]
    return worst - np.interp(np.log(len(log_odds)), lengths, values)  # level beyond the last length


def square_of(text):
    """Return left, top and side of a square from `left,top,side`."""
    left, top, side = map(int, text.split(","))
    if side < 1:
        raise ValueError
    return left, top, side


square_of.__name__ = "left,top,side"  # as argparse names it in an error


def squares_of(path):
    """Return the seconds at which windows begin and their squares, from an answer of `nasframe predict`."""
    try:
        answer = json.loads(Path(path).read_text(encoding="utf-8"))
        return [(item["start"], (item["left"], item["top"], item["side"])) for item in answer["squares"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise argparse.ArgumentTypeError(
            f"{path} is no answer with a score for one clip ({error})"
        ) from error


def middle(picture):
    """Return the middle square of a picture."""
    height, width = picture.shape[:2]
    side = min(height, width)
    return (width - side) // 2, (height - side) // 2, side


def score(folder, clip, square=None, squares=None):
    """Return the score of a clip, the threshold and the decision.

    Args:
        folder: that nasframe export wrote.
        clip: the path of the file.
        square: of all pictures; None is the middle one.
        squares: of each window that is scored, with the second at which it begins; None scores all windows.
    """
    document = json.loads((folder / "network.json").read_text(encoding="utf-8"))
    settings = document["settings"]
    window, rate = settings["window"], settings["sample_rate"]
    frames, step = window["frames"], window["seconds"] / window["frames"]

    def small(picture, moments):
        """Return square → crop of a picture, for each moment that shows it."""
        wanted = [{square}] * len(moments)
        if squares is not None:
            wanted = [
                {item for second, item in squares if second <= moment < second + window["seconds"]}
                for moment in moments
            ]
        crops = {
            item: reduced(picture, item or middle(picture), window["size"]) for item in set().union(*wanted)
        }
        return [{item: crops[item] for item in some} for some in wanted]

    pictures, begins, heard, samples = read(clip, window["trim"] + step / 2, step, rate, small)

    # windows begin every half window, where both streams have begun, and the last one ends with the clip; a
    # frame of the sound may be missing at either end
    length, slack = round(window["seconds"] * rate), 1024
    start = begins + window["trim"]
    before = max(0, int(np.ceil((round(heard * rate) - slack - round(start * rate)) / rate / step - 1e-6)))
    whole = min(len(pictures), int(((len(samples) + slack) / rate - start) / step + 1e-6))
    if whole - before < frames:
        raise NoScoreError(f"pictures and sound together are shorter than a window of {window['seconds']} s")
    if squares is None:
        starts = sorted({*range(before, whole - frames + 1, frames // 2), whole - frames})
        places = [(number, square) for number in starts]
    else:
        places = [(round((second - start) / step), item) for second, item in squares]
        if any(not 0 <= number <= len(pictures) - frames for number, _ in places):
            raise NoScoreError("the squares are those of another clip: there is no such window")
    session = onnxruntime.InferenceSession(folder / "network.onnx")
    names = [output.name for output in session.get_outputs()]
    log_odds, unlike = [], 0
    for number, item in places:
        place = round((start + number * step) * rate)
        sound = np.zeros(length, np.float32)
        piece = samples[place : place + length]
        sound[: len(piece)] = piece
        shown = np.stack([crops[item] for crops in pictures[number : number + frames]])
        found = session.run(names, {"pictures": shown[None], "samples": sound[None]})
        found = dict(zip(names, found, strict=True))
        if all(found[name][0] <= 1 for name in names if name.startswith("novelty_of_")):
            log_odds.append(float(found["log_odds"][0]))
        else:
            unlike += 1  # such a window is left out
    if unlike > len(log_odds):
        raise NoScoreError("unlike anything in the training: no score")
    clip_log_odds = overall(log_odds, settings["stretch"], settings["shifts"])
    chance = float(1 / (1 + np.exp(-clip_log_odds / settings["temperature"])))
    decision = "fake" if chance >= settings["threshold"] else "real"
    return {"score": chance, "threshold": settings["threshold"], "decision": decision}


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="that nasframe export wrote")
    parser.add_argument("clip", type=Path)
    given = parser.add_mutually_exclusive_group()
    given.add_argument("--square", type=square_of, help="left,top,side of the face in pixels")
    given.add_argument(
        "--squares", type=squares_of, help="an answer of nasframe predict --json for this clip"
    )
    arguments = parser.parse_args()
    for name in ("network.json", "network.onnx"):
        if not (arguments.folder / name).is_file():
            parser.error(f"{arguments.folder}: has no {name}; expected a folder that nasframe export wrote")
    try:
        print(json.dumps(score(arguments.folder, arguments.clip, arguments.square, arguments.squares)))
    except (NoScoreError, OSError, av.FFmpegError, ValueError) as error:
        why = str(error) if isinstance(error, NoScoreError) else f"cannot be read ({error})"
        raise SystemExit(f"{arguments.clip}: {' '.join(why.split())}") from None


if __name__ == "__main__":
    main()
