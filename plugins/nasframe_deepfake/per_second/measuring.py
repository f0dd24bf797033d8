"""The AUC of single seconds: each second of each test clip is an example.

A fake of LAV-DF or AV-Deepfake1M is a genuine clip in which some words were replaced. The AUC of whole clips
does not say whether a detector has seen the altered second or anything else. The papers of both sets (Cai et
al., arXiv 2305.01979 and 2311.15308) judge segments that a detector proposes, by average precision at an
overlap. A detector of windows proposes none; it has a curve over time, and the area under the ROC curve of
its seconds judges that curve as it is, without a rule for segments. The second as the unit is our choice:
windows are longer than that, so shorter pieces would repeat the same scores.
"""

from __future__ import annotations

import functools
import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import attrs
import torch
from attrs import frozen

from nasframe import Run, load_run
from nasframe.errors import ConfigurationError, DataError
from nasframe.jobs import Workers
from nasframe.runtime import SILENT, Progress, counted, one_thread, write_json
from nasframe_audiovisual import CLIP_PATIENCE, ClipError, NothingUsedError, keep_freed_memory
from nasframe_deepfake.clip_jobs import ClipJob, lost_clip, scorer_of, unforeseen
from nasframe_deepfake.clips_under_test import (
    ClipUnderTest,
    no_altered_parts,
    read_test_split,
    require_altered_parts,
)
from nasframe_deepfake.detection import Calibration, ScoredClips
from nasframe_deepfake.drawn_units import Drawn
from nasframe_deepfake.kept_reports import network_of, require_place
from nasframe_deepfake.kept_scores import key_of_scores
from nasframe_deepfake.option_checks import problems_of_numbers
from nasframe_deepfake.per_second.kept_seconds import KeptSeconds
from nasframe_deepfake.per_second.labelling import LabelledSecond, labelled_seconds
from nasframe_deepfake.per_second.recorded import REPORT, folder_in_run
from nasframe_deepfake.run_of_task import require_run_of_task

__all__ = ["per_second"]

COMMAND = "deepfake per-second"

FORMAT = 1
"""Increased when a score is computed in another way; those that are kept are made again then."""

GROUP = 32
"""Clips whose seconds are kept together: so many, and no more, are scored again after a kill."""

LEAST = 4
"""Clips for each worker process, at least: it takes seconds to start."""

UNKNOWN = "the data set does not say which of their parts are altered"


