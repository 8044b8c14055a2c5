// Lesson 05: switch the wires of Table I, and see the parameters and connections of LeNet-5 follow.

import { button, element } from "./inspector.js";
import { guessForm } from "./asking.js";

const MAPS = { s2: 6, c3: 16 };
const SIDE = { kernel: 5, map: 10 };
// All but C3: C1, S2, S4, C5, F6, and the connections of the output. Section II-B of the paper.
const OTHERS = { parameters: 156 + 12 + 32 + 48_120 + 10_164, connections: 122_304 + 5_880 + 2_000 + 48_120 + 10_164 + 840 };

/** Parameters and connections of the whole network for a table of so many crosses. */
export function counts(crosses) {
  const own = crosses * SIDE.kernel ** 2 + MAPS.c3;
  return { c3: own, parameters: OTHERS.parameters + own, connections: OTHERS.connections + own * SIDE.map ** 2 };
}

const inWords = (count) => count.toLocaleString("en");

export function wires(bench, panel) {
  const printed = bench.networks.lenet5_1998.layers[3].reads; // of each map of C3, those of S2
  const isPrinted = (s2, c3) => printed[c3].includes(s2);
  let known = false;
  const table = element("table", "instrument-wires");
  const head = table.createTHead().insertRow();
  head.append(element("td"), ...Array.from({ length: MAPS.c3 }, (_, c3) => heading(c3, "col")));
  const boxes = Array.from({ length: MAPS.s2 }, (_, s2) => {
    const row = table.insertRow();
    row.append(heading(s2, "row"));
    return Array.from({ length: MAPS.c3 }, (_, c3) => {
      const box = Object.assign(element("input"), { type: "checkbox", checked: isPrinted(s2, c3) });
      box.setAttribute("aria-label", `Map ${c3} of C3 reads map ${s2} of S2`);
      box.addEventListener("change", show);
      row.insertCell().append(box);
      return box;
    });
  });
  const set = (wanted) => {
    boxes.forEach((row, s2) => row.forEach((box, c3) => (box.checked = wanted(s2, c3))));
    show();
  };
  const choices = element("div", "instrument-choices");
  for (const [name, wanted] of [
    ["Table I", isPrinted], ["Every map reads all six", () => true], ["No wires", () => false],
  ]) {
    choices.append(button(name, () => set(wanted)));
  }
  const [line, result] = [element("p", "instrument-answer"), element("p", "instrument-limits")];
  const own = Object.assign(element("input"), { type: "number", step: 1, min: 0 });
  const label = element("label");
  label.append("If every map of C3 reads all six of S2: how many parameters has the network then? ", own);
  const ask = guessForm(label, () => {
    known = true;
    const { parameters } = counts(MAPS.s2 * MAPS.c3);
    const guessed = own.value === "" ? "" : `You guessed ${inWords(own.valueAsNumber)}. `;
    result.textContent = `${guessed}It is ${inWords(parameters)}: each of the 36 wires that Table I `
      + "leaves out is a kernel of 25 weights, and the biases stay.";
    set(() => true);
  });
  const board = element("div", "instrument-board instrument-wide");
  const frame = element("div", "instrument-scroll");
  frame.tabIndex = 0;
  frame.setAttribute("role", "region");
  frame.setAttribute("aria-label", "Which maps of S2, in rows, the maps of C3, in columns, read");
  frame.append(table);
  board.append(ask, result, frame, choices, line);
  panel.append(board);

  function show() {
    const crosses = boxes.flat().filter((box) => box.checked).length;
    const { c3, parameters, connections } = counts(crosses);
    const deaf = boxes[0].filter((_, map) => boxes.every((row) => !row[map].checked)).length;
    // Before the guess no sum: it would be the answer.
    line.textContent = known
      ? `${crosses} wires: C3 has ${inWords(c3)} parameters, the network ${inWords(parameters)}, and `
        + `${inWords(connections)} connections.${deaf ? ` ${deaf} maps of C3 read nothing.` : ""}`
      : `${crosses} wires.`;
    bench.say(line.textContent);
  }

  return { digit: show, choose: false };
}

function heading(text, scope) {
  const cell = Object.assign(element("th"), { textContent: text });
  cell.scope = scope;
  return cell;
}
