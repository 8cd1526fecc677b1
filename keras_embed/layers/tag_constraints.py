"""The rules of a tag scheme, put on a chain that was trained without them."""

from typing import Any

import keras
import numpy as np
from keras import ops

from keras_embed.functional import linear_chain
from keras_embed.functional.linear_chain import FORBIDDEN, LinearChain
from keras_embed.layers.crf import checked_constraints


@keras.saving.register_keras_serializable(package="keras_embed")
class TagConstraints(keras.layers.Layer):
    """Forbids pairs of tags in a linear chain, for decoders alone (He et al. 2017, section 2.3).

    Independent tags are trained token by token; the best sequence that a scheme allows is then looked for, instead of
    the best tags one by one. It has no weights.

    Args:
        constraints: three boolean arrays, (K, K), (K,), (K,): what may follow what, what may come first, what may come
            last, as `text.allowed_transitions(tags, scheme)` gives them.
        **kwargs: `name`.

    Call arguments:
        potentials: (B, K + 2 + T, K + 1), of `IndependentTags` or `CRF`.

    Returns:
        (B, K + 2 + T, K + 1) float32 potentials.

    Raises:
        ValueError: for other shapes.

    References:
        He et al. 2017, https://aclanthology.org/P17-1044.

    Example:
    >>> import numpy as np
    >>> from keras_embed.layers import CRFDecode, IndependentTags, TagConstraints
    >>> from keras_embed.text import allowed_transitions
    >>> logits = np.array([[[1.0, 0.9, 0.0], [0.0, 0.0, 1.0]]])  # O, then I-A0
    >>> rules = TagConstraints(allowed_transitions(["O", "B-A0", "I-A0"], "BIO"))
    >>> keras.ops.convert_to_numpy(CRFDecode()(rules(IndependentTags()(logits)))["tags"]).tolist()
    [[1, 2]]
    """

    def __init__(self, constraints: Any, **kwargs: Any) -> None:
        kwargs["dtype"] = "float32"
        super().__init__(**kwargs)
        self.constraints: Any = checked_constraints(constraints, np.size(constraints[1]))
        self.built = True

    def call(self, potentials: Any) -> Any:
        """Writes the lowest score wherever a pair is forbidden."""
        chain = linear_chain.unpack(potentials)
        scores = [
            ops.where(allowed, ops.cast(score, "float32"), FORBIDDEN)
            for allowed, score in zip(self.constraints, (chain.transitions, chain.start, chain.end), strict=True)
        ]
        return linear_chain.pack(LinearChain(chain.emissions, chain.mask, *scores))

    def compute_output_spec(self, potentials: Any) -> Any:
        """The shape of the potentials."""
        return keras.KerasTensor(potentials.shape, dtype="float32")

    def compute_mask(self, inputs: Any, previous_mask: Any) -> None:
        """The mask is in the potentials."""

    def get_config(self) -> dict[str, Any]:
        """The arguments."""
        return {**super().get_config(), "constraints": [part.astype(int).tolist() for part in self.constraints]}
