"""Outputs of backbones by name."""

from keras_embed._types import Features, Tensor


def named_outputs(outputs: Tensor | Features) -> Features:
    """Returns the outputs of a backbone as a dict.

    Args:
        outputs: A dict, which is returned unchanged; or a tensor alone: `sequence_output` if it has three axes
            (B, T, D), `pooled_output` if it has two (B, D).
    """
    if isinstance(outputs, dict):
        return outputs
    return {"sequence_output" if len(outputs.shape) == 3 else "pooled_output": outputs}
