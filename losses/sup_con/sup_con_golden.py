"""Writes sup_con_golden.txt beside this script:  PYTHONPATH=../testing python3 sup_con_golden.py"""
import torch.nn.functional as F

from golden import logits, same, write


def sup_con(x, n, v, temperature, labels):
    ids = [label if label >= 0 else -1 - i for i, label in enumerate(labels)] * v
    positives = same(ids)
    kept = positives.any(1)
    if not kept.any():
        return (x * 0).sum()
    log_probability = F.log_softmax(logits(x, temperature), dim=1).masked_fill(~positives, 0)
    return -(log_probability.sum(1)[kept] / positives.sum(1)[kept]).mean()


write("sup_con_golden.txt", sup_con, [
    (4, 1, 5, [0.1], [2, 0, 2, 1]),
    (3, 1, 4, [0.1], [0, 1, 2]),
    (6, 2, 4, [0.5], [1, 0, 1, -1, -1, 0]),
    (1, 2, 3, [0.2], [7]),
    (35, 2, 6, [0.07], [i * i % 5 for i in range(35)]),
    (50, 1, 16, [0.2], [i % 2 for i in range(50)]),
])
