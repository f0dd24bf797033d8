"""The robustness of a detector: its AUC on test clips that were compressed, blurred, or made noisy.

One direction: what is done to a clip (`encoding`, `degradations`), its scores in a worker process
(`degraded_scores`), the degradations one after the other (`measuring`), each kept (`kept_degradations`),
the report (`recorded`), and its table and curves (`section`).

Every name is imported when it is first used: the page of a run needs no codec.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nasframe.runtime import lazy_page

if TYPE_CHECKING:
    from nasframe_deepfake.robustness.degradations import DEGRADATIONS as DEGRADATIONS
    from nasframe_deepfake.robustness.degradations import Degradation as Degradation
    from nasframe_deepfake.robustness.measuring import robustness as robustness
    from nasframe_deepfake.robustness.recorded import robustness_reports as robustness_reports
    from nasframe_deepfake.robustness.section import in_sentences as in_sentences
    from nasframe_deepfake.robustness.section import robustness_section as robustness_section
    from nasframe_deepfake.robustness.section import robustness_table as robustness_table
    from nasframe_deepfake.robustness.section import robustness_tables as robustness_tables

_NAMES = {
    "degradations": ("DEGRADATIONS", "Degradation"),
    "measuring": ("robustness",),
    "recorded": ("robustness_reports",),
    "section": ("in_sentences", "robustness_section", "robustness_table", "robustness_tables"),
}
_MODULES = {name: f"{__name__}.{module}" for module, names in _NAMES.items() for name in names}

__all__ = sorted(_MODULES)
__getattr__ = lazy_page(__name__, _MODULES)


def __dir__() -> list[str]:
    return __all__
