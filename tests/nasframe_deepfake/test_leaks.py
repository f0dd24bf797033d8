"""Leaks of the labels by sizes, lengths, metadata, loudness or lead-in: there must be none."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import pytest
from attrs import frozen
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedGroupKFold

from nasframe.runtime import Progress
from nasframe_deepfake.datasets import read_fakeavceleb
from nasframe_deepfake.synthesis import Corpus, write_corpus

CLIPS = 250
SOUND = ("lead-in", "loudness", "peak")


@frozen
class Traits:
    """The facts about each clip: values `(clips, names)`, category and person."""

    names: Sequence[str]
    values: NDArray[np.float64]
    categories: NDArray[np.str_]
    people: NDArray[np.str_]

    def against_genuine(self, category: str) -> NDArray[np.bool_]:
        """The genuine clips and those of the category; `all`: every clip."""
        return (self.categories == "RV-RA") | (self.categories == category) | (category == "all")


@pytest.fixture(scope="module")
def traits(tmp_path_factory: pytest.TempPathFactory) -> Traits:
    root = tmp_path_factory.mktemp("leaks")
    write_corpus(root, Corpus(clips=CLIPS, seed=21), 0, Progress())
    clips = read_fakeavceleb(root).clips
    described = [describe(root / clip.path) for clip in clips]
    codes: dict[str, float] = {}
    return Traits(
        list(described[0]),
        np.array(
            [
                # a text as the number of texts seen before it
                [codes.setdefault(v, float(len(codes))) if isinstance(v, str) else v for v in each.values()]
                for each in described
            ]
        ),
        np.array([clip.category for clip in clips]),
        np.array([clip.source for clip in clips]),
    )


def describe(path: Path) -> dict[str, float | str]:
    """All that a container says, and three numbers of its sound."""
    found: dict[str, float | str] = {"file size": path.stat().st_size}
    sizes, keys = defaultdict(list), defaultdict(list)
    with av.open(str(path)) as container:
        for packet in container.demux():
            if packet.size:
                sizes[packet.stream.type].append(packet.size)
                keys[packet.stream.type].append(packet.is_keyframe)
        found |= {"duration": container.duration or 0, "start": container.start_time or 0}
        found |= {"bit rate": container.bit_rate, "tags": json.dumps(container.metadata)}
        for stream in (*container.streams.video, *container.streams.audio):
            name, size = stream.type, sizes[stream.type]
            context = stream.codec_context
            found |= {
                f"{name} bit rate": stream.bit_rate or 0,
                f"{name} duration": stream.duration or 0,
                f"{name} start": stream.start_time or 0,
                f"{name} frames": len(size),
                f"{name} keyframes": json.dumps(keys[name]),
                f"{name} largest": max(size),
                f"{name} mean": float(np.mean(size)),
                f"{name} deviation": float(np.std(size)),
                f"{name} sizes": json.dumps(size),
                f"{name} tags": json.dumps(stream.metadata),
                f"{name} codec": f"{context.name} {context.profile} {stream.time_base} {context.extradata!r}",
            }
    with av.open(str(path)) as container:
        sound = np.concatenate([frame.to_ndarray().reshape(-1) for frame in container.decode(audio=0)])
    loud = np.abs(sound) > 0.0005
    values = (
        float(loud.argmax() if loud.any() else len(sound)),
        float(np.sqrt(np.mean(sound**2))),
        float(np.abs(sound).max()),
    )
    return found | {"samples": len(sound), **dict(zip(SOUND, values, strict=True))}


def cross_validated(values: NDArray[np.float64], fake: NDArray[np.bool_], people: NDArray[np.str_]) -> float:
    """AUC of a random forest on people that it was not trained on."""
    scores = np.zeros(len(fake))
    for train, test in StratifiedGroupKFold(5, shuffle=True, random_state=0).split(values, fake, people):
        forest = RandomForestClassifier(100, min_samples_leaf=5, class_weight="balanced", random_state=0)
        scores[test] = forest.fit(values[train], fake[train]).predict_proba(values[test])[:, 1]
    return float(roc_auc_score(fake, scores))


def tolerance(fake: NDArray[np.bool_]) -> float:
    """Half the 99 % interval of the AUC of scores that say nothing (Mann and Whitney's variance).

    99 and not 95 %, since five categories are looked at and none of them may fail by chance.
    """
    positives, negatives = int(fake.sum()), int((~fake).sum())
    return 2.576 * math.sqrt((positives + negatives + 1) / (12 * positives * negatives))


def test_every_container_says_the_same(traits: Traits) -> None:
    spread = dict(zip(traits.names, np.ptp(traits.values, axis=0), strict=True))
    assert {name for name, width in spread.items() if width} <= set(SOUND)


@pytest.mark.parametrize("category", ["FV-RA", "RV-FA", "FV-FA", "pairing", "all"])
def test_a_classifier_on_size_length_metadata_lead_in_and_loudness_is_at_chance(
    traits: Traits, category: str
) -> None:
    chosen = traits.against_genuine(category)
    fake = traits.categories[chosen] != "RV-RA"
    found = cross_validated(traits.values[chosen], fake, traits.people[chosen])
    assert found == pytest.approx(0.5, abs=tolerance(fake))


def test_the_classifier_would_notice_a_leak(traits: Traits) -> None:
    """A size that separates by 0.8 alone is found among the others."""
    chosen = traits.against_genuine("RV-FA")
    fake = traits.categories[chosen] != "RV-RA"
    size = np.random.default_rng(0).normal(1.2 * fake, 1)
    values = np.column_stack([traits.values[chosen], size])
    assert cross_validated(values, fake, traits.people[chosen]) > 0.5 + tolerance(fake)
