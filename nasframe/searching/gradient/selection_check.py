"""Options of the end of a search that cannot be met, refused before the search."""

from __future__ import annotations

from nasframe.errors import ConfigurationError, SpaceError
from nasframe.searching.candidate import CandidateTrainer
from nasframe.searching.gradient.gradient_loop import GradientLoop
from nasframe.searching.gradient.options import SearchOptions
from nasframe.space import SearchSpace

__all__ = ["check_search_options", "check_selection"]


def check_search_options(options: SearchOptions, loop: GradientLoop, epochs: int | None) -> None:
    """Refuse options of the end of a search that no space and no data can meet.

    Args:
        options: of the search.
        loop: that relaxes or not.
        epochs: of a full training; None where it is not known.

    Raises:
        ConfigurationError: candidates or finalists that choose nothing, or a first round that is longer than
            a full training.
    """
    if problems := _problems(options, loop, epochs):
        raise ConfigurationError("search", problems)


def _problems(options: SearchOptions, loop: GradientLoop, epochs: int | None) -> list[str]:
    problems = []
    if not loop.relaxes and options.candidates == 1:
        problems.append(
            "search.candidates: a loop without logits chooses among architectures that the supernet "
            "scores, and 1 is no choice; expected more, such as search.candidates=1000"
        )
    if options.finalists and options.candidates == 1:
        problems.append(
            f"search.finalists: {options.finalists} of 1 candidate; expected more candidates, such as "
            f"search.candidates={10 * options.finalists}"
        )
    elif options.finalists > options.candidates:
        problems.append(
            f"search.finalists: expected at most search.candidates ({options.candidates}), found "
            f"{options.finalists}"
        )
    if options.finalists and options.finalists_drawn >= options.finalists:
        problems.append(
            f"search.finalists_drawn: expected fewer than search.finalists ({options.finalists}), found "
            f"{options.finalists_drawn}"
        )
    if options.finalists_drawn and not options.finalists:
        problems.append(
            f"search.finalists_drawn: {options.finalists_drawn} of no finalists; set search.finalists too"
        )
    if options.finalists and epochs is not None and options.finalist_epochs > epochs:
        problems.append(
            f"search.finalist_epochs: expected at most train.epochs ({epochs}), found "
            f"{options.finalist_epochs}"
        )
    return problems


def check_selection(
    options: SearchOptions, loop: GradientLoop, space: SearchSpace, trainer: CandidateTrainer | None
) -> None:
    """Refuse options of the end of a search that cannot be met.

    Args:
        options: of the search.
        loop: that relaxes or not.
        space: to be searched.
        trainer: of finalists; None where there is none.

    Raises:
        ConfigurationError: candidates or finalists that choose nothing, or a first round that is longer than
            a full training.
        SpaceError: a loop that ranks architectures by the supernet gets a space in which that scores another
            network than the one that is built.
    """
    if not loop.relaxes and space.wiring.deals:
        raise SpaceError(
            f"space {space.name!r}: its supernet gives several ports one sum of sources, and the network "
            "that is built gives each port one of them, so the supernet would rank other networks than "
            "those; a loop without logits needs a space with exact ports"
            f"{f', as with {space.exact}' if space.exact else ''}"
        )
    problems = _problems(options, loop, None if trainer is None else trainer.epochs)
    if options.finalists and trainer is None:
        problems.append("search.finalists: finalists are trained, and this search was given no trainer")
    if problems:
        raise ConfigurationError("search", problems)
