// Lesson 10: train today's LeNet-5 in the page: guess, watch it learn, change its rate, add a digit.
// A script of its own, loaded in that lesson alone.

import { element, number } from "./inspector.js";
import { choice, guess, slider } from "./asking.js";
import { Chart, key } from "./chart.js";
import { errorAxis } from "./curves.js";
import { FIELD } from "./preparation.js";
import { paintBytes } from "./drawing.js";
import { SIGNED, colour } from "./maps.js";
import { load } from "./loading.js";
import { safetensors, weightsOf } from "./tensors.js";

const START = { optimiser: "adam", rate: 0.002, batch: 64, cycle: 0 };
const RATES = [0.00001, 0.0001, 0.0003, 0.001, 0.002, 0.005, 0.008, 0.01, 0.02, 0.05, 0.1, 0.3, 1];
const BATCHES = [1, 4, 16, 32, 64, 128, 256, 512];
const CYCLES = [1, 5]; // epochs; the lesson has five
const ASKED = 0.1; // the held-out error that the guess is about
const POINTS = 400; // in a curve, at most
const GUESSING = number(Math.log(10)); // the loss of equal probabilities
const TROUBLE = {
  infinite: "The loss is no number any more: the rate is too high, and training has diverged. Choose a lower one "
    + "and start anew.",
  above: `The loss is above ${GUESSING}, that of a network that gives all digits the same probability: the rate is `
    + "too high, and training diverges.",
  stuck: `The loss stays at ${GUESSING}, that of a network that gives all digits the same probability. After a rate `
    + "that is too high its units have fallen silent; at one that is too low it has hardly begun.",
};
const NOTHING = {
  running: false, seen: 0, updates: 0, epoch: 0, seconds: 0, trouble: null, loss: null, rate: START.rate,
  worst: [], read: null,
};
const much = (count) => count.toLocaleString("en");
const pairs = (values) => values.map((value) => [String(value), String(value)]);
const part = (values, at, length) => values.subarray(at * length, (at + 1) * length);
const largest = (values) => values.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-9);

/** Points of a curve; where there are more than `limit`, every second one. */
export function thinned(points, limit) {
  return points.length <= limit ? points : points.filter((_, i) => i % 2 === 0 || i === points.length - 1);
}

/** Marks on an axis from 0, five at most: a step of 1, 2 or 5 times a power of ten. */
export function marks(end) {
  const power = 10 ** Math.floor(Math.log10(end / 4));
  const step = [1, 2, 5, 10].map((k) => k * power).find((size) => end / size <= 4);
  return Array.from({ length: Math.floor(end / step) + 1 }, (_, i) => i * step);
}

/** When the held-out error first was at most `wanted`: {seen, seconds}, or null. */
export function reached(errors, wanted) {
  const found = errors.find(([, error]) => error <= wanted);
  return found ? { seen: found[0], seconds: found[2] } : null;
}

/** The axis of a loss: powers of ten, six at most, from below the least to above the largest. */
export function lossAxis(points) {
  const powers = points.map(([, loss]) => Math.log10(Math.max(1e-5, Math.min(1e9, loss))));
  const low = Math.min(-1, ...powers.map(Math.floor));
  const high = Math.max(1, ...powers.map(Math.ceil));
  const every = Math.ceil((high - low) / 5);
  const ticks = Array.from({ length: Math.floor((high - low) / every) + 1 }, (_, i) => 10 ** (low + i * every));
  const written = (value) =>
    (value < 1e5 ? String(Number(value.toPrecision(1))) : value.toExponential(0).replace("+", ""));
  return { low: 10 ** low, high: 10 ** high, log: true, ticks: ticks.map((value) => [value, written(value)]) };
}

class Training {
  constructor(bench, panel) {
    Object.assign(this, { bench, table: bench.table, settings: { ...START }, away: false, state: NOTHING });
    this.show = this.show.bind(this); // one function, which a frame does once
    this.forget();
    this.board = element("div", "instrument-board instrument-wide");
    this.board.hidden = true;
    this.said = element("p", "instrument-limits");
    [this.line, this.trouble, this.read] = Array.from({ length: 3 }, () => element("p", "instrument-answer"));
    this.line.classList.add("instrument-running");
    this.board.append(this.said, this.buttons(), this.choices(), this.line, this.trouble, ...this.curves(),
      ...this.insides(), this.read, this.ownDigit(), this.files());
    panel.append(this.question(), this.board);
    document.addEventListener("visibilitychange", () => this.turnAway());
  }

  forget() {
    [this.losses, this.errors, this.evaluated] = [[], [], -1]; // evaluated: how many errors are shown
  }

