// Lesson 12: characters of plates, drawn or of the test set, and the threshold of "none of these".

import { buildNetwork, forward } from "./network.js";
import { FIELD, PEN } from "./preparation.js";
import { Pad, drawingField, paintBytes } from "./drawing.js";
import { bytesOf } from "./store.js";
import { loadPlates } from "./loading.js";
import { element, number } from "./inspector.js";
import { guess, slider } from "./asking.js";
import { unpacked } from "./dense.js";

const SIDE = 32;
const FINE = 2; // samples of a pixel in a row, for soft edges
const CLASSES = 65; // characters; a class more is what is none
const LOST = 0.02; // of the characters, at the threshold that is asked about
const STEPS = 40; // bars of a heap

/** The network and its pictures. */
export function platesNetwork({ layers, pictures }) {
  const tensors = {};
  for (const [name, layer] of Object.entries(layers)) {
    const { shape, weight, bias } = unpacked(layer);
    tensors[`${name}.weight`] = { shape, data: weight };
    tensors[`${name}.bias`] = { shape: [bias.length], data: bias };
  }
  return {
    network: buildNetwork("plates", tensors),
    pictures: pictures.map(({ name, bytes }) => ({ name, bytes: bytesOf(bytes) })),
  };
}

/** 32x32 bytes with mean 0 and standard deviation 1, in steps of 1/40, as they were trained on. */
export function standardised(bytes) {
  const mean = bytes.reduce((a, b) => a + b, 0) / bytes.length;
  const deviation = Math.sqrt(bytes.reduce((a, b) => a + (b - mean) ** 2, 0) / bytes.length);
  return Float64Array.from(bytes, (value) => {
    const level = Math.round((40 * (value - mean)) / Math.max(1, deviation)) + 128;
    return (Math.max(0, Math.min(255, level)) - 128) / 40;
  });
}

/** How much a picture looks like a character: the energy, less the score of "none" if there is one. */
export function sureness(scores) {
  const characters = scores.slice(0, CLASSES);
  const best = Math.max(...characters);
  const sum = characters.reduce((total, score) => total + Math.exp(score - best), 0);
  return best + Math.log(sum) - (scores[CLASSES] ?? 0);
}

/** A drawing as a character of a plate fills its picture: strokes of [x, y], 0 to 28, to bytes. */
export function fromStrokes(strokes) {
  const pen = 0.7 * PEN; // a sign of a province has many strokes
  const [xs, ys] = [0, 1].map((axis) => strokes.flat().map((point) => point[axis]));
  const segments = strokes.flatMap((stroke) =>
    stroke.map((point, i) => [stroke[Math.max(0, i - 1)], point]));
  const ink = (x, y) => {
    let near = Infinity;
    for (const [[ax, ay], [bx, by]] of segments) {
      const [dx, dy] = [bx - ax, by - ay];
      const t = Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1)));
      near = Math.min(near, Math.hypot(x - ax - t * dx, y - ay - t * dy));
    }
    return 255 * Math.max(0, Math.min(1, 2 * (pen - near) + 0.5));
  };
  const edge = (values, side) => (side < 0 ? Math.min(...values) : Math.max(...values)) + side * pen;
  return filled([edge(xs, -1), edge(ys, -1), edge(xs, 1), edge(ys, 1)], ink);
}

/** A digit of 28x28 bytes, such as the reader's own, as a character of a plate. */
export function fromDigit(bytes) {
  let box = [FIELD, FIELD, 0, 0];
  bytes.forEach((ink, i) => {
    if (ink < 64) return;
    const [x, y] = [i % FIELD, Math.floor(i / FIELD)];
    box = [Math.min(box[0], x), Math.min(box[1], y), Math.max(box[2], x + 1), Math.max(box[3], y + 1)];
  });
  const at = (x, y) => (x < 0 || y < 0 || x >= FIELD || y >= FIELD ? 0 : bytes[y * FIELD + x]);
  const ink = (x, y) => {
    const [left, top] = [Math.floor(x - 0.5), Math.floor(y - 0.5)];
    const [right, down] = [x - 0.5 - left, y - 0.5 - top];
    const row = (line) => (1 - right) * at(left, line) + right * at(left + 1, line);
    return (1 - down) * row(top) + down * row(top + 1);
  };
  return filled(box, ink);
}

