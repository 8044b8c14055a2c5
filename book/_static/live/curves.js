// Lessons 08 and 09: curves of the records, one configuration or one step of the road at a time.

import { element, number } from "./inspector.js";
import { choice, guess, guessForm, slider } from "./asking.js";
import { Chart, key } from "./chart.js";

const EPOCHS = { title: "epoch" };
const LEVELS = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100];
const MEASURES = { test_error: "Test digits", train_error: "Training digits, while learning" };
const signed = (value, digits = 2) => `${value > 0 ? "+" : ""}${number(value, digits)}`;
const told = ({ mean, low, high }) =>
  `${signed(mean)} points, 95% interval ${signed(low)} to ${signed(high)}`;

/** The errors from the least to the largest of some curves, on a logarithmic scale. */
export function errorAxis(values, title) {
  const ends = [Math.min(...values), Math.max(...values)];
  const low = LEVELS.findLast((level) => level <= ends[0]) ?? LEVELS[0];
  const high = LEVELS.find((level) => level >= ends[1]) ?? LEVELS.at(-1);
  return { low, high, log: true, title, ticks: LEVELS.filter((level) => level >= low && level <= high) };
}

const asCurve = (curve, kind) => ({
  kind,
  points: curve.map(([mean], i) => [i + 1, mean]),
  band: curve.map(([, low, high], i) => [i + 1, low, high]),
});

export function configuration(bench, panel) {
  const { rows, left, paper, rates, asked, apart } = bench.table;
  let [first, second] = asked;
  let [measure, epoch] = ["test_error", 10];
  const names = Object.keys(rows).map((name) => [name, name]);
  const chart = new Chart(280);
  const [said, line] = [element("p", "instrument-limits"), element("p", "instrument-answer")];
  const legend = element("p", "instrument-legend");
  legend.append(key(1, "the configuration"), key(2, "beside it"), key(3, "the paper", "dots"));
  const controls = element("div", "instrument-sliders");
  const when = slider("Epoch", { min: 1, max: rates.length, step: 1, value: epoch }, (value) => {
    epoch = value;
    bench.soon(show);
  });
  const chosen = (set) => (value) => { set(value); bench.soon(show); };
  controls.append(
    choice("Configuration", names, first, chosen((value) => (first = value))),
    choice("Beside it", names, second, chosen((value) => (second = value))),
    choice("Errors on", Object.entries(MEASURES), measure, chosen((value) => (measure = value))),
    when.label,
  );
  const board = element("div", "instrument-board instrument-wide");
  board.append(said, controls, legend, chart.root, line);
  board.hidden = true;
  const ask = guess(
    "Two configurations differ in j alone: 1 or 10, both with coefficients of 0.5 and a curvature "
      + "begun with 4. By how many percentage points do their test errors differ at the end?",
    { min: 0, max: 0.5, step: 0.01, value: 0.25 },
    (own) => {
      board.hidden = false;
      said.textContent = `You guessed ${number(own)}. It is ${told(apart)}, j = 10 less j = 1`
        + `${apart.equal ? ": equal within 0.1 points" : ""}. Now look at the errors on the training digits. `
        + `(${left} more interpretations were listed, and not run.)`;
      bench.soon(show);
    },
  );
  ask.classList.add("instrument-wide");
  panel.append(ask, board);

  function show() {
    const [one, other] = [first, second].map((name) => rows[name].curves[measure]);
    const published = paper[measure];
    const values = [...one, ...other].map(([mean]) => mean).concat(published.map(([, value]) => value));
    const [mean, low, high, diverging] = one[epoch - 1];
    const value = published.find(([at]) => at === epoch)?.[1];
    const word = rows[first].words[measure][epoch];
    const beside = first === second ? "" : ` Beside it: ${number(other[epoch - 1][0])} %.`;
    line.textContent = `Epoch ${epoch}, rate ${rates[epoch - 1]}: a mean of ${number(mean)} % over `
      + `${rows[first].seeds} seeds, ${diverging ? "the runs" : "one run more"} ${number(low)} to ${number(high)} %. `
      + (value === undefined ? "The paper has no value here."
        : `The paper's ${number(value)} % is ${word}.`) + beside;
    chart.show(
      { ...EPOCHS, low: 1, high: rates.length, ticks: [1, 5, 10, 15, 20] },
      errorAxis(values, "error, %"),
      [asCurve(other, 2), asCurve(one, 1), { kind: 3, points: published, dots: true }],
      { at: epoch, label: `${MEASURES[measure]}: errors of ${first} over ${rates.length} epochs, beside `
        + `${second} and the paper. ${line.textContent}` },
    );
    bench.say(line.textContent);
  }

  return { digit() {}, choose: false };
}

