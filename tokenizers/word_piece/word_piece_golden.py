"""Writes testdata/vocab.txt and testdata/encodings.txt: an independent reading of BERT's published tokenization.

Written from the description of HuggingFace's BertNormalizer and BertPreTokenizer (accents before lower case, every character by
itself), with Python's own Unicode tables and str methods; it shares nothing with the C++ side, and has our normalization forms,
which theirs has not. huggingface_golden.js asks theirs. Run in this folder.

encodings.txt has one case a line: options, hexadecimal UTF-8 text, ids. Options are letters: l lower-case, a strip accents,
c split CJK, k clean, and the normalization form.
"""
import random
import re
import unicodedata

rng = random.Random(11)

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
CJK = [(0x4E00, 0x9FFF), (0x3400, 0x4DBF), (0x20000, 0x2A6DF), (0x2A700, 0x2B73F), (0x2B740, 0x2B81F),
       (0x2B920, 0x2CEAF), (0xF900, 0xFAFF), (0x2F800, 0x2FA1F)]


def cleaned(text):
    for c in text:
        if c in "\t\n\r" or unicodedata.category(c) in ("Zs", "Zl", "Zp"):
            yield " "
        elif c not in "\0\ufffd" and unicodedata.category(c) not in ("Cc", "Cf", "Co"):
            yield c


def is_punctuation(c):
    return unicodedata.category(c)[0] == "P" or (ord(c) < 128 and c.isprintable() and not c.isalnum() and c != " ")


def words(text, options, form):
    if "k" in options:
        text = "".join(cleaned(text))
    if "c" in options:
        text = "".join(f" {c} " if any(a <= ord(c) <= b for a, b in CJK) else c for c in text)
    if form != "none":
        text = unicodedata.normalize(form.upper(), text)
    if "a" in options:
        text = "".join(c for c in unicodedata.normalize("NFD", text) if unicodedata.category(c) != "Mn")
    if "l" in options:
        text = "".join(c.lower() for c in text)
    # Python's split() takes U+001C to U+001F for whitespace, Unicode does not.
    yield from filter(None, re.split("[ \t-\r\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+",
                                     "".join(f" {c} " if is_punctuation(c) else c for c in text)))


def pieces(word, vocab, longest=100):
    if len(word) > longest:
        return ["[UNK]"]
    found, start = [], 0
    while start < len(word):
        prefix = "##" if start else ""
        ends = [e for e in range(len(word), start, -1) if prefix + word[start:e] in vocab]
        if not ends:
            return ["[UNK]"]
        found.append(prefix + word[start:ends[0]])
        start = ends[0]
    return found


texts = [
    "The quick brown fox jumped over the lazy dog.", "un-affable, unaffable; UNAFFABLE!", "", " ", "\t\n\r ",
    "don't stop (now)... [MASK] [CLS] #hash ##hash a_b $5.00 50% x=y <tag/> {y} ~z `q` ^w |p| \\s",
    "Crème brûlée, déjà-vu; naïve façade; Ångström; Übergröße; Straße", "Cre\u0300me bru\u0302le\u0301e a\u030angstrom",
    "ΑΣ ΣΑΣ ΟΔΥΣΣΕΥΣ. Σ σ ς ΆΣ'Β ΑΣ-", "İstanbul IĞDIR ılık iI", "Привет, МИР! Ёлка Йод", "مرحبا بالعالم ١٢٣", "שָׁלוֹם עוֹלָם",
    "中国人民 and 日本語のテキスト、カタカナ。한국어 텍스트", "漢字kanji漢字 \U00020000\U0002a6df 豈更", "Tiếng Việt có dấu", "हिन्दी में पाठ",
    "emoji 😀 👩\u200d👩\u200d👧 ❤\ufe0f flags 🇫🇷", "nbsp\u00a0here thin\u2009space ideographic\u3000space line\u2028sep para\u2029sep",
    "zero\u200bwidth soft\u00adhyphen bom\ufeff rlm\u200f", "bad \ufffd char\ufffdacter nul\0l bell\x07 vt\x0bff\x0c fs\x1c del\x7f nel\x85x",
    "“quoted” ‘single’ – en — em … ‹angle› «guillemets» ¿qué? ¡sí! § ¶ • ° © ® ™ € £ ¥ × ÷ ± ½ ² ª º",
    "ﬁne ﬂow ﬀ ① Ⅷ ㎏ ｆｕｌｌ　ｗｉｄｔｈ ＡＢＣ！", "ẞ ß ŒUVRE œuvre Ǆ ǅ ǆ", "a" * 99, "b" * 100, "c" * 101, "é" * 100, "é" * 101,
    "x" * 50 + "-" + "y" * 50, "a\u0301\u0323 e\u0323\u0301 \u0301lone ¨ ´", "𝐁𝐨𝐥𝐝 𝒮cript 𐐀𐐨", "snake_case CamelCase HTTPServer2 v1.2.3 3,141.59",
    "Ωmega Ωhm Kelvin K Å", "ǰ ŉ ΐ ʼn", "\ud7a3\uac00 각 \u1100\u1161\u11a8",
]
fragments = sorted({w for t in texts for w in t.split()})
while len(texts) < 110:
    texts.append(rng.choice(["", " ", "\n"]).join(
        rng.choice([rng.choice(fragments), rng.choice(fragments)[:3], rng.choice("abcdefgh.,'-ABCéÀ中ß ")])
        for _ in range(rng.randint(1, 9))))

# Pieces: most characters, and random stretches of the words under several options.
OPTIONS = [("lack", "none"), ("ck", "none"), ("lck", "none"), ("ack", "none"), ("lak", "none"), ("lac", "none"),
           ("c", "none"), ("lack", "nfc"), ("ck", "nfc"), ("ck", "nfd"), ("lck", "nfkc"), ("lak", "nfkd"), ("", "none")]
seen = sorted({w for t in texts for o, f in OPTIONS for w in words(t, o, f)})
vocab = set()
for c in sorted({c for w in seen for c in w}):
    if rng.random() < 0.7:
        vocab |= {c, "##" + c} if rng.random() < 0.95 else {c}
while len(vocab) < 700:
    w = rng.choice(seen)
    i = rng.randrange(len(w))
    j = rng.randint(i + 1, min(len(w), i + 7))
    vocab.add(("##" if i else "") + w[i:j])
vocab = sorted(piece for piece in vocab if "\0" not in piece)  # no text has a NUL
rng.shuffle(vocab)
vocab = vocab[:40] + SPECIAL + vocab[40:]
ids = {piece: i for i, piece in enumerate(vocab)}

with open("testdata/vocab.txt", "w", encoding="utf-8", newline="") as out:
    out.write("".join(piece + "\n" for piece in vocab))
with open("testdata/encodings.txt", "w", newline="") as out:
    for number, text in enumerate(texts):
        for options, form in OPTIONS if number < 37 else rng.sample(OPTIONS, 3):
            encoded = [ids[p] for w in words(text, options, form) for p in pieces(w, ids)]
            out.write(f"{options or '-'} {form} {text.encode('utf-8').hex() or '-'} {' '.join(map(str, encoded))}\n")
