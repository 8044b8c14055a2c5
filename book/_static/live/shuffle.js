// Lesson 02: two networks that learnt from shuffled digits read one.

import { buildNetwork, forward } from "./network.js";
import { FIELD } from "./preparation.js";
import { paintBytes } from "./drawing.js";
import { loadTable } from "./loading.js";
import { element, number, titled } from "./inspector.js";
import { guess } from "./asking.js";
import { dense, normalised, softmax, unpacked } from "./dense.js";

const SIDE = 32;
const FULL = "fully connected";
const PARTS = ["c1", "c3", "c5", "f6", "output"];

/** The two networks of a page: each takes 32x32 shuffled numbers and gives ten scores. */
export function shuffledNetworks({ networks }) {
  const full = networks[FULL].map(unpacked);
  const tensors = {};
  networks["LeNet-5"].map(unpacked).forEach(({ shape, weight, bias }, i) => {
    tensors[`${PARTS[i]}.weight`] = { shape, data: weight };
    tensors[`${PARTS[i]}.bias`] = { shape: [bias.length], data: bias };
  });
  const lenet = buildNetwork("plates", tensors); // which takes numbers that are prepared already
  return {
    [FULL]: (inputs) => dense(full, inputs),
    "LeNet-5": (inputs) => Float64Array.from(forward(lenet, inputs)),
  };
}

/** 28x28 bytes as 32x32 bytes with a border of background. */
export function framed(bytes) {
  const wide = new Uint8Array(SIDE * SIDE);
  for (let y = 0; y < FIELD; y++) wide.set(bytes.subarray(y * FIELD, (y + 1) * FIELD), (y + 2) * SIDE + 2);
  return wide;
}

/** Each pixel at another place. */
export const shuffled = (values, order) => values.map((_, i) => values[order[i]]);

export function shuffle(bench, panel) {
  const errors = bench.table;
  const figures = ["A digit", "Its pixels shuffled"].map((title) => {
    const made = titled(title);
    made.canvas.setAttribute("role", "img");
    made.canvas.setAttribute("aria-label", title);
    return made;
  });
  const maps = element("div", "instrument-maps");
  maps.append(...figures.map(({ figure }) => figure));
  const [said, answer, rest] = [element("p"), element("p", "instrument-answer"), element("p", "instrument-limits")];
  let [bytes, networks, order] = [null, null, null];
  const percent = ([mean]) => `${number(mean, 1)} %`;
  const ask = guess(
    `LeNet-5 misreads ${percent(errors["LeNet-5"])} of the test digits, a fully connected network of about as `
      + `many parameters ${percent(errors[FULL])}. New ones learn from shuffled digits, and are tested on shuffled `
      + "digits. How many per cent does LeNet-5 misread then?",
    { min: 0, max: 20, step: 0.5, value: 2, unit: " %" },
    async (guessed) => {
      said.textContent = "The networks are being loaded.";
      try {
        const page = await loadTable("shuffled.json");
        [networks, order] = [shuffledNetworks(page), page.order];
      } catch (error) {
        said.textContent = error.message;
        return;
      }
      said.textContent = `You guessed ${number(guessed, 1)} %. LeNet-5 misreads ${percent(errors["LeNet-5, shuffled"])} `
        + `(${number(errors["LeNet-5, shuffled"][0] / errors["LeNet-5"][0], 1)} times as many as before), the fully `
        + `connected network ${percent(errors[`${FULL}, shuffled`])}. Choose digits, or draw one: both read what you cannot.`;
      bench.soon(show);
    },
  );
  const board = element("div", "instrument-board");
  board.append(ask, said, answer, rest);
  panel.append(maps, board);

  function read(name, digit) {
    return softmax(networks[name](normalised(shuffled(framed(digit), order))));
  }

  function show() {
    const picture = framed(bytes);
    paintBytes(figures[0].canvas, picture, SIDE);
    figures[1].figure.hidden = !networks;
    if (!networks) return;
    paintBytes(figures[1].canvas, shuffled(picture, order), SIDE);
    answer.textContent = `Shuffled, ${Object.keys(networks).map((name) => {
      const { digit, probabilities } = read(name, bytes);
      return `${name === FULL ? "the fully connected network" : name} reads ${digit}, probability `
        + `${number(probabilities[digit], 2)}`;
    }).join("; ")}.`;
    const all = Object.entries(bench.digits).flatMap(([digit, each]) => each.map((one) => [Number(digit), one]));
    const wrong = (name) => all.filter(([digit, one]) => read(name, one).digit !== digit).length;
    rest.textContent = `Of the ${all.length} digits to choose from, the fully connected network misreads `
      + `${wrong(FULL)}, LeNet-5 ${wrong("LeNet-5")}.`;
    bench.say(answer.textContent);
  }

  return {
    digit(chosen) {
      bytes = chosen;
      bench.soon(show);
    },
  };
}