export function road(bench, panel) {
  const steps = bench.table;
  const every = steps.flatMap(({ error }) => error);
  const [least, most] = [Math.floor(10 * Math.min(...every)), Math.ceil(10 * Math.max(...every))]; // tenths
  const tenths = Array.from({ length: most - least + 1 }, (_, i) => (least + i) / 10);
  const errors = { low: least / 10, high: most / 10, ticks: tenths, title: "test error, %" };
  let at = 0;
  const [chart, learning] = [new Chart(240), new Chart(220)];
  const [said, line] = [element("p", "instrument-limits"), element("p", "instrument-answer")];
  const legend = element("p", "instrument-legend");
  legend.append(key(1, "this step"), key(2, "the one that it changes"));
  const walk = slider("Step", { min: 0, max: steps.length - 1, step: 1, value: 0 }, (value) => {
    at = value;
    bench.soon(show);
  });
  const board = element("div", "instrument-board instrument-wide");
  board.append(said, walk.label, line, chart.root, legend, learning.root);
  board.hidden = true;
  let own = "1";
  const which = choice("Which exchange lowered the error most?",
    steps.slice(1).map(({ name }, i) => [String(i + 1), name]), own, (value) => (own = value));
  const ask = guessForm(which, () => {
    ask.hidden = true;
    board.hidden = false;
    at = Number(own);
    walk.set(at);
    said.textContent = verdict(steps, at);
    bench.soon(show);
  });
  ask.classList.add("instrument-wide");
  panel.append(ask, board);

  function show() {
    const step = steps[at];
    const before = steps[step.before];
    const [mean, low, high] = step.error;
    line.textContent = `Step ${at}, ${step.name}: ${number(mean)} % of the test digits (mean of `
      + `${step.seeds} seeds, 95% interval ${number(low)} to ${number(high)}), rate ${step.rate}.`
      + (before ? ` ${told(step.change)} against ${before.name}.` : "");
    chart.show(
      { low: -0.5, high: steps.length - 0.5, ticks: steps.map((_, i) => i), title: "step" },
      errors,
      [{
        kind: 1, dots: true, points: steps.slice(0, at + 1).map(({ error }, i) => [i, error[0]]),
        bars: steps.slice(0, at + 1).map(({ error: [, from, to] }, i) => [i, from, to]),
      }],
      { at, label: `Test errors of the steps so far. ${line.textContent}` },
    );
    const curves = [asCurve(step.curve, 1), ...(before ? [asCurve(before.curve, 2)] : [])];
    const values = curves.flatMap(({ band }) => band.flatMap(([, from, to]) => [from, to]));
    learning.show(
      { ...EPOCHS, low: 1, high: step.curve.length, ticks: step.curve.map((_, i) => i + 1) },
      errorAxis(values, "held-out error, %"), curves,
      { label: `Errors on held-out digits over ${step.curve.length} epochs, of ${step.name}`
        + `${before ? ` and of ${before.name}` : ""}.` },
    );
    bench.say(line.textContent);
  }

  return { digit() {}, choose: false };
}

/** What there is to say of the exchange that a reader chose, and of all. */
export function verdict(steps, own) {
  const changes = steps.slice(1);
  const best = changes.reduce((a, b) => (b.change.mean < a.change.mean ? b : a));
  const seen = changes.filter(({ change }) => change.seen);
  const safe = changes.filter(({ change }) => change.holds);
  const { name, change } = steps[own];
  return `You guessed ${name}: ${told(change)}. `
    + (best === steps[own] ? "That is the largest fall. " : `${best.name} has the largest fall: ${told(best.change)}. `)
    + `Of ${changes.length} exchanges a difference is seen for ${seen.length}, and for ${safe.length} it stays after `
    + "the correction for so many comparisons. Walk the road, forth and back.";
}
