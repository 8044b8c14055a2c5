// The picture of a network at work: its maps from the input to F6, the outputs, the chosen unit.

import { verdict } from "./network.js";
import { GREY, LAYOUT, LayerMaps, colour, paletteOf } from "./maps.js";
import { element, fieldOf, nameUnit, number, showArithmetic } from "./inspector.js";

const GLYPH_COLUMNS = 42; // F6 of today's network, whose states draw nothing
const MANY = 16; // more wires than this show nothing

export class NetworkView {
  /** @param root holds the elements named by `data-live`. */
  constructor(root) {
    this.part = (name) => root.querySelector(`[data-live="${name}"]`);
    this.rows = this.part("rows");
    this.wires = this.part("wires");
    this.sheet = this.part("unit");
    this.body = this.part("arithmetic");
    this.views = [];
    this.chosen = null;
    this.empty = true;
    this.cards = this.makeCards();
    for (const [name, act] of Object.entries({
      up: (view) => view.move(-1, 0), down: (view) => view.move(1, 0),
      left: (view) => view.move(0, -1), right: (view) => view.move(0, 1),
      before: (view) => view.turn(-1), after: (view) => view.turn(1),
    })) this.part(name).addEventListener("click", () => act(this.viewOf(this.chosen.layer)));
    this.part("close").addEventListener("click", () => this.choose(null));
    this.sheet.addEventListener("keydown", (event) => event.key === "Escape" && this.choose(null));
    // Once the pointer or the key is up: a map that moves away from under a pointer is no help.
    for (const type of ["click", "keyup"]) {
      this.rows.addEventListener(type, ({ target }) => this.chosen && reveal(target));
    }
    let width = 0;
    new ResizeObserver(([{ contentRect }]) => {
      if (contentRect.width === width) return; // only the height, which follows from the width
      width = contentRect.width;
      this.resize();
    }).observe(this.rows);
  }

  makeCards() {
    const list = this.part("cards");
    return Array.from({ length: 10 }, (_, digit) => {
      const card = element("button", "live-card");
      card.type = "button";
      const glyph = Object.assign(element("canvas"), { width: 7, height: 12 });
      const bar = element("span", "live-bar");
      const [name, kind] = [element("b"), element("span", "live-hidden")];
      const value = element("span", "live-value");
      name.textContent = digit;
      card.append(glyph, name, kind, bar, value);
      card.addEventListener("click", () => this.choose({
        layer: this.network.layers.at(-1), map: digit, y: 0, x: 0,
      }));
      list.append(card);
      return { card, glyph, bar, value, kind };
    });
  }

  /** Show another network, its maps empty until `paint`. */
  setNetwork(network) {
    for (const view of this.views) view.remove();
    const kept = this.chosen;
    this.network = network;
    this.old = network.kind === "lenet5_1998";
    this.rows.parentElement.dataset.network = network.kind;
    this.views = network.layers.slice(0, -1).map((layer) => {
      const canvas = this.part(layer.title);
      const drawing = layer.title !== "F6" || this.old;
      const layout = { ...LAYOUT[layer.title], ...(!drawing && { columns: GLYPH_COLUMNS }) };
      const view = new LayerMaps(canvas, layer, layout, (unit) => this.choose(unit));
      canvas.setAttribute("aria-label", describe(layer));
      return view;
    });
    this.cards.forEach(({ glyph, kind }, digit) => {
      kind.textContent = this.old ? "distance" : "score";
      glyph.hidden = !this.old;
      if (this.old) paintCode(glyph, network.codes.subarray(digit * 84, digit * 84 + 84));
    });
    // The same unit of the other network: its shape is the same.
    this.choose(kept && { ...kept, layer: network.layers.find((l) => l.title === kept.layer.title) });
  }

  viewOf(layer) {
    return this.views.find((view) => view.layer === layer) ?? this.outputs;
  }

  /** The cards answer the step buttons as the maps do. */
  get outputs() {
    const layer = this.network.layers.at(-1);
    const turn = (by) => this.choose({ layer, map: (this.chosen.map + by + 10) % 10, y: 0, x: 0 });
    return { layer, turn, move: (down, right) => turn(down + right) };
  }

  resize() {
    for (const view of this.views) view.measure();
    this.paint();
  }

  /** Choose a unit {layer, map, y, x}, or none. */
  choose(unit) {
    this.chosen = unit;
    for (const view of this.views) view.chosen = unit?.layer === view.layer ? unit : null;
    this.sheet.hidden = !unit;
    if (unit) this.part("unit-name").textContent = nameUnit(unit);
    this.sheet.classList.toggle("live-single", unit?.layer.size === 1);
    this.paint();
    this.part("unit-spoken").textContent = unit
      ? `${nameUnit(unit)}: ${this.part("unit-field").textContent} ${this.sentence}`
      : "";
  }

