// A LeNet-5 that sweeps over a wide field, as in Section VII, and how its columns of answers are read.

import { MNIST_MEAN, MNIST_STD } from "./network.js";

export const HEIGHT = 32;
export const STRIDE = 4; // pixels from one column of answers to the next
export const NONE = 10;
const CLASSES = 11;
const KEPT = 24; // partial readings in each column: the best and the second lie far within them
const SHAPES = { c1: [6, 1, 5], c3: [16, 6, 5], c5: [120, 16, 5], f6: [84, 120, 1], output: [CLASSES, 84, 1] };

/** Take the weights of the package's sdnn_modern; throws where one is missing. */
export function buildSweep(tensors) {
  return Object.fromEntries(Object.entries(SHAPES).map(([name, [maps, reads, side]]) => {
    const [weight, bias] = ["weight", "bias"].map((part) => tensors[`${name}.${part}`]);
    if (!weight || !bias) throw new Error(`${name} is missing`);
    if (weight.shape.join() !== [maps, reads, side, side].join()) throw new Error(`${name} has another shape`);
    return [name, { maps, reads, side, weight: weight.data, bias: bias.data }];
  }));
}

/**
 * What each column says of 32 x width bytes, a width of 32 and a multiple of 4 more.
 * Returns penalties, column after column, 11 for each: minus the logarithm of a probability.
 */
export function sweep(network, bytes, width) {
  const states = Float64Array.from(bytes, (byte) => (byte / 255 - MNIST_MEAN) / MNIST_STD);
  let below = { states, maps: 1, height: HEIGHT, width };
  below = pool(convolve(network.c1, below));
  below = pool(convolve(network.c3, below));
  below = convolve(network.f6, convolve(network.c5, below));
  const scores = convolve(network.output, below, false);
  const columns = scores.width;
  const penalties = new Float64Array(columns * CLASSES);
  for (let t = 0; t < columns; t++) {
    const own = Array.from({ length: CLASSES }, (_, c) => scores.states[c * columns + t]);
    const most = Math.max(...own);
    const total = most + Math.log(own.reduce((sum, score) => sum + Math.exp(score - most), 0));
    own.forEach((score, c) => (penalties[t * CLASSES + c] = total - score));
  }
  return penalties;
}

function convolve({ maps, reads, side, weight, bias }, below, bends = true) {
  const [height, width] = [below.height - side + 1, below.width - side + 1];
  const states = new Float64Array(maps * height * width);
  let at = 0;
  for (let map = 0; map < maps; map++) {
    const own = states.subarray(map * height * width, (map + 1) * height * width).fill(bias[map]);
    for (let source = 0; source < reads; source++) {
      for (let ky = 0; ky < side; ky++, at += side) {
        const from = (source * below.height + ky) * below.width;
        if (side === 1) addScaled(own, below.states, from, weight[at]);
        else addRows(own, below, from, weight, at, width);
      }
    }
    if (bends) for (let i = 0; i < own.length; i++) if (own[i] < 0) own[i] = 0;
  }
  return { states, maps, height, width };
}

/** Add what a map of the same size gives to all units of a map, each through the same weight. */
function addScaled(own, states, from, weight) {
  for (let to = 0; to < own.length; to++) own[to] += weight * states[from + to];
}

/** Add what one row of a kernel of five gives to all units of a map: this loop is most of the work. */
function addRows(own, below, first, weight, at, width) {
  const { states } = below;
  const [a, b, c, d, e] = weight.subarray(at, at + 5);
  for (let to = 0, row = first; to < own.length; row += below.width) {
    const end = to + width;
    for (let from = row; to < end; to++, from++) {
      own[to] += a * states[from] + b * states[from + 1] + c * states[from + 2] + d * states[from + 3]
        + e * states[from + 4];
    }
  }
}

function pool({ states, maps, height, width }) {
  const [tall, wide] = [height / 2, width / 2];
  const smaller = new Float64Array(maps * tall * wide);
  for (let i = 0; i < smaller.length; i++) {
    const row = Math.floor(i / wide);
    const at = 2 * row * width + 2 * (i % wide);
    smaller[i] = Math.max(states[at], states[at + 1], states[at + width], states[at + width + 1]);
  }
  return { states: smaller, maps, height: tall, width: wide };
}

/**
 * The readings of lowest penalty, each with its best path: [{text, penalty, path}], at most `count`.
 *
 * A path has a class in each column. Repeats are merged and "none" is left out, so that many paths
 * spell one text; a text counts once. Of partial readings the best are kept from column to column.
 */
export function readings(penalties, count = 2) {
  let partial = new Map([["/", { text: "", last: NONE, penalty: 0, before: null }]]);
  for (let t = 0; t < penalties.length / CLASSES; t++) {
    const next = new Map();
    for (const before of partial.values()) {
      const { text, last, penalty } = before;
      for (let c = 0; c < CLASSES; c++) {
        const longer = c === NONE || c === last ? text : text + c;
        const key = `${longer}/${c}`;
        const total = penalty + penalties[t * CLASSES + c];
        if (!(next.get(key)?.penalty <= total)) next.set(key, { text: longer, last: c, penalty: total, before });
      }
    }
    partial = new Map([...next].sort(([, a], [, b]) => a.penalty - b.penalty).slice(0, KEPT));
  }
  const best = new Map();
  for (const reading of partial.values()) if (!best.has(reading.text)) best.set(reading.text, reading);
  return [...best.values()].slice(0, count).map((end) => {
    const path = [];
    for (let at = end; at.before; at = at.before) path.unshift(at.last);
    return { text: end.text, penalty: end.penalty, path };
  });
}

/** Set digits of 28x28 bytes side by side, their boxes `gap` pixels apart, in the middle of a field. */
export function setDigits(digits, gap, width) {
  const boxes = digits.map((bytes) => {
    const columns = bytes.reduce((seen, ink, i) => (ink ? seen.add(i % 28) : seen), new Set());
    return { bytes, left: Math.min(...columns), wide: Math.max(...columns) - Math.min(...columns) + 1 };
  });
  const total = boxes.reduce((sum, { wide }) => sum + wide, gap * (digits.length - 1));
  const field = new Uint8Array(HEIGHT * width);
  let at = Math.floor((width - total) / 2);
  for (const { bytes, left, wide } of boxes) {
    bytes.forEach((ink, i) => {
      const [x, y] = [at + (i % 28) - left, Math.floor(i / 28) + 2];
      if (ink && x >= 0 && x < width) field[y * width + x] = Math.max(field[y * width + x], ink);
    });
    at += wide + gap;
  }
  return field;
}
