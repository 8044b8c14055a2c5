// Networks whose weights are whole numbers of 8 bits, and fully connected ones.

import { bytesOf } from "./store.js";

const AMPLITUDE = 1.7159;
const SLOPE = 2 / 3;

/** A layer's {shape, weight, bias}: whole numbers from -127 to 127 times a scale for each unit. */
export function unpacked({ shape, weight, scale, bias }) {
  const whole = new Int8Array(bytesOf(weight).buffer);
  const each = whole.length / scale.length;
  const data = Float64Array.from(whole, (value, i) => value * scale[Math.floor(i / each)]);
  return { shape, weight: data, bias: Float64Array.from(bias) };
}

/** The scores of a fully connected network, with the paper's tanh between its layers. */
export function dense(layers, inputs) {
  return layers.reduce((states, { weight, bias }, depth) => {
    const sums = bias.map((start, unit) => {
      let sum = start;
      for (let i = 0, at = unit * states.length; i < states.length; i++) sum += weight[at + i] * states[i];
      return sum;
    });
    return depth === layers.length - 1 ? sums : sums.map((sum) => AMPLITUDE * Math.tanh(SLOPE * sum));
  }, inputs);
}

/** Scores as probabilities, and which is the largest. */
export function softmax(scores) {
  const best = Math.max(...scores);
  const weights = Array.from(scores, (score) => Math.exp(score - best));
  const total = weights.reduce((a, b) => a + b, 0);
  return { digit: scores.indexOf(best), probabilities: weights.map((weight) => weight / total) };
}
