// Networks whose weights are whole numbers of 8 bits, and fully connected ones.

import { AMPLITUDE, SLOPE } from "./network.js";
import { bytesOf } from "./store.js";

/** A layer's {shape, weight, bias}: whole numbers from -127 to 127 times a scale for each unit. */
export function unpacked({ shape, weight, scale, bias }) {
  const whole = new Int8Array(bytesOf(weight).buffer);
  const each = whole.length / scale.length;
  const data = Float64Array.from(whole, (value, i) => value * scale[Math.floor(i / each)]);
  return { shape, weight: data, bias: Float64Array.from(bias) };
}

/** The weighted sums of a layer whose units read everything below. */
export function sumsOf({ weight, bias }, below) {
  return bias.map((start, unit) => {
    let sum = start;
    for (let i = 0, at = unit * below.length; i < below.length; i++) sum += weight[at + i] * below[i];
    return sum;
  });
}

/** The paper's activation function, and its slope where it has a given value. */
export const activated = (sums) => sums.map((sum) => AMPLITUDE * Math.tanh(SLOPE * sum));
export const slopeAt = (state) => AMPLITUDE * SLOPE * (1 - (state / AMPLITUDE) ** 2);

/** The scores of a fully connected network. */
export function dense(layers, inputs) {
  return layers.reduce((states, layer, depth) => {
    const sums = sumsOf(layer, states);
    return depth === layers.length - 1 ? sums : activated(sums);
  }, inputs);
}

/** Bytes as LeNet-5 of 1998 is given them. */
export const normalised = (bytes) => Float64Array.from(bytes, (ink) => (ink / 255) * 1.275 - 0.1);

/** Scores as probabilities, and which is the largest. */
export function softmax(scores) {
  const best = Math.max(...scores);
  const weights = Array.from(scores, (score) => Math.exp(score - best));
  const total = weights.reduce((a, b) => a + b, 0);
  return { digit: scores.indexOf(best), probabilities: weights.map((weight) => weight / total) };
}
