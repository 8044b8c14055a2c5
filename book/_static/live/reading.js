// Lessons 16 to 18 and the live page: write a number, and see the columns of answers and their paths.

import { button, element, number } from "./inspector.js";
import { Pad } from "./drawing.js";
import { guess, slider } from "./asking.js";
import { loadNetwork } from "./loading.js";
import { fitLine, isEmpty } from "./preparation.js";
import { HEIGHT, NONE, STRIDE, buildSweep, readings, setDigits, sweep } from "./sweep.js";

export const WIDTH = 160;
const CLASSES = 11;
const ROW = 16; // pixels of the screen, in the picture of the columns
const SAMPLE = [4, 0, 7, 1, 9];
const nameOf = (c) => (c === NONE ? "none" : String(c));

export function reading(bench, panel) {
  let [own, gap, penalties, bytes, network, known, at] = [null, 4, null, null, null, false, 16];
  let digits = SAMPLE.map((digit) => bench.digits[digit][0]);
  const columns = (WIDTH - HEIGHT) / STRIDE + 1;
  const seen = canvasOf("img", "What the network reads, 160 by 32 pixels");
  const table = canvasOf("application", "");
  table.tabIndex = 0;
  const pad = canvasOf("application", "Writing field: arrow keys move the pen, Space puts it down or lifts "
    + "it, Backspace undoes, Delete clears");
  pad.tabIndex = 0;
  const [answer, rest] = [element("p", "instrument-answer"), element("p", "instrument-limits")];
  const frame = element("div", "instrument-field");
  frame.append(seen, table);
  const question = "Each of the 33 columns of answers names a digit or says none. In how many of them will "
    + "the network name a digit?";
  const ask = guess(question, { min: 0, max: columns, step: 1, value: 20 }, (guessed) => {
    answer.textContent = "The network is being loaded.";
    // A quarter of a megabyte, so only for who asks.
    loadNetwork("sdnn_modern", buildSweep).then((loaded) => {
      [network, known] = [loaded, true];
      frame.hidden = tools.hidden = false;
      update(`You guessed ${guessed}. `);
    }, (error) => (answer.textContent = error.message));
  });
  const gaps = slider("Gap", { min: -8, max: 10, step: 1, value: gap, unit: " pixels" }, (value) => {
    [gap, own] = [value, null];
    written.replace([], null);
    bench.soon(redraw);
  });
  const another = button("Another number", () => {
    const every = Object.values(bench.digits).flat();
    digits = Array.from({ length: 5 }, () => every[Math.floor(Math.random() * every.length)]);
    own = null;
    written.replace([], null);
    bench.soon(redraw);
  });
  const clear = button("Clear", () => written.clear());
  const tools = element("div", "instrument-tools");
  const writing = element("div", "instrument-writing");
  writing.append(Object.assign(element("p"), { textContent: "Write a number of your own:" }), pad, clear);
  tools.append(writing, gaps.label, another);
  const board = element("div", "instrument-board instrument-wide");
  board.append(ask, tools, frame, answer, rest); // what changes its height last: the pad stays under the hand
  panel.append(board);
  frame.hidden = tools.hidden = true;
  const written = new Pad(pad, () => {
    written.paint();
    if (isEmpty(written)) return;
    own = written.strokes;
    bench.soon(redraw);
  }, [WIDTH, HEIGHT]);

  const point = ({ clientX }) => {
    const box = table.getBoundingClientRect();
    choose(Math.round((((clientX - box.left) / box.width) * WIDTH - HEIGHT / 2) / STRIDE));
  };
  table.addEventListener("pointerdown", (event) => {
    table.setPointerCapture(event.pointerId);
    point(event);
  });
  table.addEventListener("pointermove", (event) => table.hasPointerCapture(event.pointerId) && point(event));
  table.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!step) return;
    event.preventDefault();
    choose(at + step);
  });

  function choose(column) {
    at = Math.max(0, Math.min(columns - 1, column));
    bench.soon(() => show());
  }

  function redraw() {
    update();
  }

  function update(before) {
    if (!known) return;
    bytes = own ? fitLine(own, WIDTH, HEIGHT) : setDigits(digits, gap, WIDTH);
    penalties = sweep(network, bytes, WIDTH);
    show(before);
  }

  function show(before = "") {
    if (!known) return;
    const [best, second] = readings(penalties);
    paintField(seen, bytes, at);
    paintColumns(table, penalties, columns, best.path, at);
    const named = best.path.filter((c) => c !== NONE).length;
    answer.textContent = `${before}It reads ${best.text || "nothing"}, penalty ${number(best.penalty)}, and names a `
      + `digit in ${named} of ${columns} columns. Next comes ${second.text || "nothing"}, penalty ${number(second.penalty)}.`;
    rest.textContent = `Column ${at}, whose window is framed: ${three(penalties, at)}.`;
    table.setAttribute("aria-label", `The columns of answers. Left and right arrows choose one. ${rest.textContent}`);
    bench.say(`${answer.textContent} ${rest.textContent}`);
  }

  return { digit: () => update(), choose: false };
}

