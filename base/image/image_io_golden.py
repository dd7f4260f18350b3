"""Writes testdata/: small pictures of each kind, and what Pillow reads from them.

Run in this folder with Debian's python3-pil, python3-numpy and libjpeg-turbo-progs:  /usr/bin/python3 image_io_golden.py

testdata/expected holds for each file a line NAME WIDTH HEIGHT and then the pixels, red, green, blue: those of
Image.open, turned by ImageOps.exif_transpose, and laid on white by Image.alpha_composite. For grey of 16 bits, which
Pillow hands out unconverted, the upper 8 bits, as it takes them of colours.
"""
import glob
import io
import os
import struct
import subprocess
import zlib
import numpy as np
from PIL import Image, ImageOps

os.makedirs("testdata", exist_ok=True)
for path in glob.glob("testdata/*"):
    os.remove(path)
H, W = 13, 17
y, x = np.mgrid[0:H, 0:W]
rgb = np.stack([x * 255 // (W - 1), y * 255 // (H - 1), (x * 13 + y * 7) % 256], -1).astype(np.uint8)
alpha = ((x * 31 + y * 17) % 256 * (x > 3)).astype(np.uint8)
image = Image.fromarray(rgb)
rgba = Image.fromarray(np.dstack([rgb, alpha]))
names = []


def write(name, data):
    with open("testdata/" + name, "wb") as f:
        f.write(data)
    names.append(name)


def encoded(picture, **options):
    buffer = io.BytesIO()
    picture.save(buffer, **options)
    return buffer.getvalue()


# PNG of every colour type and depth, by hand: Pillow writes few of them.
def chunk(kind, data):
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))


def packed(samples, depth):
    """Rows of C samples a pixel, as bytes with the filter 0."""
    out = b""
    for row in samples.reshape(samples.shape[0], -1):
        if depth == 16:
            out += b"\0" + row.astype(">u2").tobytes()
        else:
            bits = ((row[:, None] >> np.arange(depth - 1, -1, -1)) & 1).astype(np.uint8)
            out += b"\0" + np.packbits(bits).tobytes()
    return out


def png(samples, color, depth, interlaced=False, before=b"", after=b""):
    rows = b""
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]
    for x0, y0, dx, dy in passes if interlaced else [(0, 0, 1, 1)]:
        part = samples[y0::dy, x0::dx]
        rows += packed(part, depth) if part.shape[1] else b""
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", W, H, depth, color, 0, 0, interlaced)) +
            before + chunk(b"IDAT", zlib.compress(rows, 9)) + after + chunk(b"IEND", b""))


def samples_of(channels, depth):
    c = np.arange(channels)
    values = (x[..., None] * 3 * (c + 1) + y[..., None] * (5 + 2 * c)) % 256
    return values >> (8 - depth) if depth < 8 else values * 257 + 131 * (values % 2) if depth == 16 else values