  tell(type, more = {}) {
    this.worker?.postMessage({ type, ...more });
  }

  question() {
    const { tensors, bytes } = this.table;
    const parameters = tensors.reduce((sum, [, shape]) => sum + shape.reduce((a, b) => a * b, 1), 0);
    const ask = guess(
      `The ${much(parameters)} weights of today's LeNet-5 are random: it reads one digit of ten right, by luck. It will `
        + `now learn from batches of ${START.batch} digits. How many must it have seen before it reads nine of ten new `
        + "digits right?",
      { min: 200, max: 20000, step: 200, value: 10000 },
      (own) => this.begin(own),
    );
    ask.classList.add("instrument-wide");
    this.cost = element("p", "instrument-cost");
    this.cost.textContent = `Your guess loads ${number(bytes / 1e6, 1)} MB and starts the training, which keeps one core `
      + "of this device busy until you pause it. It pauses while the page is hidden.";
    ask.append(this.cost);
    return ask;
  }

  buttons() {
    const row = element("div", "instrument-choices");
    const made = ["Pause", "One batch", "Start anew"].map((textContent) => {
      const button = Object.assign(element("button"), { type: "button", textContent });
      row.append(button);
      return button;
    });
    [this.go, this.one] = made;
    this.go.addEventListener("click", () => this.tell(this.state.running ? "pause" : "start"));
    this.one.addEventListener("click", () => this.tell("step"));
    made[2].addEventListener("click", () => {
      this.forget();
      this.tell("reset");
      this.tell("start");
    });
    return row;
  }

  choices() {
    const set = (name, from) => (value) => {
      this.settings[name] = from(value);
      this.tell("settings", { values: this.settings });
    };
    const block = element("div", "instrument-pairs");
    block.append(
      choice("Learning rate", pairs(RATES), String(START.rate), set("rate", Number)),
      choice("Batch", pairs(BATCHES), String(START.batch), set("batch", Number)),
      choice("Optimiser", [["adam", "Adam"], ["descent", "Gradient descent with momentum"]], START.optimiser,
        set("optimiser", String)),
      choice("The rate over time", [["0", "constant"], ...CYCLES.map((epochs) =>
        [String(epochs), `one cycle, ${epochs === 1 ? "an epoch" : `${epochs} epochs`}`])], "0", set("cycle", Number)),
    );
    return block;
  }

  curves() {
    [this.lossChart, this.errorChart] = [new Chart(220), new Chart(220)];
    const legend = element("p", "instrument-legend");
    legend.append(key(1, "loss on the digits it learns from"), key(2, "error on held-out digits"));
    const both = element("div", "instrument-two");
    both.append(this.lossChart.root, this.errorChart.root);
    return [legend, both];
  }

  insides() {
    const titled = (textContent) => Object.assign(element("p", "instrument-title"), { textContent });
    const filters = this.table.tensors[0][1][0];
    [this.filters, this.maps] = [pictures(filters), pictures(filters)];
    this.worst = pictures(8);
    this.worst.root.classList.add("instrument-eight");
    this.worstTitle = titled("The worst errors on held-out digits");
    return [titled("The filters of C1, and their maps of the chosen digit"), this.filters.root, this.maps.root,
      this.worstTitle, this.worst.root];
  }

  async begin(own) {
    this.guessed = own;
    this.cost.textContent = "The digits are loading.";
    this.said.textContent = `You guessed ${much(own)} digits.`;
    this.board.hidden = false; // at once: what appears later moves what a reader has begun to read
    this.show();
    try {
      const { worker, wasm, digits } = await loadTraining();
      this.worker = worker;
      worker.onmessage = ({ data }) => this[data.type](data);
      worker.onerror = () => this.failed({ reason: "the worker did not start" });
      const { tensors, mean, deviation } = this.table;
      const about = { tensors, mean, deviation, calm: matchMedia("(prefers-reduced-motion: reduce)").matches };
      worker.postMessage({ type: "load", wasm, digits, about }, [wasm, digits]);
    } catch (error) {
      this.stop(error.message);
    }
  }

  failed({ reason }) {
    this.stop(`The training does not run here (${reason}): it needs a browser of 2023 or later.`);
  }

  stop(why) {
    this.board.hidden = true;
    this.cost.textContent = why;
    this.bench.say(why);
  }

  ready({ train, held }) {
    this.cost.textContent = "";
    this.count = train;
    this.said.textContent = `You guessed ${much(this.guessed)} digits. There are ${much(train)} to learn from, and `
      + `${much(held)} are held out.`;
    this.tell("settings", { values: this.settings });
    this.tell("watch", { bytes: this.bench.bytes });
    this.away = document.hidden;
    if (!this.away) this.tell("start");
    this.bench.say(`${this.said.textContent} The training has started.`);
  }

