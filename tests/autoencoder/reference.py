"""The dense autoencoder in PyTorch: 20 steps of Adam on blobs, ReLU between the layers, a sigmoid at the end, squared error.
Writes golden.safetensors beside this script, for autoencoder_test.cc.

    python3 reference.py     (PyTorch and safetensors; seconds)

Everything runs twice, in float64 (the golden values) and in float32: how far PyTorch's own float32 is from float64 is kept
too ("spread…"), and is what the test allows a few times over.
"""
import math, os, sys
import numpy as np
import torch, torch.nn as nn, torch.nn.functional as F
from safetensors.numpy import save_file

sys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from golden import rms, values

SAMPLES, SIDE, STEPS, RATE = 24, 8, 20, 1e-3
WIDTHS = {"encoder": [SIDE * SIDE, 40, 20, 6], "head": [6, 20, 40, SIDE * SIDE]}


def images(step):
    """Blobs of the sample's own place and brightness."""
    n, y, x = np.meshgrid(np.arange(SAMPLES), np.arange(SIDE), np.arange(SIDE), indexing="ij")
    k = n + SAMPLES * step
    distance = (y - k * 5 % 7) ** 2 + (x - k * 3 % 8) ** 2
    return torch.tensor((1 + k * 3 % 5) / (6.0 + distance)).float().double().flatten(1)


def run(dtype):
    torch.set_default_dtype(dtype)
    parameters = {}
    for number, (part, layer) in enumerate((p, i) for p in WIDTHS for i in range(3)):
        i, o = WIDTHS[part][layer:layer + 2]
        # Uniform of variance 1 / fan-in, and biases from ±1/10.
        parameters[f"{part}.{layer}.weight"] = nn.Parameter(torch.tensor(values(2 * number, (o, i)) * math.sqrt(12 / i), dtype=dtype))
        parameters[f"{part}.{layer}.bias"] = nn.Parameter(torch.tensor(values(2 * number + 1, (o,)) * 0.2, dtype=dtype))
    optimizer = torch.optim.Adam(parameters.values(), lr=RATE)
    out, losses = {}, []
    for step in range(STEPS):
        x = images(step).to(dtype)
        y = x
        for part in WIDTHS:
            for layer in range(3):
                y = F.linear(y, parameters[f"{part}.{layer}.weight"], parameters[f"{part}.{layer}.bias"])
                if layer < 2:
                    y = F.relu(y)
        loss = F.mse_loss(torch.sigmoid(y), x)
        optimizer.zero_grad()
        loss.backward()
        if step == 0:
            out.update({"gradient." + n: p.grad.double().numpy().copy() for n, p in parameters.items()})
        losses.append(loss.item())
        optimizer.step()
    out["losses"] = np.array(losses)
    out.update({"final." + n: p.detach().double().numpy().copy() for n, p in parameters.items()})
    return out


exact, single = run(torch.float64), run(torch.float32)
difference = {n: np.abs(exact[n] - single[n]).max() for n in exact}
spread = {"losses": (np.abs(exact["losses"] - single["losses"]) / exact["losses"]).max()}
for kind in "gradient", "final":  # relative to each tensor's root mean square
    spread[kind] = max(d / rms(exact[n]) for n, d in difference.items() if n.startswith(kind))
print(spread, exact["losses"])
golden = {n: v.astype(np.float32) for n, v in exact.items()}
golden.update({"spread." + n: np.array([v], dtype=np.float32) for n, v in spread.items()})
save_file(golden, os.path.join(os.path.dirname(os.path.abspath(__file__)), "golden.safetensors"))
