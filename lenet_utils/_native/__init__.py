"""Compiled kernels, and the one way to call them. Every caller works without them, in PyTorch.

`loader` builds and loads a C++ source, `calls` passes tensors to its functions, which check them
(arguments.h). `networks_1998` trains several LeNet-5 of 1998 at once, `c1_to_s4` computes the
convolutional layers of today's network; each is named as its source.
"""
