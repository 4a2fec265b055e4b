// Values as the inputs of the model: numbers, words and counts of words, in batches of rows.

import { days, lowered } from "./values.js";

const SEPARATOR = /[^\p{L}\p{M}\p{N}_]+/u;
const FIRST_WORD = 2;
const UNKNOWN_WORD = 1;

/** Return one input's values for rows, as the arguments of a tensor. */
export function encode(input, values) {
  const shape = [values.length, ...input.shape];
  const size = input.shape.reduce((product, side) => product * side, 1);
  switch (input.encoder) {
    case "category":
      return ["string", values.map((value) => value ?? input.missing), shape];
    case "datetime":
      return ["float64", Float64Array.from(values, (us) => (us === null ? NaN : days(us))), shape];
    case "words":
      return ["float32", filled(new Float32Array(values.length * size), values, size, counter(input)), shape];
    case "buckets":
      return ["float32", filled(new Float32Array(values.length * size), values, size, hasher(input)), shape];
    case "tokens":
      return ["int32", filled(new Int32Array(values.length * size), values, size, numberer(input)), shape];
    case "image":
      return ["uint8", filled(new Uint8Array(values.length * size), values, size, pixels(input, size)), shape];
    default:
      return ["float64", Float64Array.from(values, (value) => (value === null ? NaN : Number(value))), shape];
  }
}

function filled(array, values, size, fill) {
  values.forEach((value, row) => fill(array.subarray(row * size, (row + 1) * size), value));
  return array;
}

function words(text) {
  return lowered(text ?? "").split(SEPARATOR).filter((word) => word !== "");
}

function* runs(text, longest) {
  const each = words(text);
  for (let length = 1; length <= longest; length += 1) {
    for (let start = 0; start + length <= each.length; start += 1) {
      yield each.slice(start, start + length).join(" ");
    }
  }
}

function places(list) {
  return new Map(list.map((word, place) => [word, place]));
}

function counter(input) {
  input.places ??= places(input.words);
  return (row, text) => {
    for (const run of runs(text, input.ngrams)) {
      const place = input.places.get(run);
      if (place !== undefined) row[place] += 1;
    }
  };
}

function hasher(input) {
  return (row, text) => {
    for (const run of runs(text, input.ngrams)) {
      const hash = crc32(new TextEncoder().encode(run));
      row[hash % input.buckets] += hash >= 0x80000000 ? -1 : 1;
    }
  };
}

function numberer(input) {
  input.places ??= places(input.vocabulary);
  return (row, text) => {
    words(text).slice(0, row.length).forEach((word, place) => {
      const known = input.places.get(word);
      row[place] = known === undefined ? UNKNOWN_WORD : known + FIRST_WORD;
    });
  };
}

function pixels(input, size) {
  const each = size / input.missing.length;
  return (row, image) => {
    if (image) row.set(image);
    else input.missing.forEach((level, channel) => row.fill(level, channel * each, (channel + 1) * each));
  };
}

const CRC_TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? 0xedb88320 ^ (value >>> 1) : value >>> 1;
  return value >>> 0;
});

/** The CRC-32 of bytes, as in zlib. */
export function crc32(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) value = CRC_TABLE[(value ^ byte) & 0xff] ^ (value >>> 8);
  return (value ^ 0xffffffff) >>> 0;
}
