"""A vision transformer and the masked autoencoder in PyTorch, written from Dosovitskiy et al. 2021 and He et al. 2021 with
PyTorch's own modules and timm's and facebookresearch/mae's names; 20 steps of its AdamW. Writes golden.safetensors beside
this script, for masked_autoencoder_test.cc.

    python3 reference.py            (PyTorch and safetensors; seconds)

Everything runs twice, in float64 (the golden values) and in float32: how far PyTorch's own float32 is from float64 is
kept too ("spread…"), and is what the test allows a few times over.
"""
import os, sys
import numpy as np
import torch, torch.nn as nn, torch.nn.functional as F
from safetensors.numpy import save_file

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from golden import rms, values

HEADS, LAYERS, STEPS, SAMPLES = 2, 2, 20, 3


class Block(nn.Module):
    def __init__(self, width, hidden, layer_scale):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(width, 1e-6), nn.LayerNorm(width, 1e-6)
        self.attn = nn.ModuleDict({"qkv": nn.Linear(width, 3 * width), "proj": nn.Linear(width, width)})
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(width, hidden), "fc2": nn.Linear(hidden, width)})
        self.layer_scale = layer_scale
        if layer_scale:
            self.ls1, self.ls2 = (nn.ParameterDict({"gamma": nn.Parameter(torch.empty(width))}) for _ in range(2))

    def forward(self, x):
        n, l, d = x.shape
        q, k, v = self.attn["qkv"](self.norm1(x)).view(n, l, 3, HEADS, d // HEADS).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, l, d)
        y = self.attn["proj"](y)
        x = x + (y * self.ls1["gamma"] if self.layer_scale else y)
        y = self.mlp["fc2"](F.gelu(self.mlp["fc1"](self.norm2(x))))
        return x + (y * self.ls2["gamma"] if self.layer_scale else y)


def sin_cos(rows, columns, width, class_token):
    omega = 1.0 / 10000 ** (np.arange(width // 4) / (width / 4))
    y, x = np.divmod(np.arange(rows * columns), columns)
    parts = []
    for at in (x, y):  # here the column goes first
        parts += [np.sin(np.outer(at, omega)), np.cos(np.outer(at, omega))]
    table = np.concatenate(parts, 1)
    return torch.tensor(np.concatenate([np.zeros((1, width)), table]) if class_token else table)[None]


class Encoder(nn.Module):
    def __init__(self, grid, patch, channels, width, hidden, class_token, learned, layer_scale):
        super().__init__()
        self.grid, self.patch = grid, patch
        self.cls_token = nn.Parameter(torch.empty(1, 1, width)) if class_token else None
        table = sin_cos(*grid, width, class_token).to(torch.get_default_dtype())
        self.pos_embed = nn.Parameter(torch.empty(table.shape), requires_grad=learned)
        if not learned:
            self.pos_embed.data.copy_(table)
        self.patch_embed = nn.ModuleDict({"proj": nn.Conv2d(channels, width, patch, patch)})
        self.blocks = nn.Sequential(*[Block(width, hidden, layer_scale) for _ in range(LAYERS)])
        self.norm = nn.LayerNorm(width, 1e-6)

    def positions(self, grid):
        prefix = 0 if self.cls_token is None else 1
        if grid == self.grid:
            return self.pos_embed
        tokens = self.pos_embed[:, prefix:].unflatten(1, self.grid).permute(0, 3, 1, 2)
        tokens = F.interpolate(tokens, size=grid, mode="bicubic", align_corners=False)
        return torch.cat([self.pos_embed[:, :prefix], tokens.permute(0, 2, 3, 1).flatten(1, 2)], 1)

    def forward(self, x, kept=None):
        prefix = 0 if self.cls_token is None else 1
        positions = self.positions((x.shape[2] // self.patch, x.shape[3] // self.patch))
        x = self.patch_embed["proj"](x).flatten(2).transpose(1, 2) + positions[:, prefix:]
        if kept is not None:
            x = x.gather(1, kept[..., None].expand(-1, -1, x.shape[2]))
        if prefix:
            x = torch.cat([(self.cls_token + positions[:, :1]).expand(x.shape[0], -1, -1), x], 1)
        return self.norm(self.blocks(x))


def fill(model):
    with torch.no_grad():
        named = sorted((n, p) for n, p in model.named_parameters() if p.requires_grad)
        for number, (name, p) in enumerate(named):
            scale = torch.tensor(values(number, p.shape))
            norm = "norm" in name and name.endswith("weight") or name.endswith("gamma")
            p.copy_(1 + 0.4 * scale if norm else 0.8 * scale)


def pictures(number, shape):
    return torch.tensor(values(number, shape)).to(torch.get_default_dtype())


def gradients(model):
    out = {}
    for n, p in model.named_parameters():
        if p.requires_grad:
            out["gradient." + n] = p.grad.double().numpy().copy()
    return out


def run_vit(class_token, dtype):
    """Features of two sizes, and the gradients of their weighted sum."""
    torch.set_default_dtype(dtype)
    model = Encoder((2, 3), 4, 2, 16, 32, class_token, learned=class_token, layer_scale=class_token)
    fill(model)
    x, other = pictures(1000, (SAMPLES, 2, 8, 12)).requires_grad_(), pictures(1001, (SAMPLES, 2, 16, 8))
    pool = (lambda h: h[:, 0]) if class_token else (lambda h: h.mean(1))
    features = torch.cat([pool(model(x)), pool(model(other))])
    (features * pictures(1002, features.shape)).sum().backward()
    return {"features": features.detach().double().numpy(), "gradient.x": x.grad.double().numpy(), **gradients(model)}


class Mae(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = Encoder((4, 4), 2, 3, 16, 32, True, learned=False, layer_scale=False)
        self.head = nn.Module()
        self.head.decoder_embed = nn.Linear(16, 12)
        self.head.mask_token = nn.Parameter(torch.empty(1, 1, 12))
        self.head.decoder_blocks = nn.Sequential(*[Block(12, 24, False) for _ in range(LAYERS)])
        self.head.decoder_norm = nn.LayerNorm(12, 1e-6)
        self.head.decoder_pred = nn.Linear(12, 12)
        fill(self)

    def forward(self, x, kept, masked, restore):
        head = self.head
        h = head.decoder_embed(self.encoder(x, kept))
        tokens = torch.cat([h[:, 1:], head.mask_token.expand(len(x), masked.shape[1], -1)], 1)
        tokens = tokens.gather(1, restore[..., None].expand(-1, -1, 12))
        y = torch.cat([h[:, :1], tokens], 1) + sin_cos(4, 4, 12, True).to(h.dtype)
        return head.decoder_pred(head.decoder_norm(head.decoder_blocks(y)))[:, 1:]


def patchify(x, p):
    n, c, h, w = x.shape
    return torch.einsum("nchpwq->nhwpqc", x.view(n, c, h // p, p, w // p, p)).reshape(n, -1, p * p * c)


def batch(step):
    """Pictures, and a permutation of the 16 patches of each, of which the first 4 are kept."""
    x = pictures(2000 + step, (SAMPLES, 3, 8, 8))
    order = torch.tensor([[(5 * i + 3 * n + 7 * step) % 16 for i in range(16)] for n in range(SAMPLES)])
    return x, order[:, :4].sort(1).values, order[:, 4:].sort(1).values


def decays(p):
    return p.dim() > 1


def run_mae(dtype):
    torch.set_default_dtype(dtype)
    model, out = Mae(), {}
    named = {n: p for n, p in model.named_parameters() if p.requires_grad}
    optimizer = torch.optim.AdamW(
        [{"params": [p for p in named.values() if decays(p) == d], "weight_decay": 0.05 if d else 0} for d in (True, False)],
        lr=2e-3, betas=(0.9, 0.95), eps=1e-8)
    losses = []
    for step in range(STEPS):
        x, kept, masked = batch(step)
        restore = torch.cat([kept, masked], 1).argsort(1)
        z = model(x, kept, masked, restore)
        target = patchify(x, 2)
        target = (target - target.mean(-1, keepdim=True)) / (target.var(-1, keepdim=True) + 1e-6) ** 0.5
        mask = torch.zeros(SAMPLES, 16).scatter(1, masked, 1.0)
        loss = (((z - target) ** 2).mean(-1) * mask).sum() / mask.sum()
        optimizer.zero_grad()
        loss.backward()
        if step == 0:
            out["z"] = z.gather(1, masked[..., None].expand(-1, -1, 12)).detach().double().numpy()
            out.update(gradients(model))
        losses.append(loss.item())
        optimizer.step()
    out["losses"] = np.array(losses)
    out.update({"final." + n: p.detach().double().numpy().copy() for n, p in named.items()})
    return out


golden = {}
for variant, run in [("learned", lambda t: run_vit(True, t)), ("fixed", lambda t: run_vit(False, t)), ("mae", run_mae)]:
    # The keys' biases are left out: a softmax does not see a constant, so their gradients are rounding, and Adam makes
    # steps of it.
    exact, single = run(torch.float64), run(torch.float32)
    for out in (exact, single):
        for n in out:
            if n.endswith("qkv.bias"):
                out[n][len(out[n]) // 3 : len(out[n]) // 3 * 2] = 0
    difference = {n: np.abs(exact[n] - single[n]).max() for n in exact}
    # Of gradients relative to each tensor's root mean square.
    spread = {n: difference[n] for n in ("features", "z", "losses") if n in exact}
    spread["gradient"] = max(d / rms(exact[n]) for n, d in difference.items() if n.startswith("gradient."))
    if variant == "mae":
        spread["final"] = max(d for n, d in difference.items() if n.startswith("final."))
    print(variant, spread, exact["losses"][[0, -1]] if "losses" in exact else "")
    for n, v in exact.items():
        golden[f"{variant}.{n}"] = v.astype(np.float32)
    for n, v in spread.items():
        golden[f"{variant}.spread.{n}"] = np.array([v], dtype=np.float32)
save_file(golden, os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden.safetensors"))
