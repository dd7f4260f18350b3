"""Writes nt_xent_golden.txt beside this script:  PYTHONPATH=../testing python3 nt_xent_golden.py"""
import torch
import torch.nn.functional as F

from golden import contrastive, logits, same, write


def nt_xent(x, n, v, temperature):
    if v == 2:  # as it is usually written
        return F.cross_entropy(logits(x, temperature), torch.arange(2 * n).roll(n))
    positives = same(torch.arange(n).repeat(v))
    return -F.log_softmax(logits(x, temperature), dim=1)[positives].mean()


write("nt_xent_golden.txt", nt_xent, contrastive)
