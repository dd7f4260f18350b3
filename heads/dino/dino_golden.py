"""Writes dino_golden.txt beside this script, in an environment with PyTorch:  python3 dino_golden.py

facebookresearch/dino's DINOHead of 5 features, in training: names and values of its parameters, its output for an input, and the
gradients of the sum of the output times weights.
"""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.manual_seed(1)


def head(layers, hidden, bottleneck, output, norm):
    modules, width = [], 5
    for _ in range(layers - 1):
        modules += [nn.Linear(width, hidden)] + ([nn.BatchNorm1d(hidden)] if norm else []) + [nn.GELU()]
        width = hidden
    modules.append(nn.Linear(width, bottleneck))
    part = nn.Module()
    part.mlp = nn.Sequential(*modules) if layers > 1 else modules[0]
    part.last_layer = nn.utils.weight_norm(nn.Linear(bottleneck, output, bias=False))
    part.last_layer.weight_g.data.fill_(1)
    part.last_layer.weight_g.requires_grad = False
    return part.double()


def line(f, key, tensor):
    print(key, *(f"{x:.9g}" for x in tensor.detach().flatten().tolist()), file=f)


with open("dino_golden.txt", "w") as f:
    for layers, hidden, bottleneck, output, norm in [(3, 8, 6, 9, False), (3, 7, 4, 5, True), (1, 1, 3, 4, False)]:
        part = head(layers, hidden, bottleneck, output, norm)
        for p in part.parameters():
            p.data.copy_(torch.round(p.data * 512) / 512)  # as floats hold it
        h = (torch.randn(6, 5, dtype=torch.float64) * 64).round() / 64
        h.requires_grad_()
        z = part.last_layer(F.normalize(part.mlp(h), dim=-1, p=2))
        weights = torch.arange(z.numel(), dtype=torch.float64).view_as(z).sin()
        (z * weights).sum().backward()
        config = f"layers: {layers} bottleneck: {bottleneck} output: {output} hidden_norm: {str(norm).lower()}"
        if layers > 1:
            config += f" hidden: {hidden}"
        print("config", config, file=f)
        line(f, "h", h)
        line(f, "z", z)
        line(f, "dh", h.grad)
        for name, p in part.named_parameters():
            if p.requires_grad:
                line(f, f"{name}", p)
                line(f, f"d{name}", p.grad)
