// Lessons 17 and 18: the paths of a small graph, and what a criterion tells each arc.

import { button, element, number } from "./inspector.js";
import { choice, guess, slider } from "./asking.js";
import { vector } from "./chart.js";

// Arcs [from, to, label, penalty], by their source; a source is smaller than its target.
export const PATHS = [
  [0, 1, "1", 2], [0, 2, "4", 4.5], [1, 2, "7", 3], [1, 3, "9", 4], [2, 3, "1", 3.5], [2, 4, "8", 3], [3, 4, "2", 2.5],
];
export const CRITERIA = [
  [0, 1, "4", 2.5], [0, 1, "9", 2], [0, 2, "4", 3], [1, 2, "1", 1.5], [1, 3, "2", 3.5], [2, 3, "2", 2], [2, 3, "7", 1.5],
];
export const WANTED = "42";
export const NAMES = ["Viterbi", "discriminative Viterbi", "forward", "discriminative forward"];
const [HIGH, BELOW] = [250, 150];

/** All paths of a graph, as lists of arcs: these graphs are small. */
function everyPath(arcs) {
  const last = Math.max(...arcs.map(([, to]) => to));
  const grow = (path, node) => (node === last ? [path]
    : arcs.flatMap(([from, to], i) => (from === node ? grow([...path, i], to) : [])));
  return grow([], 0);
}

/**
 * What is known of a graph, or of its paths that spell `wanted`:
 * {best: {text, penalty, path}, forward, posteriors, count}, the probability of each arc.
 */
export function judge(arcs, wanted = null) {
  const every = everyPath(arcs).map((path) => ({
    path, text: path.map((i) => arcs[i][2]).join(""), penalty: path.reduce((sum, i) => sum + arcs[i][3], 0),
  })).filter(({ text }) => wanted === null || text === wanted);
  const best = every.reduce((a, b) => (b.penalty < a.penalty ? b : a));
  const parts = every.map(({ penalty }) => Math.exp(best.penalty - penalty));
  const total = parts.reduce((a, b) => a + b, 0);
  const posteriors = arcs.map((_, i) =>
    every.reduce((sum, { path }, k) => sum + (path.includes(i) ? parts[k] / total : 0), 0));
  return { best, forward: best.penalty - Math.log(total), posteriors, count: every.length };
}

/** The lowest penalty of a way to each node, from the left: Viterbi's recursion. */
export function lowest(arcs) {
  const found = [0];
  for (const [from, to, , penalty] of arcs) found[to] = Math.min(found[to] ?? Infinity, found[from] + penalty);
  return found;
}

/** The loss of a criterion, and its derivative by the penalty of each arc. */
export function criterion(arcs, wanted, name) {
  const [right, all] = [judge(arcs, wanted), judge(arcs)];
  const on = ({ best }) => arcs.map((_, i) => Number(best.path.includes(i)));
  const less = (a, b) => a.map((value, i) => value - b[i]);
  return {
    Viterbi: () => ({ loss: right.best.penalty, gradient: on(right) }),
    "discriminative Viterbi": () => ({ loss: right.best.penalty - all.best.penalty, gradient: less(on(right), on(all)) }),
    forward: () => ({ loss: right.forward, gradient: right.posteriors }),
    "discriminative forward": () => ({ loss: right.forward - all.forward, gradient: less(right.posteriors, all.posteriors) }),
  }[name]();
}

export function paths(bench, panel) {
  return instrument(bench, panel, {
    arcs: PATHS, chosen: 5,
    ask: ["The arc 8 from node 2 to node 4 has become cheaper: 3 and no longer 6. What is the lowest penalty of a path now?",
      { min: 4, max: 12, step: 0.5, value: 8.5 }],
    reply: (arcs) => `It is ${number(judge(arcs).best.penalty, 1)}. `,
    tell: (arcs) => {
      const { best, forward, count } = judge(arcs);
      return `The best of ${count} paths spells ${best.text}, penalty ${number(best.penalty)}. All paths together have the `
        + `forward penalty ${number(forward)}, so the best has ${number(100 * Math.exp(forward - best.penalty), 0)} % of the probability.`;
    },
    values: (arcs) => judge(arcs).posteriors,
    marked: (arcs) => judge(arcs).best.path,
    under: (arcs) => lowest(arcs).map((penalty) => number(penalty, 1)),
  });
}

export function criteria(bench, panel) {
  let name = NAMES[0];
  const choose = choice("Criterion", NAMES.map((each) => [each, each]), name, (value) => {
    name = value;
    bench.soon(panel.show);
  });
  return instrument(bench, panel, {
    arcs: CRITERIA, chosen: 6, tools: [choose],
    ask: [`The field says ${WANTED}, and the best path spells 47. Of how many of the seven arcs does a step of Viterbi training raise the penalty?`,
      { min: 0, max: 7, step: 1, value: 2 }],
    reply: () => "It is 0: Viterbi training only lowers. ",
    tell: (arcs) => {
      const { loss, gradient } = criterion(arcs, WANTED, name);
      const side = (wanted) => arcs.filter((_, i) => wanted(gradient[i])).map(([from, to, label]) => `${label} (${from} to ${to})`);
      const [down, up] = [side((g) => g > 0.005), side((g) => g < -0.005)];
      return `Best path: ${judge(arcs).best.text}. Loss ${number(loss)}. A step lowers ${down.join(", ") || "nothing"}; it raises `
        + `${up.join(", ") || "nothing"}.`;
    },
    values: (arcs) => criterion(arcs, WANTED, name).gradient,
    marked: (arcs) => judge(arcs, WANTED).best.path,
    under: () => [],
    step: (arcs) => criterion(arcs, WANTED, name).gradient.map((g, i) => Math.max(0, arcs[i][3] - g)),
  });
}

