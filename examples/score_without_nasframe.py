"""Score a clip with an exported detector: onnxruntime, numpy and PyAV, no torch and no nasframe.

    nasframe export runs/demo --out exported
    python examples/score_without_nasframe.py exported clip.mp4
    python examples/score_without_nasframe.py exported clip.mp4 --square 120,40,200

The clip is read from its start to its end in windows that overlap by half, and scored by the same rule as in
`nasframe predict`. These parts of nasframe are left out, and are yours to add where your clips need them:

- faces: name the square of the one that is meant, or the middle square is taken, in all pictures; nobody says
  that there is no face, or several, or a clip that is upside down
- cuts: a window may span one
- windows with nothing to judge (black or frozen pictures, digital silence) are scored
- pictures are taken as they are stored: not turned, mirrored or stretched; nasframe also reduces those whose
  longer side has more than 1280 pixels first, and enlarges a smaller square smoothly
- the first track of each kind is taken, whatever the file says of them
- time stamps are believed: holes in the sound are closed up, and a frame is held until the next one
- channels are averaged, also where they cancel each other
"""

import argparse
import json
from pathlib import Path

import av
import numpy as np
import onnxruntime


def read(path, first, step, rate, small):
    """Return the pictures on screen at `first`, `first + step`, …, after the first frame; and the sound.

    `small` makes the picture of a frame, so that whole pictures do not fill the memory.

    Returns:
        the pictures; the second of the first frame; the second at which the sound begins; and its samples.
    """
    pictures, samples, shown = [], [], None
    resampler = av.AudioResampler(format="flt", layout="mono", rate=rate)
    with path.open("rb") as file, av.open(file) as container:
        streams = container.streams.video[0], container.streams.audio[0]
        zero = min(float(stream.start_time * stream.time_base) for stream in streams)

        def hold(until):
            """Take the picture on screen at all moments before `until`."""
            count = int(np.ceil((until - 1e-6 - begins - first) / step)) - len(pictures)
            if count > 0:
                pictures.extend([small(shown.to_ndarray(format="rgb24"))] * count)

        for frame in container.decode(*streams):
            time = frame.time - zero
            if isinstance(frame, av.AudioFrame):
                if not samples:
                    heard = time
                samples += [piece.to_ndarray().reshape(-1) for piece in resampler.resample(frame)]
                continue
            if shown is None:
                begins = time
            else:
                hold(time)
            shown, shown_at = frame, time
        lasts = float((shown.duration or 0) * shown.time_base)
        hold(shown_at + max(min(lasts, 1.0), 2 * step))
    samples += [piece.to_ndarray().reshape(-1) for piece in resampler.resample(None)]
    return pictures, begins, heard, np.concatenate(samples)


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
    return np.rint(found).astype(np.uint8)


def overall(log_odds, stretch, shifts):
    """Return the log-odds of a clip: of its most suspicious stretch, less the shift for its length."""
    width = min(stretch, len(log_odds))
    worst = max(np.convolve(log_odds, np.ones(width) / width, "valid"))
    known = sorted({1: 0.0, **{int(length): shift for length, shift in shifts.items()}}.items())
    lengths, values = np.log([length for length, _ in known]), [value for _, value in known]
    return worst - np.interp(np.log(len(log_odds)), lengths, values)  # level beyond the last length


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="that nasframe export wrote")
    parser.add_argument("clip", type=Path)
    parser.add_argument("--square", help="left,top,side of the face in pixels; by default the middle square")
    arguments = parser.parse_args()
    document = json.loads((arguments.folder / "network.json").read_text(encoding="utf-8"))
    settings = document["settings"]
    window, rate = settings["window"], settings["sample_rate"]
    frames, step = window["frames"], window["seconds"] / window["frames"]

    def small(picture):
        height, width = picture.shape[:2]
        side = min(height, width)
        square = ((width - side) // 2, (height - side) // 2, side)
        if arguments.square:
            square = tuple(map(int, arguments.square.split(",")))
        return reduced(picture, square, window["size"])

    first = window["trim"] + step / 2
    pictures, begins, heard, samples = read(arguments.clip, first, step, rate, small)

    # windows begin every half window, where both streams have begun, and the last one ends with the clip; a
    # frame of the sound may be missing at either end
    length, slack = round(window["seconds"] * rate), 1024
    start = begins + window["trim"]
    silence = np.zeros(max(0, round(heard * rate)), np.float32)
    samples = np.concatenate([silence, samples])
    before = max(0, int(np.ceil((len(silence) - slack - round(start * rate)) / rate / step - 1e-6)))
    whole = min(len(pictures), int(((len(samples) + slack) / rate - start) / step + 1e-6))
    if whole - before < frames:
        raise SystemExit(f"{arguments.clip}: shorter than a window of {window['seconds']} s")
    starts = sorted({*range(before, whole - frames + 1, frames // 2), whole - frames})
    session = onnxruntime.InferenceSession(arguments.folder / "network.onnx")
    names = [output.name for output in session.get_outputs()]
    log_odds, unlike = [], 0
    for number in starts:
        place = round((start + number * step) * rate)
        sound = np.zeros(length, np.float32)
        piece = samples[place : place + length]
        sound[: len(piece)] = piece
        inputs = {"pictures": np.stack(pictures[number : number + frames])[None], "samples": sound[None]}
        found = dict(zip(names, session.run(names, inputs), strict=True))
        if all(found[name][0] <= 1 for name in names if name.startswith("novelty_of_")):
            log_odds.append(float(found["log_odds"][0]))
        else:
            unlike += 1  # such a window is left out
    if unlike > len(log_odds):
        raise SystemExit(f"{arguments.clip}: unlike anything in the training: no score")
    clip = overall(log_odds, settings["stretch"], settings["shifts"])
    score = 1 / (1 + np.exp(-clip / settings["temperature"]))
    decision = "fake" if score >= settings["threshold"] else "real"
    print(json.dumps({"score": float(score), "threshold": settings["threshold"], "decision": decision}))


if __name__ == "__main__":
    main()