/**
 * Fill 32x32 bytes with what `ink` shows in a box, in the proportions of the pictures that were made:
 * 71 high of 88, and 12 wider than the character, which is at most as wide as 0.95 of its height.
 */
function filled([left, top, right, bottom], ink) {
  const high = Math.max(bottom - top, (right - left) / 2);
  const part = (right - left) / high;
  const wide = 71 * (part < 0.35 ? Math.max(part, 0.1) : Math.max(0.5, Math.min(0.95, part)));
  const [scaleX, scaleY] = [((right - left) / wide) * (wide + 12) / SIDE, (high * 88) / 71 / SIDE];
  const [centreX, centreY] = [(left + right) / 2, (top + bottom) / 2];
  const bytes = new Uint8Array(SIDE * SIDE);
  for (let i = 0; i < bytes.length; i++) {
    let sum = 0;
    for (let k = 0; k < FINE * FINE; k++) {
      const x = (i % SIDE) + ((k % FINE) + 0.5) / FINE - SIDE / 2;
      const y = Math.floor(i / SIDE) + (Math.floor(k / FINE) + 0.5) / FINE - SIDE / 2;
      sum += ink(centreX + x * scaleX, centreY + y * scaleY);
    }
    bytes[i] = Math.round(sum / FINE ** 2);
  }
  return bytes;
}

export function plates(bench, panel) {
  const board = element("div", "instrument-board instrument-wide");
  let [page, own] = [null, null]; // what is loaded, and the picture that is read
  const message = Object.assign(element("p"), { textContent: "The network is being loaded." });
  panel.append(message);
  loadPlates().then((data) => {
    message.remove();
    page = build(bench, panel, board, data, platesNetwork(data));
    page.read(own ?? page.first);
  }, (error) => (message.textContent = error.message));
  return {
    digit(bytes) {
      own = fromDigit(bytes);
      page?.read(own);
    },
    choose: false,
  };
}

