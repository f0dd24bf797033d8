"""Ray, imported with settings that it reads at that moment; all else of this plugin imports it from here."""

from __future__ import annotations

import os

__all__ = ["SECONDS", "NodeAffinitySchedulingStrategy", "exceptions", "ray"]

SECONDS = 10
"""For which a machine that does not answer is asked; by itself Ray asks for a minute."""

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # else statistics of its use are sent to its makers
os.environ.setdefault("RAY_GCS_SERVER_REQUEST_TIMEOUT_SECONDS", str(SECONDS))
os.environ.setdefault("RAY_NUM_REDIS_GET_RETRIES", "1")  # of half a minute each; else 20
os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", "(?s).*")  # else what befalls a node is printed here

import ray  # noqa: E402
from ray import exceptions  # noqa: E402
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy  # noqa: E402
