"""Data that a user has, as a task: inputs, labels and splits, taken as they are meant or refused in words."""

from __future__ import annotations

from nasframe.tasks.tensors.array_values import tensor_of
from nasframe.tasks.tensors.input_values import float32_rows, input_tensor, require_finite
from nasframe.tasks.tensors.stratified_split import stratified_rows, valid_seed, valid_shares
from nasframe.tasks.tensors.target_form import TargetForm
from nasframe.tasks.tensors.target_kinds import (
    ClassTargets,
    KindName,
    LabelTargets,
    NumberTargets,
    TargetKind,
)
from nasframe.tasks.tensors.target_task import TargetTask
from nasframe.tasks.tensors.targets import Targets, kind_told_by, require_classes, require_values, valid_kind
from nasframe.tasks.tensors.tensor_split import TensorSplit
from nasframe.tasks.tensors.tensor_task import TensorTask

__all__ = [
    "ClassTargets",
    "KindName",
    "LabelTargets",
    "NumberTargets",
    "TargetForm",
    "TargetKind",
    "TargetTask",
    "Targets",
    "TensorSplit",
    "TensorTask",
    "float32_rows",
    "input_tensor",
    "kind_told_by",
    "require_classes",
    "require_finite",
    "require_values",
    "stratified_rows",
    "tensor_of",
    "valid_kind",
    "valid_seed",
    "valid_shares",
]
