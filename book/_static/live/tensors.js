// Weights between the page and a safetensors file, as lenet_utils.save_model writes one.

import { readSafetensors } from "./network.js";

const encoder = new TextEncoder();

/**
 * A safetensors file of weights that lie one after the other.
 *
 * @param tensors [[name, shape]], in the order of `weights`.
 * @param model the network's printed structure, by which load_model tells networks apart.
 */
export function safetensors({ tensors, model }, weights) {
  const header = { __metadata__: { model } };
  let at = 0;
  for (const [name, shape] of tensors) {
    const end = at + 4 * shape.reduce((a, b) => a * b, 1);
    header[name] = { dtype: "F32", shape, data_offsets: [at, end] };
    at = end;
  }
  let text = encoder.encode(JSON.stringify(header));
  const padded = new Uint8Array(Math.ceil(text.length / 8) * 8).fill(32); // numbers begin at an eighth byte
  padded.set(text);
  text = padded;
  const file = new Uint8Array(8 + text.length + at);
  const view = new DataView(file.buffer);
  view.setBigUint64(0, BigInt(text.length), true);
  file.set(text, 8);
  weights.forEach((weight, i) => view.setFloat32(8 + text.length + 4 * i, weight, true));
  return file;
}

/** The weights of a file, one after the other; throws an Error that says why it does not fit. */
export function weightsOf({ tensors, model }, buffer) {
  const found = readSafetensors(buffer);
  const length = Number(new DataView(buffer).getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  const stored = header.__metadata__?.model;
  if (stored !== undefined && stored !== model) throw new Error("it holds another network, of other parts");
  const parts = tensors.map(([name, shape]) => {
    if (!found[name]) throw new Error(`${name} is missing`);
    if (found[name].shape.join() !== shape.join()) {
      throw new Error(`${name} is ${found[name].shape.join("x")}, not ${shape.join("x")}`);
    }
    return found[name].data;
  });
  const weights = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    weights.set(part, at);
    at += part.length;
  }
  return weights;
}
