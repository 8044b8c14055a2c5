// Lesson 01: change a digit pixel by pixel, and see answer and nearest neighbour change.

import { FIELD } from "./preparation.js";
import { paintBytes } from "./drawing.js";
import { loadTable } from "./loading.js";
import { bytesOf } from "./store.js";
import { button, element, number } from "./inspector.js";
import { cellAt, guess, steer } from "./asking.js";
import { dense, normalised, softmax, unpacked } from "./dense.js";

const PIXELS = FIELD * FIELD;

/** The training digits of a page: two pixels a byte, of 16 greys. */
export function unfolded(text) {
  const halves = bytesOf(text);
  return Uint8Array.from({ length: 2 * halves.length }, (_, i) =>
    17 * (i % 2 ? halves[i >> 1] & 15 : halves[i >> 1] >> 4));
}

/** The training digit with the smallest distance: {at, distance}, in units of a full pixel. */
export function nearest(digits, bytes) {
  let [at, least] = [0, Infinity];
  for (let start = 0; start < digits.length; start += PIXELS) {
    let sum = 0;
    for (let i = 0; i < PIXELS && sum < least; i++) sum += (digits[start + i] - bytes[i]) ** 2;
    if (sum < least) [at, least] = [start / PIXELS, sum];
  }
  return { at, distance: Math.sqrt(least) / 255 };
}

export function pixels(bench, panel) {
  let [given, bytes, page, known, first] = [null, null, null, false, null];
  let [row, column, pen] = [14, 14, 255];
  const canvas = element("canvas", "instrument-digit");
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  const near = element("canvas");
  near.setAttribute("role", "img");
  const figure = element("figure", "instrument-map instrument-near");
  const caption = element("figcaption");
  figure.append(near, caption);
  const [said, answer, rest] = [element("p"), element("p", "instrument-answer"), element("p", "instrument-limits")];
  const back = button("The digit as it was", begin);
  const shown = element("div", "instrument-tools");
  shown.append(answer, figure, rest, back);
  shown.hidden = true;
  let guessed = null;
  const ask = guess(
    "Press a black pixel, and it becomes white; a white one becomes black. How many must you change until the "
      + "network changes its answer?",
    { min: 1, max: 100, step: 1, value: 30 },
    async (own) => {
      guessed = own;
      said.textContent = "The network is being loaded.";
      try {
        const data = await loadTable("pixels.json");
        page = { layers: data.network.map(unpacked), digits: unfolded(data.neighbours), labels: data.labels };
      } catch (error) {
        said.textContent = error.message;
        return;
      }
      said.textContent = `You guessed ${own}. Now change pixels: press or drag over them, or move with the arrow `
        + "keys and press Space.";
      [known, shown.hidden] = [true, false];
      begin();
    },
  );
  const board = element("div", "instrument-board");
  board.append(ask, said, shown);
  panel.append(canvas, board);

  steer(canvas, [FIELD, FIELD], {
    point(y, x, first) {
      [row, column] = [cellAt(y, FIELD), cellAt(x, FIELD)];
      if (first) dip();
      put();
    },
    step(down, right) {
      [row, column] = [cellAt(row + down, FIELD), cellAt(column + right, FIELD)];
      bench.soon(show);
    },
    press() {
      dip();
      put();
    },
  });

  /** A pen that changes the pixel under it. */
  function dip() {
    pen = bytes[row * FIELD + column] > 127 ? 0 : 255;
  }

  function put() {
    if (!known) return;
    bytes[row * FIELD + column] = pen;
    bench.soon(show);
  }

  function begin() {
    bytes = given.slice();
    first = null;
    bench.soon(show);
  }

  function show() {
    paintBytes(canvas, bytes, FIELD);
    if (!known) return canvas.setAttribute("aria-label", "The digit, before you change it.");
    const context = canvas.getContext("2d");
    context.fillStyle = "rgb(255 176 0 / 0.6)";
    context.fillRect(column, row, 1, 1);
    const read = (picture) => softmax(dense(page.layers, normalised(picture)));
    const [before, now] = [read(given), read(bytes)];
    const count = bytes.reduce((sum, ink, i) => sum + (ink !== given[i]), 0);
    if (first === null && now.digit !== before.digit) first = count;
    answer.textContent = `784-300-10 reads ${now.digit}, probability ${number(now.probabilities[now.digit], 2)}. `
      + `${count} pixel${count === 1 ? "" : "s"} changed.`;
    const { at, distance } = nearest(page.digits, bytes);
    paintBytes(near, page.digits.subarray(at * PIXELS, (at + 1) * PIXELS), FIELD);
    caption.textContent = `The nearest of ${page.labels.length} training digits, a ${page.labels[at]}: distance `
      + `${number(distance, 1)}.`;
    near.setAttribute("aria-label", caption.textContent);
    rest.textContent = first === null ? `Untouched it is read as ${before.digit}.`
      : `With ${first} changed, the ${before.digit} was read as something else for the first time; you guessed ${guessed}.`;
    canvas.setAttribute("aria-label", `The digit. Arrow keys move, Space changes the pixel in row ${row}, column `
      + `${column}. ${answer.textContent} ${caption.textContent}`);
    bench.say(`${answer.textContent} ${caption.textContent}`);
  }

  return {
    digit(chosen) {
      given = chosen;
      begin();
    },
  };
}
