// Lesson 19: a limit of doubt, and what a reader of amounts then has right, wrong, or leaves alone.

import { element, number } from "./inspector.js";
import { choice, guess, slider } from "./asking.js";
import { Chart, key } from "./chart.js";

const KIND = "printed";
const BANKS = { right: 50, wrong: 1 }; // of a hundred: what makes a reader worth having

/** What a reader does at a limit, by its place: {right, wrong, rejected, others}, of a hundred. */
export function outcome({ kinds }, kind, at) {
  const [right, wrong, others] = ["right", "wrong", "others"].map((name) => kinds[kind][name][at]);
  return { right, wrong, rejected: Math.max(0, 100 - right - wrong), others };
}

/** The place of the highest limit at which at most so many of a hundred amounts are wrong. */
export const highest = ({ kinds }, kind, most) => kinds[kind].wrong.findLastIndex((wrong) => wrong <= most);

/** Whether banks would have it. */
export const worthHaving = ({ right, wrong }) => right >= BANKS.right && wrong <= BANKS.wrong;

export function rejecting(bench, panel) {
  const { table } = bench;
  const last = table.limits.length - 1;
  let [kind, at] = [KIND, last];
  const chart = new Chart(220);
  const [said, line] = [element("p", "instrument-limits"), element("p", "instrument-answer")];
  const legend = element("p", "instrument-legend");
  legend.append(key(1, "right"), key(2, "wrong"), key(3, "rejected"));
  const limit = slider("Limit", { min: 1, max: last + 1, step: 1, value: last + 1 }, (value) => {
    at = value - 1;
    bench.soon(show);
  });
  const kinds = choice("Fields", Object.keys(table.kinds).map((name) => [name, name]), kind, (value) => {
    kind = value;
    bench.soon(show);
  });
  const controls = element("div", "instrument-sliders");
  controls.append(limit.label, kinds);
  const board = element("div", "instrument-board instrument-wide");
  board.append(said, legend, chart.root, line, controls);
  board.hidden = true;
  const every = outcome(table, KIND, last);
  const ask = guess(
    `When it answers every printed amount, ${number(every.wrong, 1)} of a hundred are wrong. How many of a hundred `
      + "has it to leave alone, so that at most 1 is wrong?",
    { min: 0, max: 100, step: 1, value: 50 },
    (own) => {
      board.hidden = false;
      at = highest(table, KIND, BANKS.wrong);
      limit.set(at + 1);
      const { rejected } = outcome(table, KIND, at);
      said.textContent = `You guessed ${own}. Of the limits that were measured, the highest that does so rejects `
        + `${number(rejected, 1)}. Move the limit, and look at handwritten fields.`;
      bench.soon(show);
    },
  );
  ask.classList.add("instrument-wide");
  panel.append(ask, board);

  function show() {
    if (board.hidden) return;
    const found = outcome(table, kind, at);
    const doubt = table.limits[at];
    const meaning = doubt === null
      ? "No limit, every field is answered"
      : `Doubt of at most ${doubt}, a confidence of ${number(100 * Math.exp(-doubt), 1)} % or more`;
    line.textContent = `${meaning}: of a hundred ${kind} amounts ${number(found.right, 1)} are right, `
      + `${number(found.wrong, 1)} wrong, ${number(found.rejected, 1)} rejected. Of a hundred fields that are no `
      + `amounts ${number(found.others, 1)} are answered. Banks would ${worthHaving(found) ? "" : "not "}have it.`;
    const ticks = table.limits.map((value, i) => [i, value ?? "none"]).filter(([i]) => i % 2 === 0 || i === last);
    const curve = (name) => table.limits.map((_, i) => [i, outcome(table, kind, i)[name]]);
    chart.show(
      { low: 0, high: last, ticks, title: "limit of doubt" },
      { low: 0, high: 100, ticks: [0, 25, 50, 75, 100], title: "of a hundred" },
      ["right", "wrong", "rejected"].map((name, i) => ({ points: curve(name), kind: i + 1 })),
      { at, label: `Three curves over the limit of doubt. ${line.textContent}` },
    );
    bench.say(line.textContent);
  }

  return { digit: show, choose: false };
}
