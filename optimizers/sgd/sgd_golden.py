"""Writes sgd_golden.txt beside this script, by PyTorch:  PYTHONPATH=../testing python3 sgd_golden.py"""
import torch

from twenty_steps import write

write("sgd_golden.txt", {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01),
    "sgd_nesterov": lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9, weight_decay=0.01, nesterov=True),
    "sgd_plain": lambda p: torch.optim.SGD(p, lr=0.1),
})