function build(bench, panel, board, data, { network, pictures }) {
  const canvas = element("canvas", "instrument-digit");
  canvas.setAttribute("role", "img");
  const [line, result] = [element("p", "instrument-answer"), element("p", "instrument-limits")];
  const known = { limit: data.limit, bytes: null, guessed: null };
  const named = (i) => (data.characters[i] === data.names[i] ? data.names[i]
    : `${data.characters[i]} (${data.names[i]})`);
  const { characters, none } = data.sure;
  const [low, high] = [Math.min(...none, ...characters), Math.max(...none, ...characters)];
  const below = (values) => values.filter((value) => value < known.limit).length / values.length;
  const move = slider("Threshold", { min: Math.floor(low), max: Math.ceil(high), step: 0.1, value: data.limit },
    (value) => { known.limit = value; bench.soon(show); });
  const heaps = [heap(characters, low, high), heap(none, low, high)];
  heaps[1].block.classList.add("instrument-none");
  const legend = Object.assign(element("p", "instrument-legend"), {
    textContent: "How sure the network is of each test picture, from left to right. Upwards: characters. "
      + "Downwards: pictures of no character. Pale: refused.",
  });
  board.append(line, move.label, ...heaps.map(({ block }) => block), legend, result);
  board.hidden = true;
  panel.append(canvas, guess(
    `The threshold is set so that ${100 * LOST} of 100 characters are refused. How many of 100 pictures of no `
      + "character are refused then?",
    { min: 0, max: 100, step: 1, value: 50 },
    (value) => {
      known.guessed = value;
      board.hidden = false;
      bench.soon(show);
    },
  ), board, chooser(pictures, named, read), drawing(bench, (bytes) => read(bytes)));

  function read(bytes) {
    known.bytes = bytes;
    bench.soon(show);
  }

  function show() {
    paintBytes(canvas, known.bytes, SIDE);
    const scores = [...forward(network, standardised(known.bytes))];
    const sure = sureness(scores);
    const best = scores.slice(0, CLASSES).map((score, i) => [score, i]).sort((a, b) => b[0] - a[0]);
    const refused = sure < known.limit;
    // Before the guess nothing of the threshold.
    const much = known.guessed === null ? "" : `, how sure: ${number(sure, 1)}`;
    line.textContent = refused && known.guessed !== null
      ? `None of these${much}. Next would be ${named(best[0][1])}.`
      : `Read as ${named(best[0][1])}${much}. Then ${named(best[1][1])}.`;
    board.classList.toggle("instrument-broken", refused);
    heaps.forEach(({ paint }) => paint(known.limit));
    const [lost, found] = [below(characters), below(none)].map((part) => number(100 * part, 1));
    const asked = number(100 * data.refused, 0);
    result.textContent = `At ${number(known.limit, 1)} it refuses ${found} of 100 pictures of no character, and `
      + `loses ${lost} of 100 characters. You guessed ${known.guessed}; where it loses ${100 * LOST} of 100 `
      + `characters of the validation set, it refuses ${asked}.`;
    canvas.setAttribute("aria-label", `The picture as it is read, 32x32 pixels. ${line.textContent}`);
    bench.say(known.guessed === null ? line.textContent : `${line.textContent} ${result.textContent}`);
  }

  return { read, first: pictures[0].bytes };
}

/** Bars: how many values lie where; what lies below the threshold is pale. */
function heap(values, low, high) {
  const counts = new Array(STEPS).fill(0);
  for (const value of values) {
    counts[Math.min(STEPS - 1, Math.floor(((value - low) / (high - low)) * STEPS))] += 1;
  }
  const most = Math.max(...counts);
  const block = element("div", "instrument-heap");
  block.setAttribute("aria-hidden", "true");
  const bars = counts.map((count) => {
    const bar = element("i");
    bar.style.setProperty("--part", (count / most).toFixed(3));
    block.append(bar);
    return bar;
  });
  const middle = (i) => low + ((i + 0.5) / STEPS) * (high - low);
  return { block, paint: (limit) => bars.forEach((bar, i) => bar.classList.toggle("pale", middle(i) < limit)) };
}

/** Pictures of the test set, some of characters and some of none. */
function chooser(pictures, named, read) {
  const row = element("div", "instrument-digits instrument-wide");
  row.setAttribute("role", "group");
  row.setAttribute("aria-label", "Pictures of the test set");
  pictures.forEach(({ name, bytes }, i) => {
    const button = Object.assign(element("button"), { type: "button" });
    button.setAttribute("aria-label", name === null ? `No character, picture ${i + 1}` : `Test picture ${named(name)}`);
    paintBytes(button.appendChild(element("canvas")), bytes, SIDE);
    button.addEventListener("click", () => read(bytes));
    row.append(button);
  });
  return row;
}

/** A field to draw a letter, a sign of a province, or anything else. */
function drawing(bench, read) {
  const block = element("details", "instrument-own instrument-wide");
  block.append(Object.assign(element("summary"), { textContent: "Draw a letter, a sign, or anything else" }));
  const canvas = drawingField();
  const clear = Object.assign(element("button"), { type: "button", textContent: "Clear" });
  block.append(canvas, clear);
  block.addEventListener("toggle", () => {
    const pad = new Pad(canvas, () => bench.soon(change));
    function change() {
      pad.paint();
      if (pad.strokes.length) read(fromStrokes(pad.strokes));
    }
    clear.addEventListener("click", () => pad.clear());
    pad.paint();
  }, { once: true });
  return block;
}
