// Lesson 03: edit the 25 numbers of a kernel and see its map; slide the window and guess the sum.

import { forward } from "./network.js";
import { button, element, number, titled } from "./inspector.js";
import { guessForm, steer } from "./asking.js";
import { GREY, SIGNED, paintValues } from "./maps.js";

const SIDE = 5;
const rows = (text) => text.split(" ").flatMap((row) => Array(SIDE).fill(Number(row)));
const KERNELS = {
  "Upper edges": rows("-1 -1 0 1 1"),
  "Left edges": Array.from({ length: 25 }, (_, i) => [-1, -1, 0, 1, 1][i % SIDE]),
  Blur: Array(25).fill(0.04),
  "One pixel": Array.from({ length: 25 }, (_, i) => (i === 12 ? 1 : 0)),
};

/** The sums of a kernel at every place of a square picture. */
export function sums(picture, size, weights) {
  const count = size - SIDE + 1;
  return Float64Array.from({ length: count * count }, (_, place) => {
    const [y, x] = [Math.floor(place / count), place % count];
    return weights.reduce((sum, weight, k) =>
      sum + weight * picture[(y + Math.floor(k / SIDE)) * size + x + (k % SIDE)], 0);
  });
}

export function kernel(bench, panel) {
  const network = bench.networks.lenet5_1998;
  const [input, c1] = network.layers;
  const weights = [...KERNELS["Upper edges"]];
  let [y, x, picture, known] = [8, 12, null, false];
  const [from, to] = ["The input, 32 by 32", "The map, 28 by 28"].map(titled);
  from.canvas.tabIndex = 0;
  from.canvas.setAttribute("role", "application");
  to.canvas.setAttribute("role", "img");
  const boxes = weights.map((weight, k) => {
    const box = Object.assign(element("input"), { type: "number", step: 0.1, value: weight });
    box.setAttribute("aria-label", `Weight in row ${Math.floor(k / SIDE) + 1}, column ${(k % SIDE) + 1}`);
    box.addEventListener("input", () => {
      weights[k] = Number.isFinite(box.valueAsNumber) ? box.valueAsNumber : 0;
      changed();
    });
    return box;
  });
  const grid = element("div", "instrument-kernel");
  grid.append(...boxes);
  const choices = element("div", "instrument-choices");
  const learned = Object.fromEntries(Array.from({ length: c1.maps }, (_, map) =>
    [`C1, map ${map}`, [...c1.weight.subarray(map * 25, map * 25 + 25)]]));
  for (const [name, values] of Object.entries({ ...KERNELS, ...learned })) {
    choices.append(button(name, () => {
      values.forEach((value, k) => {
        weights[k] = value;
        boxes[k].value = Number(value.toFixed(2));
      });
      changed();
    }));
  }
  const own = Object.assign(element("input"), { type: "number", step: "any" });
  const label = element("label");
  label.append("The 25 products in the frame add up to about ", own);
  const [answer, products] = [element("p", "instrument-answer"), element("div", "instrument-products")];
  const ask = guessForm(label, () => {
    known = true;
    bench.soon(show);
  });
  const board = element("div", "instrument-board");
  board.append(grid, choices, ask, answer, products);
  const maps = element("div", "instrument-maps");
  maps.append(from.figure, to.figure);
  panel.append(maps, board);

  steer(from.canvas, [input.size, input.size], {
    point: (row, column) => move(Math.round(row - SIDE / 2), Math.round(column - SIDE / 2)),
    step: (down, right) => move(y + down, x + right),
  });

  function move(row, column) {
    const clip = (v) => Math.max(0, Math.min(input.size - SIDE, v));
    [y, x] = [clip(row), clip(column)];
    changed();
  }

  function changed() {
    known = false;
    bench.soon(show);
  }

  function show() {
    const map = sums(picture, input.size, weights);
    const size = input.size - SIDE + 1;
    const most = map.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-9);
    paint(from.canvas, picture, input.size, { colours: GREY, low: -0.1, high: 1.175 }, [y, x, SIDE]);
    paint(to.canvas, map, size, { colours: SIGNED, low: -most, high: most }, [y, x, 1]);
    const sum = map[y * size + x];
    const where = `The window begins at row ${y}, column ${x}.`;
    const guessed = own.value === "" ? "" : `You guessed ${number(own.valueAsNumber, 1)}. `;
    answer.textContent = known ? `${guessed}The sum is ${number(sum, 2)}.` : where;
    products.textContent = known ? productsOf(picture, input.size, weights, y, x) : "";
    from.canvas.setAttribute("aria-label", `The input. Arrow keys move the window. ${where}`);
    to.canvas.setAttribute("aria-label", `The map of the kernel: from ${number(Math.min(...map), 1)} to `
      + `${number(Math.max(...map), 1)}.`);
    bench.say(answer.textContent);
  }

  return {
    digit(bytes) {
      forward(network, bytes);
      picture = input.states.slice();
      changed();
    },
  };
}

/** Weight times pixel, row by row, without those that are 0. */
function productsOf(picture, size, weights, y, x) {
  const parts = weights.flatMap((weight, k) => {
    const pixel = picture[(y + Math.floor(k / SIDE)) * size + x + (k % SIDE)];
    return weight === 0 ? [] : [`${number(weight, 2)} · ${number(pixel, 2)}`];
  });
  return parts.length ? parts.join(" + ") : "All weights are 0.";
}

function paint(canvas, values, size, palette, [y, x, side]) {
  const scale = 8;
  const small = paintValues(element("canvas"), values, size, palette);
  canvas.width = canvas.height = size * scale;
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(small, 0, 0, size * scale, size * scale);
  context.strokeStyle = "#ffb000";
  context.lineWidth = 3;
  context.strokeRect(x * scale, y * scale, side * scale, side * scale);
}
