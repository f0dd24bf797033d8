"""What the laboratory returns: one estimator, in one setting, on one function."""

from __future__ import annotations

from typing import Any, Literal

import attrs

from nasframe.estimators.statistics import Interval

__all__ = ["Measurement", "Samples"]

Samples = int | Literal["exact"]


@attrs.frozen(kw_only=True)
class Measurement:
    """Bias, variance, squared error and time of one estimator; None where it could not be measured.

    Attributes:
        relaxation: the name it is registered under; `score_function` is the yardstick.
        target: the registered class, `module:name`; two plugins may use one name for different classes. None
            for the yardstick, and where it cannot be loaded.
        samples: its option of that name, K; None where it has none.
        temperature: its option of that name; None where it has none.
        function: what was differentiated; `name:group` is one group's part of the same gradient.
        group: of the choices; several are joined by a plus sign.
        bias: norm of the mean's distance from the exact gradient, as a share of `scale`.
        variance: trace of the covariance, as a share of `scale` squared.
        mse: mean squared distance from the exact gradient, as a share of `scale` squared.
        bias_interval, variance_interval, mse_interval: 95 % confidence; None where there are too few draws.
        time_ms: one gradient, forward and backward, in milliseconds; the median of several.
        draws: of the gradient, from which all this was estimated.
        evaluations: of the function, for one gradient.
        scale: norm of the exact gradient.
        error: why it could not be measured.
    """

    relaxation: str
    target: str | None = None
    samples: Samples | None
    temperature: float | None
    function: str
    group: str
    bias: float | None = None
    variance: float | None = None
    mse: float | None = None
    bias_interval: Interval | None = None
    variance_interval: Interval | None = None
    mse_interval: Interval | None = None
    time_ms: float | None = None
    draws: int = 0
    evaluations: int = 1
    scale: float | None = None
    error: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The fields as JSON-able values."""
        return attrs.asdict(
            self, value_serializer=lambda _, __, value: list(value) if isinstance(value, tuple) else value
        )
