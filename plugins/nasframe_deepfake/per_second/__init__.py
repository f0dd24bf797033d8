"""The AUC of single seconds, on data sets that say which parts of a fake are altered.

One direction: the labels and scores of the seconds of a clip (`labelling`), those of all clips
(`measuring`), some at a time kept (`kept_seconds`), the report (`recorded`), and its table on a page
(`section`).

Every name is imported when it is first used: the page of a run needs no codec.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nasframe.runtime import lazy_page

if TYPE_CHECKING:
    from nasframe_deepfake.per_second.labelling import LabelledSecond as LabelledSecond
    from nasframe_deepfake.per_second.labelling import labelled_seconds as labelled_seconds
    from nasframe_deepfake.per_second.measuring import per_second as per_second
    from nasframe_deepfake.per_second.recorded import per_second_reports as per_second_reports
    from nasframe_deepfake.per_second.section import in_sentences as in_sentences
    from nasframe_deepfake.per_second.section import per_second_section as per_second_section
    from nasframe_deepfake.per_second.section import per_second_table as per_second_table

_NAMES = {
    "labelling": ("LabelledSecond", "labelled_seconds"),
    "measuring": ("per_second",),
    "recorded": ("per_second_reports",),
    "section": ("in_sentences", "per_second_section", "per_second_table"),
}
_MODULES = {name: f"{__name__}.{module}" for module, names in _NAMES.items() for name in names}

__all__ = sorted(_MODULES)
__getattr__ = lazy_page(__name__, _MODULES)


def __dir__() -> list[str]:
    return __all__
