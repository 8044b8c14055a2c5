// Lesson 02: point at a unit of any layer, and see what it sees, layer by layer, down to the pixels.

import { forward } from "./network.js";
import { element } from "./inspector.js";
import { LayerMaps, paletteOf } from "./maps.js";
import { guess } from "./asking.js";

const SHOWN = 6; // the input, C1, S2, C3, S4, C5
const MAP = 0; // of each layer; one is enough, for all maps of a layer see alike

/** What a unit of layer `at` sees in the layers up to its own, the input first: [{y, x, side}]. */
export function seenBy(layers, at, y, x) {
  const squares = [{ y, x, side: 1 }];
  for (let i = at; i > 0; i--) {
    const { step, side } = layers[i];
    const above = squares[0];
    squares.unshift({ y: above.y * step, x: above.x * step, side: (above.side - 1) * step + side });
  }
  return squares;
}

/** Which units of its own layer and of those above see a unit: [{y, x, side, tall}]. */
export function reached(layers, at, y, x) {
  const found = [{ y, x, side: 1, tall: 1 }];
  for (const { step, side, size } of layers.slice(at + 1, SHOWN)) {
    const along = (first, count) => {
      const from = Math.max(0, Math.ceil((first - side + 1) / step));
      return [from, Math.min(size - 1, Math.floor((first + count - 1) / step)) - from + 1];
    };
    const below = found.at(-1);
    const [[top, tall], [left, wide]] = [along(below.y, below.tall), along(below.x, below.side)];
    found.push({ y: top, x: left, side: wide, tall });
  }
  return found;
}

const times = ({ side, tall = side }) => `${tall} by ${side}`;

/** A unit's place, what it sees below, and who sees it above, in words. */
export function told(layers, at, y, x) {
  const [below, above] = [seenBy(layers, at, y, x), reached(layers, at, y, x)];
  const name = at ? `The unit of ${layers[at].title} in row ${y}, column ${x}` : `The pixel in row ${y}, column ${x}`;
  const [input] = below;
  const parts = below.slice(1, -1).map((square, i) => `${times(square)} units of ${layers[i + 1].title}`).reverse();
  parts.push(`${times(input)} pixels, rows ${input.y} to ${input.y + input.side - 1} and columns ${input.x} to `
    + `${input.x + input.side - 1}`);
  const seers = above.slice(1).map((square, i) =>
    `${square.side * square.tall} of ${layers[at + 1 + i].title}`);
  const up = seers.length ? ` In each map, ${seers.join(", ")} ${at ? "see this unit" : "see this pixel"}.` : "";
  return at ? `${name} sees ${parts.join(", ")}.${up}` : `${name}.${up}`;
}

export function field(bench, panel) {
  const network = bench.networks.lenet5_1998;
  const layers = network.layers.slice(0, SHOWN);
  let [bytes, at, y, x] = [null, 3, 5, 5];
  const views = layers.map((layer, i) => {
    const figure = element("figure", "instrument-map");
    const canvas = figure.appendChild(element("canvas"));
    const caption = figure.appendChild(element("figcaption"));
    canvas.tabIndex = 0;
    canvas.setAttribute("role", "application");
    const one = { ...layer, maps: 1, states: layer.states.subarray(MAP, layer.size ** 2) };
    const view = new LayerMaps(canvas, one, { columns: 1, gap: 0 }, (unit) => {
      if (unit) [at, y, x] = [i, unit.y, unit.x];
      bench.soon(show);
    });
    canvas.addEventListener("pointermove", (event) =>
      event.pointerType === "mouse" && !event.buttons && view.point(event));
    return { figure, caption, canvas, view };
  });
  const maps = element("div", "instrument-six");
  maps.append(...views.map(({ figure }) => figure));
  const [said, line] = [element("p", "instrument-limits"), element("p", "instrument-answer")];
  const board = element("div", "instrument-board instrument-wide");
  board.append(said, maps, line);
  board.hidden = true;
  const ask = guess(
    "A unit of C3 sees 5 by 5 units of S2, and these see further. How many pixels of the input does it "
      + "see in a row?",
    { min: 1, max: 32, step: 1, value: 16, unit: " px" },
    (own) => {
      board.hidden = false;
      said.textContent = `You guessed ${own} pixels. It is ${seenBy(layers, at, y, x)[0].side}: the frames show `
        + "what this unit of C3 sees in each layer below it. Point at any other unit, in any layer, or at a pixel.";
      bench.soon(show);
    },
  );
  ask.classList.add("instrument-wide");
  panel.append(ask, board);
  new ResizeObserver(() => bytes && show()).observe(maps);

  function show() {
    if (board.hidden || !maps.clientWidth) return;
    forward(network, bytes); // another instrument of the page may have read another digit
    const frames = [...seenBy(layers, at, y, x), ...reached(layers, at, y, x).slice(1)];
    views.forEach(({ view, canvas, caption }, i) => {
      const { title, size } = layers[i];
      view.chosen = i === at ? { map: 0, y, x } : null;
      view.measure();
      view.paint(paletteOf(layers[i], true), [{ map: 0, ...frames[i] }]);
      caption.textContent = `${title}, ${size} by ${size}`;
      canvas.setAttribute("aria-label", `${title}, a map of ${size} by ${size}. Arrow keys choose a unit.`);
    });
    line.textContent = told(layers, at, y, x);
    bench.say(line.textContent);
  }

  return {
    digit(chosen) {
      bytes = chosen;
      bench.soon(show);
    },
  };
}