def per_second(
    run: Run | str | Path,
    *,
    on: str | Path | None = None,
    out: str | Path | None = None,
    clips: int | None = None,
    seed: int = 0,
    workers: int = 0,
    device: str | None = None,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Return the AUC of the single seconds of the test clips of a trained run, and write `per_second.json`.

    Each clip is read from its start to its end, as by `nasframe predict`. A second is positive where a part
    of it was altered, in either stream. Its score is the mean of the windows that cover it, each by the time
    that both share; see `scored_seconds`. Windows that `predict` refuses as unlike the training count too, as
    for `evaluate`. An interval is over people, whose seconds are drawn together.

    Until the report is written, the seconds of some clips at a time are kept beside it, in a folder whose
    name ends with `.partial`. The same call goes on behind them, also after a kill, to the same report.

    Args:
        run: that was trained, or its folder.
        on: another data set; None for the run's own.
        out: the folder for it; None for one in the run, where `nasframe report` finds it.
        clips: about as many test clips, drawn by the seed; None for all.
        seed: of that.
        workers: processes; 0: one for each core, but none for a few clips.
        device: `auto`, `cpu`, `cuda` or `cuda:N`, on which each worker computes; None for the experiment's.
        progress: to report to.

    Returns:
        `all`: `auc` with the ends of its 95 % interval by person, and the numbers of `seconds`, of `altered`
        ones and of `people`; `fakes`, the same among the fakes alone, which says whether a detector finds the
        place; `per_category`: the altered seconds of its fakes against all seconds that are not altered.
        `unscored`: reason → number of seconds without a score. `left_out`: reason → number of test clips
        that were not to be scored, `problems` those that could not be, with the reason.

    Raises:
        ConfigurationError: a number is out of its bounds.
        RunError: the run is of another task, not trained, or was made from another state of its data.
        DataError: no clip has altered parts that are known, or none of them can be scored; or `out` is no
            folder.
    """
    if problems := problems_of_numbers(clips, seed, workers):
        raise ConfigurationError(COMMAND, problems)
    require_run_of_task(run)
    found = load_run(run)
    require_altered_parts(found, None if on is None else Path(on))
    tested = read_test_split(found, None if on is None else Path(on), device, progress)
    folder = Path(out) if out is not None else folder_in_run(found, None if tested.own else tested.source)
    place = require_place(folder, REPORT)
    judged = attrs.evolve(tested, clips=[clip for clip in tested.clips if clip.altered is not None])
    unknown = len(tested.clips) - len(judged.clips)
    if not any(clip.altered for clip in judged.clips):
        raise no_altered_parts(tested.source, "test clips")
    known = judged.drawn(clips, seed)
    job = ClipJob(found.path.resolve(), network_of(found), device, tested.root.resolve())
    scorer = scorer_of(job)  # before the work: is it trained?
    kept = KeptSeconds.beside(place)
    with closing(Workers.for_items(len(known), workers, LEAST, keep_freed_memory, CLIP_PATIENCE)) as started:
        seconds, reasons = _scored(started, found, job, kept, known, progress)
    scored = [_Seconds(clip, seconds[clip.name]) for clip in known if clip.name in seconds]
    lost = [{"clip": clip.name, "problem": reasons[clip.name]} for clip in known if clip.name in reasons]
    report = {
        "network": job.network,
        "source": tested.source,
        "own": tested.own,
        "seconds_of_window": scorer.detector.window.seconds,
        "clips": len(scored),
        "left_out": {**tested.left_out, **({UNKNOWN: unknown} if unknown else {})},
        "problems": lost,
        "notes": [*tested.notes, *scorer.notes],
        **_metrics(scored),
    }
    if report["all"]["auc"] is None:
        told = "".join(f"\n  {one['problem']}" for one in lost[:3])
        raise DataError(
            f"{tested.source}: the seconds with a score are all altered, or none is, so there is no AUC{told}"
        )
    write_json(place, report)
    kept.remove()
    progress.say(f"{place}: written")
    return report


def _scored(
    workers: Workers,
    run: Run,
    job: ClipJob,
    kept: KeptSeconds,
    clips: Sequence[ClipUnderTest],
    progress: Progress,
) -> tuple[Mapping[str, Sequence[LabelledSecond]], Mapping[str, str]]:
    """Return clip → its seconds, and clip → reason of those without. Those that are kept are not scored."""
    groups = [clips[start : start + GROUP] for start in range(0, len(clips), GROUP)]
    keys = [key_of_scores(FORMAT, run, job, group, [clip.altered for clip in group]) for group in groups]
    known = [kept.group(number, key) for number, key in enumerate(keys)]
    left = [clip for group, one in zip(groups, known, strict=True) if one is None for clip in group]
    if len(left) < len(clips):
        progress.say(
            f"{len(clips) - len(left)} of {counted(len(clips), 'clip is', 'clips are')} scored already, "
            f"{len(left)} are left"
        )
    seconds, problems = dict[str, Sequence[LabelledSecond]](), dict[str, str]()
    results = workers.in_order(functools.partial(_seconds_of, job), left, functools.partial(lost_clip, job))
    results = progress.track(results, "seconds", len(left))
    try:
        for number, (group, key, one) in enumerate(zip(groups, keys, known, strict=True)):
            if one is None:
                one = _seconds_of_group(group, itertools.islice(results, len(group)))
                kept.keep_group(number, key, *one)
            seconds |= one[0]
            problems |= one[1]
        next(results, None)  # nothing is left: this ends what shows the progress
    except KeyboardInterrupt:
        done = len(seconds) + len(problems)
        progress.say(
            f"{done} of {counted(len(clips), 'clip')} are scored and kept in {kept.scores.folder}; the same "
            "command goes on with the others"
        )
        raise
    return seconds, problems


def _seconds_of_group(
    clips: Sequence[ClipUnderTest], results: Iterable[list[LabelledSecond] | str]
) -> tuple[dict[str, Sequence[LabelledSecond]], dict[str, str]]:
    seconds, problems = dict[str, Sequence[LabelledSecond]](), dict[str, str]()
    for clip, result in zip(clips, results, strict=True):
        if isinstance(result, str):
            problems[clip.name] = result
        else:
            seconds[clip.name] = result
    return seconds, problems


@frozen
class _Seconds:
    """A clip with its seconds."""

    clip: ClipUnderTest
    seconds: Sequence[LabelledSecond]


def _seconds_of(job: ClipJob, clip: ClipUnderTest) -> list[LabelledSecond] | str:
    """Return the seconds of a clip, or the reason why it cannot be read."""
    path, sound_file = job.files(clip)
    scorer = scorer_of(job)
    altered = clip.altered or ()
    try:
        with one_thread():
            scores = scorer.detector.score(
                scorer.network, path, scorer.heads, sound_file=sound_file, lying=clip.files.lying
            )
    except NothingUsedError as error:  # it was read, and all of its seconds have a reason
        nothing = torch.empty(0, dtype=torch.float64)
        return labelled_seconds(nothing.reshape(0, 2), nothing, error.left_out, altered)
    except ClipError as error:
        return str(error)
    except Exception as error:  # what nobody has foreseen of one clip in thousands
        return unforeseen(path, error)
    if not bool(scores.log_odds.isfinite().all()):
        return f"{path}: a score is no finite number"
    return labelled_seconds(scores.spans, scores.log_odds, scores.left_out, altered)


def _metrics(clips: Sequence[_Seconds]) -> dict[str, Any]:
    """Return the metrics of all seconds, of those of fakes alone, and of each category of fakes."""
    rows = [(clip.clip, second) for clip in clips for second in clip.seconds if second.log_odds is not None]
    fakes = [row for row in rows if row[0].fake]
    unscored = Counter(second.reason for clip in clips for second in clip.seconds if second.log_odds is None)
    categories = sorted({clip.category for clip, second in rows if second.altered})
    per_category = {
        name: _judged([row for row in rows if not row[1].altered or row[0].category == name])
        for name in categories
    }
    return {
        "all": _judged(rows),
        "fakes": _judged(fakes),
        "per_category": per_category,
        "unscored": dict(sorted(unscored.items())),
    }


def _judged(rows: Sequence[tuple[ClipUnderTest, LabelledSecond]]) -> dict[str, Any]:
    """Return the AUC of some seconds with its interval over people, and their numbers."""
    ranks = torch.tensor([second.log_odds for _, second in rows], dtype=torch.float64)
    altered = torch.tensor([int(second.altered) for _, second in rows])
    people = [clip.person for clip, _ in rows]
    scored: Mapping[str, Any] = {}
    if rows:
        # the threshold of clips is none of seconds, and only the ranks count
        scored = ScoredClips(ranks, Calibration().probability(ranks), altered, 0.5, people=people).metrics(
            ["auc"]
        )
    return {
        **{name: scored.get(name) for name in ("auc", "auc_low", "auc_high")},
        "seconds": len(rows),
        "altered": int(altered.sum()),
        **Drawn.of(people, [clip.nameless for clip, _ in rows]).record(),
    }
