"""The robustness of a trained run: its scores on degraded test clips, one degradation after the other."""

from __future__ import annotations

import functools
from collections.abc import Collection, Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import torch

from nasframe import Run, load_run
from nasframe.errors import ConfigurationError, DataError
from nasframe.jobs import Workers
from nasframe.runtime import SILENT, Progress, counted, fingerprint, write_json
from nasframe_audiovisual import CLIP_PATIENCE, keep_freed_memory
from nasframe_deepfake.clip_jobs import ClipJob, lost_clip, scorer_of
from nasframe_deepfake.clips_under_test import ClipUnderTest, read_test_split
from nasframe_deepfake.detection import Calibration, ScoredClips
from nasframe_deepfake.drawn_units import Drawn
from nasframe_deepfake.kept_reports import network_of, require_place
from nasframe_deepfake.kept_scores import KeptScores, key_of_scores
from nasframe_deepfake.option_checks import problems_of_numbers
from nasframe_deepfake.robustness.degradations import DEGRADATIONS, Degradation, problem_of_degradation
from nasframe_deepfake.robustness.degraded_scores import (
    CleanScore,
    clean_score,
    degraded_scores,
    lost_degraded,
)
from nasframe_deepfake.robustness.kept_degradations import KeptDegradations
from nasframe_deepfake.robustness.recorded import REPORT, folder_in_run
from nasframe_deepfake.run_of_task import require_run_of_task

__all__ = ["robustness"]

COMMAND = "deepfake robustness"

FORMAT = 1
"""Increased when a score is computed in another way; those that are kept are made again then."""

LEAST = 8
"""Clips for each worker process, at least: it takes seconds to start."""


def robustness(
    run: Run | str | Path,
    *,
    on: str | Path | None = None,
    out: str | Path | None = None,
    degradations: Sequence[str] | None = None,
    clips: int | None = None,
    seed: int = 0,
    workers: int = 0,
    device: str | None = None,
    progress: Progress = SILENT,
) -> dict[str, Any]:
    """Score the test clips of a trained run as they are and degraded, and write `robustness.json`.

    Of each clip it is the window that `nasframe evaluate` scores. Its place in the clip and the square of
    the face are found in the clean clip, and hold for all levels. The result depends neither on the number of
    workers nor on the order of the clips.

    Each degradation has its scores in a file of its own beside the result. The same call goes on behind
    those that are done, also after a kill; the report has all that are done with the same clips and seed.

    Args:
        run: that was trained, or its folder.
        on: another data set; None for the run's own.
        out: the folder for the results; None for one in the run, where `nasframe report` finds it.
        degradations: names of DEGRADATIONS; None for all.
        clips: about as many test clips, drawn by the seed; None for all.
        seed: of that, and of all noise.
        workers: processes; 0: one for each core, but none for a few clips.
        device: `auto`, `cpu`, `cuda` or `cuda:N`, on which each worker computes; None for the experiment's.
        progress: to report to.

    Returns:
        the content of `robustness.json`: for each level `auc` and `acc`, each with the ends of its 95 %
        interval by person (see `person_intervals`), and the AUC of the fakes of each category; where several
        sets are combined, `per_set` has AUC and accuracy of the clips of each; beside that of the `clean`
        clips. `left_out` has reason → number of test clips that were not to be scored,
        `problems` those that could not be, with the reason.

    Raises:
        ConfigurationError: an unknown degradation, or a number out of its bounds.
        RunError: the run is of another task, not trained, or was made from another state of its data.
        DataError: there are no genuine clips to test on, or no fakes; or `out` is no folder.
    """
    names = [*DEGRADATIONS] if degradations is None else [*dict.fromkeys(degradations)]
    _check(names, clips, seed, workers)
    require_run_of_task(run)
    found = load_run(run)
    tested = read_test_split(found, None if on is None else Path(on), device, progress)
    chosen = tested.drawn(clips, seed)
    place = Path(out) if out is not None else folder_in_run(found, None if tested.own else tested.source)
    path = require_place(place, REPORT)
    job = ClipJob(found.path.resolve(), network_of(found), device, tested.root.resolve())
    calibration, read = scorer_of(job).calibration, scorer_of(job).read
    kept = KeptDegradations(KeptScores(place))
    key = key_of_scores(FORMAT, found, job, chosen)
    with closing(Workers.for_items(len(chosen), workers, LEAST, keep_freed_memory, CLIP_PATIENCE)) as started:
        try:
            clean, problems = _clean(started, job, kept, key, chosen, progress)
            scored = [clip for clip in chosen if clip.name in clean]
            _require_both(tested.source, scored, problems)
            pairs = [(clip, clean[clip.name]) for clip in scored]
            results = _degraded(started, job, kept, key, pairs, names, seed, progress)
        except KeyboardInterrupt:
            done = sum(_known(kept, key, DEGRADATIONS[name], seed) is not None for name in names)
            progress.say(
                f"{done} of {counted(len(names), 'degradation')} are done and kept in {place}; the same "
                "command goes on with the others"
            )
            raise
    overall = _metrics(scored, [clean[clip.name].log_odds for clip in scored], calibration)
    report = {
        "network": job.network,
        "source": tested.source,
        "own": tested.own,
        "seed": seed,
        "threshold": calibration.threshold,
        "clips": len(scored),
        "genuine": sum(not clip.fake for clip in scored),
        **Drawn.of([clip.person for clip in scored], [clip.nameless for clip in scored]).record(),
        "left_out": dict(tested.left_out),
        "problems": _told(problems),
        "notes": [*tested.notes, *scorer_of(job).notes],
        "clean": overall,
        "degradations": [
            _curve(DEGRADATIONS[name], scored, clean, overall, *results[name], calibration, read)
            for name in DEGRADATIONS
            if name in results
        ],
    }
    write_json(path, report)
    progress.say(f"{path}: written")
    return report


