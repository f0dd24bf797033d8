"""The relaxed network: every candidate of a space at once, and the logits that choose among them."""

from nasframe.supernet.logits import Logits, Table
from nasframe.supernet.probe import probe
from nasframe.supernet.supernet import Supernet

__all__ = ["Logits", "Supernet", "Table", "probe"]
