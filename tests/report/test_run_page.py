"""The page of a run, in a real browser."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

import nasframe
from nasframe import Run, TensorTask
from nasframe.display import LineChart, flatten
from nasframe.report import write_report
from nasframe.report.run_page import search_figures
from tests.report.conftest import QUIET

Look = Callable[..., Any]


@pytest.fixture
def page(run: Run, look: Look) -> Any:
    return look(run.path / "report.html")


def edges(page: Any) -> dict[str, float]:
    """Name of each drawn edge → its width."""
    found: dict[str, float] = page.evaluate(
        """Object.fromEntries([...document.querySelectorAll('#animation [data-e]')].map((edge) =>
            [edge.querySelector('title').textContent, Number(edge.getAttribute('stroke-width'))]))"""
    )
    return found


def kept(page: Any) -> set[str]:
    """Names of the edges that are drawn as kept."""
    return set(
        page.evaluate(
            """[...document.querySelectorAll('#animation .e.kept')].map((edge) =>
                edge.querySelector('title').textContent)"""
        )
    )


def show(page: Any, epoch: int) -> None:
    page.locator("#epoch").evaluate(
        "(slider, value) => { slider.value = value; slider.dispatchEvent(new Event('input')); }", epoch - 1
    )


def numbers(page: Any) -> dict[str, Any]:
    """Key of each shown number → what is behind it in full, as it is written."""
    found: dict[str, Any] = page.evaluate(
        """Object.fromEntries([...document.querySelectorAll('[data-key]')].map((item) =>
            [item.dataset.key, item.tagName === 'DATA' ? Number(item.value) : item.textContent]))"""
    )
    return found


# -- the slider -----------------------------------------------------------------------------------------


def test_the_slider_moves_the_picture(page: Any) -> None:
    last = edges(page)
    show(page, 1)
    first = edges(page)
    assert first.keys() == last.keys()
    assert sum(first[name] != last[name] for name in first) > len(first) / 2


def test_arrow_keys_move_it_an_epoch_at_a_time(page: Any) -> None:
    slider = page.locator("#epoch")
    slider.focus()
    widths = [edges(page)]
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
        widths.append(edges(page))
    assert slider.input_value() == "4"
    assert all(a != b for a, b in pairwise(widths))
    assert slider.get_attribute("aria-valuetext") == "epoch 5 of 8"
    page.keyboard.press("Home")
    assert page.locator("#description").text_content().startswith("Epoch 1 of 8: cell1/N1 ")
    assert page.locator("#count").text_content() == "1 / 8"


def test_an_edge_is_as_wide_as_it_is_probable_and_the_leading_candidate_is_bold(page: Any, run: Run) -> None:
    for line in (run.history("search")[0], run.history("search")[4]):
        show(page, line["epoch"])
        widths, found = edges(page), line["probabilities"]
        expected = Counter[str]()
        for name, chances in found.items():
            for candidate, chance in chances.items() if name.endswith(".sources") else ():
                expected.update(dict.fromkeys(_edges_of(name, candidate), chance))
        assert widths == {name: pytest.approx(0.6 + 3.4 * expected[name], abs=0.01) for name in expected}
        bold = page.evaluate(
            """[...document.querySelectorAll('#animation .candidate.lead text')].map((text) =>
                [text.textContent, getComputedStyle(text).fontWeight])"""
        )
        nodes = [chances for name, chances in found.items() if not name.endswith(".sources")]
        assert sorted(name for name, _ in bold) == sorted(
            max(item, key=lambda key: item[key]) for item in nodes
        )
        assert {weight for _, weight in bold} == {"700"}


def _edges_of(choice: str, candidate: str) -> list[str]:
    """Names of the edges that a set of sources keeps: the first into port x, the second into port y."""
    target, sources = choice.removesuffix(".sources"), candidate.split(" & ")
    cell, _, node = target.rpartition("/")
    pairs = zip(sources, "xy", strict=True)
    if cell:
        return [f"{cell}/{source} → {cell}/{node}.{port}" for source, port in pairs]
    return [f"{source} → {node}/{port}" for source, port in pairs]


def test_the_last_epoch_keeps_what_the_architecture_keeps(page: Any, run: Run) -> None:
    assignment = run.architecture.assignment
    chosen = {
        edge
        for name, value in assignment.items()
        if name.endswith(".sources")
        for edge in _edges_of(name, value)
    }
    assert kept(page) <= chosen
    alive = page.evaluate(
        "[...document.querySelectorAll('#animation .node:not(.gone)')].map((node) => node.dataset.n)"
    )
    assert set(alive) == set(run.architecture.resolved.operations)
    assert kept(page)


def test_improbable_candidates_are_faint(page: Any, run: Run) -> None:
    shown = page.evaluate(
        """[...document.querySelectorAll('#animation .candidate')].map((item) =>
            [Number(item.getAttribute('opacity')), Number(item.lastElementChild.getAttribute('width'))])"""
    )
    widest = max(shown, key=lambda pair: pair[1])
    narrowest = min(shown, key=lambda pair: pair[1])
    assert widest[0] == 1
    assert narrowest[0] < 0.6


def test_playing_ends_with_the_last_epoch_and_a_key_pauses_it(page: Any) -> None:
    play = page.locator("#play")
    play.press("Enter")
    assert play.text_content() == "Pause"
    assert page.locator("#description").get_attribute("aria-live") == "off"
    play.press("Enter")
    assert play.text_content() == "Play"
    assert page.locator("#epoch").input_value() != "7"
    play.press("Enter")
    page.locator("#play", has_text="Play").wait_for()
    assert page.locator("#epoch").input_value() == "7"
    assert page.locator("#description").get_attribute("aria-live") == "polite"


def test_readers_who_want_no_motion_get_none(run: Run, look: Look) -> None:
    duration = "getComputedStyle(document.querySelector('#animation [data-e]')).transitionDuration"
    assert look(run.path / "report.html").evaluate(duration) != "0s"
    assert look(run.path / "report.html", reduced_motion="reduce").evaluate(duration) == "0s"


def test_a_mark_over_the_entropies_follows_the_slider(page: Any) -> None:
    marks = "[...document.querySelectorAll('[data-now]')].map((mark) => mark.getAttribute('transform'))"
    last = page.evaluate(marks)
    show(page, 2)
    moved = page.evaluate(marks)
    assert len(last) >= 4
    assert all(a != b for a, b in zip(last, moved, strict=True))


def test_without_scripts_the_last_epoch_shows(run: Run, look: Look, page: Any) -> None:
    still = look(run.path / "report.html", java_script_enabled=False)
    assert not still.locator("#player").is_visible()
    first = still.locator("#animation [data-e]").first
    assert float(first.get_attribute("stroke-width")) in edges(page).values()
    assert still.locator("#description").text_content().startswith("Epoch 8 of 8")
    assert page.locator("#description").text_content() == still.locator("#description").text_content()
    assert page.locator("#animation").get_attribute("viewBox") == still.locator("#animation").get_attribute(
        "viewBox"
    )


# -- numbers --------------------------------------------------------------------------------------------


def test_every_number_is_that_of_evaluate(page: Any, run: Run, tmp_path: Path) -> None:
    shown = numbers(page)
    found = nasframe.evaluate(shutil.copytree(run.path, tmp_path / "run"))
    missing = []
    for key, value in flatten(found).items():
        if isinstance(value, bool) or value is None or isinstance(value, str):
            written = {True: "yes", False: "no", None: "undefined"}.get(value, value)
            missing += [] if shown.get(key) == written else [key]
        else:
            missing += [] if shown.get(key) == value else [key]
    assert missing == []
    assert len(flatten(found)) > 20


def test_a_number_is_rounded_for_the_eye_and_whole_below_it(page: Any, run: Run) -> None:
    assert run.test is not None
    value = run.test["baselines"]["random 1"]["auc"]
    item = page.locator("[data-key='baselines.random 1.auc']")
    assert item.text_content() == f"{value:.4f}"
    assert float(item.get_attribute("title")) == value


def test_the_area_under_the_curve_is_the_auc(page: Any, run: Run) -> None:
    assert run.test is not None
    assert numbers(page)["roc.all.area"] == pytest.approx(run.test["auc"], abs=1e-9)


def test_the_scores_are_shown_by_label_and_by_category(page: Any, run: Run) -> None:
    assert run.scores is not None
    names = page.evaluate("[...document.querySelectorAll('h3')].map((head) => head.textContent)")
    assert {"ROC curve", "Scores of the test split", "Scores by category"} <= set(names)
    label = page.locator("svg[aria-label^='Scores of the test split']").get_attribute("aria-label")
    labels = run.scores["labels"]
    assert label == f"Scores of the test split: {labels.count(0)} left, {labels.count(1)} right"
    told = page.locator("svg[aria-label^='Scores by category']").get_attribute("aria-label")
    assert f"{QUIET} {run.scores['categories'].count(QUIET)}" in told


def test_names_are_shown_as_they_are(page: Any) -> None:
    assert page.locator("quiet").count() == 0
    assert page.get_by_role("rowheader", name=QUIET).count() == 2, "of its metrics, and of its ROC curve"


# -- what else there is ---------------------------------------------------------------------------------


def test_every_choice_has_a_row_over_time(page: Any, run: Run) -> None:
    groups = {choice.group for choice in run.architecture.space.choices.values()}
    for group in groups:
        heat = page.locator(f"svg.heat[aria-label^='{group}: ']")
        assert heat.count() == 1
        texts = heat.evaluate("(svg) => [...svg.querySelectorAll('text')].map((text) => text.textContent)")
        own = {
            name: choice for name, choice in run.architecture.space.choices.items() if choice.group == group
        }
        for name, choice in own.items():
            # nothing is decided where there is one candidate
            assert (name in texts) == (len(choice.candidates) > 1), name


def test_every_number_has_a_name_in_words_and_its_key_behind_it(page: Any, run: Run) -> None:
    names = page.locator("#on-the-test-split .facts dt").all_text_contents()
    assert {"parameters total", "multiply-adds"} <= {*names}
    assert any(name.startswith("parameters by part, ") for name in names)
    assert not [name for name in names if "_" in name]
    assert page.locator("[data-key='multiply_adds']").count() == 1


def test_a_run_says_what_it_was_made_from(page: Any, run: Run) -> None:
    text = page.locator("main").text_content()
    record = run.record
    assert record["data"]["fingerprint"] in text
    assert run.architecture.provenance["versions"]["torch"] in text
    assert all(name in text for name in record["plugins"])
    assert run.experiment_toml in text
    assert not page.get_by_text("[relaxation]").is_visible()
    page.get_by_text("As it was resolved").click()
    assert page.get_by_text("[relaxation]").is_visible()


def test_the_network_is_drawn_and_described_in_words(page: Any, run: Run) -> None:
    drawing = page.locator(".drawing svg")
    assert run.architecture.fingerprint[:12] in drawing.get_attribute("aria-label")
    assert page.locator("pre", has_text="weighted_fusion").count() == 1


def test_a_task_of_more_than_two_classes_has_no_curve(tmp_path: Path) -> None:
    outputs, labels = torch.randn(9, 3), torch.arange(9) % 3
    task = TensorTask({"x": torch.randn(9, 2)}, labels)
    split: Mapping[str, Any] | Any = task.data({}).splits.validation
    assert task.scores(outputs[: len(split)], split, {}) is None


def test_a_search_that_diverged_still_has_a_page(run: Run, tmp_path: Path) -> None:
    broken = Run(Path(shutil.copytree(run.path, tmp_path / "run")))
    lines = run.metrics
    last = [line for line in lines if line["stage"] == "search"][-1]
    last["loss"] = dict.fromkeys(last["loss"])
    last["validation"] = dict.fromkeys(last["validation"])
    last["entropy"] = dict.fromkeys(last["entropy"])
    last["probabilities"] = {name: dict.fromkeys(found) for name, found in last["probabilities"].items()}
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (broken.path / "metrics.jsonl").write_text(text, encoding="utf-8")
    write_report(broken)
    page = (broken.path / "report.html").read_text(encoding="utf-8")
    assert "in epoch 8 a probability is not finite" in page
    assert "Every choice over time" in page


def test_a_sentence_on_the_logits_stands_once_on_the_page(run: Run, tmp_path: Path) -> None:
    found = Run(Path(shutil.copytree(run.path, tmp_path / "run")))
    record = json.loads((found.path / "run.json").read_text(encoding="utf-8"))
    sentence = "The logits hardly moved, so the architecture is close to an arbitrary one."
    record["search"] |= {"unmoved": [sentence], "caveats": [sentence]}
    record["search"]["selection"] = {"candidates": 2, "rule": 0.5, "chosen": 0.6, "notes": [sentence]}
    (found.path / "run.json").write_text(json.dumps(record), encoding="utf-8")
    write_report(found)
    assert (found.path / "report.html").read_text(encoding="utf-8").count(sentence) == 1


def test_a_chart_of_one_metric_says_its_name_at_the_axis() -> None:
    history = [{"epoch": 1, "loss": {}, "entropy": {}, "validation": {"loss": 0.3, "accuracy": 0.5}}]
    two = [{**history[0], "validation": {"accuracy": 0.5, "auc": 0.6}}]
    (one,) = (figure for figure in search_figures(history) if figure.name == "search-metrics")
    (several,) = (figure for figure in search_figures(two) if figure.name == "search-metrics")
    assert isinstance(one, LineChart)
    assert isinstance(several, LineChart)
    assert (one.y, several.y) == ("accuracy", "")  # several are told apart by the legend