  paint() {
    if (!this.network) return;
    const unit = this.chosen;
    const reads = unit?.layer.reads?.[unit.map];
    for (const view of this.views) {
      const marks = [];
      let only = null;
      if (unit && view.layer === unit.layer) {
        marks.push({ ...unit, side: 1 });
        if (view.layer.size > 1) only = new Set([unit.map]);
      } else if (unit && view.layer.kind === "input" && unit.layer.reach) {
        marks.push(fieldOf(unit));
      } else if (reads && view.layer === unit.layer.below) {
        only = new Set(reads);
        const { step, side } = unit.layer;
        if (view.layer.size > 1) {
          marks.push(...reads.map((map) => ({ map, y: unit.y * step, x: unit.x * step, side })));
        }
      }
      view.paint(paletteOf(view.layer, this.old), marks, only);
    }
    if (unit) {
      this.part("unit-field").textContent = sees(unit);
      this.sentence = showArithmetic(this.body, unit, this.network);
    }
    this.paintWires(unit, reads);
    this.paintOutputs();
  }

  /** A line from each map that the chosen one reads: for C3 a column of Table I. */
  paintWires(unit, reads) {
    this.wires.replaceChildren();
    if (!reads || reads.length > MANY || unit.layer.below.size === 1) return;
    const [from, to] = [this.viewOf(unit.layer.below), this.viewOf(unit.layer)];
    const frame = this.wires.getBoundingClientRect();
    const at = (view, map, bottom) => {
      const box = view.canvas.getBoundingClientRect();
      const { left, top, side } = view.square(map);
      const y = box.top - frame.top + top + (bottom ? side : 0);
      return [box.left - frame.left + left + side / 2, y];
    };
    const [endX, endY] = at(to, unit.map, false);
    for (const map of reads) {
      const [x, y] = at(from, map, true);
      const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
      const middle = (y + endY) / 2;
      path.setAttribute("d", `M${x} ${y}C${x} ${middle} ${endX} ${middle} ${endX} ${endY}`);
      this.wires.append(path);
    }
  }

  paintOutputs() {
    const { digit, probabilities, none } = verdict(this.network);
    const outputs = this.network.layers.at(-1).states;
    const farthest = Math.max(...outputs);
    this.cards.forEach(({ card, bar, value }, i) => {
      const part = this.old ? outputs[i] / farthest : probabilities[i];
      bar.style.setProperty("--part", this.empty ? 0 : part.toFixed(3));
      value.textContent = this.empty ? "" : number(outputs[i], 1);
      card.classList.toggle("live-best", !this.empty && i === digit);
      card.setAttribute("aria-pressed", this.chosen?.layer.title === "Output" && this.chosen.map === i);
    });
    const [name, sure, reason] = this.empty
      ? ["?", "Draw a digit in the black field.", ""]
      : [digit, `${percent(probabilities[digit])} confident`, this.reason(outputs[digit], none)];
    this.part("digit").textContent = name;
    this.part("digit").classList.toggle("live-doubt", this.empty || none > 0.5);
    this.part("confidence").textContent = sure;
    this.part("reason").textContent = reason;
    this.spoken = this.empty ? "The field is empty." : `Read as ${digit}, ${sure}. ${reason}`;
  }

  reason(output, none) {
    if (!this.old) return `Score ${number(output, 1)}. Scores have no “none of the ten”.`;
    const distance = `Distance ${number(output, 1)} to its code.`;
    return none > 0.5 ? `${distance} More likely none of the ten.` : distance;
  }
}

/** Scroll just so far that the layer is seen, with the sheet open below it. */
function reveal(target) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const layer = target.closest(".live-layer");
  layer?.scrollIntoView({ block: "nearest", behavior: calm ? "instant" : "smooth" });
}

function percent(share) {
  return share > 0.9995 ? "over 99.9 %" : `${number(100 * share, 1)} %`;
}

function describe({ title, maps, size }) {
  const what = size > 1 ? `${maps} ${maps > 1 ? "maps" : "picture"} of ${size} by ${size}` : `${maps} units`;
  const keys = size > 1 ? "Arrow keys choose a unit, Page Up and Page Down a map" : "Arrow keys choose a unit";
  return `${title}, ${what}. ${keys}, Escape none.`;
}

function sees({ layer, y, x }) {
  if (!layer.reach || layer.kind === "input") return "";
  const edge = (v) => `${v * layer.jump} to ${Math.min(32, v * layer.jump + layer.reach) - 1}`;
  return layer.reach >= 32 ? "It sees the whole input."
    : `It sees rows ${edge(y)} and columns ${edge(x)} of the input.`;
}

function paintCode(canvas, code) {
  const image = new ImageData(7, 12);
  colour(new Uint32Array(image.data.buffer), code, { colours: GREY, low: -1, high: 1 });
  canvas.getContext("2d").putImageData(image, 0, 0);
}
