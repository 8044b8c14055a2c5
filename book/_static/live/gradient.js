// The gradient of one unit with respect to the picture, by the chain rule, layer by layer.

import { slopeAt } from "./dense.js";

/**
 * The gradient with respect to the network's input, a Float64Array: of a unit's weighted sum before
 * its activation function, or of a distance. The states are those of the last forward pass.
 */
export function inputGradient(network, title, place) {
  const { layers } = network;
  let at = layers.findIndex((each) => each.title === title);
  const above = new Float64Array(layers[at].states.length);
  above[place] = 1;
  let slopes = spread(layers[at], above);
  for (at -= 1; at > 0; at--) slopes = spread(layers[at], throughActivation(layers[at], slopes));
  return slopes;
}

/** From the gradient with respect to a layer's states to that with respect to its sums. */
function throughActivation({ kind, states, activation }, slopes) {
  const bends = kind === "subsampling" || activation === "tanh";
  if (!bends && activation !== "relu") return slopes;
  return slopes.map((slope, i) => (bends
    ? slope * slopeAt(states[i])
    : states[i] > 0 ? slope : 0));
}

/** From the gradient with respect to a layer's sums to that with respect to what it reads. */
function spread(each, slopes) {
  const below = new Float64Array(each.below.states.length);
  if (each.kind === "distance") return spreadDistances(each, slopes, below);
  if (each.kind === "convolution") return spreadKernels(each, slopes, below);
  return spreadSquares(each, slopes, below);
}

function spreadDistances({ below: { states }, codes }, slopes, below) {
  slopes.forEach((slope, digit) => {
    if (slope === 0) return;
    for (let j = 0; j < below.length; j++) below[j] += 2 * slope * (states[j] - codes[digit * below.length + j]);
  });
  return below;
}

function spreadKernels({ below: { size: wide }, size, side, reads, first, weight }, slopes, below) {
  slopes.forEach((slope, i) => {
    if (slope === 0) return;
    const map = Math.floor(i / (size * size));
    const [y, x] = [Math.floor((i % (size * size)) / size), i % size];
    let at = first[map] * side * side;
    for (const source of reads[map]) {
      for (let k = 0; k < side * side; k++) {
        const row = y + Math.floor(k / side);
        below[(source * wide + row) * wide + x + (k % side)] += slope * weight[at++];
      }
    }
  });
  return below;
}

function spreadSquares({ kind, below: { states, size: wide }, size, coefficient }, slopes, below) {
  slopes.forEach((slope, i) => {
    const map = Math.floor(i / (size * size));
    const [y, x] = [Math.floor((i % (size * size)) / size), i % size];
    const at = (map * wide + 2 * y) * wide + 2 * x;
    const square = [at, at + 1, at + wide, at + wide + 1];
    if (kind === "max") {
      below[square.reduce((best, one) => (states[one] > states[best] ? one : best))] += slope;
    } else {
      for (const one of square) below[one] += slope * coefficient[map];
    }
  });
  return below;
}
