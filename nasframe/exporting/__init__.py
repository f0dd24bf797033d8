"""A network in files for other programs: safetensors with JSON, `torch.export`, ONNX.

`formats` writes and reads one file of each kind, `comparison` finds the largest difference between a file
and the module, `document` is the JSON beside them, `export_folder` keeps a folder whole or absent, and
`writing` puts them together.
"""

from __future__ import annotations

from nasframe.exporting.document import DOCUMENT
from nasframe.exporting.formats import FORMATS
from nasframe.exporting.writing import write_exported

__all__ = ["DOCUMENT", "FORMATS", "write_exported"]
