"""Writes barlow_twins_golden.txt beside this script:  PYTHONPATH=../testing python3 barlow_twins_golden.py"""
import itertools

import torch

from golden import off_diagonal, write


def barlow_twins(x, n, v, weight):
    total = []
    for a, b in itertools.combinations(x.chunk(v), 2):  # as in facebookresearch/barlowtwins, for every pair
        bn = torch.nn.BatchNorm1d(x.shape[1], affine=False).double()
        c = bn(a).T @ bn(b) / n
        total.append((torch.diagonal(c) - 1).pow(2).sum() + weight * off_diagonal(c).pow(2).sum())
    return sum(total) / len(total)


# Not of two or three samples: standardised, they hardly depend on the input, and the gradient is what rounding leaves.
write("barlow_twins_golden.txt", barlow_twins, [(*size, [w], None) for size, w in zip(
    [(5, 2, 7), (8, 3, 5), (7, 4, 6), (33, 2, 8), (40, 2, 32)], [0.0051, 0.1, 1.0, 0.0, 0.02])])
