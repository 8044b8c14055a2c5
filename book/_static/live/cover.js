// Lesson 14: drag a cover over the digit, and see which part the network cannot do without.

import { FIELD } from "./preparation.js";
import { paintBytes } from "./drawing.js";
import { element, number } from "./inspector.js";
import { slider, steer, told } from "./asking.js";

/** A copy without the ink in a square of `side` pixels. */
export function covered(bytes, row, column, side) {
  const copy = bytes.slice();
  for (let y = Math.max(0, row); y < Math.min(FIELD, row + side); y++) {
    copy.fill(0, y * FIELD + Math.max(0, column), y * FIELD + Math.min(FIELD, column + side));
  }
  return copy;
}

export function cover(bench, panel) {
  let [bytes, side, row, column, map] = [null, 7, 10, 10, null];
  const canvas = element("canvas", "instrument-digit");
  canvas.tabIndex = 0;
  canvas.setAttribute("role", "application");
  const [line, result] = [element("p", "instrument-answer"), element("p", "instrument-limits")];
  const button = Object.assign(element("button"), { type: "button", textContent: "That is my guess" });
  const question = Object.assign(element("p"), {
    textContent: "Where must the cover lie to hurt the answer most? Drag it there, or move it with "
      + "the arrow keys.",
  });
  const size = slider("Side of the cover", { min: 3, max: 13, step: 2, value: side, unit: " px" },
    (value) => { side = value; again(); });
  const board = element("div", "instrument-board");
  board.append(question, size.label, button, line, result);
  panel.append(canvas, board);

  function clip(at) {
    return Math.max(0, Math.min(FIELD - side, Math.round(at)));
  }

  function move(y, x) {
    [row, column] = [clip(y), clip(x)];
    bench.soon(show);
  }

  steer(canvas, [FIELD, FIELD], {
    point: (y, x) => move(y - side / 2, x - side / 2),
    step: (down, right) => move(row + down, column + right),
  });
  button.addEventListener("click", reveal);

  /** The rise of the distance to the right code, which is what a cover costs. */
  const cost = (top, left, whole) =>
    bench.ask("lenet5_1998", covered(bytes, top, left, side)).outputs[whole.digit] - whole.outputs[whole.digit];

  function show() {
    const picture = covered(bytes, row, column, side);
    paintBytes(canvas, picture, FIELD);
    const context = canvas.getContext("2d");
    if (map) paintMap(context, map, side);
    context.strokeStyle = "#ffb000";
    context.lineWidth = 0.5;
    context.strokeRect(column + 0.25, row + 0.25, side - 0.5, side - 0.5);
    const whole = bench.ask("lenet5_1998", bytes);
    const read = bench.ask("lenet5_1998", picture);
    // Before the guess the answer alone, not what the cover costs.
    const change = read.outputs[whole.digit] - whole.outputs[whole.digit];
    line.textContent = map
      ? `${told("LeNet-5 of 1998", read, true)}; the distance to the code of ${whole.digit} `
        + `changes by ${change > 0 ? "+" : ""}${number(change, 1)}.`
      : `Uncovered it is read as ${whole.digit}.`;
    canvas.setAttribute("aria-label", `The digit with a cover at row ${row}, column ${column}. Arrow `
      + `keys move it. ${line.textContent}`);
    bench.say(line.textContent);
  }

  async function reveal() {
    button.disabled = true;
    const whole = bench.ask("lenet5_1998", bytes);
    const count = FIELD - side + 1;
    const found = new Float64Array(count * count);
    for (let top = 0; top < count; top++) {
      for (let left = 0; left < count; left++) found[top * count + left] = cost(top, left, whole);
      await new Promise((done) => setTimeout(done)); // a longer task would stop the page
    }
    const worst = found.indexOf(Math.max(...found));
    const own = found[row * count + column];
    const beaten = found.filter((value) => value < own).length / found.length;
    map = found;
    result.textContent = `Your cover changes the distance by ${own > 0 ? "+" : ""}${number(own, 1)}, more than `
      + `${number(100 * beaten, 0)} % of all places. The worst place is row `
      + `${Math.floor(worst / count)}, column ${worst % count}: ${number(found[worst], 1)}. The `
      + "brighter a place glows, the more a cover there costs.";
    bench.soon(show);
  }

  function again() {
    map = null;
    button.disabled = false;
    result.textContent = "";
    [row, column] = [clip(row), clip(column)];
    bench.soon(show);
  }

  return {
    digit(chosen) {
      bytes = chosen;
      again();
    },
  };
}

/** Let each place glow at the middle of its cover. */
function paintMap(context, map, side) {
  const count = Math.sqrt(map.length);
  const most = Math.max(...map, 1e-9);
  map.forEach((cost, i) => {
    context.fillStyle = `rgb(255 176 0 / ${(0.75 * Math.max(0, cost)) / most})`;
    context.fillRect((i % count) + (side - 1) / 2, Math.floor(i / count) + (side - 1) / 2, 1, 1);
  });
}
