"""Writes random_resized_crop_golden.txt: how often torchvision draws each crop.

Run in an environment with PyTorch and torchvision, in this folder:  python3 random_resized_crop_golden.py

A line is: height and width of the image, min and max area, min and max aspect, then for top, left, height
and width of the crop the number of draws at 0, 1, ... up to the image's size.
"""
import torch
from torchvision.transforms import RandomResizedCrop

DRAWS = 50_000
torch.manual_seed(0)
with open("random_resized_crop_golden.txt", "w") as f:
    # The defaults; a tall image, where many boxes do not fit; hardly ever a fit, so the central crop.
    for h, w, scale, ratio in [(32, 32, (0.08, 1.0), (0.75, 4 / 3)), (28, 20, (0.5, 1.0), (0.75, 4 / 3)),
                               (24, 24, (0.5, 1.0), (1.9, 2.0))]:
        image = torch.empty(1, h, w)
        counts = [[0] * (side + 1) for side in (h, w, h, w)]
        for _ in range(DRAWS):
            for count, value in zip(counts, RandomResizedCrop.get_params(image, scale, ratio)):
                count[value] += 1
        print(h, w, *scale, *ratio, *sum(counts, []), file=f)
