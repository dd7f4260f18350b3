"""Writes adam_w_golden.txt beside this script, by PyTorch:  PYTHONPATH=../testing python3 adam_w_golden.py"""
import torch

from twenty_steps import write

write("adam_w_golden.txt", {
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.01, weight_decay=0.1, eps=1e-6),
})
