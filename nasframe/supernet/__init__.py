"""The relaxed network: every candidate of a space at once, and the logits that choose among them."""

from __future__ import annotations

from nasframe.supernet.derivative_check import check_derivatives
from nasframe.supernet.expected_size import expected_parameters
from nasframe.supernet.logits import Logits
from nasframe.supernet.operation_check import check_operations
from nasframe.supernet.supernet import Supernet

__all__ = ["Logits", "Supernet", "check_derivatives", "check_operations", "expected_parameters"]
