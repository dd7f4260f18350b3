// Writes what HuggingFace's own tokenizers (the Rust library behind its package `tokenizers` for
// Node, 0.23.2) make of every character and of hard texts:
//
//   bert_ranges.h                        the character classes, as C++
//   testdata/huggingface_characters.txt  every character's class, lower case and form without accents
//   testdata/huggingface_encodings.txt   options, a text, its ids in testdata/huggingface_vocab.txt
//
// Run in this folder: npm install --prefix /tmp/hf tokenizers@0.23.2 &&
//   NODE_PATH=/tmp/hf/node_modules node huggingface_golden.js
const fs = require('fs');
const hf = require('tokenizers');

const hex = (c) => c.toString(16);
const points = (text) => [...text].map((c) => hex(c.codePointAt(0))).join(',') || '-';
const normalizer = (options) => hf.bertNormalizer(Object.assign(
    {cleanText: false, handleChineseChars: false, lowercase: false, stripAccents: false}, options));

// One character at a time, between two letters.
const clean = normalizer({cleanText: true}), chinese = normalizer({handleChineseChars: true});
const lower = normalizer({lowercase: true}), strip = normalizer({stripAccents: true});
const split = hf.bertPreTokenizer();
const sets = {control: [], whitespace: [], separator: [], punctuation: [], chinese: [], mark: []};
const lines = [];
for (let c = 0; c < 0x110000; ++c) {
  if (c >= 0xd800 && c < 0xe000) continue;
  const s = String.fromCodePoint(c), t = `a${s}b`;
  const cleaned = clean.normalizeString(t), words = split.preTokenizeString(t).map((w) => w[0]);
  const is = {
    control: cleaned === 'ab',
    whitespace: cleaned === 'a b',
    separator: words.length === 2,
    punctuation: words.length === 3,
    chinese: chinese.normalizeString(t) === `a ${s} b`,
    mark: strip.normalizeString(t) === 'ab' && s.normalize('NFD') === s,
  };
  for (const name in sets) if (is[name]) sets[name].push(c);
  // Syllables of Hangul decompose by a rule.
  if (c >= 0xac00 && c <= 0xd7a3) continue;
  for (const [name, to] of [['lower', lower], ['strip', strip]]) {
    const mapped = to.normalizeString(t);
    if (mapped !== t) lines.push(`${name} ${hex(c)} ${points(mapped.slice(1, -1))}`);
  }
}
const ranges = (set) => {
  const found = [];
  for (const c of set) {
    if (found.length && found[found.length - 1][1] === c - 1) found[found.length - 1][1] = c;
    else found.push([c, c]);
  }
  return found;
};
let tables = `// Written by huggingface_golden.js: BERT's classes of characters beyond ASCII, first and last of
// each run. They are those of an older Unicode: what was assigned since is a letter.
#pragma once

#include <cstdint>

namespace pretext {

struct CharacterRange {
  int32_t first, last;
};

`;
for (const name in sets) {
  for (const [a, b] of ranges(sets[name])) lines.push(`${name} ${hex(a)} ${hex(b)}`);
  if (!['control', 'punctuation', 'mark'].includes(name)) continue;
  const entries = ranges(sets[name].filter((c) => c >= 0x80))
      .map(([a, b]) => `{0x${hex(a).toUpperCase()}, 0x${hex(b).toUpperCase()}},`);
  const title = name[0].toUpperCase() + name.slice(1);
  tables += `inline constexpr CharacterRange k${title}[] = {`;
  let column = 1000;
  for (const entry of entries) {
    if (column + entry.length > 98) { tables += '\n   '; column = 4; }
    tables += ' ' + entry;
    column += entry.length + 1;
  }
  tables += '\n};\n\n';
}
fs.writeFileSync('bert_ranges.h', tables + '}  // namespace pretext\n');
fs.writeFileSync('testdata/huggingface_characters.txt', lines.join('\n') + '\n');

