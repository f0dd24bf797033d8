"""Shortcuts of a data set: what its files tell before a picture is seen or a word is heard.

One direction: the file of each clip is measured (`measuring`), each fact alone is judged (`shortcuts`,
`separation`), and the report (`auditing`) is told in lines (`words`) and on a page (`section`). The `stage`
does it for clips that were prepared; a run keeps its report (`recorded`).

Every name is imported when it is first used: the page of a run needs no codec.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nasframe.runtime import lazy_page

if TYPE_CHECKING:
    from nasframe_deepfake.auditing.audited_clip import AuditedClip as AuditedClip
    from nasframe_deepfake.auditing.auditing import audit as audit
    from nasframe_deepfake.auditing.recorded import AUDIT as AUDIT
    from nasframe_deepfake.auditing.recorded import copy_audit as copy_audit
    from nasframe_deepfake.auditing.recorded import read_audit as read_audit
    from nasframe_deepfake.auditing.section import audit_section as audit_section
    from nasframe_deepfake.auditing.section import audit_table as audit_table
    from nasframe_deepfake.auditing.stage import audit_data as audit_data
    from nasframe_deepfake.auditing.stage import audit_prepared as audit_prepared
    from nasframe_deepfake.auditing.stage import audit_stage as audit_stage
    from nasframe_deepfake.auditing.words import in_lines as in_lines

_NAMES = {
    "audited_clip": ("AuditedClip",),
    "auditing": ("audit",),
    "recorded": ("AUDIT", "copy_audit", "read_audit"),
    "section": ("audit_section", "audit_table"),
    "stage": ("audit_data", "audit_prepared", "audit_stage"),
    "words": ("in_lines",),
}
_MODULES = {name: f"{__name__}.{module}" for module, names in _NAMES.items() for name in names}

__all__ = sorted(_MODULES)
__getattr__ = lazy_page(__name__, _MODULES)


def __dir__() -> list[str]:
    return __all__
