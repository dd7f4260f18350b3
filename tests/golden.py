"""What the scripts that make golden.safetensors files share (tests/*/reference.py)."""
import math
import numpy as np


def values(number, shape):
    """Values in [-1/2, 1/2) that the test makes too: integer arithmetic, exact in both languages (tests/golden.h)."""
    i = np.arange(math.prod(shape), dtype=np.int64)
    return (((i * i * 31 + i * 40503 + number * 9973 + 12345) % 65536) / 65536 - 0.5).reshape(shape)


def rms(x):
    return math.sqrt((x * x).mean())


def add_run(golden, name, exact, single, kept, size=rms):
    """To golden, what a run computed in float64 and in float32, by name, as GoldenRun (tests/golden.h) reads it: the first
    values of each tensor, its size, and how far the two runs are apart, gradients and final values in sizes of their tensors.
    """
    difference = {n: np.abs(exact[n] - single[n]).max() for n in exact}
    spread = {"losses": difference["losses"]}
    for kind in "gradient", "final":
        spread[kind] = max(d / size(exact[n]) for n, d in difference.items() if n.startswith(kind + "."))
    print(name, spread, exact["losses"])
    for n, v in exact.items():
        golden[f"{name}.{n}"] = v.astype(np.float32).reshape(-1)[:kept].copy()
        if n != "losses":
            golden[f"{name}.rms.{n}"] = np.array([size(v)], dtype=np.float32)
    for n, v in spread.items():
        golden[f"{name}.spread.{n}"] = np.array([v], dtype=np.float32)
