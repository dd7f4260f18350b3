"""Writes tiny-images.gz and tiny-labels.gz: 24 images of 8×8 in two classes, a bright upper or a bright lower half."""
import gzip
import random
import struct

random.seed(1)
labels = [random.randrange(2) for _ in range(24)]
pixels = bytes(random.randrange(128) + (100 if (y < 4) == (label == 0) else 0)
               for label in labels for y in range(8) for _ in range(8))
for name, header, data in [("images", struct.pack(">4B3I", 0, 0, 8, 3, 24, 8, 8), pixels),
                           ("labels", struct.pack(">4BI", 0, 0, 8, 1, 24), bytes(labels))]:
    with open(f"tiny-{name}.gz", "wb") as file:
        file.write(gzip.compress(header + data, mtime=0))
