"""Writes image_golden.txt and image_golden.bin: what torchvision makes of small images at fixed parameters.

Run in an environment with PyTorch and torchvision, in this folder:  python3 image_golden.py

A line of the .txt is a case: operation, C, H, W and levels of the input (see `image`), H and W of the output, and the
parameters; the .bin has the outputs, float32, in the same order.
"""
import numpy as np
import torch
from torchvision.transforms import InterpolationMode as Mode
from torchvision.transforms.v2 import functional as F


def image(c, h, w, levels):
    """Pixels from a hash of their index, in `levels` steps from 0 to 1. Few levels give many ties between channels."""
    with np.errstate(over="ignore"):
        x = (np.arange(c * h * w, dtype=np.uint32) + np.uint32(1)) * np.uint32(2654435761)
        x ^= x >> np.uint32(15)
        x *= np.uint32(2246822519)
        x ^= x >> np.uint32(13)
    x = (x % np.uint32(levels)).astype(np.float32) / np.float32(levels - 1)
    return torch.from_numpy(x.reshape(c, h, w))


MODES = {"bilinear": Mode.BILINEAR, "bicubic": Mode.BICUBIC, "nearest": Mode.NEAREST}


def affine(x, mode, fill, degrees, tx, ty, scale, sx, sy):
    def warp(y):
        return F.affine(y, degrees, [tx, ty], scale, [sx, sy], MODES[mode])
    # Blended once with the fill, where torchvision's own fill would blend twice.
    return warp(x) + fill * (1 - warp(torch.ones_like(x)))


def crop(x, oh, ow, mode, top, left, h, w):
    return F.resized_crop(x, int(top), int(left), int(h), int(w), [oh, ow], MODES[mode], antialias=True)


OPERATIONS = {
    "brightness": F.adjust_brightness,
    "contrast": F.adjust_contrast,
    "saturation": F.adjust_saturation,
    "hue": F.adjust_hue,
    "grayscale": lambda x: F.rgb_to_grayscale(x, x.shape[0]),
    "solarize": F.solarize,
    "normalize": lambda x, *p: F.normalize(x, p[: len(p) // 2], p[len(p) // 2:]),
    "blur": lambda x, radius, sigma: F.gaussian_blur(x, [2 * int(radius) + 1] * 2, [sigma] * 2),
    "flip": F.horizontal_flip,
    "erase": lambda x, i, j, h, w, v: F.erase(x, int(i), int(j), int(h), int(w), torch.tensor(v)),
    "affine_nearest": lambda x, *p: affine(x, "nearest", *p),
    "affine_bilinear": lambda x, *p: affine(x, "bilinear", *p),
    "rotate": lambda x, degrees: F.rotate(x, degrees, Mode.BILINEAR),
    "crop_bilinear": lambda x, oh, ow, *p: crop(x, oh, ow, "bilinear", *p),
    "crop_bicubic": lambda x, oh, ow, *p: crop(x, oh, ow, "bicubic", *p),
}

cases, outputs = [], []


def case(operation, c, h, w, levels, *parameters):
    x = image(c, h, w, levels)
    if operation.startswith("crop"):
        out = [int(p) for p in parameters[:2]]
        y = OPERATIONS[operation](x, *out, *parameters[2:])
        parameters = parameters[2:]
    else:
        out, y = [h, w], OPERATIONS[operation](x, *parameters)
    assert list(y.shape) == [c, *out], (operation, y.shape)
    cases.append(" ".join(str(p) for p in [operation, c, h, w, levels, *out, *parameters]))
    outputs.append(y.contiguous().numpy().astype("<f4").ravel())


for c, h, w, levels in [(3, 9, 11, 256), (1, 7, 18, 256), (3, 5, 7, 4)]:
    for factor in [0.0, 0.6, 1.0, 1.75]:
        for operation in ["brightness", "contrast", "saturation"]:
            case(operation, c, h, w, levels, factor)
    for turn in [-0.5, -0.1, 0.0, 0.21, 0.5]:
        case("hue", c, h, w, levels, turn)
    case("grayscale", c, h, w, levels)
    case("flip", c, h, w, levels)
    case("solarize", c, h, w, levels, 0.5)
    case("normalize", c, h, w, levels, *[0.5, 0.4, 0.3][:c], *[0.25, 0.2, 0.3][:c])
    case("erase", c, h, w, levels, 1, 2, 3, 4, 0.3)
    for radius, sigma in [(1, 0.1), (1, 0.8), (2, 2.0), (min(h, w) - 1, 1.7)]:
        case("blur", c, h, w, levels, radius, sigma)
    for degrees in [0.0, 17.0, -90.0]:
        case("rotate", c, h, w, levels, degrees)
    for fill in [0.0, 0.5]:
        for parameters in [(13.0, 0.0, 0.0, 1.0, 0.0, 0.0), (-31.0, 2.0, -1.0, 0.8, 7.0, -11.0)]:
            case("affine_nearest", c, h, w, levels, fill, *parameters)
            case("affine_bilinear", c, h, w, levels, fill, *parameters)

# Enlarged, reduced, both, one pixel, the whole image, more than a vector wide, and far reduced.
for c, h, w, out_h, out_w, box in [(3, 9, 11, 8, 8, (1, 2, 5, 6)), (3, 13, 17, 5, 6, (0, 0, 13, 17)),
                                   (1, 28, 28, 28, 28, (3, 5, 19, 23)), (3, 8, 40, 12, 19, (1, 1, 6, 38)),
                                   (1, 6, 6, 6, 6, (0, 0, 6, 6)), (1, 5, 5, 4, 4, (4, 4, 1, 1)),
                                   (1, 4, 9, 3, 37, (1, 3, 2, 5)), (1, 50, 61, 3, 2, (2, 3, 47, 55))]:
    case("crop_bilinear", c, h, w, 256, out_h, out_w, *box)
    case("crop_bicubic", c, h, w, 256, out_h, out_w, *box)

with open("image_golden.txt", "w") as f:
    f.write("\n".join(cases) + "\n")
np.concatenate(outputs).tofile("image_golden.bin")
print(len(cases), "cases,", sum(o.size for o in outputs) * 4, "bytes")
