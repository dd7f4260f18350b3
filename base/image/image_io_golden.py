"""Writes testdata/: small pictures of each kind, and what Pillow reads from them.

Run in an environment with Pillow and numpy, in this folder:  python3 image_io_golden.py

NAME.png or NAME.jpg, with NAME.rgb beside it: the pixels as Image.convert("RGB") gives them, interleaved.
"""
import os
import zlib
import struct
import numpy as np
from PIL import Image

os.makedirs("testdata", exist_ok=True)
H, W = 13, 17
y, x = np.mgrid[0:H, 0:W]
rgb = np.stack([x * 255 // (W - 1), y * 255 // (H - 1), (x * 13 + y * 7) % 256], -1).astype(np.uint8)


def save(name, image, expected=None, **options):
    path = "testdata/" + name
    image.save(path, **options)
    finish(path, expected)


def finish(path, expected=None):
    if expected is None:
        expected = np.asarray(Image.open(path).convert("RGB"))
    expected.astype(np.uint8).tofile(os.path.splitext(path)[0] + ".rgb")


image = Image.fromarray(rgb)
save("rgb.png", image)
save("grey.png", image.convert("L"))
save("palette.png", image.quantize(16))
save("bilevel.png", image.convert("1"))
alpha = np.concatenate([rgb, np.full((H, W, 1), 100, np.uint8)], -1)
save("rgba.png", Image.fromarray(alpha), expected=rgb)
save("grey_alpha.png", Image.fromarray(alpha).convert("LA"))
save("baseline.jpg", image, quality=90, subsampling=0)
save("subsampled.jpg", image, quality=75, subsampling=2)
save("progressive.jpg", image, quality=85, progressive=True)
save("grey_jpeg.jpg", image.convert("L"), quality=90)
save("cmyk.jpg", image.convert("CMYK"), quality=95)


def chunk(kind, data):
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


# 16 bits a value and interlaced by hand: Pillow writes neither. Values v * 257 become v again.
rows = b"".join(b"\0" + (row.astype(">u2") * 257).astype(">u2").tobytes() for row in rgb)
with open("testdata/rgb16.png", "wb") as f:
    f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", W, H, 16, 2, 0, 0, 0)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
finish("testdata/rgb16.png", rgb)
passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
rows = b""
for x0, y0, dx, dy in passes:
    part = rgb[y0::dy, x0::dx]
    if part.shape[1]:
        rows += b"".join(b"\0" + row.tobytes() for row in part)
with open("testdata/interlaced.png", "wb") as f:
    f.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", W, H, 8, 2, 0, 0, 1)) +
            chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))
finish("testdata/interlaced.png", rgb)
