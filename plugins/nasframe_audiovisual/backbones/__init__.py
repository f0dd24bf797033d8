"""The two networks before the fusion: made, started from weights, trained each on its own stream."""

from __future__ import annotations

from nasframe_audiovisual.backbones.fused import FusedNetwork
from nasframe_audiovisual.backbones.hub import hub_weights
from nasframe_audiovisual.backbones.images import (
    channels_last,
    image_sizes,
    normalise_pictures,
    standardise_sounds,
)
from nasframe_audiovisual.backbones.labels import LabelledStreams
from nasframe_audiovisual.backbones.networks import (
    check_backbone,
    check_weights,
    count_parameters,
    load_backbone,
    make_backbone,
    stage_channels,
    weights_size,
)
from nasframe_audiovisual.backbones.reduced import ReducedNetwork, unreduced
from nasframe_audiovisual.backbones.training import BackboneTraining, train_backbones, training_inputs

__all__ = [
    "BackboneTraining",
    "FusedNetwork",
    "LabelledStreams",
    "ReducedNetwork",
    "channels_last",
    "check_backbone",
    "check_weights",
    "count_parameters",
    "hub_weights",
    "image_sizes",
    "load_backbone",
    "make_backbone",
    "normalise_pictures",
    "stage_channels",
    "standardise_sounds",
    "train_backbones",
    "training_inputs",
    "unreduced",
    "weights_size",
]
