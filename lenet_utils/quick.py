"""Have the system's C library keep memory that training frees and asks for again."""

import torch

LARGEST = 2**25  # glibc's DEFAULT_MMAP_THRESHOLD_MAX on 64 bits


def keep_memory() -> None:
    """Have glibc keep the blocks of up to 32 MB that this process frees, to use them again.

    Every update of training frees the blocks that the next one asks for. Whether glibc returns
    them to the system in between depends on the largest block it has seen freed; where it does,
    an epoch takes up to 1.8 times as long, for the system clears each page anew. So one block of
    nearly 32 MB is taken and freed, after which glibc keeps blocks up to that size, and 64 MB of
    free memory at most, as it does in any process that once used such a block. Nothing is set:
    limits that the user has named in the environment stay, and other C libraries do as they did.
    """
    torch.empty(LARGEST - 2**16, dtype=torch.uint8, device="cpu")
