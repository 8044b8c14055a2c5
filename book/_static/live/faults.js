// Lesson 11: point at the lines that are at fault, then see which of them are, and what each costs.

import { button, element } from "./inspector.js";

/** What a choice of letters comes to: {found, missed, alarms}, each a list of letters. */
export function judge({ lines, faults }, chosen) {
  const letters = lines.map(({ letter }) => letter);
  return {
    found: letters.filter((letter) => chosen.has(letter) && letter in faults),
    missed: letters.filter((letter) => !chosen.has(letter) && letter in faults),
    alarms: letters.filter((letter) => chosen.has(letter) && !(letter in faults)),
  };
}

/** What is known of a line, in words. */
function wordsOf({ faults, sound }, letter) {
  if (letter in sound) return `In order: ${sound[letter]}`;
  const { part, costs } = faults[letter];
  const measured = costs.map(({ name, points }) => `${name}: ${points} points`).join("; ");
  return `At fault, in ${part}.${measured ? ` Measured below, ${measured}.` : ""}`;
}

export function faults(bench, panel) {
  const { table } = bench;
  const chosen = new Set();
  let known = false;
  const question = Object.assign(element("p"), {
    textContent: `Which of these ${table.lines.length} lines are at fault? Choose them, then look.`,
  });
  const list = element("div", "instrument-lines");
  const rows = table.lines.map(({ letter, code }) => {
    const [row, words] = [element("div", "instrument-line"), element("p")];
    const choose = button("", () => {
      if (known) return;
      if (!chosen.delete(letter)) chosen.add(letter);
      bench.soon(show);
    });
    choose.append(Object.assign(element("b"), { textContent: letter }), Object.assign(element("code"), {
      textContent: code,
    }));
    row.append(choose, words);
    list.append(row);
    return { letter, row, choose, words };
  });
  const answer = element("p", "instrument-answer");
  const look = button("That is my guess", () => turn(true));
  const again = button("Begin again", () => {
    chosen.clear();
    turn(false);
    rows[0].choose.focus();
  });
  const board = element("div", "instrument-board instrument-wide");
  board.append(question, list, answer, look, again);
  panel.append(board);

  function turn(to) {
    known = to;
    bench.soon(show);
  }

  function show() {
    const { found, missed, alarms } = judge(table, chosen);
    const all = found.length + missed.length;
    look.hidden = known;
    again.hidden = !known;
    answer.textContent = known
      ? `You chose ${chosen.size}: ${found.length} of the ${all} faults, ${missed.length} missed, and `
        + `${alarms.length} false alarm${alarms.length === 1 ? "" : "s"}.`
      : `${chosen.size} chosen.`;
    for (const { letter, row, choose, words } of rows) {
      choose.setAttribute("aria-pressed", chosen.has(letter));
      choose.setAttribute("aria-disabled", known);
      row.classList.toggle("instrument-hit", known && found.includes(letter));
      row.classList.toggle("instrument-miss", known && (missed.includes(letter) || alarms.includes(letter)));
      words.textContent = known ? wordsOf(table, letter) : "";
    }
    bench.say(answer.textContent);
  }

  return { digit: show, choose: false };
}
