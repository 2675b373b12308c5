"""Masks in tensors of `torch`: an `int32` for each 32 tokens, a row for each output."""

from typing import TYPE_CHECKING, List, Tuple, Union

from ._lib import LLExecutor, LLInterpreter, LLMatcher

if TYPE_CHECKING:
    import torch


def get_bitmask_shape(batch_size: int, vocab_size: int) -> Tuple[int, int]:
    return batch_size, (vocab_size + 31) // 32


def allocate_token_bitmask(batch_size: int, vocab_size: int) -> "torch.Tensor":
    """Masks that allow every token, in memory that a GPU copies from directly where there is
    one."""
    import torch

    return torch.full(
        get_bitmask_shape(batch_size, vocab_size),
        -1,
        dtype=torch.int32,
        pin_memory=torch.cuda.is_available(),
    )


def apply_token_bitmask_inplace_kernel(logits: "torch.Tensor", mask: "torch.Tensor") -> None:
    """As `apply_token_bitmask_inplace`, of tensors that have two dimensions and one device."""
    import torch

    shifts = torch.arange(32, device=mask.device, dtype=torch.int32)
    allowed = ((mask.unsqueeze(-1) >> shifts) & 1).flatten(1).bool()[:, : logits.shape[1]]
    # Beyond the mask there is no token
    width = allowed.shape[1]
    logits[:, width:] = float("-inf")
    logits[:, :width].masked_fill_(~allowed, float("-inf"))


def apply_token_bitmask_inplace(logits: "torch.Tensor", mask: "torch.Tensor") -> None:
    """Sets the logits of what is not allowed to minus infinity. One row may be a tensor of one
    dimension."""
    import torch

    if logits.dim() == 1:
        logits = logits.unsqueeze(0)
    if mask.dim() == 1:
        mask = mask.unsqueeze(0)
    assert mask.dtype == torch.int32, "Mask must be int32"
    assert logits.dim() == 2, "Logits must be 2D"
    assert mask.dim() == 2, "Mask must be 2D"
    assert logits.shape[0] == mask.shape[0], "Batch size mismatch"
    apply_token_bitmask_inplace_kernel(logits, mask.to(logits.device, non_blocking=True))


def _check(bitmask: "torch.Tensor") -> None:
    import torch

    assert bitmask.dtype == torch.int32, "Mask must be int32"
    assert bitmask.is_cpu, "Mask must be on CPU"
    assert bitmask.dim() == 2, "Mask must be 2D"
    assert bitmask.is_contiguous(), "Mask must be contiguous"


def fill_next_token_bitmask(
    interp: Union[LLMatcher, LLInterpreter], bitmask: "torch.Tensor", index: int = 0
) -> None:
    """Writes the mask into a row."""
    _check(bitmask)
    row = bitmask[index]
    interp.unsafe_compute_mask_ptr(row.data_ptr(), _row_bytes(bitmask))


def _row_bytes(bitmask: "torch.Tensor") -> int:
    return bitmask.shape[1] * bitmask.element_size()


def fill_next_token_bitmask_par(
    executor: LLExecutor,
    matchers: List[Tuple[LLMatcher, int]],
    bitmask: "torch.Tensor",
) -> None:
    """Writes the mask of each `(matcher, row)`."""
    _check(bitmask)
    executor.unsafe_compute_mask_ptr(
        matchers, bitmask.data_ptr(), _row_bytes(bitmask), bitmask.shape[0]
    )


def fill_next_token_bitmask_par_with_draft_tokens(
    executor: LLExecutor,
    matchers: List[Tuple[LLMatcher, int, List[int]]],
    bitmask: "torch.Tensor",
) -> None:
    """Writes the masks of each `(matcher, row, draft tokens)`, those after each token into the
    rows that follow."""
    _check(bitmask)
    executor.unsafe_compute_mask_ptr_with_draft_token(
        matchers, bitmask.data_ptr(), _row_bytes(bitmask), bitmask.shape[0]
    )


def consume_token_par(executor: LLExecutor, matchers: List[Tuple[LLMatcher, int]]) -> List[bool]:
    """Takes the token of each `(matcher, token)`, and says of each whether the grammar did."""
    return executor.consume_token_par(matchers)
