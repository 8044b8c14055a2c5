// Trains today's LeNet-5 beside the page, so that the page stays responsive. A classic script: a copy
// of the book that lies in files starts it from a text, where no module could be loaded.
//
// Asked: load, settings, own, watch, start, pause, step, reset, put. Told: ready, report, failed.
"use strict";

const SLICE = 25; // milliseconds of work, after which messages are read
const REPORTED = 250; // milliseconds between two reports
const EVALUATED = 256; // held-out digits at once
const [BETA1, BETA2, EPSILON] = [0.9, 0.999, 1e-8]; // of Adam, as PyTorch has them
const RECENT = 50; // updates over which a loss is judged
const WORST = 8;
const HEAD = 12; // bytes before the labels of the packed digits
const SIDE = 28;
const PIXELS = SIDE * SIDE;
const CLASSES = 10;
const GUESSING = Math.log(CLASSES); // the loss of equal probabilities

let net = null; // the compiled functions and the memory that they share with this script
let about = null; // what the page knows of the network and its digits
let run = null; // what has happened since the weights were random
const settings = { optimiser: "adam", rate: 0.002, batch: 64, cycle: 0 };
const own = { label: 0, copies: 0 };
let watched = false; // whether there is a digit whose answer is told
let running = false;
const next = new MessageChannel(); // a turn after the messages that wait: a timer would idle 4 ms
let waiting = false; // for that turn

