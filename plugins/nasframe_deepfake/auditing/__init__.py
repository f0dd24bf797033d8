"""Shortcuts of a data set: what its files tell before a picture is seen or a word is heard.

One direction: the file of each clip is measured (`measuring`), each fact alone is judged (`shortcuts`,
`separation`), and the report (`auditing`) is told in lines (`words`) and on a page (`section`). The `stage`
does it for clips that were prepared; a run keeps its report (`recorded`).
"""

from __future__ import annotations

from nasframe_deepfake.auditing.audited_clip import AuditedClip
from nasframe_deepfake.auditing.auditing import AUDIT, audit
from nasframe_deepfake.auditing.recorded import copy_audit, read_audit
from nasframe_deepfake.auditing.section import audit_section, audit_table
from nasframe_deepfake.auditing.stage import audit_data, audit_prepared, audit_stage
from nasframe_deepfake.auditing.words import in_lines

__all__ = [
    "AUDIT",
    "AuditedClip",
    "audit",
    "audit_data",
    "audit_prepared",
    "audit_section",
    "audit_stage",
    "audit_table",
    "copy_audit",
    "in_lines",
    "read_audit",
]
