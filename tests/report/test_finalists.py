"""The table of finalists and the sentences on a choice among candidates, from the record of a run."""

from __future__ import annotations

from typing import Any

import pytest

from nasframe.report.finalists import finalist_tables, selection_verdict

FINALISTS = [
    {"architecture": "aa", "supernet": 0.8, "place": 3, "scores": {"1": 0.7, "4": 0.9}, "derived": False},
    {"architecture": "bb", "supernet": 0.9, "place": 1, "scores": {"1": 0.8, "4": 0.8}, "derived": True},
    {"architecture": "cc", "supernet": None, "place": None, "scores": {"1": None}, "derived": False},
]
ROUNDS = [{"epochs": 1, "networks": 3}, {"epochs": 4, "networks": 2}]


def selection(**changes: Any) -> dict[str, Any]:
    finals = {"said": "3 finalists were trained.", "rounds": ROUNDS, "networks": FINALISTS}
    return {"candidates": 1234, "rule": 0.5, "chosen": 0.8, "finals": finals} | changes


def without_finals(**changes: Any) -> dict[str, Any]:
    found = selection(**changes)
    del found["finals"]
    return found


def test_the_table_has_each_finalists_rank_by_the_supernet_and_its_score_after_each_round() -> None:
    (table,) = finalist_tables(selection())
    assert [column.title or column.key for column in table.columns] == [
        "architecture",
        "rank by the supernet, of 1,234",
        "objective by the supernet",
        "after epoch 1",
        "after epoch 4",
    ]
    assert [[*row] for row in table.rows] == [
        ["aa", 3, 0.8, 0.7, 0.9],
        ["bb, by the rule", 1, 0.9, 0.8, 0.8],
        ["cc", None, None, None, None],
    ]
    assert [*table.marked] == [0]


def test_without_finalists_there_is_no_table() -> None:
    assert finalist_tables(without_finals()) == []
    assert finalist_tables({}) == []


def test_the_sentences_of_the_finals_follow_how_many_were_ranked() -> None:
    assert selection_verdict(selection(), relaxes=False) == [
        "The supernet ranked 1,234 architectures on validation.",
        "3 finalists were trained.",
    ]


def test_where_the_supernet_chose_its_score_is_told_and_beside_it_that_of_a_rule() -> None:
    (by_rule,) = selection_verdict(without_finals(), relaxes=True)
    assert "it reached 0.8000, and the rule's 0.5000" in by_rule
    (without,) = selection_verdict(without_finals(rule=None), relaxes=False)
    assert without.endswith("The best of them was taken: it reached 0.8000.")


def test_notes_come_first_and_a_search_without_a_choice_says_nothing() -> None:
    assert selection_verdict(without_finals(notes=["Fewer."]), relaxes=False)[0] == "Fewer."
    assert selection_verdict({}, relaxes=True) == []


@pytest.mark.parametrize(
    ("places", "shares", "misses"),
    [
        ([1, 2, 3], False, False),
        ([2, 1, 2, 4], True, False),  # the two at rank 2 take up rank 3
        ([1, 4, 2], False, True),
        ([12, 12, 10, 11, 2, 3], True, True),
        ([None, 1], False, False),
    ],
)
def test_the_note_says_of_ranks_that_stand_twice_or_are_missing_where_it_is_so(
    places: list[int | None], shares: bool, misses: bool
) -> None:
    networks = [FINALISTS[0] | {"place": place} for place in places]
    finals = {"said": "", "rounds": ROUNDS, "networks": networks}
    (table,) = finalist_tables(selection(finals=finals))
    assert ("Equals by the supernet share a rank." in table.note) is shares
    assert ("A rank that is missing belongs to an architecture that was no finalist" in table.note) is misses
