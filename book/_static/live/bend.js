// Lesson 15: bend the digit until the answer breaks.

import { FIELD } from "./preparation.js";
import { paintBytes } from "./drawing.js";
import { button, element, number } from "./inspector.js";
import { guess, slider, told } from "./asking.js";
import { affine, soil, thicken, warp } from "./warp.js";

// What is changed, between which bounds, in which steps it is searched for the end of the answer.
const WAYS = {
  turn: { title: "Turn", min: -90, max: 90, step: 1, value: 0, unit: "°", search: 1 },
  size: { title: "Size", min: 0.4, max: 1.8, step: 0.02, value: 1, unit: "×", search: 0.02 },
  slant: { title: "Slant", min: -1.2, max: 1.2, step: 0.02, value: 0, unit: "", search: 0.02 },
  right: { title: "Move right", min: -12, max: 12, step: 1, value: 0, unit: " px", search: 1 },
  down: { title: "Move down", min: -12, max: 12, step: 1, value: 0, unit: " px", search: 1 },
  pen: { title: "Pen", min: -2, max: 3, step: 0.1, value: 0, unit: "", search: 0.1 },
  noise: { title: "Noise", min: 0, max: 60, step: 1, value: 0, unit: " %", search: 2 },
};

/** A digit bent in all ways at once. */
export function bent(bytes, { pen = 0, noise = 0, ...rest }) {
  return soil(warp(thicken(bytes, pen), affine(rest)), noise);
}

/** How far one way goes, from where it does nothing, before an answer changes: [least, most]. */
export function limits(read, bytes, way) {
  const { min, max, value, search } = WAYS[way];
  const right = read(bytes);
  const end = (step, bound) => {
    let held = value;
    for (let at = value + step; step > 0 ? at <= bound + 1e-9 : at >= bound - 1e-9; at += step) {
      if (read(bent(bytes, { [way]: at })) !== right) break;
      held = at;
    }
    return held;
  };
  return [end(-search, min), end(search, max)];
}

export function bend(bench, panel) {
  const now = Object.fromEntries(Object.entries(WAYS).map(([way, { value }]) => [way, value]));
  let bytes = null;
  const canvas = element("canvas", "instrument-digit");
  canvas.setAttribute("role", "img");
  const lines = ["Of 1998", "Of today"].map(() => element("p", "instrument-answer"));
  const spread = element("p", "instrument-limits");
  const sliders = Object.entries(WAYS).map(([way, settings]) =>
    [way, slider(settings.title, settings, (value) => { now[way] = value; bench.soon(show); })]);
  const controls = element("div", "instrument-sliders");
  controls.append(...sliders.map(([, { label }]) => label));
  const reset = button("As it was", () => {
    for (const [way, { set }] of sliders) set((now[way] = WAYS[way].value));
    bench.soon(show);
  });
  const board = element("div", "instrument-board");
  board.hidden = true;
  controls.append(reset);
  const answers = element("div", "instrument-answers");
  answers.append(...lines, spread);
  board.append(controls, answers);
  panel.append(canvas, guess(
    "How many degrees can this digit be turned to the right before the network of 1998 reads "
      + "another one?",
    { min: 0, max: 90, step: 1, value: 45, unit: "°" },
    (own) => { board.hidden = false; reveal(own); },
  ), board);

  const read = (picture) => bench.ask("lenet5_1998", picture).digit;

  function show() {
    const picture = bent(bytes, now);
    paintBytes(canvas, picture, FIELD);
    const old = bench.ask("lenet5_1998", picture);
    lines[0].textContent = told("LeNet-5 of 1998", old, true);
    if (bench.networks.lenet5_modern) {
      const today = bench.ask("lenet5_modern", picture);
      lines[1].textContent = told("LeNet-5 of today", today, false);
    }
    const changed = old.digit !== read(bytes);
    answers.classList.toggle("instrument-broken", changed);
    const text = lines.map((line) => line.textContent && `${line.textContent}.`).join(" ");
    canvas.setAttribute("aria-label", `The bent digit. ${text}`);
    bench.say(text);
  }

  /** The reader's guess, this digit's limits, and those of the twenty test digits. */
  async function reveal(own) {
    bench.need("lenet5_modern").then(() => bench.soon(show), (error) => {
      lines[1].textContent = error.message;
    });
    const most = limits(read, bytes, "turn")[1];
    spread.textContent = `You guessed ${own}°. It is read as ${read(bytes)} up to ${most}°`
      + `${most === WAYS.turn.max ? ", as far as the slider goes" : ""}. `;
    const found = [];
    for (const digit of Object.values(bench.digits).flat()) {
      found.push(limits(read, digit, "turn")[1]);
      await new Promise((done) => setTimeout(done)); // a longer task would stop the page
    }
    found.sort((a, b) => a - b);
    const middle = (found[9] + found[10]) / 2;
    spread.textContent += `Of the ${found.length} test digits below, half hold out to `
      + `${number(middle, 0)}° or more.`;
  }

  return {
    digit(chosen) {
      bytes = chosen;
      bench.soon(show);
    },
  };
}
