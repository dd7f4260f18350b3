"""The ResNets of this package in PyTorch, of torchvision's blocks, and values that C++ can make too."""
import numpy as np
import torch
from torch import nn
from torchvision.models.resnet import BasicBlock, Bottleneck


BLOCKS = {18: [2, 2, 2, 2], 34: [3, 4, 6, 3], 50: [3, 4, 6, 3], 101: [3, 4, 23, 3]}


class ResNet(nn.Module):
    def __init__(self, depth, width, channels, imagenet_stem):
        super().__init__()
        block = BasicBlock if depth < 50 else Bottleneck
        self.conv1 = nn.Conv2d(channels, width, 7 if imagenet_stem else 3, 2 if imagenet_stem else 1,
                               3 if imagenet_stem else 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.pool = nn.MaxPool2d(3, 2, 1) if imagenet_stem else nn.Identity()
        before = width
        for stage, blocks in enumerate(BLOCKS[depth]):
            planes, layer = width << stage, []
            for i in range(blocks):
                stride = 2 if stage and not i else 1
                after = planes * block.expansion
                down = None
                if stride != 1 or before != after:
                    down = nn.Sequential(nn.Conv2d(before, after, 1, stride, bias=False), nn.BatchNorm2d(after))
                # torchvision's bottleneck scales its inner width by base_width / 64; planes are ours as they are.
                layer.append(block(before, planes, stride, down))
                before = after
            setattr(self, f"layer{stage + 1}", nn.Sequential(*layer))
        self.features = before

    def forward(self, x):
        x = self.pool(torch.relu(self.bn1(self.conv1(x))))
        for stage in range(4):
            x = getattr(self, f"layer{stage + 1}")(x)
        return x.mean((2, 3))


def wave(shape, stream, scale=1.0, offset=0.0):
    """scale · sin(0.7 i + 1.3 stream + 0.2) + offset by element i, as float32; res_net_test.cc has the same."""
    i = np.arange(int(np.prod(shape)), dtype=np.float64)
    return torch.from_numpy((offset + scale * np.sin(0.7 * i + 1.3 * stream + 0.2)).astype(np.float32).reshape(shape))


def fill(model):
    """Every parameter a wave, numbered in the order of named_parameters()."""
    with torch.no_grad():
        for stream, (_, p) in enumerate(model.named_parameters()):
            if p.dim() == 4:
                p.copy_(wave(p.shape, stream, (3 / (p[0].numel())) ** 0.5))
            else:
                norm_scale = stream % 3 == 1  # conv, scale, shift, conv, ...
                p.copy_(wave(p.shape, stream, 0.3, 1.0 if norm_scale else 0.0))
