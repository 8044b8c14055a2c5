// Teach LeNet-5 of 1998 one more symbol: C5 and F6 go on learning by Eq. 8, in the page.

import { activated, slopeAt, sumsOf } from "./dense.js";

/** What both weight layers compute from S4's 400 states: {hidden, states}. */
export function upper({ c5, f6 }, features) {
  const hidden = activated(sumsOf(c5, features));
  return { hidden, states: activated(sumsOf(f6, hidden)) };
}

/** The squared distance of two lists of numbers (Eq. 7). */
export const distance = (one, other) => one.reduce((sum, value, i) => sum + (value - other[i]) ** 2, 0);

/** One step for one pattern, online as in 1998; returns its distance to its code before the step. */
export function step(layers, { features, code }, rate) {
  const { hidden, states } = upper(layers, features);
  const outer = states.map((state, i) => 2 * (state - code[i]) * slopeAt(state));
  const inner = new Float64Array(hidden.length);
  outer.forEach((slope, unit) => {
    for (let i = 0, at = unit * hidden.length; i < hidden.length; i++) inner[i] += slope * layers.f6.weight[at + i];
  });
  change(layers.f6, outer, hidden, rate);
  change(layers.c5, inner.map((slope, i) => slope * slopeAt(hidden[i])), features, rate);
  return distance(states, code);
}

function change({ weight, bias }, slopes, below, rate) {
  slopes.forEach((slope, unit) => {
    bias[unit] -= rate * slope;
    for (let i = 0, at = unit * below.length; i < below.length; i++) weight[at + i] -= rate * slope * below[i];
  });
}

/** A copy of C5 and F6, which can learn while the network stays as it is. */
export function copied(network) {
  const of = (title) => {
    const { weight, bias } = network.layers.find((each) => each.title === title);
    return { weight: Float64Array.from(weight), bias: Float64Array.from(bias) };
  };
  return { c5: of("C5"), f6: of("F6") };
}

/** A digit of 28x28 bytes moved by rows and columns, background coming in. */
export function moved(bytes, rows, columns) {
  const side = Math.sqrt(bytes.length);
  return bytes.map((_, i) => {
    const [y, x] = [Math.floor(i / side) - rows, (i % side) - columns];
    return y >= 0 && y < side && x >= 0 && x < side ? bytes[y * side + x] : 0;
  });
}
