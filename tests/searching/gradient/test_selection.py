"""The choice among candidates that the supernet scored: equals, candidates without a score, finalists."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

import pytest
from attrs import define, field
from scipy.stats import chisquare
from torch import Tensor

from nasframe import SearchOptions, SearchSpace, Supernet
from nasframe.errors import RunError
from nasframe.runtime import SILENT
from nasframe.searching import Candidate, LearningCurve
from nasframe.searching.gradient.candidates import Candidates
from nasframe.searching.gradient.selection import Selection, choose
from nasframe.searching.gradient.supernet_score import Ranked
from tests.searching.sources import one_of

EPOCHS = 4


@define
class Trainer:
    """Trains nothing: the first network that it is given is the best one, and each epoch is worth a bit."""

    epochs: int = EPOCHS
    given: list[Mapping[str, Tensor] | None] = field(factory=list)

    def train(
        self, candidates: Sequence[Candidate], weights: Mapping[str, Tensor] | None = None
    ) -> list[LearningCurve]:
        self.given.append(weights)
        values = [0.9 - 0.1 * place for place in range(len(candidates))]
        return [
            LearningCurve([value] * item.epochs, [{"loss": 1 - value}] * item.epochs, [1.0] * item.epochs)
            for value, item in zip(values, candidates, strict=True)
        ]


def space(count: int = 5) -> SearchSpace:
    return one_of(count)


def scored(*values: float) -> list[Ranked]:
    """Candidates with these scores; one that is no number has no rank."""
    return [
        Ranked({"n.x": f"i{number}"}, value, (value, 0.0))
        if math.isfinite(value)
        else Ranked({"n.x": f"i{number}"}, value)
        for number, value in enumerate(values)
    ]


def chosen(
    found: Sequence[Ranked], derived: int | None = None, draws: Iterable[Ranked] = (), **options: Any
) -> tuple[Selection, Trainer]:
    made, trainer = space(), Trainer()
    given = SearchOptions(candidates=5, **options)
    rule = None if derived is None else found[derived].assignment
    return choose(found, rule, made, {"seed": 3}, given, Supernet(made), trainer, SILENT, draws), trainer


def source(selection: Selection) -> str:
    return selection.architecture.assignment["n.x"]


def test_without_finalists_the_best_by_the_supernet_is_taken_and_nothing_is_trained() -> None:
    found, trainer = chosen(scored(0.1, 0.4, 0.3), derived=0)
    assert source(found) == "i1"
    assert (found.rule, found.chosen, found.candidates, found.finals) == (0.1, 0.4, 3, None)
    assert found.architecture.provenance == {"seed": 3}
    assert trainer.given == []
    assert "finals" not in found.record()
    assert "notes" not in found.record()


def test_of_equals_the_first_is_taken() -> None:
    assert source(chosen(scored(0.1, 0.4, 0.4), derived=2)[0]) == "i1"


def test_the_best_candidates_are_the_finalists_and_each_has_its_place() -> None:
    found, _ = chosen(scored(0.1, 0.4, 0.3, 0.4, 0.2), finalists=3)
    assert found.finals is not None
    held = {item.architecture.assignment["n.x"]: item.place for item in found.finals.finalists}
    assert held == {"i1": 1, "i3": 1, "i2": 3}
    assert found.finals.scored == 5
    assert found.chosen == found.finals.winner.supernet


def test_the_derived_one_is_a_finalist_however_the_supernet_scores_it() -> None:
    found, _ = chosen(scored(0.1, 0.4, 0.3, 0.5, 0.2), derived=0, finalists=2)
    assert found.finals is not None
    held = {
        item.architecture.assignment["n.x"]: (item.place, item.derived) for item in found.finals.finalists
    }
    assert held == {"i0": (5, True), "i3": (1, False)}


def test_drawn_finalists_are_there_whatever_the_supernet_says_of_them() -> None:
    all_five = scored(0.1, 0.5, 0.3, 0.4, 0.2)
    found, _ = chosen(all_five, finalists=3, finalists_drawn=1, draws=[all_five[1], all_five[4]])
    assert found.finals is not None
    held = {item.architecture.assignment["n.x"]: item.place for item in found.finals.finalists}
    assert held == {"i1": 1, "i3": 2, "i4": 4}  # the first draw is among the best already


def test_a_drawn_finalist_that_was_no_candidate_is_counted_among_the_scored() -> None:
    *ranked, worst = scored(0.4, 0.5, 0.3, 0.1)
    found, _ = chosen(ranked, finalists=2, finalists_drawn=1, draws=[worst])
    assert found.finals is not None
    places = {item.architecture.assignment["n.x"]: item.place for item in found.finals.finalists}
    assert places == {"i1": 1, "i3": 4}
    assert found.finals.scored == 4


def test_finalists_are_placed_among_the_candidates_and_the_drawn_ones_together() -> None:
    *ranked, better, worse = scored(0.4, 0.5, 0.2, 0.1)
    found, _ = chosen(ranked, finalists=3, finalists_drawn=2, draws=[worse, better])
    assert found.finals is not None
    places = {item.architecture.assignment["n.x"]: item.place for item in found.finals.finalists}
    assert places == {"i1": 1, "i2": 3, "i3": 4}


def test_the_time_in_which_draws_are_scored_is_part_of_the_seconds() -> None:
    *ranked, drawn = scored(0.4, 0.5, 0.2)

    def slowly() -> Iterator[Ranked]:
        time.sleep(0.05)
        yield drawn

    found, _ = chosen(ranked, finalists=2, finalists_drawn=1, draws=slowly())
    assert found.seconds >= 0.05


def test_no_draw_is_asked_for_beyond_those_that_become_finalists() -> None:
    *ranked, first, second = scored(0.4, 0.5, 0.2, 0.1)
    draws = iter([first, second])
    chosen(ranked, finalists=2, finalists_drawn=1, draws=draws)
    assert [*draws] == [second]


def test_where_draws_are_too_few_the_next_best_are_finalists() -> None:
    all_five = scored(0.1, 0.5, 0.3, 0.4, 0.2)
    found, _ = chosen(all_five, finalists=4, finalists_drawn=3, draws=[all_five[0]])
    assert found.finals is not None
    assert {item.architecture.assignment["n.x"] for item in found.finals.finalists} == {
        "i1",
        "i0",
        "i3",
        "i2",
    }


def test_draws_of_a_space_are_uniform_and_of_different_networks_and_keep_their_scores() -> None:
    made, asked = space(), []

    def score(assignment: Mapping[str, str]) -> Ranked:
        asked.append(assignment["n.x"])
        return Ranked(assignment, 0.7, (0.7, 0.0))

    known = scored(0.1, 0.4)
    counts = dict.fromkeys((f"i{number}" for number in range(5)), 0)
    for seed in range(400):
        draws = Candidates(known, None, []).draws(made, score, 5, seed)
        found = list(islice(draws, made.count()))
        assert seed or not list(draws)  # the hundreds of tries after the last one take long
        names = [item.assignment["n.x"] for item in found]
        assert len(set(names)) == len(names) == made.count()
        assert {name: item.score for name, item in zip(names, found, strict=True)} == {
            name: {"i0": 0.1, "i1": 0.4}.get(name, 0.7) for name in names
        }
        counts[names[0]] += 1
    assert not {"i0", "i1"} & set(asked)
    assert chisquare([*counts.values()]).pvalue > 1e-4


@pytest.mark.parametrize("start", ["inherit", "scratch"])
def test_finalists_inherit_the_state_of_the_supernet_or_start_from_scratch(start: str) -> None:
    _, trainer = chosen(scored(0.1, 0.4, 0.3), finalists=3, finalist_start=start, finalist_keep=3)
    (weights,) = trainer.given
    assert (weights is None) == (start == "scratch")
    if weights is not None:
        assert weights.keys() == Supernet(space()).state_dict().keys()


def test_fewer_networks_than_finalists_are_all_trained_and_a_sentence_says_so() -> None:
    found, _ = chosen(scored(0.1, 0.4), finalists=4)
    assert found.finals is not None
    assert len(found.finals.finalists) == 2
    assert found.notes == ["search.finalists asks for 4, and the candidates are 2 different networks."]
    assert found.record()["notes"] == found.notes


def test_candidates_without_a_score_come_last_and_a_sentence_says_how_many() -> None:
    found, _ = chosen(scored(math.nan, 0.1, math.nan), finalists=2)
    assert found.finals is not None
    assert [item.place for item in found.finals.finalists] == [1, None]
    assert found.notes == [
        "2 of the 3 candidates get no finite score by the supernet on validation; they come last."
    ]


def test_where_no_candidate_has_a_score_the_derived_one_stays_and_a_sentence_says_so() -> None:
    found, _ = chosen(scored(math.nan, math.nan), derived=0)
    assert source(found) == "i0"
    assert (found.rule, found.chosen) == (None, None)
    assert found.notes == [
        "The supernet gives none of the candidates a finite score on validation, so the one that the rule "
        "derives comes first."
    ]


@pytest.mark.parametrize("finalists", [0, 2])
def test_where_no_candidate_has_a_score_and_no_rule_derived_one_the_search_ends_in_words(
    finalists: int,
) -> None:
    with pytest.raises(
        RunError, match="none of the 2 architectures that were to be ranked has a finite score"
    ):
        chosen(scored(math.nan, math.nan), finalists=finalists)
