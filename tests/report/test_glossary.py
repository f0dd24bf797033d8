"""The terms at the foot of a page: those that it uses, each in a few words."""

from __future__ import annotations

from pathlib import Path

import pytest

from nasframe import Run
from nasframe.report import Watched, overview_page, read_page
from nasframe.report.glossary import glossary


def test_a_term_that_the_page_does_not_use_is_not_explained() -> None:
    assert glossary("<p>Nothing of that.</p>") == {}
    assert [*glossary("<td>auc, test</td>")] == ["AUC"]
    assert [*glossary("<p>random, best of 3</p>")] == ["best of N"]


def test_the_best_of_those_that_a_supernet_ranked_is_no_random_search() -> None:
    assert "best of N" not in glossary("<td>supernet, with the best of 24, this one among them</td>")


def test_the_words_of_a_search_are_explained_where_they_stand() -> None:
    words = "<p>the logits of a relaxation; finalists by their objective</p>"
    assert [*glossary(words)] == ["objective", "logits", "relaxation", "finalists"]


def test_the_options_of_an_experiment_use_no_term() -> None:
    assert glossary("<pre>temperature = 0.1\nsamples = 100</pre>") == {}
    assert [*glossary("<p>grmc (samples = 100, temperature = 0.1)</p>")] == ["temperature", "samples"]


@pytest.mark.parametrize("kind", ["run", "comparison", "sweep", "table", "loops"])
def test_the_pages_of_runs_and_studies_end_with_their_terms(kind: str, pages: dict[str, Path]) -> None:
    html = pages[kind].read_text(encoding="utf-8")
    assert '<section id="terms"' in html
    assert html.rindex("<section") == html.index('<section id="terms"')


def test_the_page_of_a_run_explains_its_supernet(run: Run) -> None:
    assert "A network that holds all candidates at once" in read_page(run.path).html


def test_the_runs_of_a_folder_have_one_legend_for_all_curves() -> None:
    runs = [
        Watched(name, f"{name}/report.html", "run", "done", objective="auc", searched=[(1, 0.5), (2, 0.6)])
        for name in ("a", "b")
    ]
    runs[1] = Watched(
        "b",
        "b/report.html",
        "run",
        "done",
        objective="auc",
        searched=[(1, 0.4), (2, 0.5)],
        trained=[(1, 0.6), (2, 0.7)],
    )
    html = overview_page("Watching", "", runs, {}).html
    assert html.count('<ul class="legend">') == 1
    assert "derived network in its training" in html
