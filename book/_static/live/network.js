// LeNet-5 in plain JavaScript: reads the package's safetensors files, keeps every map.
//
// A network is a list of layers. `states` of a layer holds its maps one after the other, each
// row by row. All arrays are made once; `forward` only fills them.

export const AMPLITUDE = 1.7159;
export const SLOPE = 2 / 3;
export const MNIST_MEAN = 0.1306604762738429;
export const MNIST_STD = 0.3081078038564622;
export const REJECT = 10; // j of Eq. 9
export const INPUT_SIZE = 32;
const BORDER = 2; // from the 28x28 of a digit to the 32x32 that C1 reads

const READERS = {
  F32: (view, at) => view.getFloat32(at, true),
  F64: (view, at) => view.getFloat64(at, true),
  BOOL: (view, at) => view.getUint8(at),
};
const BYTES = { F32: 4, F64: 8, BOOL: 1 };

/**
 * Read a safetensors file: {name: {shape, data}}, data a Float64Array.
 * Throws an Error that says what is wrong with a file that is damaged.
 */
export function readSafetensors(buffer) {
  const view = new DataView(buffer);
  const length = buffer.byteLength >= 8 ? Number(view.getBigUint64(0, true)) : Infinity;
  if (length > buffer.byteLength - 8) throw new Error("the file is cut off");
  let header;
  try {
    header = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 8, length)));
  } catch {
    throw new Error("the file does not begin as a safetensors file does");
  }
  const tensors = {};
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const { dtype, shape, data_offsets: [begin, end] } = entry;
    const count = shape.reduce((a, b) => a * b, 1);
    if (!READERS[dtype] || end - begin !== count * BYTES[dtype]) {
      throw new Error(`${name} is not stored as it should be`);
    }
    if (8 + length + end > buffer.byteLength) throw new Error("the file is cut off");
    const data = new Float64Array(count);
    for (let i = 0; i < count; i++) {
      data[i] = READERS[dtype](view, 8 + length + begin + i * BYTES[dtype]);
      if (!Number.isFinite(data[i])) throw new Error(`${name} holds a value that is no number`);
    }
    tensors[name] = { shape, data };
  }
  return tensors;
}

/** Build "lenet5_1998", "lenet5_modern" or "plates" from its tensors; throws where one is missing. */
export function buildNetwork(kind, tensors) {
  const take = (name, ...shape) => {
    const tensor = tensors[name];
    if (!tensor) throw new Error(`${name} is missing`);
    if (tensor.shape.join() !== shape.join()) {
      throw new Error(`${name} is ${tensor.shape.join("x")}, not ${shape.join("x")}`);
    }
    return tensor.data;
  };
  const old = kind === "lenet5_1998";
  const classes = kind === "plates" ? tensors["output.bias"].data.length : 10;
  const activation = old ? "tanh" : "relu";
  const everyMap = (outputs, inputs) =>
    Array.from({ length: outputs }, () => Array.from({ length: inputs }, (_, i) => i));

  const input = layer("Input", "input", 1, INPUT_SIZE, null, { reach: 1, jump: 1 });
  const convolution = (title, below, maps, side, reads, weight) =>
    layer(title, "convolution", maps, below.size - side + 1, below, {
      side, reads, weight, activation, ...widen(below, side, 1),
      bias: take(`${title.toLowerCase()}.bias`, maps),
    });
  const pooling = (title, below) => {
    const name = title.toLowerCase();
    const trained = old && {
      coefficient: take(`${name}.coefficient`, below.maps),
      bias: take(`${name}.bias`, below.maps),
    };
    return layer(title, old ? "subsampling" : "max", below.maps, below.size / 2, below, {
      side: 2, ...trained, ...widen(below, 2, 2),
      reads: Array.from({ length: below.maps }, (_, i) => [i]),
    });
  };

  const c1 = convolution("C1", input, 6, 5, everyMap(6, 1), take("c1.weight", 6, 1, 5, 5));
  const s2 = pooling("S2", c1);
  const c3 = old
    ? convolution("C3", s2, 16, 5, tableI(take("c3.table", 16, 6)), take("c3.weight", 60, 5, 5))
    : convolution("C3", s2, 16, 5, everyMap(16, 6), take("c3.weight", 16, 6, 5, 5));
  const s4 = pooling("S4", c3);
  const c5 = convolution("C5", s4, 120, 5, everyMap(120, 16), take("c5.weight", 120, 16, 5, 5));
  const f6 = convolution("F6", c5, 84, 1, everyMap(84, 120), take("f6.weight", 84, 120, 1, 1));
  const output = old
    ? layer("Output", "distance", 10, 1, f6, { codes: take("output.codes", 10, 84) })
    : layer("Output", "convolution", classes, 1, f6, {
        side: 1, reads: everyMap(classes, 84), activation: "none",
        weight: take("output.weight", classes, 84, 1, 1), bias: take("output.bias", classes),
      });
  const layers = [input, c1, s2, c3, s4, c5, f6, output];
  for (const each of layers) countKernels(each);
  return { kind, layers, smallestWins: old, codes: output.codes };
}

function layer(title, kind, maps, size, below, rest) {
  return { title, kind, maps, size, below, states: new Float64Array(maps * size * size), ...rest };
}

/** How many input pixels a unit sees in a row, and how far apart two neighbours look. */
function widen(below, side, step) {
  return { step, reach: below.reach + (side - 1) * below.jump, jump: below.jump * step };
}

function tableI(table) {
  const maps = Array.from({ length: 16 }, (_, c3) => [...table.subarray(c3 * 6, c3 * 6 + 6)]);
  return maps.map((row) => row.flatMap((cross, s2) => (cross ? [s2] : [])));
}