/** A graph whose arcs are chosen and given another penalty; `use` says what is asked and told. */
function instrument(bench, panel, use) {
  const arcs = use.arcs.map((arc) => [...arc]);
  let [chosen, known] = [use.chosen, false];
  const picture = vector("svg", { class: "instrument-chart instrument-arcs", role: "img" });
  new ResizeObserver(() => show()).observe(picture);
  const [answer, limits] = [element("p", "instrument-answer"), element("p", "instrument-limits")];
  const ask = guess(...use.ask, (guessed) => {
    known = true;
    limits.textContent = `You guessed ${guessed}. ${use.reply(arcs)}`;
    tools.hidden = false;
    bench.soon(show);
  });
  const nameOf = (i) => `${arcs[i][2]}, node ${arcs[i][0]} to node ${arcs[i][1]}`;
  const pick = choice("Arc", arcs.map((_, i) => [String(i), nameOf(i)]), String(chosen), (value) => select(Number(value)));
  const penalty = slider("Its penalty", { min: 0, max: 12, step: 0.5, value: arcs[chosen][3] }, (value) => {
    arcs[chosen][3] = value;
    bench.soon(show);
  });
  const tools = element("div", "instrument-tools");
  tools.append(...(use.tools ?? []), pick, penalty.label, buttons());
  tools.hidden = true;
  const board = element("div", "instrument-board instrument-wide");
  board.append(ask, limits, picture, tools, answer);
  panel.append(board);
  panel.show = show;

  function buttons() {
    const row = element("div", "instrument-choices");
    const add = (title, press) => row.append(button(title, press));
    const set = (penalties) => {
      penalties.forEach((value, i) => (arcs[i][3] = value));
      select(chosen);
    };
    if (use.step) add("One step", () => set(use.step(arcs)));
    add("As it was", () => set(use.arcs.map((arc) => arc[3])));
    return row;
  }

  function select(i) {
    chosen = i;
    pick.querySelector("select").value = String(i);
    penalty.set(arcs[i][3]);
    bench.soon(show);
  }

  function show() {
    draw(picture, arcs, known && use, chosen, select);
    if (known) answer.textContent = use.tell(arcs);
    picture.setAttribute("aria-label", arcs.map((arc, i) => `${nameOf(i)}: penalty ${number(arc[3], 1)}`).join("; "));
    bench.say(answer.textContent);
  }

  return { digit: show, choose: false };
}

function draw(picture, arcs, use, chosen, select) {
  const last = Math.max(...arcs.map(([, to]) => to));
  const wide = Math.max(300, picture.clientWidth);
  picture.setAttribute("viewBox", `0 0 ${wide} ${HIGH}`);
  const at = (node) => 30 + (node * (wide - 60)) / last;
  const values = use ? use.values(arcs) : arcs.map(() => 0);
  const marked = use ? use.marked(arcs) : [];
  picture.replaceChildren();
  const seen = {};
  arcs.forEach(([from, to, label, penalty], i) => {
    const nth = (seen[`${from}-${to}`] = (seen[`${from}-${to}`] ?? -1) + 1);
    const lift = (to - from - 1) * 95 * (from % 2 ? -0.6 : 1) + (nth ? -75 : to - from === 1 ? 18 : 0);
    const [x1, x2, middle] = [at(from), at(to), (at(from) + at(to)) / 2];
    const group = vector("g", { class: `arc ${marked.includes(i) ? "arc-best" : ""} ${i === chosen ? "arc-chosen" : ""}` });
    const line = vector("path", { d: `M ${x1} ${BELOW} Q ${middle} ${BELOW - 2 * lift} ${x2} ${BELOW}`, class: "arc-line" });
    line.setAttribute("stroke-width", 1.5 + 7 * Math.abs(values[i]));
    if (values[i] < -0.005) line.classList.add("arc-raised");
    const text = vector("text", { x: middle, y: BELOW - lift - 6, "text-anchor": "middle" });
    const told = values[i] && use.step ? ` (${number(-values[i])})` : "";
    text.textContent = `${label}: ${number(penalty, 1)}${told}`;
    group.append(line, text);
    group.addEventListener("click", () => use && select(i));
    picture.append(group);
  });
  const under = use ? use.under(arcs) : [];
  for (let node = 0; node <= last; node++) {
    picture.append(vector("circle", { cx: at(node), cy: BELOW, r: 13, class: "arc-node" }));
    const name = vector("text", { x: at(node), y: BELOW + 5, "text-anchor": "middle" });
    name.textContent = node;
    picture.append(name);
    if (under[node] === undefined) continue;
    const value = vector("text", { x: at(node), y: BELOW + 36, "text-anchor": "middle", class: "arc-under" });
    value.textContent = under[node];
    picture.append(value);
  }
}
