"""Writes vic_reg_golden.txt beside this script:  PYTHONPATH=../testing python3 vic_reg_golden.py"""
import itertools

import torch
import torch.nn.functional as F

from golden import off_diagonal, sizes, write


def vic_reg(x, n, v, invariance, variance, covariance):
    total = []
    for a, b in itertools.combinations(x.chunk(v), 2):  # as in facebookresearch/vicreg, for every pair
        loss = invariance * F.mse_loss(a, b)
        for y in (a, b):
            y = y - y.mean(dim=0)
            std = torch.sqrt(y.var(dim=0) + 0.0001)
            loss = loss + variance * F.relu(1 - std).mean() / 2
            c = y.T @ y / (n - 1)
            loss = loss + covariance * off_diagonal(c).pow(2).sum() / x.shape[1]
        total.append(loss)
    return sum(total) / len(total)


write("vic_reg_golden.txt", vic_reg, [(*size, w, None) for size, w in zip(
    sizes[1:], [[25, 25, 1], [25, 25, 1], [1, 0, 0], [0, 1, 0], [0, 0, 1], [25, 25, 1]])])