  report(data) {
    const before = this.state;
    this.state = data;
    if (!data.seen) this.forget();
    const finite = data.points.filter(([, loss]) => Number.isFinite(loss));
    this.losses = thinned([...this.losses, ...finite], POINTS);
    this.errors.push(...data.errors);
    this.bench.soon(this.show);
    if (before.running === data.running && before.trouble === data.trouble) return;
    this.bench.say(`${TROUBLE[data.trouble] ?? ""} ${this.told()}`);
  }

  /** A page that nobody sees does not learn, and goes on when it is seen again. */
  turnAway() {
    if (document.hidden && this.state.running) {
      this.away = true;
      this.tell("pause");
    } else if (!document.hidden && this.away) {
      this.away = false;
      this.tell("start");
    }
  }

  told() {
    const { running, seen, epoch, seconds, loss } = this.state;
    const error = this.errors.at(-1)?.[1];
    return `${running ? "Learning" : seen ? "Paused" : "Not begun"}: ${much(seen)} digits seen, epoch ${epoch + 1}, `
      + `${number(seconds, 1)} seconds of learning. ${loss === null ? "" : `Loss ${number(loss, 3)}. `}`
      + `${error === undefined ? "" : `Of the held-out digits ${number(100 * error, 1)} % are misread.`}`;
  }

  show() {
    if (this.board.hidden) return;
    const { running, trouble, read } = this.state;
    this.go.textContent = running ? "Pause" : "Go on";
    this.one.disabled = running;
    this.line.textContent = this.told();
    this.trouble.hidden = !trouble;
    this.trouble.textContent = TROUBLE[trouble] ?? "";
    this.answerGuess();
    this.showLoss();
    if (this.evaluated !== this.errors.length) this.showErrors();
    if (!read) return;
    this.showFilters();
    this.read.textContent = read.digit < 0 ? "The chosen digit is not read: no probability is a number."
      : `The chosen digit is read as ${read.digit}, probability ${number(read.probabilities[read.digit])}.`;
  }

  answerGuess() {
    const found = this.guessed && reached(this.errors, ASKED);
    if (!found) return;
    this.said.textContent = `You guessed ${much(this.guessed)} digits. Nine of ten were read right after `
      + `${much(found.seen)}, and ${number(found.seconds, 1)} seconds of learning. Let it go on, change its rate, or break it.`;
    this.guessed = null;
    this.bench.say(this.said.textContent);
  }

  /** The axis of digits seen, which ends at one of its marks, so that it seldom changes. */
  axis() {
    const ticks = marks(Math.max(1000, this.state.seen));
    return { low: 0, high: ticks.at(-1) + ticks[1], ticks: ticks.map((at) => [at, much(at)]), title: "digits seen" };
  }

  showLoss() {
    const { updates, rate } = this.state;
    const curves = this.losses.length ? [{ kind: 1, points: this.losses }] : [];
    this.lossChart.show(this.axis(), { ...lossAxis(this.losses), title: "loss" }, curves, {
      label: `The loss over ${much(updates)} updates, now with the rate ${Number(rate.toPrecision(2))}. ${this.told()}`,
    });
  }

  /** What an evaluation found: a point of the curve, and the worst errors. */
  showErrors() {
    this.evaluated = this.errors.length;
    const points = this.errors.map(([at, error]) => [at, Math.max(0.05, 100 * error)]);
    this.errorChart.show(this.axis(), errorAxis([0.5, 100, ...points.map(([, error]) => error)], "held-out error, %"),
      points.length ? [{ kind: 2, points }] : [], { label: `The error on held-out digits. ${this.told()}` });
    this.showWorst();
  }

  showFilters() {
    const [count, , side] = this.table.tensors[0][1];
    const [filters, maps] = [this.state.weights.subarray(0, count * side * side), this.state.read.maps];
    const [limit, most] = [filters, maps].map(largest);
    for (let map = 0; map < count; map++) {
      paintSigned(this.filters.canvases[map], part(filters, map, side * side), side, limit);
      paintSigned(this.maps.canvases[map], part(maps, map, FIELD * FIELD), FIELD, most);
    }
    this.filters.root.setAttribute("aria-label", `The ${count} filters of C1, ${side} by ${side} weights each, up to `
      + `${number(limit)}; blue is below zero, red above.`);
    this.maps.root.setAttribute("aria-label", `The ${count} maps of C1 of the chosen digit, states up to ${number(most)}.`);
  }

