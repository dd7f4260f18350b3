"""Times what bench/embedder times, as a program with PyTorch would do it: pictures through a trained ResNet-18.

    shared/peers/peer bench/embedder/embedder_peer.py [--repeats N]

From the root of the repository. ResNet-18 of width 64 with the CIFAR stem on 3×32×32, in evaluation mode, without a tape;
from tensors that are there, and from PNGs of 500×375, which Pillow decodes, crops and resizes as torchvision's
transforms have it: one in the program's own thread, 256 by a DataLoader with a worker a core, or in the program's own thread
alone; the faster counts. One line of JSON a case, as steps.py prints it.
"""
import argparse
import json
import os
import resource
import statistics
import tempfile
import time

import numpy as np
import torch
import torchvision
from PIL import Image
from torchvision.transforms import v2

parser = argparse.ArgumentParser()
parser.add_argument("--repeats", type=int, default=21)
parser.add_argument("--files", type=int, default=256)
args = parser.parse_args()
torch.manual_seed(0)
FILES, SIDE = args.files, 32


def report(variant, items, step, repeats, warmup=3):
    for _ in range(warmup):
        step()
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    median = statistics.median(times)
    print(json.dumps(dict(peer="pytorch " + torch.__version__, workload="embedder", variant=variant, dtype="fp32", compiled=False,
                          median_ms=round(median * 1e3, 3), items_per_s=round(items / median, 2),
                          max_rss_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)), flush=True)


net = torchvision.models.resnet18()
net.conv1 = torch.nn.Conv2d(3, 64, 3, padding=1, bias=False)
net.maxpool = net.fc = torch.nn.Identity()
net.eval()
prepare = v2.Compose([
    v2.Resize(SIDE, antialias=True),
    v2.CenterCrop(SIDE),
    v2.PILToTensor(),
    v2.ToDtype(torch.float32, scale=True),
])


class Pictures(torch.utils.data.Dataset):
    def __init__(self, paths):
        self.paths = paths

    def __len__(self):
        return len(self.paths)

    def __getitem__(self, i):
        return prepare(Image.open(self.paths[i]).convert("RGB"))


@torch.inference_mode()
def embed(x):
    return net(x)


def embed_files(paths, workers):
    loader = torch.utils.data.DataLoader(Pictures(paths), batch_size=32, num_workers=workers,
                                         multiprocessing_context="fork" if workers else None)
    for batch in loader:
        embed(batch)


with tempfile.TemporaryDirectory() as folder:
    paths = []
    for i in range(FILES):
        pixels = ((np.arange(3 * 375 * 500) // 40 + i) % 256).astype(np.uint8).reshape(3, 375, 500)
        paths.append(os.path.join(folder, f"{i}.png"))
        Image.fromarray(pixels.transpose(1, 2, 0)).save(paths[-1])
    numbers = torch.rand(FILES, 3, SIDE, SIDE)
    few = max(3, args.repeats // 7)
    report("one picture, numbers", 1, lambda: embed(numbers[:1]), args.repeats)
    report("one picture, PNG 500x375", 1, lambda: embed(Pictures(paths[:1])[0][None]), args.repeats)
    report(f"{FILES} pictures, numbers", FILES, lambda: embed(numbers), few, warmup=1)
    report(f"{FILES} pictures, PNG 500x375, alone", FILES, lambda: embed_files(paths, 0), few, warmup=1)
    report(f"{FILES} pictures, PNG 500x375, workers", FILES, lambda: embed_files(paths, os.cpu_count()), few, warmup=1)
