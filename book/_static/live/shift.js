// Lesson 04: move the digit, and see how much each layer changes; four ways to halve a map.

import { forward } from "./network.js";
import { FIELD } from "./preparation.js";
import { paintBytes } from "./drawing.js";
import { element, number } from "./inspector.js";
import { SIGNED, paintValues } from "./maps.js";
import { guess, slider } from "./asking.js";
import { affine, warp } from "./warp.js";

const LIMIT = 4; // pixels
const MOVES = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const WAYS = ["Sum, coefficient, bias", "Mean", "Maximum", "Every second unit"];

/** By what part of their length numbers have changed: 0 for not at all. */
export function change(before, now) {
  let [apart, length] = [0, 0];
  before.forEach((value, i) => {
    apart += (now[i] - value) ** 2;
    length += value ** 2;
  });
  return Math.sqrt(apart / length);
}

/** A map of size x size halved in four ways; the first with a coefficient, a bias, and scaled tanh. */
export function halved(map, size, coefficient, bias) {
  const half = size / 2;
  const ways = WAYS.map(() => new Float64Array(half * half));
  for (let i = 0; i < half * half; i++) {
    const at = 2 * Math.floor(i / half) * size + 2 * (i % half);
    const four = [map[at], map[at + 1], map[at + size], map[at + size + 1]];
    const sum = four.reduce((a, b) => a + b);
    ways[0][i] = 1.7159 * Math.tanh((2 / 3) * (coefficient * sum + bias));
    ways[1][i] = sum / 4;
    ways[2][i] = Math.max(...four);
    ways[3][i] = four[0];
  }
  return ways;
}

export function shift(bench, panel) {
  const network = bench.networks.lenet5_1998;
  const [, c1, s2] = network.layers;
  let [bytes, right, down, map] = [null, 0, 0, 4];
  let [coefficient, bias] = [s2.coefficient[map], s2.bias[map]];
  const canvas = element("canvas", "instrument-digit");
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  const line = element("p", "instrument-answer");
  const bars = element("div", "instrument-bars");
  bars.setAttribute("aria-hidden", "true");
  const rows = network.layers.slice(0, -1).map(({ title }) => {
    const [name, bar, value] = [element("b"), element("i"), element("span")];
    name.textContent = title;
    bars.append(name, bar, value);
    return { bar, value };
  });
  const maps = element("div", "instrument-four");
  const figures = WAYS.map((title) => {
    const figure = element("figure", "instrument-map");
    const [picture, caption] = [element("canvas"), element("figcaption")];
    picture.setAttribute("role", "img");
    figure.append(picture, caption);
    maps.append(figure);
    return { title, picture, caption };
  });
  const controls = element("div", "instrument-sliders");
  const turn = slider("Coefficient", { min: -1, max: 1, step: 0.05, value: coefficient },
    (value) => { coefficient = value; bench.soon(show); });
  const lift = slider("Bias", { min: -2, max: 2, step: 0.05, value: bias },
    (value) => { bias = value; bench.soon(show); });
  const which = slider("Map of C1", { min: 0, max: c1.maps - 1, step: 1, value: map }, (value) => {
    map = value;
    turn.set((coefficient = s2.coefficient[map]));
    lift.set((bias = s2.bias[map]));
    bench.soon(show);
  });
  controls.append(which.label, turn.label, lift.label);
  const board = element("div", "instrument-board instrument-wide");
  const hint = Object.assign(element("p"), {
    textContent: "Drag the digit, or move it with the arrow keys.",
  });
  board.append(hint, line, bars, controls, maps);
  board.hidden = true;
  panel.append(canvas, guess(
    "The digit moves one pixel to the right. By how many percent do the states of C1 change?",
    { min: 0, max: 150, step: 5, value: 50, unit: " %" },
    (own) => {
      board.hidden = false;
      [right, down] = [1, 0];
      hint.textContent = `You guessed ${own} %. ${hint.textContent}`;
      bench.soon(show);
    },
  ), board);

  let start = null;
  const cell = () => canvas.clientWidth / FIELD;
  const clip = (v) => Math.max(-LIMIT, Math.min(LIMIT, Math.round(v)));
  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    start = [event.clientX - right * cell(), event.clientY - down * cell()];
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!canvas.hasPointerCapture(event.pointerId) || board.hidden) return;
    move((event.clientX - start[0]) / cell(), (event.clientY - start[1]) / cell());
  });
  canvas.addEventListener("keydown", (event) => {
    if (!(event.key in MOVES) || board.hidden) return;
    event.preventDefault();
    move(right + MOVES[event.key][0], down + MOVES[event.key][1]);
  });

  function move(x, y) {
    [right, down] = [clip(x), clip(y)];
    bench.soon(show);
  }

  /** The states of all layers, and the four halved maps, for 28x28 bytes. */
  function states(picture) {
    forward(network, picture);
    const layers = network.layers.map((layer) => layer.states.slice());
    const plane = c1.size ** 2;
    const own = layers[1].subarray(map * plane, (map + 1) * plane);
    return { layers, ways: halved(own, c1.size, coefficient, bias) };
  }

  function show() {
    const before = states(bytes);
    const picture = warp(bytes, affine({ right, down }));
    const now = states(picture);
    paintBytes(canvas, picture, FIELD);
    paintGhost(canvas, bytes);
    const parts = rows.map((_, i) => change(before.layers[i], now.layers[i]));
    rows.forEach(({ bar, value }, i) => {
      bar.style.setProperty("--part", Math.min(1, parts[i] / 1.5).toFixed(3));
      value.textContent = `${number(100 * parts[i], 0)} %`;
    });
    figures.forEach(({ title, picture: own, caption }, i) => {
      const most = before.ways[i].reduce((a, b) => Math.max(a, Math.abs(b)), 1e-9);
      const part = change(before.ways[i], now.ways[i]);
      paintValues(own, now.ways[i], c1.size / 2, { colours: SIGNED, low: -most, high: most });
      caption.textContent = `${title}: changed by ${number(100 * part, 0)} %`;
      own.setAttribute("aria-label", caption.textContent);
    });
    const names = network.layers.map(({ title }) => title);
    line.textContent = `Moved by ${right} to the right and ${down} down: of C1 ${number(100 * parts[1], 0)} % `
      + `changes, of S2 ${number(100 * parts[2], 0)} %, of ${names[6]} ${number(100 * parts[6], 0)} %.`;
    canvas.setAttribute("aria-label", `The digit. Arrow keys move it. ${line.textContent}`);
    bench.say(line.textContent);
  }

  return {
    digit(chosen) {
      bytes = chosen;
      bench.soon(show);
    },
  };
}

/** Where the ink was: a thin orange veil. */
function paintGhost(canvas, bytes) {
  const context = canvas.getContext("2d");
  bytes.forEach((ink, i) => {
    if (ink < 64) return;
    context.fillStyle = "rgb(255 176 0 / 0.35)";
    context.fillRect(i % FIELD, Math.floor(i / FIELD), 1, 1);
  });
}
