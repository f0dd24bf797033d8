"""The found network and the slider say whether they show the same, and if not, why."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from nasframe import Architecture, Run
from nasframe.report import read_page
from nasframe.report.last_epoch import compare_last_epoch
from nasframe.searching import derive


def changed(run: Run, folder: Path, *, other: bool, selection: Mapping[str, Any] | None = None) -> Run:
    """Return a copy of a run whose network is the rule's or another one, and whose record has a choice."""
    shutil.copytree(run.path, folder)
    found = Run.open(folder)
    space, last = found.architecture.space, found.history("search")[-1]
    derived = derive(space, last["probabilities"])
    choice = space.choices["cell1/N1"]
    assignment = dict(derived.assignment)
    if other:
        kept = assignment["cell1/N1"]
        assignment["cell1/N1"] = next(name for name in choice.candidates if name not in (kept, "zero"))
    provenance = found.architecture.provenance
    Architecture(space, assignment, provenance=provenance).save(folder / "architecture.json")
    lines = [json.loads(line) for line in (folder / "metrics.jsonl").read_text("utf-8").splitlines()]
    for line in lines:
        if line["stage"] == "search" and line["epoch"] == last["epoch"]:
            line["derived"] = derived.fingerprint[:16]
    (folder / "metrics.jsonl").write_text(
        "".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8"
    )
    record = json.loads((folder / "run.json").read_text("utf-8"))
    record["search"].pop("selection", None)
    if selection is not None:
        record["search"]["selection"] = selection
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    return Run.open(folder)


def captions(run: Run) -> tuple[str, str]:
    found = compare_last_epoch(run, run.history("search"))
    return found.network, found.epochs


CHOICE = {"candidates": 12, "rule": 0.7, "chosen": 0.75}
NETWORK = {"architecture": "a", "supernet": 0.7, "derived": False, "scores": {"2": 0.7}}
FINALS = {
    **CHOICE,
    "finals": {
        "networks": [NETWORK] * 3,
        "rounds": [{"networks": 3, "epochs": 2}],
        "spent": 6,
        "seconds": 1.0,
    },
}


def test_where_the_rule_derived_the_network_both_say_that_they_are_the_same(run: Run, tmp_path: Path) -> None:
    network, epochs = captions(changed(run, tmp_path / "run", other=False))
    rule = "the rule of the space derived it from the last epoch of the search."
    assert network == f"The same as in the last epoch below: {rule}"
    assert epochs.startswith("The last epoch shows the network that was found.")


def test_a_network_that_was_kept_in_a_choice_says_so(run: Run, tmp_path: Path) -> None:
    network, _ = captions(changed(run, tmp_path / "run", other=False, selection=CHOICE))
    assert network.startswith("The same as in the last epoch below")
    assert network.endswith("and was kept when the supernet compared 12 architectures on validation.")


def test_a_network_that_was_chosen_among_candidates_says_where_it_differs_and_why(
    run: Run, tmp_path: Path
) -> None:
    network, epochs = captions(changed(run, tmp_path / "run", other=True, selection=CHOICE))
    assert network.startswith("Not the one that the rule of the space derived from the last epoch below")
    assert "differ at cell1/N1" in network
    assert "the supernet compared 12 architectures on validation" in network
    assert network.endswith("this one was taken, with 0.7500 against 0.7000.")
    assert "The network that was found is another one (they differ at cell1/N1" in epochs


def test_a_network_that_was_chosen_among_finalists_says_how_many_were_trained(
    run: Run, tmp_path: Path
) -> None:
    network, _ = captions(changed(run, tmp_path / "run", other=True, selection=FINALS))
    assert "the supernet ranked 12 architectures, and 3 finalists of them trained" in network
    assert "0.75" not in network


def test_the_heading_tells_the_reason_at_a_glance_and_a_table_each_place(run: Run, tmp_path: Path) -> None:
    other = changed(run, tmp_path / "other", other=True, selection=CHOICE)
    found = compare_last_epoch(other, other.history("search"))
    beginning = "The network that was found is not that of the last epoch: "
    assert found.heading == f"{beginning}the supernet chose it among 12 architectures"
    assert found.differences is not None
    row = next(row for row in found.differences.rows if row[0] == "cell1/N1")
    assert row[1] == other.architecture.assignment["cell1/N1"] != row[2]

    trained = changed(run, tmp_path / "trained", other=True, selection=FINALS)
    heading = compare_last_epoch(trained, trained.history("search")).heading
    assert heading == f"{beginning}it was chosen among 3 trained finalists"

    same = changed(run, tmp_path / "same", other=False)
    found = compare_last_epoch(same, same.history("search"))
    assert found.heading == "The network that was found is that of the last epoch"
    assert found.differences is None


def test_a_difference_that_no_record_explains_is_said(run: Run, tmp_path: Path) -> None:
    network, epochs = captions(changed(run, tmp_path / "run", other=True))
    assert network.endswith("the record does not say why.")
    assert "the record does not say why." in epochs


def test_a_space_that_deals_its_sources_says_that_the_slider_does_not_show_it(
    run: Run, tmp_path: Path
) -> None:
    found = changed(run, tmp_path / "run", other=False)
    _, epochs = captions(found)
    assert ("is dealt when a network is derived" in epochs) == bool(found.architecture.space.wiring.deals)


@pytest.mark.parametrize("other", [False, True])
def test_both_captions_are_on_the_page(run: Run, tmp_path: Path, other: bool) -> None:
    found = changed(run, tmp_path / "run", other=other, selection=CHOICE)
    html = re.sub(r"&#39;", "'", str(read_page(found.path).html))
    for caption in captions(found):
        assert caption in html