  showWorst() {
    const { worst } = this.state;
    this.worst.figures.forEach((figure, i) => {
      figure.style.visibility = worst[i] ? "" : "hidden"; // which keeps its room
      if (!worst[i]) return;
      paintBytes(this.worst.canvases[i], worst[i].bytes, FIELD);
      figure.lastChild.textContent = `${worst[i].label} read as ${worst[i].digit}`;
    });
    this.worst.root.setAttribute("aria-label",
      `The worst errors: ${worst.map(({ label, digit }) => `a ${label} read as ${digit}`).join(", ") || "none yet"}.`);
  }

  /** Put the chosen digit among those to learn from, with a label and a weight. */
  ownDigit() {
    let [label, copies] = ["7", 200];
    const block = element("details", "instrument-teach");
    const button = Object.assign(element("button"), { type: "button", textContent: "Learn this digit, too" });
    const done = element("p");
    const weight = slider("Weight, in digits", { min: 1, max: 2000, step: 1, value: copies },
      (value) => (copies = value));
    button.addEventListener("click", () => {
      this.tell("own", { bytes: this.bench.bytes, label: Number(label), copies });
      done.textContent = `From now on the chosen digit is learned as a ${label}, and counts as ${much(copies)} beside the `
        + `${much(this.count)} others.`;
      this.bench.say(done.textContent);
    });
    block.append(
      Object.assign(element("summary"), { textContent: "Teach it the chosen digit, rightly or wrongly" }),
      choice("It is a", pairs([...Array(10).keys()]), label, (value) => (label = value)), weight.label, button, done,
    );
    return block;
  }

  /** The weights as a file, for `load_model` in a notebook, and from one. */
  files() {
    const block = element("div", "instrument-files");
    const save = Object.assign(element("button"), { type: "button", textContent: "Save the weights" });
    save.addEventListener("click", () => {
      if (!this.state.weights) return; // still loading
      const link = element("a");
      link.href = URL.createObjectURL(new Blob([safetensors(this.table, this.state.weights)]));
      link.download = "lenet5_modern.safetensors";
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
    const label = element("label", "instrument-file");
    const input = Object.assign(element("input"), { type: "file", accept: ".safetensors" });
    const answer = element("p");
    answer.setAttribute("role", "status");
    input.addEventListener("change", async () => {
      const [file] = input.files;
      if (file) answer.textContent = await this.put(file);
      input.value = "";
    });
    label.append(Object.assign(element("span"), { textContent: "Load weights" }), input);
    block.append(save, label, answer);
    return block;
  }

  async put(file) {
    try {
      const weights = weightsOf(this.table, await file.arrayBuffer());
      this.forget();
      this.tell("put", { weights });
      return `${file.name} is loaded: training goes on from it.`;
    } catch (error) {
      return `${file.name} was not loaded: ${error.message}.`;
    }
  }

  digit(bytes) {
    this.tell("watch", { bytes });
  }
}

/** What trains a network, and its digits: {worker, wasm, digits}; the worker has not been told of them. */
async function loadTraining() {
  const [wasm, digits] = await Promise.all(["training.wasm", "training.gz"].map(
    async (name) => (await load(name)).arrayBuffer(),
  ));
  return { worker: await startWorker("training-worker.js"), wasm, digits };
}

/** A classic worker; beside a page that lies in a file, only what the page holds itself can be one. */
async function startWorker(name) {
  if (location.protocol !== "file:") return new Worker(new URL(name, import.meta.url));
  const script = new Blob([await (await load(name)).text()], { type: "text/javascript" });
  return new Worker(URL.createObjectURL(script));
}

function paintSigned(canvas, values, side, limit) {
  if (canvas.width !== side) canvas.width = canvas.height = side;
  const image = new ImageData(side, side);
  colour(new Uint32Array(image.data.buffer), values, { colours: SIGNED, low: -limit, high: limit });
  canvas.getContext("2d").putImageData(image, 0, 0);
}

/** A row of small pictures, told as one. */
function pictures(count) {
  const root = element("div", "instrument-row");
  root.setAttribute("role", "img");
  const figures = Array.from({ length: count }, () => {
    const figure = element("figure");
    figure.append(element("canvas"), element("figcaption"));
    root.append(figure);
    return figure;
  });
  return { root, figures, canvases: figures.map((figure) => figure.firstChild) };
}

/** The look of this instrument, in a sheet beside that of all. */
function dress() {
  const all = document.querySelector("link[href*='instruments.css']");
  const own = Object.assign(element("link"), { rel: "stylesheet" });
  own.href = all.href.replace("instruments.css", "training.css");
  all.after(own);
}

(globalThis.lenetApart ??= {}).train = (bench, panel) => {
  dress();
  return new Training(bench, panel);
};
