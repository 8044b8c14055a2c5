// Lesson 06: draw a code for a symbol of your own, five examples of it, and teach it to the network.

import { forward } from "./network.js";
import { FIELD, isEmpty, prepare } from "./preparation.js";
import { Pad, drawingField, paintBytes } from "./drawing.js";
import { button, element, number } from "./inspector.js";
import { cellAt, guess, steer } from "./asking.js";
import { copied, distance, moved, step, upper } from "./teaching.js";

const [COLUMNS, ROWS] = [7, 12];
const EXAMPLES = 5;
const EPOCHS = 30;
const RATE = 0.0005;
// A cross, until the reader draws something else.
const UPRIGHT = "0001000";
const FIRST = ["0000000", "0000000", UPRIGHT, UPRIGHT, UPRIGHT, "1111111", UPRIGHT, UPRIGHT, UPRIGHT, UPRIGHT,
  "0000000", "0000000"].join("");

/** The distances of a code, a list of -1 and +1, to the codes of the digits. */
export function distances(codes, code) {
  return Array.from({ length: codes.length / code.length }, (_, digit) =>
    distance(code, codes.subarray(digit * code.length, (digit + 1) * code.length)));
}

/** What is learnt from: examples of the symbol in nine places, and digits, by class. */
export function lesson(network, examples, digits, code) {
  const features = (bytes) => {
    forward(network, bytes);
    return network.layers.find(({ title }) => title === "S4").states.slice();
  };
  const places = [-1, 0, 1].flatMap((rows) => [-1, 0, 1].map((columns) => [rows, columns]));
  const size = code.length;
  return [
    ...examples.flatMap((bytes) => places.map((place) => ({ features: features(moved(bytes, ...place)), code }))),
    ...Object.entries(digits).flatMap(([digit, choices]) => choices.map((bytes) => (
      { features: features(bytes), code: network.codes.subarray(digit * size, (Number(digit) + 1) * size) }))),
  ];
}

