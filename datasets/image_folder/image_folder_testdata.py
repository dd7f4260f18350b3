"""Writes testdata/: eight small pictures in two classes, PNG and JPEG.

Run in an environment with Pillow and numpy, in this folder:  python3 image_folder_testdata.py
"""
import os
import numpy as np
from PIL import Image

random = np.random.default_rng(1)
y, x = np.mgrid[0:24, 0:20]
for kind, angle in [("across", 0.0), ("down", np.pi / 2)]:
    os.makedirs("testdata/" + kind, exist_ok=True)
    for i in range(4):
        wave = np.sin((x * np.cos(angle) + y * np.sin(angle)) * 0.8 + random.uniform(0, 6))
        rgb = np.stack([128 + 100 * wave, 128 + 100 * wave * (i % 2), 100 + 20.0 * i + 0 * wave], -1)
        image = Image.fromarray(rgb.astype(np.uint8))
        image.save(f"testdata/{kind}/{i}." + ("png" if i % 2 else "jpg"))
