"""Comparisons, a sweep and a table of a space as plain values, with numbers that are easy to check."""

from __future__ import annotations

import itertools
import json
import random
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from nasframe import Run

METRICS = ["auc", "acc", "parameters", "multiply_adds", "search_seconds"]
FEW = "Each architecture was trained with one seed."
MESSAGE = "the loss is not finite in epoch 3 <of 8>; lower loop.weight_rate"


def comparison(run: Run, folder: Path, seeds: tuple[int, ...] = (0, 1, 2)) -> dict[str, Any]:
    """Two variants, of which the second has a failed trial; architectures are written into `folder`."""
    names = ("softmax", "grmc")
    trials = [
        _trial(run, f"{name}-{seed}", name, {"relaxation.name": name}, seed, 0.6 + 0.1 * place + 0.01 * seed)
        for place, name in enumerate(names)
        for seed in seeds
    ]
    trials[-1] = _failed(trials[-1])
    draw = random.Random(0)
    architecture = json.loads((run.path / "architecture.json").read_text(encoding="utf-8"))
    for trial in trials:
        if trial["status"] == "done":
            target = folder / trial["folder"]
            target.mkdir(parents=True)
            drawn = {**architecture, "assignment": run.architecture.space.sample(draw)}
            (target / "architecture.json").write_text(json.dumps(drawn), encoding="utf-8")
    rows = [_row(name, "variant", [trial for trial in trials if trial["variant"] == name]) for name in names]
    baseline = {metric: _interval({str(seed): 0.5 + 0.02 * seed for seed in seeds}) for metric in METRICS[:2]}
    baseline["parameters"] = _interval({str(seed): 900 for seed in seeds})
    validation = _interval({str(seed): 0.4 + 0.02 * seed for seed in seeds})
    rows.append({"name": "late fusion", "kind": "baseline", "values": baseline, "validation": validation})
    done = [trial for trial in trials if trial["status"] == "done"]
    scores = [0.5 + index / 100 for index in range(40)]
    return {
        "kind": "comparison",
        "title": "relaxations",
        "objective": "auc",
        "metrics": METRICS,
        "seeds": list(seeds),
        "variants": [{"name": name, "point": {"relaxation.name": name}} for name in names],
        "trials": trials,
        "rows": rows,
        "tests": [
            {
                "a": "grmc",
                "b": "softmax",
                "metric": metric,
                "family": "variants",
                "pairs": 2,
                "difference": 0.1,
                "low": -0.05,
                "high": 0.25,
                "p": 0.123,
                "p_holm": 0.246,
            }
            for metric in METRICS[:2]
        ],
        "gap": [
            {
                "variant": name,
                **{
                    stage: {"mean": 0.9 - 0.1 * place, "low": 0.85 - 0.1 * place, "high": 0.95 - 0.1 * place}
                    for place, stage in enumerate(("supernet", "inherited", "trained"))
                },
                "drop": {"mean": 0.1, "low": 0.05, "high": 0.15},
            }
            for name in names
        ],
        "chosen": {
            "name": "grmc",
            "validation": rows[1]["validation"],
            "test": rows[1]["values"]["auc"],
        },
        "tables": [
            {
                "path": "elsewhere",
                "architectures": 40,
                "variants": ["softmax", "grmc"],
                "percentiles": {trial["name"]: {"validation": 97.5, "test": 62.5} for trial in done},
                "mean_percentiles": {
                    name: {
                        "validation": {"mean": 97.5, "low": 96.0, "high": 99.0, "by_seed": {}},
                        "test": {"mean": 62.5, "low": None, "high": None, "by_seed": {}},
                    }
                    for name in names
                },
                "correlation": {
                    "softmax": {"rho": 0.42, "low": 0.1, "high": 0.7, "over": "seeds", "architectures": 33}
                },
                "scores": {
                    "validation": scores,
                    "test": [*scores[:-1], None],
                    "parameters": list(range(900, 940)),
                },
            }
        ],
        "failed": {trials[-1]["name"]: MESSAGE},
        "caveats": ["No two variants differ significantly."],
        "experiment": run.experiment_toml,
        "versions": {"nasframe": "0.1.0"},
        "data": "8abc55f3",
    }


def sweep(run: Run, axes: dict[str, list[Any]], seeds: tuple[int, ...] = (0, 1)) -> dict[str, Any]:
    """The objective is 0.5 at the first point, 0.01 more at each, 0.002 at a seed; the last one failed."""
    points = [dict(zip(axes, values, strict=True)) for values in itertools.product(*axes.values())]
    trials = []
    for number, point in enumerate(points):
        name = _name(point)
        for seed in seeds:
            trial = _trial(run, f"{name},seed={seed}", name, point, seed, 0.5 + 0.01 * number + 0.002 * seed)
            trials.append(_failed(trial) if number == len(points) - 1 and number else trial)
    rows = []
    for point in points:
        name = _name(point)
        own = [trial for trial in trials if trial["variant"] == name]
        rows.append({**_row(name, "point", own), "point": point})
    done = [row for row in rows if row["validation"]["mean"] is not None]
    best = max(done, key=lambda row: row["validation"]["mean"])
    return {
        "kind": "sweep",
        "title": "small",
        "objective": "auc",
        "metrics": METRICS,
        "axes": [
            {"key": key, "values": values, "title": key.removesuffix(".name").rpartition(".")[2]}
            for key, values in axes.items()
        ],
        "seeds": list(seeds),
        "trials": trials,
        "rows": rows,
        "chosen": {
            "name": best["name"],
            "validation": best["validation"],
            "test": best["values"]["auc"],
        },
        "caveats": ["Two seeds are few."],
        "experiment": run.experiment_toml,
        "versions": {"nasframe": "0.1.0"},
        "data": "8abc55f3",
    }


