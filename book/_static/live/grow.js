// Lesson 14: a picture grows along the gradient into what excites a unit most.

import { explain, forward, rise } from "./network.js";
import { button, element, number } from "./inspector.js";
import { GREY, paintValues } from "./maps.js";
import { choice, guess } from "./asking.js";
import { inputGradient } from "./gradient.js";

const LOW = -0.1; // background and ink, as LeNet-5 of 1998 is given them
const HIGH = 1.175;
const LENGTH = 0.5; // of a step
const STEPS = 100;
const MIDDLE = 4 * 10 + 4; // in a map of C3, 10 by 10
const ASKED = "C3-12";

/** What is made larger: a sum in the middle of a map of C3, or how near an answer's code is. */
export function score(network, wanted) {
  const [kind, which] = wanted.split("-");
  const layer = network.layers.find(({ title }) => title === (kind === "C3" ? "C3" : "Output"));
  return kind === "C3" ? explain(layer, Number(which), 4, 4).sum : -layer.states[which];
}

/** One step uphill of the picture in the network's input. */
export function climb(network, wanted) {
  const [kind, which] = wanted.split("-");
  const [title, place, sign] = kind === "C3" ? ["C3", which * 100 + MIDDLE, 1] : ["Output", Number(which), -1];
  const slopes = inputGradient(network, title, place);
  const size = Math.sqrt(slopes.reduce((sum, slope) => sum + slope * slope, 0));
  const { states } = network.layers[0];
  if (size > 0) {
    slopes.forEach((slope, i) => {
      states[i] = Math.max(LOW, Math.min(HIGH, states[i] + (sign * LENGTH * slope) / size));
    });
  }
  rise(network, 1);
}

export function grow(bench, panel) {
  const network = bench.networks.lenet5_1998;
  const input = network.layers[0];
  let [wanted, picture, taken, running, known] = [ASKED, empty(input), 0, false, false];
  let bytes = null;
  const canvas = element("canvas", "instrument-digit");
  canvas.setAttribute("role", "img");
  const [line, said] = [element("p", "instrument-answer"), element("p")];
  const options = [
    ...Array.from({ length: 16 }, (_, map) => [`C3-${map}`, `map ${map} of C3, its middle unit`]),
    ...Array.from({ length: 10 }, (_, digit) => [`Output-${digit}`, `the answer ${digit}`]),
  ];
  const which = choice("Excite", options, wanted, (value) => {
    wanted = value;
    begin(empty(input));
  });
  const buttons = element("div", "instrument-choices");
  const go = button("Grow", () => run(!running));
  buttons.append(
    go,
    button("One step", () => { run(false); advance(); }),
    button("From an empty picture", () => begin(empty(input))),
    button("From the digit", () => begin(given())),
  );
  const board = element("div", "instrument-board");
  const controls = element("div", "instrument-tools");
  controls.append(which, buttons);
  controls.hidden = true;
  const ask = guess(
    "Of the digits below, the one that excites map 12 of C3 most gives its middle unit a sum of "
      + `${number(strongest(), 1)}. A picture is made for this unit, ${STEPS} steps from an empty one. `
      + "What sum will it reach?",
    { min: 0, max: 40, step: 0.5, value: 10 },
    (guessed) => {
      [known, controls.hidden] = [true, false];
      const reached = trial();
      said.textContent = `You guessed ${number(guessed, 1)}. It reaches ${number(reached, 1)}: watch it grow. Then `
        + "excite another unit, or an answer, or begin with a digit.";
      begin(empty(input));
      run(true);
    },
  );
  board.append(ask, said, controls, line);
  panel.append(canvas, board);

  /** The largest sum of the unit that is asked about, over the digits that a reader can choose. */
  function strongest() {
    const sums = Object.values(bench.digits).flat().map((each) => {
      forward(network, each);
      return score(network, ASKED);
    });
    return Math.max(...sums);
  }

  function trial() {
    set(empty(input));
    for (let i = 0; i < STEPS; i++) climb(network, ASKED);
    return score(network, ASKED);
  }

  /** The network is shared with other instruments, so it is given the picture before each use. */
  function set(values) {
    input.states.set(values);
    rise(network, 1);
  }

  function given() {
    forward(network, bytes);
    return input.states.slice();
  }

  function begin(values) {
    [picture, taken] = [values, 0];
    run(false);
    bench.soon(show);
  }

  function advance() {
    set(picture);
    climb(network, wanted);
    picture = input.states.slice();
    taken += 1;
    bench.soon(show);
  }

  function run(to) {
    running = to;
    go.textContent = running ? "Pause" : "Grow";
    go.setAttribute("aria-pressed", running);
    if (running) requestAnimationFrame(frame);
  }

  function frame() {
    if (!running || !canvas.isConnected) return;
    // Without motion only the end is shown.
    const count = matchMedia("(prefers-reduced-motion: reduce)").matches ? STEPS : 1;
    for (let i = 0; i < count; i++) advance();
    if (taken >= STEPS) run(false);
    else requestAnimationFrame(frame);
  }

  function show() {
    paintValues(canvas, picture, input.size, { colours: GREY, low: LOW, high: HIGH });
    set(picture);
    const value = score(network, wanted);
    const name = options.find(([each]) => each === wanted)[1];
    const what = wanted.startsWith("C3") ? `sum ${number(value, 1)}` : `distance to its code ${number(-value, 1)}`;
    line.textContent = known ? `${taken} step${taken === 1 ? "" : "s"}, ${name}: ${what}.` : "";
    canvas.setAttribute("aria-label", `The picture that grows. ${line.textContent}`);
    if (!running) bench.say(line.textContent);
  }

  return {
    digit(chosen) {
      bytes = chosen;
      if (known) begin(given());
      else bench.soon(show);
    },
  };
}

function empty({ states }) {
  return new Float64Array(states.length).fill(LOW);
}