export function symbol(bench, panel) {
  const network = bench.networks.lenet5_1998;
  const code = Float64Array.from({ length: ROWS * COLUMNS }, (_, i) => (FIRST[i] === "1" ? 1 : -1));
  const state = { at: [5, 3], ink: 1, examples: [], layers: null, drawn: null, guessed: null };
  const grid = element("canvas", "instrument-digit instrument-code");
  grid.tabIndex = 0;
  grid.setAttribute("role", "application");
  const [said, ten] = [element("p"), element("p", "instrument-limits")];
  const [near, line] = [element("p", "instrument-answer"), element("p", "instrument-answer")];
  const { pad, canvas, buttons, kept, teach } = desk();
  const practise = Object.assign(element("input"), { type: "checkbox" });
  const choose = element("label", "instrument-check");
  choose.append(practise, " Let it practise the digits as well");
  practise.addEventListener("change", unlearn);
  const tools = element("div", "instrument-tools");
  tools.append(said, near, ten, canvas, buttons, choose, kept, line);
  tools.hidden = true;
  const all = Object.entries(bench.digits).flatMap(([digit, each]) => each.map((one) => [Number(digit), one]));
  const ask = guess(
    `Teach the network a symbol that it has never seen, by ${EXAMPLES} examples and nothing else. How many of `
      + `these ${all.length} test digits will it still read?`,
    { min: 0, max: all.length, step: 1, value: all.length / 2 },
    (own) => {
      tools.hidden = grid.hidden = false;
      board.classList.remove("instrument-wide");
      state.guessed = own;
      said.textContent = `You guessed ${own}. Draw a code for your symbol in the cells; then draw the symbol `
        + `${EXAMPLES} times, and teach it.`;
      bench.soon(show);
    },
  );
  const board = element("div", "instrument-board instrument-wide"); // as long as no code is beside it
  board.append(ask, tools);
  grid.hidden = true;
  panel.append(grid, board);

  function desk() {
    const canvas = drawingField();
    canvas.className = "instrument-digit";
    const buttons = element("div", "instrument-choices");
    const pad = new Pad(canvas, () => bench.soon(draw));
    const teach = button("Teach it", learn);
    buttons.append(
      button("Keep as an example", keep),
      button("Clear", () => pad.clear()),
      teach,
      button("Forget the examples", forget),
    );
    return { pad, canvas, buttons, teach, kept: element("p") };
  }

  steer(grid, [ROWS, COLUMNS], {
    point(row, column, first) {
      state.at = [cellAt(row, ROWS), cellAt(column, COLUMNS)];
      if (first) state.ink = -code[cell()];
      put(state.ink);
    },
    step(down, right) {
      state.at = [cellAt(state.at[0] + down, ROWS), cellAt(state.at[1] + right, COLUMNS)];
      bench.soon(show);
    },
    press: () => put(-code[cell()]),
  });

  function cell() {
    return state.at[0] * COLUMNS + state.at[1];
  }

  /** Another code makes what was learnt worthless. */
  function put(ink) {
    code[cell()] = ink;
    unlearn();
  }

  function unlearn() {
    state.layers = null;
    bench.soon(show);
  }

  function draw() {
    pad.paint();
    state.drawn = isEmpty(pad) ? null : prepare(pad);
    show();
  }

  function keep() {
    if (!state.drawn || state.examples.length === EXAMPLES) return;
    state.examples.push(state.drawn);
    pad.clear();
    unlearn();
  }

  function forget() {
    state.examples = [];
    unlearn();
  }

  /** Epoch by epoch, so that the page goes on. */
  async function learn() {
    teach.disabled = true;
    const layers = copied(network);
    const patterns = lesson(network, state.examples, practise.checked ? bench.digits : {}, code);
    for (let epoch = 0; epoch < EPOCHS; epoch++) {
      const order = patterns.map((_, i) => patterns[(i * 7 + epoch) % patterns.length]);
      const far = order.reduce((sum, pattern) => sum + step(layers, pattern, RATE), 0) / order.length;
      line.textContent = `Epoch ${epoch + 1} of ${EPOCHS}: mean distance to the right code ${number(far, 1)}.`;
      await new Promise((done) => setTimeout(done));
    }
    state.layers = layers;
    bench.soon(show);
  }

  /** The answer of the network that was taught: ten digits and the symbol. */
  function read(bytes) {
    forward(network, bytes);
    const { states } = upper(state.layers, network.layers.find(({ title }) => title === "S4").states);
    const found = [...distances(network.codes, states), distance(states, code)];
    const answer = found.indexOf(Math.min(...found));
    return { answer, distance: found[answer] };
  }

  function show() {
    if (tools.hidden) return;
    paintCode(grid, code, state.at);
    const far = distances(network.codes, code);
    const nearest = far.indexOf(Math.min(...far));
    near.textContent = `Your code differs from that of ${nearest}, the nearest, in ${far[nearest] / 4} cells.`;
    ten.textContent = `Distances to the codes of 0 to 9: ${far.join(", ")}.`;
    grid.setAttribute("aria-label", `The code, ${COLUMNS} cells wide and ${ROWS} high. Arrow keys move, Space changes `
      + `the cell in row ${state.at[0]}, column ${state.at[1]}. ${near.textContent}`);
    const missing = EXAMPLES - state.examples.length;
    teach.disabled = missing > 0;
    kept.textContent = missing > 0 ? `${state.examples.length} of ${EXAMPLES} examples kept.` : "Five examples: teach it.";
    if (state.layers) tell();
    else line.textContent = "";
    bench.say(line.textContent || near.textContent);
  }

  function tell() {
    const right = all.filter(([digit, one]) => read(one).answer === digit).length;
    const own = state.drawn && read(state.drawn);
    kept.textContent = practise.checked
      ? `It has learnt. Of the ${all.length} digits, with which it practised, it reads ${right} right.`
      : `It has learnt. Of the ${all.length} digits it reads ${right} right; you guessed ${state.guessed}.`;
    line.textContent = !own ? "Draw the symbol once more, or a digit."
      : `It reads ${own.answer === 10 ? "your symbol" : own.answer}, distance ${number(own.distance, 1)}.`;
  }

  return { digit: () => bench.soon(show), choose: false };
}

/** Cells with ink are white, and the cell that keys change has a frame. */
function paintCode(canvas, code, [row, column]) {
  const scale = 16;
  [canvas.width, canvas.height] = [COLUMNS * scale, ROWS * scale];
  const context = canvas.getContext("2d");
  code.forEach((ink, i) => {
    context.fillStyle = ink > 0 ? "#fff" : "#000";
    context.fillRect((i % COLUMNS) * scale, Math.floor(i / COLUMNS) * scale, scale - 1, scale - 1);
  });
  context.strokeStyle = "#ffb000";
  context.lineWidth = 2;
  context.strokeRect(column * scale + 1, row * scale + 1, scale - 3, scale - 3);
}
