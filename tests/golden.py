"""What the scripts that make golden.safetensors files share (tests/*/reference.py)."""
import math
import numpy as np


def values(number, shape):
    """Values in [-1/2, 1/2) that the test makes too: integer arithmetic, exact in both languages (tests/golden.h)."""
    i = np.arange(math.prod(shape), dtype=np.int64)
    return (((i * i * 31 + i * 40503 + number * 9973 + 12345) % 65536) / 65536 - 0.5).reshape(shape)


def rms(x):
    return math.sqrt((x * x).mean())