function canvasOf(role, label) {
  const canvas = element("canvas");
  canvas.setAttribute("role", role);
  canvas.setAttribute("aria-label", label);
  return canvas;
}

/** The three most probable classes of a column, in words. */
function three(penalties, at) {
  const own = Array.from({ length: CLASSES }, (_, c) => [c, Math.exp(-penalties[at * CLASSES + c])]);
  const best = own.sort((a, b) => b[1] - a[1]).slice(0, 3);
  return best.map(([c, probability]) => `${nameOf(c)} ${number(probability)}`).join(", ");
}

function paintField(canvas, bytes, at) {
  [canvas.width, canvas.height] = [WIDTH * 4, HEIGHT * 4];
  const small = Object.assign(document.createElement("canvas"), { width: WIDTH, height: HEIGHT });
  const image = new ImageData(WIDTH, HEIGHT);
  bytes.forEach((ink, i) => image.data.set([ink, ink, ink, 255], 4 * i));
  small.getContext("2d").putImageData(image, 0, 0);
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, canvas.width, canvas.height);
  context.strokeStyle = "#ffb000";
  context.lineWidth = 3;
  context.strokeRect(at * STRIDE * 4 + 1.5, 1.5, HEIGHT * 4 - 3, HEIGHT * 4 - 3);
}

/** Bright where a class is probable; the best path goes through it, and one column is framed. */
function paintColumns(canvas, penalties, columns, path, at) {
  const ratio = window.devicePixelRatio || 1;
  const wide = canvas.clientWidth;
  [canvas.width, canvas.height] = [wide * ratio, CLASSES * ROW * ratio];
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  context.fillStyle = "#000";
  context.fillRect(0, 0, wide, CLASSES * ROW);
  const step = (STRIDE / WIDTH) * wide; // a column stands under the middle of its window
  const left = (t) => (HEIGHT / 2 / WIDTH) * wide + (t - 0.5) * step;
  for (let t = 0; t < columns; t++) {
    for (let c = 0; c < CLASSES; c++) {
      const grey = Math.round(40 + 215 * Math.exp(-penalties[t * CLASSES + c]));
      context.fillStyle = `rgb(${grey}, ${grey}, ${grey})`;
      context.fillRect(left(t) + 0.5, c * ROW + 0.5, step - 1, ROW - 1);
    }
  }
  context.fillStyle = "#fff";
  context.font = "11px sans-serif";
  context.textAlign = "right";
  for (let c = 0; c < CLASSES; c++) context.fillText(nameOf(c), left(0) - 3, c * ROW + 12);
  context.strokeStyle = "#1f9ad6";
  context.lineWidth = 2.5;
  context.lineJoin = "round";
  context.beginPath();
  path.forEach((c, t) => context.lineTo(left(t) + step / 2, (c + 0.5) * ROW));
  context.stroke();
  context.strokeStyle = "#ffb000";
  context.strokeRect(left(at), 1, step, CLASSES * ROW - 2);
}
