// Lesson 13: walk through five networks, and see where their parameters and their work go.

import { element, number } from "./inspector.js";
import { guess, slider } from "./asking.js";
import { Chart, key } from "./chart.js";

const ASKED = "VGG-16";
const SIDE = 224; // of the pictures in the contest
const short = new Intl.NumberFormat("en", { maximumSignificantDigits: 3 });
const percent = (part) => `${number(100 * part, part < 0.1 ? 1 : 0)} %`;

/**
 * Add up a network's layers for pictures of a side: {parameters, work, layers}.
 *
 * A row of the table is [name, parameters, multiply-accumulates at a position, positions in a row
 * for each side of the picture]. `layers` has of each layer its own part of both sums, 0 to 1,
 * and the part up to its end.
 */
export function walk({ sides, networks }, name, side) {
  const place = sides.indexOf(side);
  const counts = networks[name].map(([layer, parameters, at, wide]) =>
    ({ layer, parameters, work: at * wide[place] ** 2 }));
  const sum = (what) => counts.reduce((total, count) => total + count[what], 0);
  const total = { parameters: sum("parameters"), work: sum("work") };
  const so = { parameters: 0, work: 0 };
  const layers = counts.map((count) => {
    const own = {};
    for (const what of ["parameters", "work"]) {
      own[what] = count[what] / total[what];
      so[what] += count[what];
    }
    const upTo = { parameters: so.parameters / total.parameters, work: so.work / total.work };
    return { layer: count.layer, own, upTo };
  });
  return { ...total, layers };
}

/** How many layers come before the first fully connected one, which has a single position. */
export const convolutions = ({ networks }, name) =>
  networks[name].findIndex(([, , , wide]) => wide.every((positions) => positions === 1));

export function family(bench, panel) {
  const { table } = bench;
  const names = Object.keys(table.networks);
  let [name, side, at] = [ASKED, SIDE, 0];
  const chart = new Chart(230);
  const [said, line] = [element("p", "instrument-limits"), element("p", "instrument-answer")];
  const legend = element("p", "instrument-legend");
  legend.append(key(1, "work, in multiply-accumulates"), key(2, "parameters"));
  const rows = element("table", "instrument-table");
  const head = rows.createTHead().insertRow();
  for (const text of ["network", "layers", "parameters, million", "work, billion"]) {
    head.append(Object.assign(element("th"), { textContent: text, scope: "col" }));
  }
  const cells = names.map((each) => {
    const row = rows.insertRow();
    const title = row.appendChild(Object.assign(element("th"), { scope: "row" }));
    const button = title.appendChild(Object.assign(element("button"), { type: "button", textContent: each }));
    button.addEventListener("click", () => {
      [name, at] = [each, 0];
      bench.soon(show);
    });
    return { button, cells: Array.from({ length: 3 }, () => row.insertCell()) };
  });
  const depth = slider("Layer", { min: 1, max: 16, step: 1, value: 1 }, (value) => {
    at = value - 1;
    bench.soon(show);
  });
  const step = table.sides[1] - table.sides[0];
  const size = slider("Picture side", {
    min: table.sides[0], max: table.sides.at(-1), step, value: SIDE, unit: " px",
  }, (value) => { side = value; bench.soon(show); });
  const controls = element("div", "instrument-sliders");
  controls.append(depth.label, size.label);
  const board = element("div", "instrument-board instrument-wide");
  board.append(said, legend, chart.root, line, controls, rows);
  board.hidden = true;
  const ask = guess(
    `${ASKED} has 13 convolutions, then three fully connected layers. How many percent of its `
      + "138 million parameters do the 13 convolutions hold?",
    { min: 0, max: 100, step: 1, value: 50, unit: " %" },
    (own) => {
      board.hidden = false;
      at = convolutions(table, ASKED) - 1;
      const { upTo } = walk(table, ASKED, SIDE).layers[at];
      said.textContent = `You guessed ${own} %. It is ${percent(upTo.parameters)}: the curve `
        + "of the parameters stays low through 13 layers, and that of the work is at the top by then.";
      bench.soon(show);
    },
  );
  ask.classList.add("instrument-wide");
  panel.append(ask, board);

  chart.root.addEventListener("pointerdown", (event) => {
    chart.root.setPointerCapture(event.pointerId);
    point(event);
  });
  chart.root.addEventListener("pointermove", (event) =>
    (event.pointerType === "mouse" || chart.root.hasPointerCapture(event.pointerId)) && point(event));

  function point({ clientX }) {
    const frame = chart.root.getBoundingClientRect();
    const [first, last] = [chart.across(0), chart.across(table.networks[name].length)];
    const part = (clientX - frame.left - first) / (last - first);
    at = Math.max(0, Math.min(table.networks[name].length - 1, Math.floor(part * table.networks[name].length)));
    bench.soon(show);
  }

  function show() {
    if (board.hidden) return;
    const found = walk(table, name, side);
    const count = found.layers.length;
    const { layer, own, upTo } = found.layers[at];
    depth.input.max = count;
    depth.set(at + 1);
    const upwards = (what) => [[0, 0], ...found.layers.map((each, i) => [i + 1, 100 * each.upTo[what]])];
    line.textContent = `${name}, layer ${at + 1} of ${count}, ${layer}: ${percent(own.parameters)} of the `
      + `parameters, ${percent(own.work)} of the work. Up to here ${percent(upTo.parameters)} and `
      + `${percent(upTo.work)}.`;
    chart.show(
      { low: 0, high: count, ticks: ticks(count), title: "layer" },
      { low: 0, high: 100, ticks: [0, 25, 50, 75, 100], title: "up to here, %" },
      [{ points: upwards("work"), kind: 1 }, { points: upwards("parameters"), kind: 2 }],
      { at: at + 1, label: `Two curves over the layers of ${name}. ${line.textContent}` },
    );
    names.forEach((each, i) => {
      const { parameters, work, layers } = walk(table, each, side);
      const { button, cells: [many, size, macs] } = cells[i];
      button.setAttribute("aria-pressed", each === name);
      many.textContent = layers.length;
      size.textContent = short.format(parameters / 1e6);
      macs.textContent = short.format(work / 1e9);
    });
    bench.say(line.textContent);
  }

  return { digit: show, choose: false };
}

/** Some six whole numbers from 0 to the last layer. */
function ticks(count) {
  const step = [1, 2, 4, 5, 10].find((each) => count / each <= 8);
  return Array.from({ length: Math.floor(count / step) + 1 }, (_, i) => i * step);
}
