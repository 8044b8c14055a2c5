// What the page of the live network and the instruments load: networks, and digits of the test set.

import { buildNetwork, readSafetensors } from "./network.js";
import { bytesOf } from "./store.js";

/** Fetch a file that lies beside this one. */
export async function load(name) {
  const answer = await fetch(new URL(name, import.meta.url)).catch(() => null);
  if (!answer?.ok) {
    throw new Error(`${name} could not be loaded: check the connection, then load the page again.`);
  }
  return answer;
}

export async function loadNetwork(kind, build = (tensors) => buildNetwork(kind, tensors)) {
  const name = `weights/${kind}.safetensors`;
  const buffer = await (await load(name)).arrayBuffer();
  try {
    return build(readSafetensors(buffer));
  } catch (error) {
    throw new Error(`${name} is damaged (${error.message}): load the page again.`);
  }
}

/** The network of lesson 12, its pictures, and how sure it is of the test set; see plates.js. */
export async function loadPlates() {
  return (await load("plates.json")).json();
}

/** Two test digits of each class: {digit: [bytes, bytes]}. */
export async function loadDigits() {
  const found = await (await load("digits.json")).json();
  return Object.fromEntries(
    Object.entries(found).map(([digit, choices]) => [digit, choices.map(bytesOf)]),
  );
}

/** What a build counted or took from a record. */
export async function loadTable(name) {
  return (await load(name)).json();
}

/** Instruments that are large, and of one lesson: what their script leaves in `lenetApart`. */
export async function loadApart(name, script) {
  const file = location.protocol === "file:";
  const made = Object.assign(document.createElement("script"), file ? {} : { type: "module" });
  made.src = document.querySelector("script[src*='instruments.js']").src.replace("instruments.js", script);
  await new Promise((done, fail) => {
    made.onload = done;
    made.onerror = () => fail(new Error(`${script} could not be loaded: check the connection, then load the page again.`));
    document.body.append(made);
  });
  return globalThis.lenetApart[name];
}
