// The modules of the page at work without a page, for the tests.
//   node ask.mjs FOLDER QUESTION < ASKED   prints the answer; FOLDER holds the modules.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const [folder, question] = process.argv.slice(2);
const load = (name) => import(pathToFileURL(`${folder}/${name}`));
const { buildNetwork, explain, forward, readSafetensors, rise, verdict } = await load("network.js");
const { inkOfGrey, prepare } = await load("preparation.js");
const { affine, warp } = await load("warp.js");
const { bent, limits } = await load("bend.js");
const { errorAxis, verdict: judged } = await load("curves.js");
const { covered } = await load("cover.js");
const { bestRate, descend, loss } = await load("descent.js");
const { convolutions, walk } = await load("family.js");
const { judge: judgedFaults } = await load("faults.js");
const { reached, seenBy, told } = await load("field.js");
const { inputGradient } = await load("gradient.js");
const { climb, score } = await load("grow.js");
const { sums } = await load("kernel.js");
const { highest, outcome, worthHaving } = await load("rejecting.js");
const { change, halved } = await load("shift.js");
const { shares, without } = await load("units.js");
const { counts } = await load("wires.js");
const { buildSweep, readings, setDigits, sweep } = await load("sweep.js");
const learning = await load("training.js");
const { safetensors, weightsOf } = await load("tensors.js");
const { fitLine } = await load("preparation.js");
const graphs = await load("arcs.js");
const { framed, shuffled, shuffledNetworks } = await load("shuffle.js");
const { nearest, unfolded } = await load("pixels.js");
const { dense, normalised, unpacked } = await load("dense.js");
const { copied, moved, step, upper } = await load("teaching.js");
const symbols = await load("symbol.js");
const { fromDigit, fromStrokes, platesNetwork, standardised, sureness } = await load("plates.js");

const asked = JSON.parse(readFileSync(0, "utf8"));
const bytesOf = (text) => new Uint8Array(Buffer.from(text, "base64"));

function network() {
  const { buffer, byteOffset, length } = readFileSync(asked.weights);
  return buildNetwork(asked.kind, readSafetensors(buffer.slice(byteOffset, byteOffset + length)));
}

function orError(action) {
  try {
    return action();
  } catch (error) {
    return { error: error.message };
  }
}

const prepared = ({ strokes = [], picture, normalise = true }) =>
  prepare({ strokes, picture: picture && { ...picture, bytes: bytesOf(picture.bytes) } }, normalise);

const tensors = () => {
  const { buffer, byteOffset, length } = readFileSync(asked.weights);
  return readSafetensors(buffer.slice(byteOffset, byteOffset + length));
};

