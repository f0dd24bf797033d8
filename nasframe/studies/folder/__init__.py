"""The folder of a study: claimed, read, and the plugins of the names in it."""

from __future__ import annotations

from nasframe.studies.folder.layout import RECORD, TENSORS
from nasframe.studies.folder.opening import open_study
from nasframe.studies.folder.record import check_in_study, read_study
from nasframe.studies.folder.recorded_names import reading_names, reading_study
from nasframe.studies.folder.study_folder import StudyFolder

__all__ = [
    "RECORD",
    "TENSORS",
    "StudyFolder",
    "check_in_study",
    "open_study",
    "read_study",
    "reading_names",
    "reading_study",
]
