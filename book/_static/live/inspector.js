// What one unit does: the patch that it reads, its kernel, and the arithmetic of its state.

import { explain } from "./network.js";
import { GREY, SIGNED, colour, paletteOf } from "./maps.js";

const LARGE = 5; // grids up to this side show their numbers when there is one of them

export const number = (v, digits = 2) => v.toFixed(digits).replace("-", "−");

/** A sentence that names a unit and its state. */
export function nameUnit({ layer, map, y, x }) {
  const place = layer.size > 1 ? `, row ${y}, column ${x}` : "";
  const kind = layer.size > 1 ? " map" : layer.title === "Output" ? "" : " unit";
  return `${layer.title}${kind} ${map}${place}`;
}

/** Which part of the input a unit sees, clipped to the 32 pixels that there are. */
export function fieldOf({ layer, y, x }) {
  return { map: 0, y: y * layer.jump, x: x * layer.jump, side: layer.reach };
}

/** Fill `body` with the arithmetic of a unit; returns it as a sentence too. */
export function showArithmetic(body, unit, network) {
  const { layer, map, y, x } = unit;
  const old = network.kind === "lenet5_1998";
  body.replaceChildren();
  if (layer.kind === "input") return say(body, inputSentence(unit, old));
  if (layer.kind === "distance") return showDistance(body, unit);
  const found = explain(layer, map, y, x);
  const palette = paletteOf(layer.below, old);
  const terms = found.terms[0].side === 1 ? [gather(found)] : found.terms;
  const limit = Math.max(...terms.map(({ kernel }) => largest(kernel ?? [1])));
  const list = body.appendChild(element("div", "live-terms"));
  for (const term of terms) {
    const numbers = terms.length === 1 && term.side <= LARGE;
    const row = list.appendChild(element("div", "live-term"));
    const columns = term.columns ?? term.side;
    const cell = numbers ? Math.min(32, Math.floor((body.clientWidth - 28) / 10)) : columns > 5 ? 9 : 11;
    const show = (values, colours, title) => grid(values, columns, colours, title, cell, numbers);
    row.append(show(term.patch, palette, term.title ?? source(layer, term)));
    if (term.kernel) {
      const signed = { colours: SIGNED, low: -limit, high: limit };
      row.append(sign("×"), show(term.kernel, signed, "kernel"));
      if (terms.length > 1) row.append(sign(`= ${number(term.sum)}`));
    }
  }
  return say(body, arithmetic(layer, found));
}

function source(layer, term) {
  return layer.below.kind === "input" ? "input" : `${layer.below.title} map ${term.map}`;
}

/** One grid for the many single inputs of F6 and of the scores. */
function gather({ terms, total }) {
  const patch = terms.map((term) => term.patch[0]);
  const columns = terms.length === 84 ? 12 : 15;
  return {
    patch, kernel: terms.map((term) => term.kernel[0]), columns, side: columns, sum: total,
    title: `${terms.length} states`,
  };
}

function arithmetic(layer, { terms, total, bias, coefficient, sum, state }) {
  if (layer.kind === "max") return `The largest of the four is the state: ${number(state)}.`;
  const add = `${bias < 0 ? "−" : "+"} ${number(Math.abs(bias))}`;
  let text = terms.length > 1
    ? `All ${terms.length} sums together ${number(total)}, with the bias ${add}: ${number(sum)}.`
    : `Sum ${number(total)}, with the bias ${add}: ${number(sum)}.`;
  if (coefficient !== undefined) {
    text = `The four add up to ${number(total)}. Times the coefficient ${number(coefficient)}, ` +
      `with the bias ${add}: ${number(sum)}.`;
  }
  if (layer.activation === "none") return `${text} That is the score.`;
  if (layer.activation === "relu") return `${text} State max(0, ${number(sum)}) = ${number(state)}.`;
  return `${text} State 1.7159 tanh(⅔ · ${number(sum)}) = ${number(state)}.`;
}

function inputSentence({ layer, y, x }, old) {
  const value = number(layer.states[y * layer.size + x]);
  return old
    ? `The pixel is ${value}: background is −0.10, full ink is 1.18.`
    : `The pixel is ${value}: background is −0.42, full ink is 2.82, the border is 0.`;
}

function showDistance(body, { layer, map }) {
  const states = layer.below.states;
  const code = layer.codes.subarray(map * 84, map * 84 + 84);
  const squares = code.map((target, i) => (states[i] - target) ** 2);
  const ink = { colours: GREY, low: -1, high: 1 };
  const row = body.appendChild(element("div", "live-term"));
  row.append(
    sign("("), grid(states, 7, ink, "F6"), sign("−"), grid(code, 7, ink, `code of ${map}`),
    sign(")² ="), grid(squares, 7, { colours: SIGNED, low: -4, high: 4 }, "squares"),
  );
  return say(body, `The 84 squares add up to the distance ${number(layer.states[map], 1)}.`);
}

function say(body, text) {
  const line = element("p", "live-sum");
  line.textContent = text;
  body.prepend(line); // above the grids, which may be many on a small screen
  return text;
}

function sign(text) {
  const span = element("span", "live-sign");
  span.textContent = text;
  return span;
}

/** Values as coloured squares, `numbers` written into them. */
function grid(values, columns, palette, title, cell = 9, numbers = false) {
  const rows = Math.ceil(values.length / columns);
  const picture = Object.assign(element("canvas"), { width: columns, height: rows });
  const image = new ImageData(columns, rows);
  colour(new Uint32Array(image.data.buffer), values, palette);
  picture.getContext("2d").putImageData(image, 0, 0);
  const shown = numbers ? withNumbers(picture, values, image.data, cell) : picture;
  shown.style.width = `${columns * cell}px`;
  shown.setAttribute("aria-hidden", "true"); // the sentence says what it comes to
  const figure = element("figure", "live-grid");
  figure.append(shown);
  figure.appendChild(element("figcaption")).textContent = title;
  return figure;
}

function withNumbers(picture, values, rgba, cell) {
  const ratio = window.devicePixelRatio || 1;
  const canvas = element("canvas");
  canvas.width = picture.width * cell * ratio;
  canvas.height = picture.height * cell * ratio;
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(picture, 0, 0, canvas.width, canvas.height);
  context.scale(ratio, ratio);
  context.font = `${cell * 0.34}px sans-serif`;
  context.textAlign = "center";
  context.textBaseline = "middle";
  for (let i = 0; i < values.length; i++) {
    const [red, green, blue] = rgba.subarray(4 * i, 4 * i + 3);
    context.fillStyle = 0.3 * red + 0.6 * green + 0.1 * blue > 120 ? "#000" : "#fff";
    const [x, y] = [i % picture.width, Math.floor(i / picture.width)];
    context.fillText(number(values[i]), (x + 0.5) * cell, (y + 0.5) * cell);
  }
  return canvas;
}

export function element(tag, className = "") {
  return Object.assign(document.createElement(tag), { className });
}

/** A canvas under which its title stands. */
export function titled(title) {
  const figure = element("figure", "instrument-map");
  const canvas = figure.appendChild(element("canvas"));
  figure.append(Object.assign(element("figcaption"), { textContent: title }));
  return { figure, canvas };
}

export function button(textContent, press) {
  const made = Object.assign(element("button"), { type: "button", textContent });
  made.addEventListener("click", press);
  return made;
}

function largest(values) {
  return values.reduce((a, b) => Math.max(a, Math.abs(b)), 1e-9);
}
