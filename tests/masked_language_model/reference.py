"""The masked language model in PyTorch: an encoder, a head and a loss written from Devlin et al. 2018 with PyTorch's own
modules, and 20 steps of its AdamW. Writes golden.safetensors beside this script, for masked_language_model_test.cc.

    python3 reference.py            (PyTorch and safetensors; seconds)

Everything runs twice, in float64 (the golden values) and in float32: how far PyTorch's own float32 is from float64 is
kept too ("spread…"), and is what the test allows a few times over.
"""
import math, os, sys
import numpy as np
import torch, torch.nn as nn, torch.nn.functional as F
from safetensors.numpy import save_file

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from golden import rms, values

VOCABULARY, LENGTH, WIDTH, HEADS, HIDDEN, LAYERS, SAMPLES, STEPS = 40, 12, 16, 2, 32, 2, 3, 20
LENGTHS = [12, 7, 10]
MASK = 4


def batch(step):
    n, l = np.meshgrid(np.arange(SAMPLES), np.arange(LENGTH), indexing="ij")
    ids = 5 + (n * 31 + l * 17 + step * 13 + l * l * step) % (VOCABULARY - 5)
    inside = l < np.array(LENGTHS)[:, None]
    ids = np.where(inside, ids, 0)
    masked = inside & ((l + n + step) % 6 == 1)
    segments = (l >= 6).astype(np.int64)
    return (torch.tensor(np.where(masked, MASK, ids)), torch.tensor(segments), torch.tensor(inside),
            torch.tensor(masked.reshape(-1).nonzero()[0]), torch.tensor(ids[masked]))


class Layer(nn.Module):
    def __init__(self, pre_norm, gelu):
        super().__init__()
        self.pre_norm, self.gelu = pre_norm, gelu
        self.attention = nn.ModuleDict({"in": nn.Linear(WIDTH, 3 * WIDTH), "out": nn.Linear(WIDTH, WIDTH)})
        self.attention_norm = nn.LayerNorm(WIDTH, 1e-12)
        self.feed_forward = nn.ModuleDict({"in": nn.Linear(WIDTH, HIDDEN), "out": nn.Linear(HIDDEN, WIDTH)})
        self.feed_forward_norm = nn.LayerNorm(WIDTH, 1e-12)

    def attend(self, x, inside):
        n, l, d = x.shape
        q, k, v = (t.view(n, l, HEADS, d // HEADS).transpose(1, 2) for t in self.attention["in"](x).chunk(3, -1))
        scores = q @ k.transpose(-1, -2) / math.sqrt(d // HEADS)
        scores = scores.masked_fill(~inside[:, None, None, :], -math.inf)
        return self.attention["out"]((scores.softmax(-1) @ v).transpose(1, 2).reshape(n, l, d))

    def feed(self, x):
        return self.feed_forward["out"](F.gelu(self.feed_forward["in"](x), approximate=self.gelu))

    def forward(self, x, inside):
        if self.pre_norm:
            x = x + self.attend(self.attention_norm(x), inside)
            return x + self.feed(self.feed_forward_norm(x))
        x = self.attention_norm(x + self.attend(x, inside))
        return self.feed_forward_norm(x + self.feed(x))


class Encoder(nn.Module):
    def __init__(self, pre_norm, gelu):
        super().__init__()
        self.token_embedding = nn.Parameter(torch.empty(VOCABULARY, WIDTH))
        self.position_embedding = nn.Parameter(torch.empty(LENGTH, WIDTH))
        self.segment_embedding = nn.Parameter(torch.empty(2, WIDTH))
        if not pre_norm:
            self.embedding_norm = nn.LayerNorm(WIDTH, 1e-12)
        self.layers = nn.ModuleList([Layer(pre_norm, gelu) for _ in range(LAYERS)])
        if pre_norm:
            self.final_norm = nn.LayerNorm(WIDTH, 1e-12)

    def forward(self, ids, segments, inside):
        x = self.token_embedding[ids] + self.position_embedding[: ids.shape[1]] + self.segment_embedding[segments]
        x = self.embedding_norm(x) if hasattr(self, "embedding_norm") else x
        for layer in self.layers:
            x = layer(x, inside)
        return self.final_norm(x) if hasattr(self, "final_norm") else x


class Model(nn.Module):
    def __init__(self, pre_norm, gelu):
        super().__init__()
        self.gelu = gelu
        self.encoder = Encoder(pre_norm, gelu)
        self.head = nn.ModuleDict({"dense": nn.Linear(WIDTH, WIDTH), "norm": nn.LayerNorm(WIDTH, 1e-12)})
        self.head.register_module("decoder", nn.Module())
        self.head["decoder"].bias = nn.Parameter(torch.empty(VOCABULARY))
        with torch.no_grad():
            for number, (name, p) in enumerate(sorted(self.named_parameters())):
                scale = torch.tensor(values(number, p.shape))
                p.copy_(1 + 0.4 * scale if name.endswith("norm.weight") else 0.8 * scale)

    def forward(self, ids, segments, inside, where):
        t = self.encoder(ids, segments, inside).flatten(0, 1)[where]
        t = self.head["norm"](F.gelu(self.head["dense"](t), approximate=self.gelu))
        return t @ self.encoder.token_embedding.T + self.head["decoder"].bias


def decays(name):
    return name.endswith("embedding") or (name.endswith("weight") and "norm" not in name)


def run(pre_norm, gelu, dtype):
    torch.set_default_dtype(dtype)
    model, out = Model(pre_norm, gelu), {}
    named = dict(model.named_parameters())
    optimizer = torch.optim.AdamW(
        [{"params": [p for n, p in named.items() if decays(n) == d], "weight_decay": 0.05 if d else 0} for d in (True, False)],
        lr=2e-3, betas=(0.9, 0.999), eps=1e-6)
    losses = []
    for step in range(STEPS):
        ids, segments, inside, where, targets = batch(step)
        logits = model(ids, segments, inside, where)
        loss = F.cross_entropy(logits, targets)
        optimizer.zero_grad()
        loss.backward()
        if step == 0:
            out["logits"] = logits.detach().double().numpy()
            out.update({"gradient." + n: p.grad.double().numpy().copy() for n, p in named.items()})
        losses.append(loss.item())
        optimizer.step()
    out["losses"] = np.array(losses)
    out.update({"final." + n: p.detach().double().numpy().copy() for n, p in named.items()})
    return out


golden = {}
for variant, pre_norm, gelu in [("post", False, "none"), ("pre", True, "tanh")]:
    # The keys' biases are left out: a softmax does not see a constant, so their gradients are rounding, and Adam makes
    # steps of it.
    exact, single = run(pre_norm, gelu, torch.float64), run(pre_norm, gelu, torch.float32)
    for out in (exact, single):
        for n in out:
            if n.endswith("attention.in.bias"):
                out[n][WIDTH : 2 * WIDTH] = 0
    difference = {n: np.abs(exact[n] - single[n]).max() for n in exact}
    spread = {
        "logits": difference["logits"],
        "losses": difference["losses"],
        # Relative to each tensor's root mean square.
        "gradient": max(d / rms(exact[n]) for n, d in difference.items() if n.startswith("gradient.")),
        "final": max(d for n, d in difference.items() if n.startswith("final.")),
    }
    print(variant, spread, exact["losses"][[0, -1]])
    for n, v in exact.items():
        golden[f"{variant}.{n}"] = v.astype(np.float32)
    for n, v in spread.items():
        golden[f"{variant}.spread.{n}"] = np.array([v], dtype=np.float32)
save_file(golden, os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden.safetensors"))