def _name(point: dict[str, Any]) -> str:
    return ",".join(f"{key.removesuffix('.name').rpartition('.')[2]}={value}" for key, value in point.items())


def space_table(run: Run, architectures: int = 40) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The record and the rows of a table of a space; the last row has no score on the test split."""
    rows = [
        {
            "fingerprint": f"{number:016x}",
            "assignment": {},
            "parameters": 900 + number % 7,
            "multiply_adds": 5000 + number % 5,
            "validation": {"auc": 0.5 + number / 100, "loss": 0.3},
            "test": {"auc": 0.45 + number / 100},
            "best_epoch": 2,
            "seconds": 1.5,
            "seed": number,
        }
        for number in range(architectures)
    ]
    rows[-1]["test"] = {"auc": None}
    record = {
        "kind": "table",
        "format": 1,
        "title": "small",
        "objective": "auc",
        "seed": 0,
        "asked": architectures + 1,
        "count": architectures,
        "space_size": 1234,
        "correlation": {"rho": 0.5, "low": 0.25, "high": 0.75, "architectures": architectures - 1},
        "caveats": [FEW],
        "failed": {"architecture 41": MESSAGE},
        "experiment": run.experiment_toml,
        "versions": {"nasframe": "0.1.0"},
        "data": "8abc55f3",
    }
    return record, rows


def loops() -> dict[str, Any]:
    """Three loops on a table, at five equal costs; the first two are almost equal."""
    names, ends = ("random", "evolution", "halving"), (0.87337, 0.87338, 0.8843)

    def estimate(mean: float) -> dict[str, float]:
        return {"mean": mean, "low": mean - 0.0021, "high": mean + 0.0021}

    nobody = {"mean": None, "low": None, "high": None}

    return {
        "kind": "comparison",
        "title": "known",
        "objective": "accuracy",
        "on": {"name": "known", "path": "known.json.xz", "networks": 279, "best": 0.8909, "median": 0.7629},
        "equal": [1, 2, 5, 10, 20],
        "loops": [
            {
                "name": name,
                "seeds": 50,
                "trials": 40.0,
                "cost": 39.4,
                "seconds": 111.95,
                "test": estimate(end),
                "deviation": 0.0052,
                "top": 0.12,
                "best_found": 0.08,
                "equal": [nobody, *(estimate(end - cost) for cost in (0.08, 0.04, 0.02, 0.01))],
                "curve": {
                    "cost": [1.0, 39.4],
                    **{
                        key: [estimate(value)[key] for value in (0.78, end)]
                        for key in ("mean", "low", "high")
                    },
                },
            }
            for name, end in zip(names, ends, strict=True)
        ],
        "tests": [
            {
                "a": "random",
                "b": "evolution",
                "metric": "accuracy",
                "difference": -0.00001,
                "low": -0.0021,
                "high": 0.002,
                "p": 0.99,
                "p_holm": 0.99,
            }
        ],
        "failed": {},
        "data": "7917578ccdfb8a63",
        "experiment": "seed = 0\n",
        "caveats": [],
        "versions": {"nasframe": "0.2.0"},
    }


def _trial(run: Run, name: str, variant: str, point: dict[str, Any], seed: int, auc: float) -> dict[str, Any]:
    history = run.history("search")[: 8 - seed]
    return {
        "name": name,
        "variant": variant,
        "point": point,
        "seed": seed,
        "folder": f"cells/{name}",
        "status": "done",
        "error": None,
        "test": {
            "auc": auc,
            "acc": auc - 0.05,
            "parameters": 1000 + 10 * seed,
            "multiply_adds": 5000,
            "objective": "auc",
            "converged": False,
        },
        "seconds": {"search": 2.5, "train": 1.0},
        "search": {"epochs": 8, "converged": False, "seconds": 2.25, "entropy": history[-1]["entropy"]},
        "entropy": {group: [line["entropy"][group] for line in history] for group in history[0]["entropy"]},
        "validation": {"supernet": 0.9, "inherited": 0.8, "trained": auc - 0.1},
        "architecture": "2fec54a8fcd9d060",
    }


def _failed(trial: dict[str, Any]) -> dict[str, Any]:
    nothing: dict[str, Any] = {
        "test": None,
        "search": None,
        "entropy": {},
        "architecture": None,
        "seconds": {},
    }
    nothing["validation"] = dict.fromkeys(trial["validation"])
    return {**trial, **nothing, "status": "failed", "error": MESSAGE}


def _row(name: str, kind: str, trials: list[dict[str, Any]]) -> dict[str, Any]:
    values = {}
    for metric in METRICS:
        values[metric] = _interval(
            {
                str(trial["seed"]): trial["search"]["seconds"]
                if metric == "search_seconds"
                else trial["test"][metric]
                for trial in trials
                if trial["test"]
            }
        )
    validation = {str(t["seed"]): t["validation"]["trained"] for t in trials if t["test"]}
    return {"name": name, "kind": kind, "values": values, "validation": _interval(validation)}


def _interval(by_seed: dict[str, float]) -> dict[str, Any]:
    known = list(by_seed.values())
    half = stdev(known) if len(known) > 1 else None
    mean = fmean(known) if known else None
    return {
        "mean": mean,
        "low": None if half is None or mean is None else mean - half,
        "high": None if half is None or mean is None else mean + half,
        "by_seed": by_seed,
    }
