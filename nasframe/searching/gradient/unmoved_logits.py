"""Logits that hardly moved: the sentence that says so, and what to raise."""

from __future__ import annotations

from collections.abc import Mapping

__all__ = ["unmoved_logits"]

_SHARE = 0.1
"""Of the probability of an equal choice; candidates that all stay so near to it are not told apart."""


def unmoved_logits(
    probabilities: Mapping[str, Mapping[str, float]], rate: float | None, epochs: int
) -> list[str]:
    """Return a sentence where every probability is within a tenth of that of an equal choice; else none.

    What is derived from such a search is arbitrary.

    Args:
        probabilities: choice → candidate → probability at the end of the search.
        rate: learning rate of the logits; None where the loop has none of that name.
        epochs: of the search, at most.

    Example:
        >>> unmoved_logits({"op": {"sum": 0.9, "product": 0.1}}, 3e-4, 20)
        []
        >>> (sentence,) = unmoved_logits({"op": {"sum": 0.51, "product": 0.49}}, 3e-4, 20)
        >>> sentence.rpartition(". ")[2]
        'Raise loop.architecture_rate (it is 0.0003) or search.epochs (20).'
    """
    choices = {name: row for name, row in probabilities.items() if len(row) > 1}
    distances = {
        (name, candidate): abs(value - 1 / len(row))
        for name, row in choices.items()
        for candidate, value in row.items()
    }
    if not distances or any(far > _SHARE / len(choices[name]) for (name, _), far in distances.items()):
        return []
    name, candidate = max(distances, key=lambda place: distances[place])
    rate_option = "the learning rate of the logits"
    if rate is not None:
        rate_option = f"loop.architecture_rate (it is {rate:g})"
    return [
        "The logits hardly moved, so the architecture is close to an arbitrary one: no probability is "
        f"further than {distances[name, candidate]:.4f} from that of an equal choice ({candidate} in {name}: "
        f"{choices[name][candidate]:.4f}, equal {1 / len(choices[name]):.4f}). "
        f"Raise {rate_option} or search.epochs ({epochs})."
    ]
