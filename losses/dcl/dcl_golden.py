"""Writes dcl_golden.txt beside this script:  PYTHONPATH=../testing python3 dcl_golden.py"""
import torch

from golden import contrastive, logits, same, write


def dcl(x, n, v, temperature):
    positives = same(torch.arange(n).repeat(v))
    s = logits(x, temperature)
    attraction = s.masked_fill(~positives, 0).sum(1) / (v - 1)
    return (torch.logsumexp(s.masked_fill(positives, float("-inf")), dim=1) - attraction).mean()


write("dcl_golden.txt", dcl, [case for case in contrastive if case[0] > 1])
