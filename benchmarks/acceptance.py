"""Check the results that a search must reach, and write their tables.

On the embedded set, on three seeds: each splits the clips anew (no person in two splits), pretrains, searches
and trains anew. The tables are those of docs/embedded-set.md.

On two tasks with tables of the truth, on twenty seeds: the two of docs/search-quality.md that take minutes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import fmean, stdev
from typing import Any

from embedded import SEEDS, corpus, run
from scipy.stats import t

# On pairings alone, weights need this higher rate to learn to recognise them at all.
PAIRINGS = ('task.categories=["pairing"]', "loop.weight_rate=3e-3", "baselines.random=0")
PLAIN = (*PAIRINGS, "task.standardised=false")

JUDGED = ("htad", "av")
LEVEL = 0.05


def main(out: str = "runs/acceptance") -> int:
    base, started = Path(out), time.monotonic()
    source = corpus(base / "clips")
    mixed = {seed: run(base / f"mixed-{seed}", source, seed)[1] for seed in SEEDS}
    found = {seed: run(base / f"pairings-{seed}", source, seed, PAIRINGS) for seed in SEEDS}
    searching = sum(sum(made.seconds.values()) for made, _ in found.values()) / 60
    paired = {seed: test for seed, (_, test) in found.items()}
    plain = {seed: run(base / f"plain-{seed}", source, seed, PLAIN)[1] for seed in SEEDS}
    chosen = max(SEEDS, key=lambda seed: validation(found[seed][0].history("train")))

    claims = []
    for kind, counts in (
        ("genuine clips", [test["genuine"] for test in mixed.values()]),
        ("pairings", [test["per_category"]["pairing"]["count"] for test in mixed.values()]),
    ):
        claims.append((min(counts) >= 250, f"at least 250 {kind} to test on: {min(counts)} and more"))
    for name in ("picture alone", "sound alone"):
        values = [pairing(test["baselines"][name]) for test in mixed.values()]
        holds = all(abs(value - 0.5) <= 0.08 for value in values)
        claims.append((holds, f"(a) {name} scores 0.5 ± 0.08 on pairings: {shown(values)}"))
    best = paired[chosen]["auc"]
    claims += [
        (best >= 0.75, f"(b) at least 0.75, seed {chosen} chosen on validation: {best:.3f}"),
        (
            searching <= 20,
            f"(b) in at most 20 minutes: {searching:.1f} for all seeds, every stage and baseline",
        ),
    ]
    values = [test["auc"] for test in mixed.values()]
    claims.append((min(values) >= 0.8, f"(c) overall at least 0.80 on the mixed set: {shown(values)}"))
    claims += judged(base / "search-quality")
    gaps = [
        f"seed {seed}: by the supernet {made.record['search']['selection']['chosen']:.2f}, trained "
        f"{validation(made.history('train')):.2f}"
        for seed, (made, _) in found.items()
    ]
    lines = [
        *section("Every category of fakes", mixed),
        *section("Reals and pairings alone", paired),
        *section("Reals and pairings, without the standardised copies", plain),
        "",
        *(f"- {'holds' if holds else '**fails**'}: {claim}" for holds, claim in claims),
        f"- validation AUC of the searched network on reals and pairings: {'; '.join(gaps)}",
        f"- minutes, without the steps that were done before: {(time.monotonic() - started) / 60:.1f}",
    ]
    text = "\n".join(lines) + "\n"
    (base / "table.md").write_text(text, encoding="utf-8")
    print(text)
    return 0 if all(holds for holds, _ in claims) else 1


def judged(out: Path) -> list[tuple[bool, str]]:
    """Return the claims about searches of equal cost: whether each holds, and what it says."""
    command = [str(Path(__file__).with_name("search_quality")), "confirm", str(out), "--workers", "2"]
    subprocess.run([sys.executable, *command, "--tasks", *JUDGED], check=True)
    found = json.loads((out / "confirm.json").read_text("utf-8"))
    better = all(row["difference"] > 0 and row["p_holm"] < LEVEL for row in found["random"])
    worse = any(row["difference"] < 0 and row["p_holm"] < LEVEL for row in found["halving"])
    return [
        (better, f"(d) one_shot is better than random search, p < {LEVEL}: {differences(found['random'])}"),
        (not worse, f"(e) and not significantly worse than halving: {differences(found['halving'])}"),
    ]


def differences(rows: Sequence[Mapping[str, Any]]) -> str:
    return "; ".join(
        f"{row['task']} {row['difference']:+.4f} (p {row['p_holm']:.2g} after Holm)" for row in rows
    )


def validation(history: Sequence[Mapping[str, Any]]) -> float:
    return max(float(line["validation"]["auc"]) for line in history)


def pairing(values: Mapping[str, Any]) -> float:
    return float(values["per_category"]["pairing"]["auc"])


def shown(values: Sequence[float]) -> str:
    return ", ".join(f"{value:.3f}" for value in values)


def section(title: str, runs: Mapping[int, Mapping[str, Any]]) -> list[str]:
    """Return a Markdown table: for each network the mean over seeds and its 95 % interval, by category."""
    first = runs[SEEDS[0]]
    categories = list(first["per_category"])
    lines = [
        "",
        f"### {title}",
        "",
        "| network | parameters | overall | " + " | ".join(categories) + " |",
        "|---|---|" + "---|" * (1 + len(categories)),
    ]
    lines.append(row("searched", list(runs.values()), categories))
    for name, values in first["baselines"].items():
        if not is_random(values):
            lines.append(row(name, [test["baselines"][name] for test in runs.values()], categories))
    drawn = [[values for values in test["baselines"].values() if is_random(values)] for test in runs.values()]
    if drawn[0]:
        best = [max(each, key=lambda values: values["validation"]["auc"]) for each in drawn]
        means = [mean(each, categories) for each in drawn]
        lines.insert(6, row(f"random, best of {len(drawn[0])} on validation", best, categories))
        lines.insert(6, row(f"random, mean of {len(drawn[0])}", means, categories))
    return lines


def is_random(baseline: Mapping[str, Any]) -> bool:
    """True where the baseline is a random architecture: a fixed network of the task has none."""
    return "architecture" in baseline


def mean(found: Sequence[Mapping[str, Any]], categories: Sequence[str]) -> dict[str, Any]:
    """Return the mean metrics of the networks of one seed."""
    parts = {name: {"auc": fmean(each["per_category"][name]["auc"] for each in found)} for name in categories}
    numbers = {key: fmean(each[key] for each in found) for key in ("auc", "parameters")}
    return {**numbers, "per_category": parts}


def row(name: str, found: Sequence[Mapping[str, Any]], categories: Sequence[str]) -> str:
    size = fmean(values["parameters"] for values in found)
    entries = [interval([values["auc"] for values in found])]
    entries += [
        interval([values["per_category"][category]["auc"] for values in found]) for category in categories
    ]
    return f"| {name} | {size:,.0f} | {' | '.join(entries)} |"


def interval(values: Sequence[float]) -> str:
    """Return the mean ± half of Student's 95 % interval, and the least and the greatest value."""
    half = t.ppf(0.975, len(values) - 1) * stdev(values) / len(values) ** 0.5
    return f"{fmean(values):.3f} ± {half:.3f} ({min(values):.2f} to {max(values):.2f})"


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
