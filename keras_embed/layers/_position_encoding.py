"""What all ways share to tell a Transformer where each token stands."""

import abc
from typing import Any

import keras


class PositionEncoding(keras.layers.Layer, abc.ABC):
    """A way to show positions to a Transformer, in one or more of three places.

    A stack of blocks owns one, for all of its blocks, and asks it at each place; where it has nothing to say, it hands
    back what it was given.
    """

    @abc.abstractmethod
    def added(self, x: Any, start: Any = 0) -> Any:
        """The tokens' vectors, floats (B, T, D), with what is added to them; `start` is the first one's position."""

    @abc.abstractmethod
    def turned(self, x: Any, positions: Any) -> Any:
        """Queries or keys of all heads, (B, H, T, d), at `positions` (T,) or at one scalar position."""

    @abc.abstractmethod
    def bias(self, query_positions: Any, key_positions: Any) -> Any:
        """What is added to the scores, (H, T, S), or None. Positions are int32 (T,) and (S,)."""

    def compute_mask(self, *args: Any, **kwargs: Any) -> None:
        """Masks are arguments."""

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return super().get_config()
