// The entry of a lesson's instruments: finds them, gives each the networks and the reader's digit.

import { forward, verdict } from "./network.js";
import { isEmpty, prepare } from "./preparation.js";
import { Pad, digitButton, drawingField } from "./drawing.js";
import { element } from "./inspector.js";
import { keepDigit, keptDigit } from "./store.js";
import { loadApart, loadDigits, loadNetwork, loadTable } from "./loading.js";
import { criteria, paths } from "./arcs.js";
import { bend } from "./bend.js";
import { cover } from "./cover.js";
import { descent } from "./descent.js";
import { faults } from "./faults.js";
import { configuration, road } from "./curves.js";
import { family } from "./family.js";
import { field } from "./field.js";
import { reading } from "./reading.js";
import { grow } from "./grow.js";
import { kernel } from "./kernel.js";
import { pixels } from "./pixels.js";
import { plates } from "./plates.js";
import { rejecting } from "./rejecting.js";
import { shift } from "./shift.js";
import { shuffle } from "./shuffle.js";
import { symbol } from "./symbol.js";
import { units } from "./units.js";
import { wires } from "./wires.js";

const INSTRUMENTS = {
  bend, configuration, cover, criteria, descent, family, faults, field, grow, kernel, paths, pixels, plates,
  reading, rejecting, road, shift, shuffle, symbol, units, wires,
};
// What those work on that ask no network: counts, records, or nothing.
const TABLES = {
  configuration: "configurations.json", criteria: null, descent: null, family: "family.json",
  faults: "faults.json", paths: null, rejecting: "amounts.json", road: "road.json",
};
// Those that have a table, and a digit, too.
const BOTH = { shuffle: "shuffling.json", train: "training.json" };
// Those with a script of their own.
const APART = { train: "training.js" };
// Those that load a network of their own, at a guess.
const LATER = new Set(["pixels", "plates", "reading"]);
const QUIET = 600; // milliseconds without a change before the state is spoken
const FIRST = "7";

/** What an instrument works with: networks, a digit, and places for what it shows. */
class Bench {
  constructor(root, { networks, digits, table }) {
    Object.assign(this, { root, networks, digits, table });
    this.app = root.querySelector(".instrument-app");
    this.works = new Set();
    this.bytes = digits && (keptDigit() ?? digits[FIRST][0]);
    this.spoken = element("p", "live-hidden");
    this.spoken.setAttribute("role", "status");
  }

  /** The answer of a network to 28x28 bytes: {digit, outputs, none, probabilities}. */
  ask(kind, bytes) {
    const network = this.networks[kind];
    const outputs = Float64Array.from(forward(network, bytes));
    return { ...verdict(network), outputs };
  }

  /** Do `work` before the next frame, once for all changes until then. */
  soon(work) {
    if (!this.works.size) {
      requestAnimationFrame(() => {
        const works = [...this.works];
        this.works.clear();
        for (const each of works) each();
      });
    }
    this.works.add(work);
  }

  /** Load one more network, for what most readers of a page do not come to. */
  async need(kind) {
    this.networks[kind] ??= await loadNetwork(kind);
  }

  say(text) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => (this.spoken.textContent = text), QUIET);
  }

  start() {
    const panel = element("div", "instrument-panel");
    this.instrument = INSTRUMENTS[this.root.dataset.instrument](this, panel);
    this.app.append(panel, this.spoken);
    if (this.instrument.choose !== false) panel.after(this.chooser());
    const still = this.root.querySelector(".instrument-still");
    this.keepRoom(still);
    this.app.hidden = false;
    still.hidden = true;
    this.root.querySelector(".live-message").textContent = "";
    this.use(this.bytes);
  }

  /** Where a reader sees the still, what stands below must not move before the reader does. */
  keepRoom(still) {
    const { top, bottom, height } = still.getBoundingClientRect();
    if (bottom < 0 || top > innerHeight) return;
    this.app.style.minHeight = `${height}px`;
    for (const type of ["pointerdown", "keydown"]) {
      this.app.addEventListener(type, () => { this.app.style.minHeight = ""; }, { once: true });
    }
  }

  use(bytes) {
    this.bytes = bytes;
    this.instrument.digit(bytes);
  }

  /** The reader's own digit, or one of the test set. */
  chooser() {
    const row = element("div", "instrument-digits");
    row.setAttribute("role", "group");
    row.setAttribute("aria-label", "The digit");
    for (const [digit, choices] of Object.entries(this.digits)) {
      row.append(digitButton(digit, choices[0], () => {
        this.use(choices[0]);
        choices.push(choices.shift());
      }));
    }
    const own = element("details", "instrument-own");
    own.append(Object.assign(element("summary"), { textContent: "Draw your own" }));
    const canvas = drawingField();
    const clear = Object.assign(element("button"), { type: "button", textContent: "Clear" });
    own.append(canvas, clear);
    own.addEventListener("toggle", () => own.open && this.draw(canvas, clear), { once: true });
    const block = element("div", "instrument-chooser");
    block.append(row, own);
    return block;
  }

  draw(canvas, clear) {
    const read = () => {
      pad.paint();
      if (isEmpty(pad)) return;
      const bytes = prepare(pad);
      keepDigit(bytes);
      this.use(bytes);
    };
    const pad = new Pad(canvas, () => this.soon(read));
    clear.addEventListener("click", () => pad.clear());
    pad.paint();
  }
}

/** What an instrument works with; of several on a page, each file is loaded once. */
async function supplies(name, once) {
  if (name in APART) INSTRUMENTS[name] = await loadApart(name, APART[name]);
  const table = BOTH[name] ?? TABLES[name];
  if (name in BOTH) {
    const [digits, found] = await Promise.all([once("digits", loadDigits), loadTable(table)]);
    return { digits, table: found };
  }
  if (name in TABLES) return { table: table && await once(name, () => loadTable(table)) };
  if (LATER.has(name)) return { digits: await once("digits", loadDigits) };
  const kind = "lenet5_1998";
  const [network, digits] = await Promise.all([once(kind, () => loadNetwork(kind)), once("digits", loadDigits)]);
  return { networks: { [kind]: network }, digits };
}

function begin() {
  const loading = {};
  const once = (name, load) => (loading[name] ??= load());
  for (const root of document.querySelectorAll(".lenet-instrument")) {
    supplies(root.dataset.instrument, once).then(
      (found) => new Bench(root, found).start(),
      (error) => { root.querySelector(".live-message").textContent = error.message; },
    );
  }
}

begin();
