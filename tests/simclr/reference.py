"""SimCLR in PyTorch: a narrow ResNet-18 (torchvision's blocks), the projection head, NT-Xent written from the paper
(Chen et al. 2020), and 20 steps of PyTorch's SGD on views made by a fixed augmentation. Writes golden.safetensors beside
this script, for simclr_test.cc.

    PYTHONPATH=../../encoders/res_net python3 reference.py     (PyTorch, torchvision and safetensors; seconds)

Everything runs twice, in float64 (the golden values) and in float32: how far PyTorch's own float32 is from float64 is
kept too ("spread…"), and is what the test allows a few times over.
"""
import math, os, sys
import numpy as np
import torch, torch.nn as nn, torch.nn.functional as F
from safetensors.numpy import save_file

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from golden import add_run, values

from res_net_torch import ResNet

SAMPLES, CHANNELS, SIDE, WIDTH, OUTPUT, STEPS, TEMPERATURE = 12, 3, 16, 4, 16, 20, 0.5
KEPT = 96  # values of each tensor: a small file


def views(step):
    """Blobs of the sample's own place and colour; view 1 as they are, view 2 mirrored, and of less contrast."""
    n, c, y, x = np.meshgrid(np.arange(SAMPLES), np.arange(CHANNELS), np.arange(SIDE), np.arange(SIDE), indexing="ij")
    k = n + SAMPLES * step
    distance = (y - (3 + k * 5 % 11)) ** 2 + (x - (3 + k * 7 % 11)) ** 2
    image = torch.tensor((1 + (k * 3 + c * (1 + k % 4)) % 5) / (8.0 + distance))
    return image.float().double(), (0.75 * image.flip(3) + 0.125).float().double()


class Model(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = ResNet(18, WIDTH, CHANNELS, False)
        d = self.encoder.features
        self.head = nn.ModuleDict({"0": nn.Linear(d, d, bias=False), "0_norm": nn.BatchNorm1d(d),
                                   "1": nn.Linear(d, OUTPUT)})
        with torch.no_grad():
            for number, (name, p) in enumerate(sorted(self.renamed())):
                v = torch.tensor(values(number, p.shape))
                if p.dim() > 1:
                    p.copy_(v * math.sqrt(24 / p[0].numel()))  # variance 2 / fan-in
                else:
                    # Blocks that start near the identity, as in practice: 20 steps of others are chaotic.
                    p.copy_((0.2 if "bn2.weight" in name else 1) * (1 + 0.4 * v) if is_scale(name) else 0.4 * v)

    def renamed(self):
        return [(n.replace("0_norm", "0.norm"), p) for n, p in self.named_parameters()]

    def forward(self, x):
        h = self.encoder(x)
        return self.head["1"](F.relu(self.head["0_norm"](self.head["0"](h))))


def is_scale(name):
    return name.endswith("weight") and ("bn" in name or "norm" in name or "downsample.1" in name)


def nt_xent(a, b):
    z = F.normalize(torch.cat([a, b]), dim=1)
    logits = z @ z.T / TEMPERATURE
    logits.fill_diagonal_(-math.inf)
    return F.cross_entropy(logits, torch.arange(2 * SAMPLES).roll(SAMPLES))


def run(per_view, dtype):
    torch.set_default_dtype(dtype)
    model, out = Model().to(dtype), {}
    named = dict(model.renamed())
    optimizer = torch.optim.SGD(
        [{"params": [p for p in named.values() if (p.dim() > 1) == d], "weight_decay": 1e-3 if d else 0} for d in (True, False)],
        lr=0.005, momentum=0.9)
    losses = []
    for step in range(STEPS):
        a, b = (v.to(dtype) for v in views(step))
        za, zb = (model(a), model(b)) if per_view else model(torch.cat([a, b])).chunk(2)
        loss = nt_xent(za, zb)
        optimizer.zero_grad()
        loss.backward()
        if step == 0:
            out.update({"gradient." + n: p.grad for n, p in named.items()})
            out = {n: t.double().numpy().copy() for n, t in out.items()}
        losses.append(loss.item())
        optimizer.step()
    out["losses"] = np.array(losses)
    out.update({"final." + n: p.detach().double().numpy().copy() for n, p in named.items()})
    out.update({"final." + n.replace("0_norm", "0.norm"): b.double().numpy().copy()
                for n, b in model.named_buffers() if "num_batches" not in n})
    return out


golden = {}
for variant, per_view in [("all_views", False), ("per_view", True)]:
    add_run(golden, variant, run(per_view, torch.float64), run(per_view, torch.float32), KEPT)
save_file(golden, os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden.safetensors"))
