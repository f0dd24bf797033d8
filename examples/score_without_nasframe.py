"""Score a clip with an exported detector: onnxruntime, numpy and PyAV, no torch and no nasframe.

    nasframe export runs/demo --out exported
    python examples/score_without_nasframe.py exported clip.mp4
    python examples/score_without_nasframe.py exported clip.mp4 --square 120,40,200

The clip is read from its start to its end in windows that overlap by half, as `nasframe predict` reads it.
Three things are left out here, and are yours to add where your clips need them: finding the face (name its
square, or the middle one is taken), cuts, and files whose pictures are turned or whose sound has holes.
"""

import argparse
import json
from pathlib import Path

import av
import numpy as np
import onnxruntime


def read(path, first, step, rate):
    """Return the pictures on screen at `first`, `first + step`, … and all samples, mono."""
    pictures, samples, last = [], [], None
    resampler = av.AudioResampler(format="flt", layout="mono", rate=rate)
    with av.open(str(path)) as container:
        zero = (container.start_time or 0) / av.time_base
        for frame in container.decode(container.streams.video[0], container.streams.audio[0]):
            if isinstance(frame, av.AudioFrame):
                if not samples:  # a start behind the pictures is silence
                    samples.append(np.zeros(max(0, round((frame.time - zero) * rate)), np.float32))
                samples += [piece.to_ndarray().reshape(-1) for piece in resampler.resample(frame)]
                continue
            while last is not None and first + len(pictures) * step < frame.time - zero:
                pictures.append(last)
            last, end = frame.to_ndarray(format="rgb24"), frame.time - zero
    samples += [piece.to_ndarray().reshape(-1) for piece in resampler.resample(None)]
    while first + len(pictures) * step < end + 2 * step:
        pictures.append(last)
    return pictures, np.concatenate(samples)


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
    return worst - np.interp(np.log(len(log_odds)), lengths, values)


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

    pictures, samples = read(arguments.clip, window["trim"] + step / 2, step, rate)
    height, width = pictures[0].shape[:2]
    side = min(height, width)
    square = ((width - side) // 2, (height - side) // 2, side)
    if arguments.square:
        square = tuple(map(int, arguments.square.split(",")))
    small = [reduced(picture, square, window["size"]) for picture in pictures]

    # windows begin every half window, and the last one ends with the clip
    length = round(window["seconds"] * rate)
    whole = min(len(small), int(((len(samples) + 1024) / rate - window["trim"]) / step + 1e-6))
    if whole < frames:
        raise SystemExit(f"{arguments.clip}: shorter than a window of {window['seconds']} s")
    starts = sorted({*range(0, whole - frames + 1, frames // 2), whole - frames})
    session = onnxruntime.InferenceSession(arguments.folder / "network.onnx")
    found = []
    for start in starts:
        first = round((window["trim"] + start * step) * rate)
        sound = np.zeros(length, np.float32)
        piece = samples[first : first + length]
        sound[: len(piece)] = piece
        inputs = {"pictures": np.stack(small[start : start + frames])[None], "samples": sound[None]}
        names = [output.name for output in session.get_outputs()]
        found.append(dict(zip(names, session.run(names, inputs), strict=True)))

    for stream in ("pictures", "sound"):
        distances = [float(window[f"novelty_of_{stream}"][0]) for window in found]
        if np.median(distances) > 1:
            raise SystemExit(f"{arguments.clip}: its {stream} are unlike anything in the training: no score")
    log_odds = [float(window["log_odds"][0]) for window in found]
    clip = overall(log_odds, settings["stretch"], settings["shifts"])
    score = 1 / (1 + np.exp(-clip / settings["temperature"]))
    decision = "fake" if score >= settings["threshold"] else "real"
    print(json.dumps({"score": float(score), "threshold": settings["threshold"], "decision": decision}))


if __name__ == "__main__":
    main()
