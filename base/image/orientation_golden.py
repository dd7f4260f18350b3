"""Writes pictures whose orientation is said in XMP or in a text of a PNG, and what Pillow reads from them.

Run in this folder after image_io_golden.py, with a Pillow of 11 or later (Debian 12's sees XMP in PNG alone):
python3 orientation_golden.py. Its files are testdata/said_*; testdata/expected_said is as testdata/expected.
"""
import io
import os
import struct
import zlib
from PIL import Image, ImageOps

with open("testdata/baseline.jpg", "rb") as f:
    whole = f.read()
start, bare = whole[:2], whole[20:]
image = Image.open("testdata/rgb8.png").convert("RGB")
names = []


def write(name, data):
    with open("testdata/said_" + name, "wb") as f:
        f.write(data)
    names.append("said_" + name)


def attribute(n):
    return b'<x:xmpmeta><rdf:Description tiff:Orientation="%d"/></x:xmpmeta>' % n


def element(n):
    return b"<tiff:Orientation/><tiff:Orientation>%d</tiff:Orientation>" % n


def tiff(tag, value):
    return b"II*\0" + struct.pack("<IHHHIHHI", 8, 1, tag, 3, 1, value, 0, 0)


def marker(data):
    return b"\xff\xe1" + struct.pack(">H", len(data) + 2) + data


ORIENTATION, OTHER = 0x0112, 0x0103
xmp = lambda block: marker(b"http://ns.adobe.com/xap/1.0/\0" + block)
exif = lambda tag, value: marker(b"Exif\0\0" + tiff(tag, value))
for n in range(10):
    write(f"{n}.jpg", start + xmp(attribute(n)) + bare)
write("element.jpg", start + xmp(element(8)) + bare)
write("last.jpg", start + xmp(attribute(3)) + xmp(attribute(6)) + bare)
for value in (1, 3, 9):  # the tag of EXIF counts, whatever it says
    write(f"exif_{value}.jpg", start + xmp(attribute(6)) + exif(ORIENTATION, value) + bare)
write("exif_without.jpg", start + exif(OTHER, 3) + xmp(attribute(6)) + bare)


def chunk(kind, data, checksum=0):
    body = kind + data
    return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body) ^ checksum)


def png(before=b"", after=b""):
    rows = b"".join(b"\0" + image.crop((0, y, image.width, y + 1)).tobytes() for y in range(image.height))
    header = struct.pack(">IIBBBBB", image.width, image.height, 8, 2, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + chunk(b"IDAT", zlib.compress(rows, 9)) + after +
            chunk(b"IEND", b""))


KEY, PROFILE = b"XML:com.adobe.xmp", b"Raw profile type exif"
text = lambda key, value: chunk(b"tEXt", key + b"\0" + value)
packed = lambda key, value: chunk(b"zTXt", key + b"\0\0" + zlib.compress(value))
world = lambda key, value: chunk(b"iTXt", key + b"\0\0\0en\0word\0" + value)
packed_world = lambda key, value: chunk(b"iTXt", key + b"\0\1\0\0\0" + zlib.compress(value))


def profile(block):
    digits = block.hex().encode()
    lines = [digits[i:i + 72] for i in range(0, len(digits), 72)]
    return b"\nexif\n%8d\n" % len(block) + b"\n".join(lines) + b"\n"


turned = lambda value: profile(b"Exif\0\0" + tiff(ORIENTATION, value))
write("text.png", png(before=text(KEY, attribute(6))))
write("packed.png", png(after=packed(KEY, element(5))))
write("world.png", png(before=world(KEY, attribute(8))))
write("packed_world.png", png(before=packed_world(KEY, attribute(7))))
write("profile.png", png(before=text(PROFILE, turned(6))))
write("profile_and_xmp.png", png(before=packed(PROFILE, turned(3)) + text(KEY, attribute(6))))
write("profile_and_exif.png", png(before=text(PROFILE, turned(6)) + chunk(b"eXIf", tiff(ORIENTATION, 8))))
for value in (3, 6):
    block = chunk(b"eXIf", b"Exif\0\0" + tiff(ORIENTATION, value))  # as a JPEG has it
    write(f"exif_{value}.png", png(before=block if value == 3 else b"", after=block if value == 6 else b""))
write("exif_twice.png", png(before=chunk(b"eXIf", tiff(ORIENTATION, 3)), after=chunk(b"eXIf", tiff(ORIENTATION, 6))))
write("other_keyword.png", png(before=text(KEY + b"2", attribute(6)) + text(b"XML", attribute(6))))


def webp(**options):
    buffer = io.BytesIO()
    image.save(buffer, format="WEBP", lossless=True, **options)
    return buffer.getvalue()


write("xmp.webp", webp(xmp=attribute(6)))
write("xmp_and_exif.webp", webp(xmp=attribute(6), exif=b"Exif\0\0" + tiff(ORIENTATION, 7)))

with open("testdata/expected_said", "wb") as f:
    for name in sorted(names):
        picture = ImageOps.exif_transpose(Image.open("testdata/" + name)).convert("RGB")
        f.write(f"{name} {picture.width} {picture.height}\n".encode() + picture.tobytes())
