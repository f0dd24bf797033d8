"""An installation is inspected: packages, machine, plugins and folders, and the problems in them.

To be imported, this needs the standard library alone: what is broken is reported, not raised.
"""

from __future__ import annotations

from nasframe.doctor.command import doctor, doctor_of_words
from nasframe.doctor.examination import examine
from nasframe.doctor.findings import Findings, Problem

__all__ = ["Findings", "Problem", "doctor", "doctor_of_words", "examine"]
