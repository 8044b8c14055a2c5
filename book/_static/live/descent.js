// Lesson 07: descend a valley of two weights by hand, with a rate for both or a rate for each.

import { button, element, number } from "./inspector.js";
import { guess, slider, steer } from "./asking.js";
import { scale, vector } from "./chart.js";

export const CURVATURES = [1, 50];
const START = [-10, 1];
const STEPS = 20;
const VIEW = [12, 2.4]; // as far as is shown to each side
const LEVELS = [0.5, 5, 20, 45, 75, 120];
const HEIGHT = 240;
const STEP = [0.5, 0.1]; // of the start, by an arrow key

/** The points of gradient descent on E = (u² + 50 v²) / 2. */
export function descend(start, rates, steps) {
  const path = [start];
  for (let step = 0; step < steps; step++) {
    path.push(path.at(-1).map((weight, k) => weight - rates[k] * CURVATURES[k] * weight));
  }
  return path;
}

export const loss = (point) =>
  point.reduce((sum, weight, k) => sum + (CURVATURES[k] * weight ** 2) / 2, 0);

/** Of rates for both weights, in thousandths, the one with the least loss after 20 steps. */
export function bestRate(start) {
  const tried = Array.from({ length: 60 }, (_, i) => (i + 1) / 1000);
  const ends = tried.map((rate) => loss(descend(start, [rate, rate], STEPS).at(-1)));
  return tried[ends.indexOf(Math.min(...ends))];
}

const told = (value) => (value === 0 || (Math.abs(value) >= 0.01 && Math.abs(value) < 1e4)
  ? number(value) : value.toExponential(1).replaceAll("-", "−"));

export function descent(bench, panel) {
  let [start, rates, together, taken] = [[...START], [0.03, 0.03], true, 0];
  const picture = vector("svg", { class: "instrument-chart instrument-valley", role: "application", tabindex: 0 });
  const [said, line] = [element("p", "instrument-limits"), element("p", "instrument-answer")];
  const settings = { min: 0, max: 0.06, step: 0.001, value: rates[0] };
  const both = slider("Rate of both", settings, (rate) => again([rate, rate]));
  const own = [
    slider("Rate of u", { ...settings, max: 2.5, step: 0.01, value: 1 }, (rate) => again([rate, rates[1]])),
    slider("Rate of v", { ...settings, value: 0.02 }, (rate) => again([rates[0], rate])),
  ];
  const choose = element("label", "instrument-check");
  const box = Object.assign(element("input"), { type: "checkbox" });
  choose.append(box, " A rate for each weight");
  box.addEventListener("change", () => {
    together = !box.checked;
    again(together ? Array(2).fill(Number(both.input.value)) : own.map(({ input }) => Number(input.value)));
  });
  const buttons = element("div", "instrument-choices");
  for (const [title, count] of [["One step", 1], ["Twenty steps", STEPS], ["Back to the start", 0]]) {
    buttons.append(button(title, () => {
      taken = count ? Math.min(200, taken + count) : 0;
      bench.soon(show);
    }));
  }
  const controls = element("div", "instrument-sliders");
  controls.append(both.label, ...own.map(({ label }) => label), choose);
  const board = element("div", "instrument-board instrument-wide");
  board.append(said, controls, buttons, picture, line);
  board.hidden = true;
  const ask = guess(
    "One rate for both weights, 20 steps from u = −10, v = 1. Which rate gets lowest?",
    { min: 0.001, max: 0.06, step: 0.001, value: 0.02 },
    (guessed) => {
      board.hidden = false;
      const best = bestRate(START);
      const end = (rate) => told(loss(descend(START, [rate, rate], STEPS).at(-1)));
      said.textContent = `You guessed ${number(guessed, 3)}, which ends at a loss of ${end(guessed)}. The best `
        + `is ${number(best, 3)}, at ${end(best)}, close below ${number(2 / CURVATURES[1], 3)}, from where on it `
        + "never comes down. Drag the start, choose a rate, and take steps; then give each weight a rate of its own.";
      both.set(guessed);
      taken = STEPS;
      rates = [guessed, guessed];
      bench.soon(show);
    },
  );
  ask.classList.add("instrument-wide");
  panel.append(ask, board);

  steer(picture, [2, 2], {
    point: (down, right) => move([(right - 1) * VIEW[0], (1 - down) * VIEW[1]]),
    step: (down, right) => move([start[0] + right * STEP[0], start[1] - down * STEP[1]]),
  });
  picture.addEventListener("keydown", (event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    taken = Math.min(200, taken + 1);
    bench.soon(show);
  });
  new ResizeObserver(() => bench.soon(show)).observe(picture);

  function move(point) {
    start = point.map((weight, k) => Math.max(-VIEW[k], Math.min(VIEW[k], Math.round(100 * weight) / 100)));
    again(rates);
  }

  function again(chosen) {
    [rates, taken] = [chosen, 0];
    bench.soon(show);
  }

  function show() {
    if (board.hidden || !picture.clientWidth) return;
    both.label.hidden = !together;
    for (const { label } of own) label.hidden = together;
    const path = descend(start, rates, taken);
    paint(picture, path);
    const [first, last] = [loss(path[0]), loss(path.at(-1))];
    const [u, v] = path.at(-1);
    line.textContent = `${taken} step${taken === 1 ? "" : "s"}: u = ${told(u)}, v = ${told(v)}, the loss ${told(last)}`
      + `${taken && last > first ? ", higher than at the start" : ""}. A step multiplies u by `
      + `${number(1 - rates[0] * CURVATURES[0])} and v by ${number(1 - rates[1] * CURVATURES[1])}.`;
    picture.setAttribute("aria-label", "The valley, u to the right and v upwards. Arrow keys move the start, "
      + `Enter takes a step. ${line.textContent}`);
    bench.say(line.textContent);
  }

  return { digit: show, choose: false };
}

/** Lines of equal loss, the way so far, the square of its start and the cross of the bottom. */
function paint(picture, path) {
  const width = picture.clientWidth;
  picture.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  const across = scale({ low: -VIEW[0], high: VIEW[0] }, 0, width);
  const up = scale({ low: -VIEW[1], high: VIEW[1] }, HEIGHT, 0);
  const [middle, centre] = [across(0), up(0)];
  picture.replaceChildren(...LEVELS.map((level) => vector("ellipse", {
    cx: middle, cy: centre, class: "valley-line",
    rx: across(Math.sqrt((2 * level) / CURVATURES[0])) - middle,
    ry: centre - up(Math.sqrt((2 * level) / CURVATURES[1])),
  })));
  const far = (value, k) => Math.max(-1e3 * VIEW[k], Math.min(1e3 * VIEW[k], value)); // what vectors can hold
  const points = path.map(([u, v]) => [across(far(u, 0)), up(far(v, 1))]);
  picture.append(
    vector("path", { d: `M${middle - 6} ${centre}h12M${middle} ${centre - 6}v12`, class: "valley-bottom" }),
    vector("path", { d: `M${points.map((point) => point.join(" ")).join("L")}`, class: "chart-line chart-1" }),
    ...points.slice(1).map(([cx, cy]) => vector("circle", { cx, cy, r: 3.5, class: "chart-dot chart-1" })),
    vector("rect", { x: points[0][0] - 6, y: points[0][1] - 6, width: 12, height: 12, class: "chart-dot chart-1" }),
  );
}
