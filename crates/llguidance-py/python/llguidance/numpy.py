"""Masks in arrays of `numpy`: an `int32` for each 32 tokens, a row for each output."""

from typing import TYPE_CHECKING, List, Tuple

from ._lib import LLExecutor, LLMatcher

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray


def get_bitmask_shape(batch_size: int, vocab_size: int) -> Tuple[int, int]:
    return batch_size, (vocab_size + 31) // 32


def allocate_token_bitmask(batch_size: int, vocab_size: int) -> "NDArray[np.int32]":
    """Masks that allow every token."""
    import numpy as np

    return np.full(get_bitmask_shape(batch_size, vocab_size), -1, dtype=np.int32)


def apply_token_bitmask_inplace_kernel(
    logits: "NDArray[np.float32]", mask: "NDArray[np.int32]"
) -> None:
    """As `apply_token_bitmask_inplace`, of arrays that have two dimensions."""
    import numpy as np

    bits = np.unpackbits(
        np.ascontiguousarray(mask).astype("<i4", copy=False).view(np.uint8),
        axis=1,
        bitorder="little",
    )
    allowed = bits[:, : logits.shape[1]].astype(bool)
    # Beyond the mask there is no token
    width = allowed.shape[1]
    logits[:, width:] = -np.inf
    logits[:, :width][~allowed] = -np.inf


def apply_token_bitmask_inplace(
    logits: "NDArray[np.float32]", mask: "NDArray[np.int32]"
) -> None:
    """Sets the logits of what is not allowed to minus infinity. One row may be an array of one
    dimension."""
    import numpy as np

    if logits.ndim == 1:
        logits = logits[np.newaxis]
    if mask.ndim == 1:
        mask = mask[np.newaxis]
    assert mask.dtype == np.int32, "Mask must be int32"
    assert logits.ndim == 2, "Logits must be 2D"
    assert mask.ndim == 2, "Mask must be 2D"
    assert logits.shape[0] == mask.shape[0], "Batch size mismatch"
    apply_token_bitmask_inplace_kernel(logits, mask)


def _check(bitmask: "NDArray[np.int32]") -> None:
    import numpy as np

    assert bitmask.dtype == np.int32, "Mask must be int32"
    assert bitmask.ndim == 2, "Mask must be 2D"
    assert bitmask.flags["C_CONTIGUOUS"], "Mask must be contiguous"


def fill_next_token_bitmask(
    interp: LLMatcher, bitmask: "NDArray[np.int32]", index: int = 0
) -> None:
    """Writes the matcher's mask into a row."""
    _check(bitmask)
    row = bitmask[index]
    interp.unsafe_compute_mask_ptr(row.ctypes.data, row.nbytes)


def _row_bytes(bitmask: "NDArray[np.int32]") -> int:
    return bitmask.shape[1] * bitmask.itemsize


def fill_next_token_bitmask_par(
    executor: LLExecutor,
    matchers: List[Tuple[LLMatcher, int]],
    bitmask: "NDArray[np.int32]",
) -> None:
    """Writes the mask of each `(matcher, row)`."""
    _check(bitmask)
    executor.unsafe_compute_mask_ptr(
        matchers, bitmask.ctypes.data, _row_bytes(bitmask), bitmask.shape[0]
    )


def fill_next_token_bitmask_par_with_draft_tokens(
    executor: LLExecutor,
    matchers: List[Tuple[LLMatcher, int, List[int]]],
    bitmask: "NDArray[np.int32]",
) -> None:
    """Writes the masks of each `(matcher, row, draft tokens)`, those after each token into the
    rows that follow."""
    _check(bitmask)
    executor.unsafe_compute_mask_ptr_with_draft_token(
        matchers, bitmask.ctypes.data, _row_bytes(bitmask), bitmask.shape[0]
    )


def consume_token_par(executor: LLExecutor, matchers: List[Tuple[LLMatcher, int]]) -> List[bool]:
    """Takes the token of each `(matcher, token)`, and says of each whether the grammar did."""
    return executor.consume_token_par(matchers)
