// What instruments ask with: sliders, a guess before anything is shown, a network's answer in words.

import { element, number } from "./inspector.js";

/** A slider with its name and value; `change` is called with the number. */
export function slider(title, { min, max, step, value, unit = "" }, change) {
  const label = element("label", "instrument-slider");
  const input = Object.assign(element("input"), { type: "range", min, max, step, value });
  input.setAttribute("aria-label", title);
  const shown = element("output");
  const show = () => {
    const digits = step < 0.01 ? 3 : step < 1 ? 2 : 0;
    const text = `${number(Number(input.value), digits)}${unit}`;
    shown.textContent = text;
    input.setAttribute("aria-valuetext", text);
  };
  const name = Object.assign(element("span"), { textContent: title });
  label.append(name, input, shown);
  input.addEventListener("input", () => {
    show();
    change(Number(input.value));
  });
  show();
  return { label, input, set: (v) => { input.value = v; show(); } };
}

/** A choice among [value, text], drawn by the browser, so that it works by finger and by key. */
export function choice(title, options, chosen, change) {
  const label = element("label", "instrument-choice");
  const select = element("select");
  for (const [value, text] of options) {
    select.append(Object.assign(element("option"), { value, textContent: text, selected: value === chosen }));
  }
  select.addEventListener("change", () => change(select.value));
  label.append(Object.assign(element("span"), { textContent: title }), select);
  return label;
}

const MOVES = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };

/**
 * Let a picture be pointed at by mouse, finger and keys. `point` is called with the row and the
 * column, which may lie between two, and whether a stroke begins; `step` with an arrow key's way.
 */
export function steer(canvas, [rows, columns], { point, step, press }) {
  const locate = ({ clientX, clientY }, first) => {
    const { top, left, width, height } = canvas.getBoundingClientRect();
    point(((clientY - top) / height) * rows, ((clientX - left) / width) * columns, first);
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (!event.isPrimary) return;
    canvas.setPointerCapture(event.pointerId);
    locate(event, true);
  });
  canvas.addEventListener("pointermove", (event) =>
    canvas.hasPointerCapture(event.pointerId) && locate(event, false));
  canvas.addEventListener("keydown", (event) => {
    if (event.key in MOVES) step(...MOVES[event.key]);
    else if (event.key === " " && press) press();
    else return;
    event.preventDefault();
  });
}

/** The whole number nearest below, of 0 to count - 1. */
export const cellAt = (place, count) => Math.max(0, Math.min(count - 1, Math.floor(place)));

/** A question to which the reader commits an answer before anything is shown. */
export function guess(question, settings, commit) {
  const block = element("div", "instrument-guess");
  const text = Object.assign(element("p"), { textContent: question });
  const button = Object.assign(element("button"), { type: "button", textContent: "That is my guess" });
  let own = settings.value;
  const { label, input } = slider("Your guess", settings, (value) => (own = value));
  block.append(text, label, button);
  button.addEventListener("click", () => {
    input.disabled = true;
    button.remove();
    commit(own);
  });
  return block;
}

/** The same with an answer of another kind: a field or a choice. */
export function guessForm(answer, commit) {
  const form = element("form", "instrument-guess");
  form.append(answer, Object.assign(element("button"), { textContent: "That is my guess" }));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    commit();
  });
  return form;
}

/** How a network reads something, in words. */
export function told(name, { digit, outputs, none, probabilities }, old) {
  const much = old
    ? `distance ${number(outputs[digit], 1)}${none > 0.5 ? ", more likely no digit" : ""}`
    : `probability ${number(probabilities[digit], 2)}`;
  return `${name}: ${digit}, ${much}`;
}