/** Kernels are stored map after map, only those that exist: note where each map's begin. */
function countKernels(each) {
  let kernels = 0;
  each.first = each.reads?.map((read) => (kernels += read.length) - read.length);
}

/**
 * Read 28x28 bytes (0 is background, 255 ink) and fill the states of every layer.
 * The network of plates reads 32x32 numbers that are prepared already.
 */
export function forward(network, bytes) {
  const [input] = network.layers;
  if (network.kind === "plates") input.states.set(bytes);
  else fillInput(input, bytes, network.kind === "lenet5_1998");
  return rise(network, 1);
}

/** Fill the states of the layers from `first` on, from those of the layer below it. */
export function rise(network, first) {
  for (const each of network.layers.slice(first)) {
    if (each.kind === "convolution") convolve(each);
    else if (each.kind === "distance") measure(each);
    else pool(each);
  }
  return network.layers.at(-1).states;
}

function fillInput({ states }, bytes, old) {
  const inner = INPUT_SIZE - 2 * BORDER;
  // In 1998 the border is background; today's C1 adds zeros, which are greyer than background.
  states.fill(old ? -0.1 : 0);
  for (let y = 0; y < inner; y++) {
    for (let x = 0; x < inner; x++) {
      const ink = bytes[y * inner + x] / 255;
      states[(y + BORDER) * INPUT_SIZE + x + BORDER] = old
        ? ink * 1.275 - 0.1
        : (ink - MNIST_MEAN) / MNIST_STD;
    }
  }
}

function convolve({ below, states, maps, size, side, reads, first, weight, bias, activation }) {
  const inputs = below.states;
  const wide = below.size;
  let to = 0;
  for (let map = 0; map < maps; map++) {
    const read = reads[map];
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        let sum = bias[map];
        let at = first[map] * side * side;
        for (let k = 0; k < read.length; k++) {
          let from = (read[k] * wide + y) * wide + x;
          for (let ky = 0; ky < side; ky++, from += wide) {
            for (let kx = 0; kx < side; kx++) sum += weight[at++] * inputs[from + kx];
          }
        }
        states[to++] = activated(activation, sum);
      }
    }
  }
}

function activated(activation, sum) {
  if (activation === "tanh") return AMPLITUDE * Math.tanh(SLOPE * sum);
  return activation === "relu" && sum < 0 ? 0 : sum;
}

function pool({ kind, below, states, maps, size, coefficient, bias }) {
  const wide = below.size;
  for (let map = 0; map < maps; map++) {
    for (let y = 0; y < size; y++) {
      for (let x = 0; x < size; x++) {
        const at = (map * wide + 2 * y) * wide + 2 * x;
        const [a, b] = [below.states[at], below.states[at + 1]];
        const [c, d] = [below.states[at + wide], below.states[at + wide + 1]];
        states[(map * size + y) * size + x] = kind === "max"
          ? Math.max(a, b, c, d)
          : activated("tanh", coefficient[map] * (a + b + c + d) + bias[map]);
      }
    }
  }
}

function measure({ below, states, codes }) {
  const length = below.states.length;
  for (let digit = 0; digit < states.length; digit++) {
    let sum = 0;
    for (let j = 0; j < length; j++) sum += (below.states[j] - codes[digit * length + j]) ** 2;
    states[digit] = sum;
  }
}

/**
 * What the outputs say: {digit, probabilities, none}, which with the probabilities adds to 1.
 *
 * Of scores they are the softmax. Of distances they are the competition in Eq. 9, with half the
 * distances, as the network was trained: j stands for a class of what is no digit.
 */
export function verdict({ layers, smallestWins }) {
  const scores = Array.from(layers.at(-1).states, (y) => (smallestWins ? -y / 2 : y));
  const best = Math.max(...scores);
  const none = smallestWins ? Math.exp(-REJECT - best) : 0;
  const weights = scores.map((score) => Math.exp(score - best));
  const total = weights.reduce((a, b) => a + b, none);
  return { digit: scores.indexOf(best), probabilities: weights.map((w) => w / total), none: none / total };
}

/**
 * The arithmetic of one unit: a term for each map that it reads.
 *
 * Returns {terms: [{map, y, x, side, patch, kernel, sum}], total, bias, coefficient, sum, state,
 * field: {y, x, side}}, the field in pixels of the 32x32 input.
 */
export function explain(unit, map, y, x) {
  const { below, side, step, reads, first, weight, coefficient, bias, kind, reach, jump } = unit;
  const terms = reads[map].map((source, k) => {
    const patch = new Float64Array(side * side);
    for (let i = 0; i < patch.length; i++) {
      const row = y * step + Math.floor(i / side);
      patch[i] = below.states[(source * below.size + row) * below.size + x * step + (i % side)];
    }
    const at = (first[map] + k) * side * side;
    const kernel = weight?.subarray(at, at + side * side);
    const sum = patch.reduce((total, value, i) => total + value * (kernel ? kernel[i] : 1), 0);
    return { map: source, y: y * step, x: x * step, side, patch, kernel, sum };
  });
  const total = terms.reduce((sum, term) => sum + term.sum, 0);
  const scale = coefficient?.[map] ?? 1;
  return {
    terms, total, bias: bias?.[map], coefficient: coefficient?.[map],
    sum: kind === "max" ? Math.max(...terms[0].patch) : scale * total + bias[map],
    state: unit.states[(map * unit.size + y) * unit.size + x],
    field: { y: y * jump, x: x * jump, side: reach },
  };
}
