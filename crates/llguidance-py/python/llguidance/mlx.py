"""Logits of `mlx` under masks of `llguidance.numpy`."""

from typing import TYPE_CHECKING

from .numpy import allocate_token_bitmask, fill_next_token_bitmask, get_bitmask_shape

if TYPE_CHECKING:
    import mlx.core as mx
    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "allocate_token_bitmask",
    "apply_token_bitmask",
    "apply_token_bitmask_kernel",
    "fill_next_token_bitmask",
    "get_bitmask_shape",
]


def apply_token_bitmask_kernel(data: "mx.array", mask: "mx.array") -> "mx.array":
    """As `apply_token_bitmask`, of arrays of mlx that have two dimensions."""
    import mlx.core as mx

    shifts = mx.arange(32, dtype=mx.int32)
    allowed = mx.right_shift(mask[:, :, None], shifts) & 1
    allowed = allowed.reshape(mask.shape[0], -1)[:, : data.shape[1]]
    missing = data.shape[1] - allowed.shape[1]
    if missing > 0:
        # Beyond the mask there is no token
        allowed = mx.pad(allowed, ((0, 0), (0, missing)))
    return mx.where(allowed == 1, data, mx.array(float("-inf"), dtype=data.dtype))


def apply_token_bitmask(logits: "mx.array", mask_np: "NDArray[np.int32]") -> "mx.array":
    """The logits, with minus infinity for what is not allowed. One row may be an array of one
    dimension."""
    import mlx.core as mx
    import numpy as np

    mask = mx.array(mask_np[np.newaxis] if mask_np.ndim == 1 else mask_np)
    if logits.ndim == 1:
        return apply_token_bitmask_kernel(logits[None], mask)[0]
    assert logits.shape[0] == mask.shape[0], "Batch size mismatch"
    return apply_token_bitmask_kernel(logits, mask)
