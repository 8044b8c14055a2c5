"""Whether compiled code may do a network's work: whether nothing would notice, or change it."""

import torch
from torch import nn
from torch.autograd import forward_ad

from lenet_utils.layers import RBFOutput, ScaledTanh, SparseConv2d, Subsampling
from lenet_utils.models import LeNet5

_HOOKS = ("forward_hooks", "forward_pre_hooks", "backward_hooks", "backward_pre_hooks")
_KINDS: tuple[type[nn.Module], ...] = (
    LeNet5,
    nn.Conv2d,
    nn.ReLU,
    nn.AvgPool2d,
    nn.MaxPool2d,
    ScaledTanh,
    Subsampling,
    SparseConv2d,
    RBFOutput,
)
_METHODS = ("__call__", "_call_impl", "_wrapped_call_impl", "forward", "in_order", "_conv_forward")
_ORIGINALS = {(k, name): getattr(k, name) for k in _KINDS for name in _METHODS if hasattr(k, name)}
_CALLABLE = {k: {name for name in dir(k) if callable(getattr(k, name))} for k in _KINDS}


def untouched(part: nn.Module) -> bool:
    """Whether nothing but its class says what a module does, and nothing waits for it."""
    kind = type(part)
    if kind not in _KINDS or getattr(part, "_compiled_call_impl", None) is not None:
        return False
    if any(_ORIGINALS.get((kind, m)) is not getattr(kind, m, None) for m in _METHODS):
        return False
    own = vars(part)
    if not _CALLABLE[kind].isdisjoint(own):
        return False
    return not any(hooks for name, hooks in own.items() if name.endswith(_HOOKS))


def watched() -> bool:
    """Whether more than autograd follows what PyTorch does: modes, transforms, global hooks."""
    try:
        return bool(
            torch._C._len_torch_dispatch_stack()
            or torch._C._len_torch_function_stack()
            or torch._C._are_functorch_transforms_active()
            or forward_ad._current_level >= 0
            or torch._C._is_tracing()
            or torch.compiler.is_compiling()
            or torch.is_autocast_enabled("cpu")
            or any(getattr(nn.modules.module, f"_global_{hooks}") for hooks in _HOOKS)
        )
    except (AttributeError, TypeError):  # another PyTorch, which cannot be asked
        return True
