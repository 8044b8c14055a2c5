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

/** How a network reads something, in words. */
export function told(name, { digit, outputs, none, probabilities }, old) {
  const much = old
    ? `distance ${number(outputs[digit], 1)}${none > 0.5 ? ", more likely no digit" : ""}`
    : `probability ${number(probabilities[digit], 2)}`;
  return `${name}: ${digit}, ${much}`;
}