def palette(colors, transparent=0):
    chunks = chunk(b"PLTE", bytes((i * k * 37 + 11 * k) % 256 for i in range(colors) for k in (1, 2, 3)))
    return chunks + (chunk(b"tRNS", bytes(i * 255 // transparent for i in range(transparent))) if transparent else b"")


GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
channels_of = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}
name_of = {GREY: "grey", RGB: "rgb", PALETTE: "palette", GREY_ALPHA: "grey_alpha", RGBA: "rgba"}
for color, depths in [(GREY, (1, 2, 4, 8, 16)), (RGB, (8, 16)), (PALETTE, (1, 2, 4, 8)), (GREY_ALPHA, (8, 16)),
                      (RGBA, (8, 16))]:
    for depth in depths:
        before = palette(min(1 << depth, 30)) if color == PALETTE else b""
        samples = samples_of(channels_of[color], depth) % (30 if color == PALETTE else 65536)
        write(f"{name_of[color]}{depth}.png", png(samples, color, depth, before=before))
        write(f"{name_of[color]}{depth}_interlaced.png", png(samples, color, depth, True, before=before))
        if color == PALETTE:
            write(f"palette{depth}_transparent.png", png(samples, color, depth, before=palette(min(1 << depth, 30), 2)))
        elif channels_of[color] in (1, 3):
            key = struct.pack(f">{channels_of[color]}H", *samples[3, 4])
            write(f"{name_of[color]}{depth}_transparent.png", png(samples, color, depth, before=chunk(b"tRNS", key)))
profile = chunk(b"iCCP", b"profile\0\0" + zlib.compress(b"no profile"))
gamma = chunk(b"gAMA", struct.pack(">I", 100000)) + chunk(b"cHRM", struct.pack(">8I", *range(10000, 90000, 10000)))
write("gamma.png", png(rgb, RGB, 8, before=gamma))
write("profile.png", png(rgb, RGB, 8, before=profile, after=chunk(b"tEXt", b"Comment\0trailing")))


# JPEG: by Pillow and cjpeg, and with other markers put in by hand.
def cjpeg(*options):
    return subprocess.run(["cjpeg", "-quality", "85", *options], input=encoded(image, format="PPM"), capture_output=True,
                          check=True).stdout


def marker(code, data):
    return bytes((0xFF, code)) + struct.pack(">H", len(data) + 2) + data


def adobe(transform):
    return marker(0xEE, b"Adobe\0\x64\0\0\0\0" + bytes((transform,)))


def tiff(orientation, order="<", kind=3):
    value = struct.pack(order + "HH", orientation, 0) if kind == 3 else struct.pack(order + "I", orientation)
    start = {"<": b"II*\0", ">": b"MM\0*"}[order] + struct.pack(order + "I", 8)
    entries = [struct.pack(order + "HHIHH", 0x0100, 3, 1, W, 0),
               struct.pack(order + "HHI", 0x0112, kind, 1) + value]
    return start + struct.pack(order + "H", len(entries)) + b"".join(entries) + b"\0\0\0\0"


whole = encoded(image, format="JPEG", quality=90, subsampling=0)
assert whole[2:4] == b"\xff\xe0" and whole[6:11] == b"JFIF\0"
start, bare = whole[:2], whole[20:]
write("baseline.jpg", whole)
write("444_optimized.jpg", encoded(image, format="JPEG", quality=50, subsampling=0, optimize=True))
write("422.jpg", encoded(image, format="JPEG", quality=85, subsampling=1))
write("420.jpg", encoded(image, format="JPEG", quality=75, subsampling=2))
write("progressive.jpg", encoded(image, format="JPEG", quality=85, progressive=True))
write("grey_jpeg.jpg", encoded(image.convert("L"), format="JPEG", quality=90))
write("411.jpg", cjpeg("-sample", "4x1"))
write("440.jpg", cjpeg("-sample", "1x2"))
write("410.jpg", cjpeg("-sample", "4x2"))
write("restart.jpg", cjpeg("-restart", "1B"))
write("arithmetic.jpg", cjpeg("-arithmetic"))
write("rgb_jpeg.jpg", cjpeg("-rgb"))
for major, minor in [(0, 2), (2, 1), (1, 99)]:
    write(f"jfif_{major}_{minor}.jpg", whole[:11] + bytes((major, minor)) + whole[13:])
write("no_marker.jpg", start + bare)
for transform in (0, 1, 2, 3):
    write(f"adobe_{transform}.jpg", start + adobe(transform) + bare)
    write(f"jfif_adobe_{transform}.jpg", whole[:20] + adobe(transform) + bare)
cmyk = encoded(image.convert("CMYK"), format="JPEG", quality=95, subsampling=0)
at = cmyk.index(b"Adobe")
write("cmyk.jpg", cmyk)
write("ycck.jpg", cmyk[:at + 11] + b"\2" + cmyk[at + 12:])
write("cmyk_no_marker.jpg", cmyk[:at - 4] + cmyk[at + 12:])
write("cmyk_progressive.jpg", encoded(image.convert("CMYK"), format="JPEG", quality=80, progressive=True))
write("trailing.jpg", whole + b"\0\0 another picture may follow: " + whole[:300])
write("thumbnail.jpg", start + marker(0xE1, b"Exif\0\0" + tiff(6) + start + bare) + bare)
write("jfif_thumbnail.jpg", start + marker(0xE0, b"JFIF\0\1\2\0\0\1\0\1\2\2" + bytes(range(12))) + bare)
for orientation in range(0, 10):
    order = "<>"[orientation % 2]
    block = marker(0xE1, b"Exif\0\0" + tiff(orientation, order))
    write(f"turned_{orientation}.jpg", start + block + bare)
write("turned_long.jpg", start + marker(0xE1, b"Exif\0\0" + tiff(8, ">", kind=4)) + bare)
write("turned_grey.jpg", encoded(image.convert("L"), format="JPEG", exif=b"Exif\0\0" + tiff(5)))
write("no_exif.jpg", start + marker(0xE1, b"Exif\0\0II*\0\xff\xff\xff\xff") + bare)
write("turned.png", png(rgb, RGB, 8, before=chunk(b"eXIf", tiff(6, ">"))))
write("turned_after.png", png(rgb, RGB, 8, after=chunk(b"eXIf", tiff(3))))

# WebP.
write("lossy.webp", encoded(image, format="WEBP", quality=80))
write("lossless.webp", encoded(image, format="WEBP", lossless=True))
write("lossy_alpha.webp", encoded(rgba, format="WEBP", quality=80))
write("lossless_alpha.webp", encoded(rgba, format="WEBP", lossless=True))
write("turned.webp", encoded(image, format="WEBP", quality=80, exif=b"Exif\0\0" + tiff(7)))
write("profile.webp", encoded(image, format="WEBP", lossless=True, icc_profile=b"no profile"))
small = Image.new("RGBA", (W, H))
small.paste(rgba.crop((2, 2, 9, 7)), (4, 6))
write("animated.webp", encoded(small, format="WEBP", save_all=True, append_images=[rgba, image], lossless=True))


# BMP, by hand.
def bmp(bits, rows, palette=b"", header=40, compression=0, masks=b"", top_first=False, colors=0):
    rows = rows if top_first else rows[::-1]
    if header == 12:
        info = struct.pack("<IHHHH", 12, W, H, 1, bits)
    else:
        info = struct.pack("<IiiHHIIIIII", header, W, -H if top_first else H, 1, bits, compression, 0, 1, 1, colors, 0)
        info += masks
        if header > 40:
            info += bytes(header - len(info))
    data = b"".join(row + (b"" if compression in (1, 2) else bytes(-len(row) % 4)) for row in rows)
    offset = 14 + len(info) + len(palette)
    return b"BM" + struct.pack("<IHHI", offset + len(data), 0, 0, offset) + info + palette + data


index_rows = lambda bits: [packed((x + y)[i:i + 1, :, None] % (1 << bits), bits)[1:] for i in range(H)]
bmp_palette = lambda n, size=4: b"".join(bytes(((i * 67) % 256, (i * 41) % 256, (i * 23) % 256, 0))[:size] for i in range(n))
bgr_rows = [row[:, ::-1].tobytes() for row in rgb]
bgra_rows = [np.dstack([rgb[..., ::-1], alpha])[i].tobytes() for i in range(H)]
words = lambda r, g, b: [((rgb[i, :, 0].astype(np.uint16) >> (8 - r) << (g + b)) | (rgb[i, :, 1].astype(np.uint16) >>
                         (8 - g) << b) | (rgb[i, :, 2].astype(np.uint16) >> (8 - b))).astype("<u2").tobytes() for i in range(H)]
masks = lambda *m: struct.pack(f"<{len(m)}I", *m)
for bits in (1, 4, 8):
    write(f"index{bits}.bmp", bmp(bits, index_rows(bits), bmp_palette(1 << bits)))
write("few_colors.bmp", bmp(8, [((x + y)[i] % 16).astype(np.uint8).tobytes() for i in range(H)], bmp_palette(16), colors=16))


def runs(bits):
    """Runs and, every other row, pixels as they are."""
    code = b""
    for i in range(H - 1):
        row = [int(v) for v in ((x // 5 + y) % (1 << bits))[::-1][i]]
        if i % 2 == 0:
            at = 0
            while at < len(row):
                n = next((k for k in range(at, len(row)) if row[k] != row[at]), len(row)) - at
                code += bytes((n, row[at] * (1 if bits == 8 else 17)))
                at += n
        else:
            n, tail = 16, bytes((1, row[-1] * (1 if bits == 8 else 17)))
            data = bytes(row[:n]) if bits == 8 else bytes(row[k] << 4 | row[k + 1] for k in range(0, n, 2))
            code += bytes((0, n)) + data + tail
        code += b"\0\0"
    return code + bytes((W, 0x11)) + b"\0\1"


for bits, compression in ((8, 1), (4, 2)):
    write(f"runs{bits}.bmp", bmp(bits, [runs(bits)], bmp_palette(1 << bits), compression=compression))
write("os2_index4.bmp", bmp(4, index_rows(4), bmp_palette(16, 3), header=12))
write("os2_24.bmp", bmp(24, bgr_rows, header=12))
write("rgb555.bmp", bmp(16, words(5, 5, 5)))
write("rgb565.bmp", bmp(16, words(5, 6, 5), compression=3, masks=masks(0xF800, 0x7E0, 0x1F)))
write("rgb24.bmp", bmp(24, bgr_rows))
write("rgb24_top_first.bmp", bmp(24, bgr_rows, top_first=True))
write("rgb32.bmp", bmp(32, bgra_rows))
write("rgb32_masks.bmp", bmp(32, bgra_rows, compression=3, masks=masks(0xFF0000, 0xFF00, 0xFF)))
write("rgba32_v3.bmp", bmp(32, bgra_rows, compression=3, header=56, masks=masks(0xFF0000, 0xFF00, 0xFF, 0xFF000000)))
write("rgba32_v5.bmp", bmp(32, bgra_rows, compression=3, header=124, masks=masks(0xFF0000, 0xFF00, 0xFF, 0xFF000000)))
write("abgr32_v4.bmp", bmp(32, bgra_rows, compression=3, header=108, masks=masks(0xFF, 0xFF00, 0xFF0000, 0xFF000000)))


def as_read(path):
    path = path.replace("v3.bmp", "v5.bmp")  # The same picture; the Pillow of Debian 12 knows the later header only.
    picture = ImageOps.exif_transpose(Image.open(path))
    if picture.mode.startswith("I"):
        grey = Image.fromarray((np.asarray(picture).astype(np.int64) >> 8).astype(np.uint8))
        key = picture.info.get("transparency")
        shown = Image.fromarray(np.where(np.asarray(picture) == key, 0, 255).astype(np.uint8))
        picture = Image.merge("LA", (grey, shown))
    if picture.mode == "RGB" and isinstance(picture.info.get("transparency"), tuple) and "16" in path:
        picture.info["transparency"] = tuple(v >> 8 for v in picture.info["transparency"])
    for depth in (1, 2, 4):  # Pillow compares the key as it is in the file with values made 8 bits.
        if f"grey{depth}" in path and "transparency" in picture.info:
            picture = picture.convert("L")
            picture.info["transparency"] *= 255 // ((1 << depth) - 1)
    white = Image.new("RGBA", picture.size, (255, 255, 255, 255))
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        picture = Image.alpha_composite(white, picture.convert("RGBA"))
    return picture.convert("RGB")


with open("testdata/expected", "wb") as f:
    for name in sorted(names):
        picture = as_read("testdata/" + name)
        f.write(f"{name} {picture.width} {picture.height}\n".encode() + picture.tobytes())