def _check(names: Sequence[str], clips: int | None, seed: int, workers: int) -> None:
    problems = [f"--degradations: {problem}" for name in names if (problem := problem_of_degradation(name))]
    if not names:
        problems.append("--degradations: expected one or more names, found none")
    problems += problems_of_numbers(clips, seed, workers)
    if problems:
        raise ConfigurationError(COMMAND, problems)


def _clean(
    workers: Workers,
    job: ClipJob,
    kept: KeptDegradations,
    key: str,
    clips: Sequence[ClipUnderTest],
    progress: Progress,
) -> tuple[Mapping[str, CleanScore], Mapping[str, str]]:
    """Return name → score of the clean clips, and name → reason of those without one."""
    if (known := kept.clean(key)) is not None:
        progress.say("clean clips: known, skipped")
        return known
    scores, problems = dict[str, CleanScore](), dict[str, str]()
    results = workers.in_order(functools.partial(clean_score, job), clips, functools.partial(lost_clip, job))
    for clip, result in zip(clips, progress.track(results, "clean clips", len(clips)), strict=True):
        if isinstance(result, str):
            problems[clip.name] = result
        else:
            scores[clip.name] = result
    kept.keep_clean(key, scores, problems)
    return scores, problems


_Degraded = tuple[Mapping[str, Sequence[float]], Mapping[str, str]]


def _degraded(
    workers: Workers,
    job: ClipJob,
    kept: KeptDegradations,
    key: str,
    clips: Sequence[tuple[ClipUnderTest, CleanScore]],
    names: Sequence[str],
    seed: int,
    progress: Progress,
) -> dict[str, _Degraded]:
    """Return degradation → scores and reasons, of those that are wanted or were done before."""
    found: dict[str, _Degraded] = {}
    for name, degradation in DEGRADATIONS.items():
        if (known := _known(kept, key, degradation, seed)) is not None:
            found[name] = known
            if name in names:
                progress.say(f"{degradation.labelled}: known, skipped")
            continue
        if name not in names:
            continue
        scores, problems = dict[str, list[float]](), dict[str, str]()
        work = functools.partial(degraded_scores, job, name, seed)
        results = workers.in_order(work, clips, functools.partial(lost_degraded, job))
        tracked = progress.track(results, degradation.labelled, len(clips))
        for (clip, _), result in zip(clips, tracked, strict=True):
            if isinstance(result, str):
                problems[clip.name] = result
            else:
                scores[clip.name] = result
        kept.keep_degraded(name, _key_of(key, degradation, seed), scores, problems)
        found[name] = scores, problems
    return found


def _known(kept: KeptDegradations, key: str, degradation: Degradation, seed: int) -> _Degraded | None:
    """Return the scores of a degradation that is done; None where it is not, or for other clips."""
    return kept.degraded(degradation.name, _key_of(key, degradation, seed), len(degradation.levels))


def _key_of(key: str, degradation: Degradation, seed: int) -> str:
    return fingerprint([key, [*degradation.levels], seed if degradation.drawn else None])


def _require_both(source: str, clips: Sequence[ClipUnderTest], problems: Mapping[str, str]) -> None:
    if {clip.fake for clip in clips} != {0, 1}:
        reasons = "".join(f"\n  {reason}" for reason in [*problems.values()][:3])
        raise DataError(
            f"{source}: too few of its test clips can be scored to tell fakes from genuine ones:{reasons}"
        )


def _curve(
    degradation: Degradation,
    clips: Sequence[ClipUnderTest],
    clean: Mapping[str, CleanScore],
    overall: Mapping[str, Any],
    scores: Mapping[str, Sequence[float]],
    problems: Mapping[str, str],
    calibration: Calibration,
    read: Collection[str],
) -> dict[str, Any]:
    """Return the metrics of each level, and of the same clips without degradation."""
    used = [clip for clip in clips if clip.name in scores]
    levels = [
        {
            "value": value,
            "label": degradation.label(value),
            **_metrics(used, [scores[clip.name][place] for clip in used], calibration),
        }
        for place, value in enumerate(degradation.levels)
    ]
    plain = [clean[clip.name].log_odds for clip in used]
    return {
        "name": degradation.name,
        "title": degradation.title,
        "stream": degradation.stream,
        "read": degradation.stream in read,
        "unit": degradation.axis,
        "clips": len(used),
        "problems": _told(problems),
        "clean": dict(overall) if len(used) == len(clips) else _metrics(used, plain, calibration),
        "levels": levels,
    }


def _metrics(
    clips: Sequence[ClipUnderTest], log_odds: Sequence[float], calibration: Calibration
) -> dict[str, Any]:
    ranks = torch.tensor(log_odds, dtype=torch.float64)
    found = ScoredClips(
        ranks,
        calibration.probability(ranks),
        torch.tensor([clip.fake for clip in clips]),
        calibration.threshold,
        people=[clip.person for clip in clips],
        categories=[clip.category for clip in clips],
        sets=[clip.set for clip in clips],
    ).metrics(("auc", "acc"))
    ranked, judged = (tuple(f"{name}{end}" for end in ("", "_low", "_high")) for name in ("auc", "acc"))
    parts = {"per_category": (*ranked, "count"), "per_set": (*ranked, *judged, "count")}
    return {
        **{name: found[name] for name in (*ranked, *judged)},
        **{
            part: {name: {key: value[key] for key in keys} for name, value in found[part].items()}
            for part, keys in parts.items()
            if part in found
        },
    }


def _told(problems: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"clip": name, "problem": problem} for name, problem in problems.items()]
