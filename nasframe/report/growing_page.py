"""The page of a run that has no architecture yet: the course of its search, as far as it has come."""

from __future__ import annotations

from nasframe.report.page import Page, make_page
from nasframe.report.run_page import search_figures, training_figures
from nasframe.report.trial_links import link_to_study
from nasframe.report.trials import trial_table, trials_of
from nasframe.runs import Run
from nasframe.runtime import damage_in_words

__all__ = ["growing_page"]


def growing_page(run: Run, state: str) -> Page:
    """Return the page of a run whose search has not ended.

    Args:
        run: as it is now.
        state: one line on it.

    Raises:
        RunError: a file of it is damaged.
    """
    with damage_in_words(run.path):
        trials = trials_of(run)
        return make_page(
            "growing.html",
            title=f"nasframe: {run.path.name}",
            about=state,
            tables=[trial_table(trials)] if trials else [],
            figures=[*search_figures(run.history("search")), *training_figures(run)],
            links=link_to_study(run.path),
            experiment=run.experiment_toml,
        )
