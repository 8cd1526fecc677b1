"""What an embedding layer says about the features it reads."""

from typing import Any

Features = dict[str, Any]
"""Feature name -> tensor, batch first."""

Shape = tuple[int | None, ...]

FeatureShapes = dict[str, Shape]
"""Feature name -> shape of one row, without the batch axis."""