const answers = {
  sweep(net = buildSweep(tensors())) {
    return asked.fields.map((field) => [...sweep(net, bytesOf(field), asked.width)]);
  },
  sweepError: () => orError(() => buildSweep(tensors())),
  sweepTime(net = buildSweep(tensors())) {
    const [field] = asked.fields.map(bytesOf);
    return Array.from({ length: 30 }, () => {
      const began = performance.now();
      readings(sweep(net, field, asked.width));
      return performance.now() - began;
    });
  },
  graphs: () => ({ paths: graphs.PATHS, criteria: graphs.CRITERIA, wanted: graphs.WANTED, names: graphs.NAMES }),
  judge: () => graphs.judge(asked.arcs, asked.wanted ?? null),
  lowest: () => graphs.lowest(asked.arcs),
  criterion: () => graphs.criterion(asked.arcs, asked.wanted, asked.name),
  readings: () => asked.penalties.map((own) => readings(Float64Array.from(own), asked.count)),
  setDigits: () => [...setDigits(asked.digits.map(bytesOf), asked.gap, asked.width)],
  fitLine: () => [...fitLine(asked.strokes, asked.width, 32)],
  layers(net = network()) {
    return asked.digits.map((digit) => {
      forward(net, bytesOf(digit));
      return net.layers.map((layer) => [...layer.states]);
    });
  },
  verdict(net = network()) {
    forward(net, bytesOf(asked.digits[0]));
    return verdict(net);
  },
  classes(net = network()) {
    return asked.digits.map((digit) => {
      forward(net, bytesOf(digit));
      return verdict(net).digit;
    });
  },
  units(net = network()) {
    forward(net, bytesOf(asked.digits[0]));
    return asked.units.map(([layer, map, y, x]) => {
      const { terms, sum, state, field } = explain(net.layers[layer], map, y, x);
      return { reads: terms.map((term) => term.map), sum, state, field };
    });
  },
  load: () => orError(() => network().kind),
  affine: () => asked.ways.map(affine),
  warp: () => asked.digits.map((digit) => asked.maps.map((map) => [...warp(bytesOf(digit), map)])),
  bent: () => asked.digits.map((digit) => asked.ways.map((way) => [...bent(bytesOf(digit), way)])),
  covered: () => asked.covers.map((cover) => [...covered(bytesOf(asked.digits[0]), ...cover)]),
  sums: () => [...sums(asked.picture, asked.size, asked.weights)],
  counts: () => asked.crosses.map(counts),
  judged: () => asked.steps.slice(1).map((_, i) => judged(asked.steps, i + 1)),
  axis: () => errorAxis(asked.values, "error"),
  fields(net = network()) {
    return asked.places.map(([at, y, x]) => ({
      below: seenBy(net.layers, at, y, x),
      above: reached(net.layers, at, y, x),
      words: told(net.layers.slice(0, 6), at, y, x),
    }));
  },
  gradients(net = network()) {
    forward(net, bytesOf(asked.digits[0]));
    return asked.units.map(([title, place]) => [...inputGradient(net, title, place)]);
  },
  climbed(net = network()) {
    net.layers[0].states.fill(-0.1);
    rise(net, 1);
    return Array.from({ length: asked.steps }, () => (climb(net, asked.wanted), score(net, asked.wanted)));
  },
  judgedFaults: () => asked.choices.map((letters) => judgedFaults(asked.table, new Set(letters))),
  without(net = network()) {
    const bytes = bytesOf(asked.digits[0]);
    return asked.units.map(([at, map, y, x]) => {
      const whole = forward(net, bytes)[asked.digit];
      const unit = { layer: net.layers[at], map, y, x };
      const place = (map * unit.layer.size + y) * unit.layer.size + x;
      return { change: without(net, asked.digit, at, place, whole), ...shares(unit) };
    });
  },
  descend: () => ({
    path: descend(asked.start, asked.rates, asked.steps),
    losses: descend(asked.start, asked.rates, asked.steps).map(loss),
    best: bestRate(asked.start),
  }),
  rejecting: () => asked.asked.map(([kind, at, most]) => ({
    ...outcome(asked.table, kind, at),
    highest: highest(asked.table, kind, most),
    worth: worthHaving(outcome(asked.table, kind, at)),
  })),
  walk: () => ({
    convolutions: convolutions(asked.table, asked.name),
    ...walk(asked.table, asked.name, asked.side),
  }),
  halved: () => ({
    change: change(asked.before, asked.now),
    ways: halved(asked.before, asked.size, asked.coefficient, asked.bias).map((way) => [...way]),
  }),
  limits(net = network()) {
    const read = (bytes) => verdict((forward(net, bytes), net)).digit;
    return asked.digits.map((digit) => asked.names.map((way) => limits(read, bytesOf(digit), way)));
  },
  plates() {
    const { network, pictures } = platesNetwork(JSON.parse(readFileSync(asked.page, "utf8")));
    return pictures.map(({ bytes }) => {
      const scores = [...forward(network, standardised(bytes))];
      return { bytes: [...bytes], scores, sure: sureness(scores) };
    });
  },
  shuffledScores() {
    const page = JSON.parse(readFileSync(asked.page, "utf8"));
    const networks = shuffledNetworks(page);
    return Object.fromEntries(Object.entries(networks).map(([name, read]) => [name, asked.digits.map((digit) =>
      [...read(normalised(shuffled(framed(bytesOf(digit)), page.order)))])]));
  },
  pixelAnswers() {
    const page = JSON.parse(readFileSync(asked.page, "utf8"));
    const [layers, digits] = [page.network.map(unpacked), unfolded(page.neighbours)];
    return asked.digits.map(bytesOf).map((bytes) => (
      { scores: [...dense(layers, normalised(bytes))], ...nearest(digits, bytes) }));
  },
  taught(net = network()) {
    const layers = copied(net);
    const features = bytesOf(asked.digits[0]);
    forward(net, features);
    const s4 = net.layers.find(({ title }) => title === "S4").states;
    const before = step(layers, { features: s4, code: Float64Array.from(asked.code) }, asked.rate);
    const { states } = upper(layers, s4);
    return { before, states: [...states], f6: [...layers.f6.weight], c5: [...layers.c5.weight],
      biases: [...layers.c5.bias, ...layers.f6.bias], same: [...net.layers.at(-2).weight] };
  },
  lesson(net = network()) {
    const code = Float64Array.from(asked.code);
    const digits = Object.fromEntries(asked.labels.map((label, i) => [label, [bytesOf(asked.digits[i])]]));
    const patterns = symbols.lesson(net, asked.examples.map(bytesOf), digits, code);
    const layers = copied(net);
    const far = Array.from({ length: asked.epochs }, () => patterns.reduce((sum, one) =>
      sum + step(layers, one, asked.rate), 0) / patterns.length);
    const answers = asked.asked.map(bytesOf).map((bytes) => {
      forward(net, bytes);
      const { states } = upper(layers, net.layers.find(({ title }) => title === "S4").states);
      return [...symbols.distances(net.codes, states), symbols.distances(code, states)[0]];
    });
    return { count: patterns.length, far, answers };
  },
  moved: () => asked.moves.map((move) => [...moved(bytesOf(asked.digits[0]), ...move)]),
  onPlate: () => ({
    strokes: asked.drawings.map((strokes) => [...fromStrokes(strokes)]),
    digits: asked.digits.map((digit) => [...fromDigit(bytesOf(digit))]),
  }),
  learning: () => ({
    marks: asked.ends.map(learning.marks),
    axis: learning.lossAxis(asked.losses),
    reached: learning.reached([[10, 0.5, 1], [20, 0.1, 2], [30, 0.05, 3]], 0.1),
    never: learning.reached([[10, 0.5, 1]], 0.1),
    thinned: learning.thinned([0, 1, 2, 3, 4, 5], 5),
  }),
  tensors() {
    const file = safetensors(asked.table, Float32Array.from(asked.weights));
    return { file: Buffer.from(file).toString("base64"), back: [...weightsOf(asked.table, file.buffer)] };
  },
  prepare: () => asked.drawings.map((drawing) => [...prepared(drawing)]),
  ink: () => orError(() => [...inkOfGrey(bytesOf(asked.grey), asked.width, asked.height).bytes]),
};
process.stdout.write(JSON.stringify(answers[question]()));