/** Random numbers from 0 to below 1 that a seed decides ("mulberry32"). */
function uniform(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

async function unzip(buffer) {
  const stream = new Blob([buffer]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Uint8Array(await new Response(stream).arrayBuffer());
}

/** Compile, and put the digits into the memory; behind them is room for the reader's two. */
async function load({ wasm, digits, about: told }) {
  about = told;
  const { instance } = await WebAssembly.instantiate(wasm, { Math });
  const found = await unzip(digits);
  const [train, held, shades] = new Uint32Array(found.buffer, 0, HEAD / 4);
  const count = train + held;
  const { exports } = instance;
  exports.make_room(count + 2, about.mean, about.deviation);
  const { buffer } = exports.memory; // which does not grow any more
  net = {
    ...exports, train, held,
    weights: new Float32Array(buffer, exports.weights_at(), exports.parameters()),
    scores: new Float32Array(buffer, exports.scores_at(), exports.batch() * exports.score_row()),
    losses: new Float32Array(buffer, exports.losses_at(), exports.batch()),
    chosen: new Int32Array(buffer, exports.chosen_at(), exports.batch()),
    digits: new Uint8Array(buffer, exports.digits_at(), (count + 2) * PIXELS),
    labels: new Uint8Array(buffer, exports.labels_at(), count + 2),
    ownPlace: count, watchedPlace: count + 1,
  };
  net.labels.set(found.subarray(HEAD, HEAD + count));
  const halves = found.subarray(HEAD + count);
  const step = 255 / (shades - 1);
  halves.forEach((pair, i) => {
    net.digits[2 * i] = (pair >> 4) * step;
    net.digits[2 * i + 1] = (pair & 15) * step;
  });
  reset({});
  postMessage({ type: "ready", train, held });
}

/** New weights, as PyTorch draws those of its layers: uniform, within one by the root of the inputs. */
function reset({ seed = 0 }) {
  const random = uniform(seed);
  let [at, bound] = [0, 0];
  for (const [, shape] of about.tensors) {
    const inputs = shape.slice(1).reduce((a, b) => a * b, 1);
    if (shape.length > 1) bound = 1 / Math.sqrt(inputs); // a bias comes after its weights
    const end = at + inputs * shape[0];
    for (; at < end; at++) net.weights[at] = (2 * random() - 1) * bound;
  }
  startRun(uniform(seed + 1));
}

function startRun(random) {
  running = false;
  net.begin();
  run = {
    random, order: [], at: 0, seen: 0, updates: 0, epoch: 0, moments: 0, seconds: 0, trouble: null,
    recent: [], lossSum: 0, lossCount: 0, points: [], errors: [], evaluated: -Infinity, sweep: null, worst: [],
  };
  report();
}

/** The places of an epoch's digits, the reader's own as often as it counts, in a new order. */
function shuffled() {
  const order = Int32Array.from({ length: net.train + own.copies }, (_, i) => (i < net.train ? i : net.ownPlace));
  for (let i = order.length - 1; i > 0; i--) {
    const j = Math.floor(run.random() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** The rate and the first moment's factor of this update; over one cycle both move, as in PyTorch. */
function pace() {
  const { rate, cycle, batch } = settings;
  if (!cycle) return [rate, BETA1];
  const last = Math.ceil(run.order.length / batch) * cycle - 1;
  const peak = 0.3 * (last + 1) - 1;
  const step = Math.min(last, run.updates);
  const bent = (from, to, part) => to + ((from - to) / 2) * (1 + Math.cos(Math.PI * part));
  return step <= peak
    ? [bent(rate / 25, rate, step / peak), bent(0.95, 0.85, step / peak)]
    : [bent(rate, rate / 25e4, (step - peak) / (last - peak)), bent(0.85, 0.95, (step - peak) / (last - peak))];
}

function update() {
  if (run.at >= run.order.length) {
    if (run.order.length) run.epoch++;
    [run.order, run.at] = [shuffled(), 0];
  }
  const count = Math.min(settings.batch, run.order.length - run.at);
  net.chosen.set(run.order.subarray(run.at, run.at + count));
  const loss = net.gradient(count);
  const [rate, momentum] = pace();
  if (settings.optimiser === "adam") {
    run.moments++;
    const root = Math.sqrt(1 - BETA2 ** run.moments);
    net.adam((rate * root) / (1 - momentum ** run.moments), momentum, BETA2, EPSILON * root);
  } else net.descend(rate, momentum);
  run.at += count;
  run.seen += count;
  run.updates++;
  run.lossSum += loss * count;
  run.lossCount += count;
  if (run.lossCount >= Math.max(512, run.seen / 64)) addPoint();
  run.recent.push(loss);
  if (run.recent.length > RECENT) run.recent.shift();
  judge(loss);
  if (settings.cycle && run.epoch === settings.cycle - 1 && run.at >= run.order.length) running = false;
}

/** A point of the curve: the mean loss since the last one. */
function addPoint() {
  if (run.lossCount) run.points.push([run.seen, run.lossSum / run.lossCount]);
  [run.lossSum, run.lossCount] = [0, 0];
}

/** Say where training leads nowhere: a loss that is no number any more, or above that of guessing. */
function judge(loss) {
  const mean = run.recent.reduce((a, b) => a + b, 0) / run.recent.length;
  const few = run.recent.length < RECENT; // the first weights may do a little worse than guessing
  if (!Number.isFinite(loss)) [run.trouble, running] = ["infinite", false];
  else if (mean > (few ? 3 : 1.02) * GUESSING) run.trouble = "above";
  else run.trouble = !few && mean > 0.98 * GUESSING && run.seen > 5000 ? "stuck" : null;
}

/** One step of the evaluation of the held-out digits; what it costs grows with what was learned. */
function evaluate() {
  const sweep = (run.sweep ??= { at: 0, wrong: 0, seen: run.seen, errors: [] });
  const count = Math.min(EVALUATED, net.held - sweep.at);
  for (let i = 0; i < count; i++) net.chosen[i] = net.train + sweep.at + i;
  net.evaluate(count);
  for (let i = 0; i < count; i++) {
    const place = net.train + sweep.at + i;
    const { digit, probabilities } = answer(i);
    if (digit === net.labels[place]) continue;
    sweep.wrong++;
    if (digit >= 0) sweep.errors.push({ place, digit, loss: net.losses[i], probability: probabilities[digit] });
  }
  sweep.at += count;
  if (sweep.at < net.held) return;
  run.errors.push([sweep.seen, sweep.wrong / net.held, run.seconds]);
  run.evaluated = sweep.seen;
  run.sweep = null;
  run.worst = sweep.errors.sort((a, b) => b.loss - a.loss).slice(0, WORST).map(({ place, digit, probability }) => ({
    digit, probability, label: net.labels[place],
    bytes: net.digits.slice(place * PIXELS, (place + 1) * PIXELS),
  }));
}

/** The maps of C1 of the watched digit, one after the other: the program pools them as it makes them. */
function mapsOfC1() {
  const [count, , side] = about.tensors[0][1];
  const [frame, border] = [SIDE + side - 1, (side - 1) / 2];
  const picture = new Float32Array(frame * frame);
  for (let i = 0; i < PIXELS; i++) {
    const ink = net.digits[net.watchedPlace * PIXELS + i] / 255;
    picture[(Math.floor(i / SIDE) + border) * frame + (i % SIDE) + border] = (ink - about.mean) / about.deviation;
  }
  const maps = new Float32Array(count * PIXELS);
  for (let to = 0; to < maps.length; to++) {
    const map = Math.floor(to / PIXELS);
    const from = Math.floor((to % PIXELS) / SIDE) * frame + (to % SIDE);
    let sum = net.weights[count * side * side + map];
    for (let k = 0; k < side * side; k++) {
      sum += net.weights[map * side * side + k] * picture[from + Math.floor(k / side) * frame + (k % side)];
    }
    maps[to] = Math.max(0, sum);
  }
  return maps;
}

/** What the i-th digit of a batch is read as: -1 where the probabilities are no numbers. */
function answer(i) {
  const row = net.score_row();
  const probabilities = Array.from(net.scores.subarray(i * row, i * row + CLASSES));
  return { probabilities, digit: probabilities.indexOf(Math.max(...probabilities)) };
}

// Often at first, when much changes; later each time that a quarter more was seen.
const isDue = () => run.sweep !== null || run.seen - run.evaluated >= Math.max(640, run.seen / 4);

function turn() {
  if (!running) return;
  const began = performance.now();
  let now = began;
  while (running && now - began < SLICE) {
    const learns = !isDue();
    if (learns) update();
    else evaluate();
    const after = performance.now();
    if (learns) run.seconds += (after - now) / 1000;
    now = after;
  }
  if (!running) finish();
  else if (now - run.reported >= (about.calm ? 5 : 1) * REPORTED) report();
  if (running) goOn();
}

function goOn() {
  if (!waiting) next.port2.postMessage(null);
  waiting = true;
}

/** Evaluate what is there now, and say it. */
function finish() {
  run.sweep = null;
  if (run.evaluated !== run.seen && run.trouble !== "infinite") do evaluate(); while (run.sweep);
  report();
}

function report() {
  if (!running) addPoint();
  const { seen, updates, epoch, seconds, trouble, worst, points, errors } = run;
  run.reported = performance.now();
  let read = null;
  if (watched) {
    net.chosen[0] = net.watchedPlace;
    net.evaluate(1);
    read = { ...answer(0), maps: mapsOfC1() };
  }
  postMessage({
    type: "report", running, seen, updates, epoch, seconds, trouble, worst, read, loss: run.recent.at(-1) ?? null,
    points: points.splice(0), errors: errors.splice(0), weights: net.weights.slice(),
    rate: run.order.length ? pace()[0] : settings.rate,
  });
}

const asked = {
  load,
  reset,
  settings({ values }) { Object.assign(settings, values); },
  /** The reader's own digit, which counts as `copies` digits of each epoch from now on. */
  own({ bytes, label, copies }) {
    Object.assign(own, { label, copies });
    if (bytes) net.digits.set(bytes, net.ownPlace * PIXELS);
    net.labels[net.ownPlace] = label;
    [run.order, run.at] = [shuffled(), 0];
  },
  watch({ bytes }) {
    net.digits.set(bytes, net.watchedPlace * PIXELS);
    watched = true;
    if (!running) report();
  },
  start() {
    if (running || run.trouble === "infinite") return;
    running = true;
    report();
    goOn();
  },
  pause() {
    if (!running) return;
    running = false;
    finish();
  },
  step() {
    if (running || run.trouble === "infinite") return;
    update();
    running = false;
    report();
  },
  /** Weights from a file; training goes on from them. */
  put({ weights }) {
    net.weights.set(weights);
    startRun(uniform(1));
    finish();
  },
};

next.port1.onmessage = () => {
  waiting = false;
  turn();
};
onmessage = async ({ data }) => {
  try {
    await asked[data.type](data);
  } catch (error) {
    postMessage({ type: "failed", reason: error.message });
  }
};