// Texts: words of many scripts, and random strings of characters that are hard.
const texts = fs.readFileSync('testdata/huggingface_texts.txt', 'utf8').split('\n').filter((t) => t);
let state = 1;
const below = (n) => { state = (state * 48271) % 2147483647; return state % n; };
const hard = [...'aBz9 .-\'[]#_\t', 'Σ', 'ς', 'σ', 'Α', 'İ', 'ı', 'ẞ', 'ß', 'é', 'e\u0301', '\u0301', '\u0345', 'ά', 'ᾳ',
  '\ue000', '\uf8ff', '\u{f0000}', '\u{10fffd}', '\u061d', '\u061b', '\u00ad', '\u200b', '\u200d', '\ufeff', '\u0890',
  '\u08e2', '\u{110bd}', '\u{110cd}', '\u00a0', '\u2028', '\u3000', '\u0085', '\u000b', '\u001c', '\u007f', '\u0000',
  '\ufffd', '\u0378', '\u{1f600}', '\ufe0f', '中', '国', '\u{20000}', '\u{2b820}', '\u{2b920}', '豈', '한', '글', 'か', '。',
  '\u166d', '\u2e43', '\u{1e95e}', '\u1abf', '\u{11938}', '\u0344', 'ǅ', 'ﬁ', '１', 'Ω', 'K', 'Å', '\u{10400}', '\ua7da',
  '\u1c89', '\u{10d50}', '\u0897', 'ѐ', 'Й', 'ש\u05c1', 'ا\u064b', 'क\u093c', '\u0958', '\u09fd', '“', '—', '¿', '¤', '$'];
for (let i = 0; i < 600; ++i) {
  let text = '';
  for (let n = 1 + below(14); n > 0; --n) text += hard[below(hard.length)];
  texts.push(text);
}
for (const n of [99, 100, 101, 150, 200, 201]) texts.push('x'.repeat(n), 'é'.repeat(n), 'no ' + 'y'.repeat(n) + ' no');

// The vocabulary: special pieces, then most characters of the texts, at the start and inside.
const pieces = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]'];
const characters = new Set();
const options = [];
for (let o = 0; o < 16; ++o) {
  options.push({cleanText: !!(o & 1), handleChineseChars: !!(o & 2), lowercase: !!(o & 4), stripAccents: !!(o & 8)});
}
for (const text of texts) for (const o of options) {
  for (const c of hf.bertNormalizer(o).normalizeString(text)) characters.add(c);
}
for (const c of [...characters].sort((a, b) => a.codePointAt(0) - b.codePointAt(0))) {
  if ('\n\r\0'.includes(c) || below(8) === 0) continue;
  pieces.push(c, '##' + c);
}
fs.writeFileSync('testdata/huggingface_vocab.txt', pieces.join('\n') + '\n');
const vocab = {};
pieces.forEach((piece, id) => { vocab[piece] = id; });
const out = [];
options.forEach((o, number) => {
  const model = hf.WordPiece.init(vocab, {unkToken: '[UNK]', continuingSubwordPrefix: '##', maxInputCharsPerWord: 100});
  const tokenizer = new hf.Tokenizer(model);
  tokenizer.setNormalizer(hf.bertNormalizer(o));
  tokenizer.setPreTokenizer(hf.bertPreTokenizer());
  texts.forEach((text, i) => {
    // All under the options that people use, some under each of the others.
    if (![15, 3, 7, 11].includes(number) && i % 16 !== number) return;
    const letters = (o.lowercase ? 'l' : '') + (o.stripAccents ? 'a' : '') + (o.handleChineseChars ? 'c' : '') +
        (o.cleanText ? 'k' : '');
    out.push({letters: letters || '-', text, encoded: tokenizer.encode(text, null, {addSpecialTokens: false})});
  });
});
Promise.all(out.map((o) => o.encoded)).then((encodings) => {
  fs.writeFileSync('testdata/huggingface_encodings.txt', encodings.map((e, i) =>
    `${out[i].letters} ${Buffer.from(out[i].text).toString('hex')} ${e.getIds().join(' ')}`).join('\n') + '\n');
});
