"""Writes res_net_golden_{18,50}.safetensors: features, gradients and running statistics of small ResNets.

Run in encoders/res_net inside a Python that has torch, torchvision and safetensors: python3 res_net_golden.py
"""
import torch
from safetensors.torch import save_file

from res_net_torch import ResNet, fill, wave

LEFT_OUT = ["layer3.1", "layer3.2", "layer3.3", "layer3.4", "layer3.5", "layer4.1", "layer4.2"]  # keeps the file small

for depth, width, channels, side, imagenet in [(18, 2, 3, 16, False), (50, 2, 1, 40, True)]:
    model = ResNet(depth, width, channels, imagenet)
    fill(model)
    model.double()  # exact values for float32's to be compared with
    x = wave((6, channels, side, side), 1000).double()
    x.requires_grad_()
    h = model(x)
    (h * wave(h.shape, 1001)).sum().backward()
    out = {"features": h.detach(), "gradient.x": x.grad}
    for name, p in model.named_parameters():
        if depth == 18 or name[:8] not in LEFT_OUT:
            out["gradient." + name] = p.grad
    for name, b in model.named_buffers():
        if "num_batches" not in name:
            out[name] = b.clone()
    model.eval()
    with torch.no_grad():
        out["evaluation"] = model(x)
    save_file({name: t.float() for name, t in out.items()}, f"res_net_golden_{depth}.safetensors")
    print(depth, {k: float(v.abs().max()) for k, v in out.items() if "." not in k}, len(out))
