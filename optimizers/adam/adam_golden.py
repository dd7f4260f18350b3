"""Writes adam_golden.txt beside this script, by PyTorch:  PYTHONPATH=../testing python3 adam_golden.py"""
import torch

from twenty_steps import write

write("adam_golden.txt", {
    "adam": lambda p: torch.optim.Adam(p, lr=0.01, weight_decay=0.1),
})
