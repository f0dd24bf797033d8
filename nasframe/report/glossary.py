"""The terms of a page in a few words: those that stand on it, and no others."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

__all__ = ["glossary"]

_TERMS: Mapping[str, tuple[str, str]] = {
    "AUC": (
        r"\bauc\b",
        "The area under the ROC curve: 1 where every example of one class has a higher score than all of the "
        "other, 0.5 for chance.",
    ),
    "EER": (r"\beer\b", "The equal error rate: where as many of one class as of the other are wrong."),
    "supernet": (
        r"\bsupernet",
        "A network that holds all candidates at once; its weights are trained during the search.",
    ),
    "derived network": (r"\bderived\b", "The network of the candidates that were kept."),
    "inherited weights": (r"\binherited\b", "The derived network with the weights of the supernet."),
    "trained": (
        r"\binherited\b.*\btrained\b",
        "The derived network after the final training, by which networks are compared.",
    ),
    "entropy": (
        r"normalised entropy",
        "Of a choice: 1 where all candidates are equally probable, 0 where one of them is certain.",
    ),
    "objective": (
        r"\bobjective\b",
        "The metric by which epochs and networks are chosen, on validation; a larger one is better.",
    ),
    "logits": (r"\blogits\b", "A number for each candidate of a choice, which the search learns."),
    "relaxation": (
        r"\brelaxation\b",
        "How logits become the weights of the candidates, so that a gradient reaches the logits.",
    ),
    "finalists": (
        r"\bfinalists?\b",
        "The architectures that the supernet ranks highest; they are trained a little, and one is kept.",
    ),
    "temperature": (
        r"temperature ?= ?\d",
        "Of a relaxation: the lower it is, the nearer its weights are to a single candidate.",
    ),
    "samples": (
        r"(?<!per )samples ?= ?\d",
        "Of a relaxation: the draws over which the gradient of a choice is averaged, the K of Gumbel-Rao.",
    ),
    "best of N": (
        r"random, best of \d",
        "Of N networks that were drawn at random and trained in the same way, the one that is best on "
        "validation: a random search at the cost of N trainings.",
    ),
    "cost in trainings": (
        r"cost in trainings|in full trainings|in trainings",
        "What it took to find a network, in final trainings of one network. At equal cost a random search "
        "has trained as many networks.",
    ),
    "validation and test": (
        r"\bvalidation\b",
        "Whatever is chosen is chosen by examples for validation; those of the test split are opened by the "
        "evaluation alone.",
    ),
    "95 % interval": (
        r"95 % interval",
        "A range that, made so from other seeds or examples, holds the true mean in 95 of 100 cases.",
    ),
    "p, Holm": (
        r"p, Holm",
        "The p of a test, made larger because several tests were made; below 0.05, two are told apart.",
    ),
    "multiply-adds": (r"multiply-adds", "Multiplications with an addition that one example takes."),
}
"""Term → the pattern by which it is found in the words of a page, and its explanation."""

_NO_WORDS = re.compile(r"<pre\b.*?</pre>|<title\b.*?</title>|<[^>]*>", re.DOTALL)


def glossary(body: str) -> dict[str, str]:
    """Return term → explanation of those that are used in the body of a page, in HTML.

    What is preformatted, as an experiment with all of its options, does not count.
    """
    words = html.unescape(_NO_WORDS.sub(" ", str(body)))
    return {
        term: told
        for term, (pattern, told) in _TERMS.items()
        if re.search(pattern, words, re.IGNORECASE | re.DOTALL)
    }
