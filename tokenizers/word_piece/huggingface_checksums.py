"""Writes testdata/huggingface_checksums.txt: what HuggingFace's tokenizers (the Python package, 0.23) makes of every character of
Unicode, alone and in words, and of hard texts, as checksums; word_piece_checksums_test.cc makes the same here.

    python3 huggingface_checksums.py            (tokenizers; minutes)
    python3 huggingface_checksums.py 2f         prints the encodings of that block of 1024 characters, to look at

The vocabulary is the five special pieces, then each character of Unicode as a piece and as a continuation, but for surrogates and
the ends of lines: so ids tell every character that is left of a text. A line is options, the form of the texts, the number of a
block, and the CRC-32 of its texts' ids, "7 8 9\\n" a text.
"""
import sys, zlib
from tokenizers import Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer

BLOCK = 1024
CHARACTERS = [c for c in range(0x110000) if not 0xD800 <= c < 0xE000]
# Of each form the text of a character.
FORMS = {
    "alone": lambda c: c,
    "word": lambda c: "Ab" + c + "cD",
    "marks": lambda c: "e\u0323" + c + "\u0301\u00c5" + c + "\u1e9b\u0323",
}
OPTIONS = {"lack": (True, True, True, True), "ck": (True, True, False, False), "lk": (True, False, True, False),
           "ac": (False, True, False, True), "-": (False, False, False, False)}  # as in huggingface_encodings.txt


def vocabulary():
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    for c in CHARACTERS:
        if c not in (0x0A, 0x0D):
            pieces += [chr(c), "##" + chr(c)]
    return {piece: i for i, piece in enumerate(pieces)}


def tokenizer(vocab, letters):
    clean, cjk, lower, accents = OPTIONS[letters]
    made = Tokenizer(WordPiece(vocab, unk_token="[UNK]", continuing_subword_prefix="##", max_input_chars_per_word=100))
    made.normalizer = BertNormalizer(clean_text=clean, handle_chinese_chars=cjk, strip_accents=accents, lowercase=lower)
    made.pre_tokenizer = BertPreTokenizer()
    return made


class Numbers:
    """Park and Miller's generator; the test has the same."""

    def __init__(self, seed):
        self.state = seed

    def below(self, n):
        self.state = self.state * 48271 % 2147483647
        return self.state % n


# First and last character of scripts and blocks that are hard, and how often each is drawn.
HARD = [(0x00, 0x7F), (0x20, 0x7E), (0x80, 0x24F), (0x250, 0x36F), (0x300, 0x345), (0x370, 0x3FF), (0x3A3, 0x3C3), (0x400, 0x52F),
        (0x590, 0x6FF), (0x900, 0xDFF), (0xE00, 0xFFF), (0x1100, 0x11FF), (0x1E00, 0x1FFF), (0x2000, 0x206F), (0x2100, 0x214F),
        (0x3000, 0x30FF), (0x3400, 0x9FFF), (0xAC00, 0xD7A3), (0xE000, 0xF8FF), (0xF900, 0xFAFF), (0xFB00, 0xFEFF),
        (0xFF00, 0xFFFD), (0x10000, 0x10FFF), (0x11000, 0x11FFF), (0x1D000, 0x1D7FF), (0x1F000, 0x1FAFF), (0x20000, 0x2FFFF),
        (0x30000, 0x3FFFF), (0xE0000, 0xE0FFF), (0xF0000, 0x10FFFF), (0x130, 0x131), (0x20, 0x20), (0x49, 0x49), (0x3A3, 0x3A3),
        (0x200D, 0x200D), (0xFE0F, 0xFE0F)]


def hard_texts(block):
    """64 texts of 1 to 40 characters, words of 95 to 205 among them."""
    numbers = Numbers(block + 1)
    for _ in range(64):
        text = ""
        for _ in range(1 + numbers.below(40)):
            first, last = HARD[numbers.below(len(HARD))]
            text += chr(first + numbers.below(last - first + 1))
        if numbers.below(4) == 0:
            first, last = HARD[numbers.below(len(HARD))]
            text += " " + chr(first + numbers.below(last - first + 1)) * (95 + numbers.below(111)) + "x"
        yield text


def texts(form, block):
    if form == "hard":
        return list(hard_texts(block))
    return [FORMS[form](chr(c)) for c in CHARACTERS[block * BLOCK:(block + 1) * BLOCK]]


if __name__ == "__main__":
    vocab = vocabulary()
    blocks = {form: range((len(CHARACTERS) + BLOCK - 1) // BLOCK) for form in FORMS} | {"hard": range(200)}
    if len(sys.argv) > 1:
        block = int(sys.argv[1], 16)
        for letters in OPTIONS:
            made = tokenizer(vocab, letters)
            for form in blocks:
                for text in texts(form, block):
                    print(letters, form, text.encode("utf8").hex(), *made.encode(text, add_special_tokens=False).ids)
        sys.exit()
    with open("testdata/huggingface_checksums.txt", "w") as out:
        for letters in OPTIONS:
            made = tokenizer(vocab, letters)
            for form in blocks:
                if form != "hard" and letters not in ("lack", "ck"):
                    continue  # minutes each; hard texts tell the options apart
                for block in blocks[form]:
                    encoded = made.encode_batch(texts(form, block), add_special_tokens=False)
                    ids = "".join(" ".join(map(str, e.ids)) + "\n" for e in encoded)
                    out.write(f"{letters} {form} {block:x} {zlib.crc32(ids.encode()):08x}\n")
                print(letters, form, flush=True)
