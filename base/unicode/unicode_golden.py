"""Writes testdata/: what Python's codecs and unicodedata make of awkward strings. Run in this folder.

repair.txt     bytes, the bytes after decode(errors="replace"), how many U+FFFD that put in
normalize.txt  text, NFC, NFD, NFKC, NFKD
All columns are hexadecimal UTF-8.
"""
import random
import unicodedata

rng = random.Random(5)


def column(text):
    data = text if isinstance(text, bytes) else text.encode("utf-8")
    return data.hex() or "-"


def broken():
    pieces = ["a", "é", "€", "😀", "中", "ß", "\x00", "\x7f", "\u07ff", "\u0800", "\uffff", "\U00010000", "\U0010ffff"]
    data = bytearray("".join(rng.choice(pieces) for _ in range(rng.randint(1, 12))).encode("utf-8"))
    for _ in range(rng.randint(0, 4)):
        what = rng.random()
        at = rng.randrange(len(data) + 1)
        if what < 0.4 and data:
            data[min(at, len(data) - 1)] = rng.randrange(256)
        elif what < 0.7:
            del data[at:at + 1]
        else:
            data[at:at] = rng.choice([b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xf0\x8f", b"\xe0\x80\x80",
                                      b"\xff", b"\x80", b"\xe2\x82", b"\xf0\x9f\x98", b"\xc3"])
    return bytes(data)


with open("testdata/repair.txt", "w") as out:
    for _ in range(400):
        data = broken()
        text = data.decode("utf-8", "replace")
        out.write(f"{column(data)} {column(text)} {text.count(chr(0xfffd))}\n")

alphabet = ("aZéÉïÅåΣσςΑΒΩάΐİıIiẞßŒǅǆﬁﬀ½²№…'’.:-_ \u0301\u0308\u0323\u0307\u00ad\u200d\u00a0\u3000한글가각中国"
            "ЖжЁёЙйÑñŞşĞğçÇøØ١٢ABCabcѢѣԱաႠაᏀꭰﬓ１Ａａｱ〆々𝐀𝒜𐐀𐐨")
with open("testdata/normalize.txt", "w") as out:
    for _ in range(400):
        text = "".join(rng.choice(alphabet) for _ in range(rng.randint(1, 14)))
        forms = [unicodedata.normalize(form, text) for form in ("NFC", "NFD", "NFKC", "NFKD")]
        out.write(" ".join(map(column, [text, *forms])) + "\n")
