// Lesson 05: point at any unit: what feeds it, its weights, and what the answer would be without it.

import { explain, forward, rise, verdict } from "./network.js";
import { element, nameUnit, number, showArithmetic } from "./inspector.js";
import { LAYOUT, LayerMaps, paletteOf } from "./maps.js";
import { choice, guessForm } from "./asking.js";

const FIRST = 2; // S2: to try all 4,704 units of C1 takes too long on a phone
const PATIENCE = 12; // milliseconds of work between two looks at what the reader does

/** Connections and parameters of one unit, and how many units share these parameters. */
export function shares({ layer, map, y, x }) {
  const { terms } = explain(layer, map, y, x);
  const links = terms.reduce((sum, { side }) => sum + side ** 2, 0);
  return { connections: links + 1, parameters: layer.weight ? links + 1 : 2, units: layer.size ** 2 };
}

/** How the distance to the code of `digit` changes where one state is 0; the states stay as they are. */
export function without(network, digit, at, place, whole) {
  const { states } = network.layers[at];
  const state = states[place];
  states[place] = 0;
  const change = rise(network, at + 1)[digit] - whole;
  states[place] = state;
  return change;
}

export function units(bench, panel) {
  const network = bench.networks.lenet5_1998;
  const layers = network.layers.slice(0, -1);
  const named = layers.slice(FIRST).map(({ title }) => title);
  let [bytes, unit, own, known, turn] = [null, { layer: layers[3], map: 0, y: 5, x: 5 }, named[0], false, 0];
  const rows = element("div", "instrument-layers");
  const views = layers.map((layer) => {
    const canvas = element("canvas");
    const name = Object.assign(element("b"), { textContent: layer.title });
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "application");
    canvas.setAttribute("aria-label", `${layer.title}: arrow keys choose a unit, Page Up and Page Down a map.`);
    rows.append(name, canvas);
    return new LayerMaps(canvas, layer, LAYOUT[layer.title], (chosen) => {
      unit = chosen ?? unit;
      bench.soon(show);
    });
  });
  const [said, line] = [element("p", "instrument-limits"), element("p", "instrument-answer")];
  const body = element("div", "live-arithmetic");
  body.tabIndex = 0; // it scrolls where there are many terms
  body.setAttribute("role", "region");
  body.setAttribute("aria-label", "The arithmetic of the unit");
  const which = choice(
    "Set the state of a single unit to 0. In which layer, from S2 on, is the one that the answer misses most?",
    named.map((title) => [title, title]), own, (title) => (own = title));
  const ask = guessForm(which, () => {
    ask.hidden = true;
    known = true;
    search();
  });
  const board = element("div", "instrument-board instrument-wide");
  board.append(ask, said, rows, line, body);
  panel.append(board);
  let width = 0;
  new ResizeObserver(([{ contentRect }]) => {
    if (contentRect.width === width) return; // only the height, which follows from the width
    width = contentRect.width;
    for (const view of views) view.measure();
    bench.soon(show);
  }).observe(rows);

  /** Read the digit again: another instrument of the page may have read another one. */
  function read() {
    const outputs = forward(network, bytes);
    const { digit } = verdict(network);
    return { digit, whole: outputs[digit] };
  }

  function show() {
    if (!bytes || !width) return;
    const { digit, whole } = read();
    const { layer, map, y, x } = unit;
    const text = showArithmetic(body, unit, network);
    const reads = layer.reads?.[map];
    views.forEach((view) => {
      const below = reads && view.layer === layer.below;
      const { step, side } = layer;
      const marks = view.layer === layer ? [{ ...unit, side: 1 }]
        : below && view.layer.size > 1 ? reads.map((from) => ({ map: from, y: y * step, x: x * step, side })) : [];
      view.chosen = view.layer === layer ? unit : null;
      view.paint(paletteOf(view.layer, true), marks, below ? new Set(reads) : null);
    });
    line.textContent = `${nameUnit(unit)}. ${layer.reads ? counted(unit) : ""}${known ? missed(digit, whole) : ""}`;
    bench.say(`${line.textContent} ${text}`);
  }

  function missed(digit, whole) {
    const { layer, map, y, x } = unit;
    const place = (map * layer.size + y) * layer.size + x;
    const change = without(network, digit, layers.indexOf(layer), place, whole);
    read();
    return ` Without it the distance to the code of ${digit} (${number(whole)}) changes by `
      + `${change > 0 ? "+" : ""}${number(change)}.`;
  }

  /** Try every unit of every layer, the quick ones first, and go to the one that is missed most. */
  async function search() {
    const mine = ++turn; // another digit ends this search
    const best = {};
    for (let at = layers.length - 1; at >= FIRST; at--) {
      const { title, maps, size, states } = layers[at];
      best[title] = { change: -1 };
      for (let place = 0; place < states.length;) {
        said.textContent = `Trying the ${states.length.toLocaleString("en")} units of ${title} …`;
        const { digit, whole } = read();
        for (const end = performance.now() + PATIENCE; place < states.length && performance.now() < end; place++) {
          const change = Math.abs(without(network, digit, at, place, whole));
          if (change > best[title].change) best[title] = { change, place, maps, size };
        }
        await new Promise((done) => setTimeout(done)); // a longer task would stop the page
        if (mine !== turn) return;
      }
    }
    const most = named.reduce((a, b) => (best[b].change > best[a].change ? b : a));
    const { place, size } = best[most];
    unit = {
      layer: layers[named.indexOf(most) + FIRST], map: Math.floor(place / size ** 2),
      y: Math.floor(place / size) % size, x: place % size,
    };
    const list = named.map((title) => `${title} ${number(best[title].change)}`).join(", ");
    said.textContent = `You guessed ${own}. The largest changes of the distance, layer by layer: ${list}. The frame `
      + `shows the one in ${most}. Point at any other unit.`;
    bench.soon(show);
  }

  return {
    digit(chosen) {
      bytes = chosen;
      turn++;
      if (known) search();
      bench.soon(show);
    },
  };
}

function counted(unit) {
  const { connections, parameters, units: count } = shares(unit);
  return `It has ${connections} connections and ${parameters} parameters${count > 1
    ? `, which the ${count} units of its map share` : ""}.`;
}
