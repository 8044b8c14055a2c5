// What the page of the live network and the instruments load: networks, and digits of the test set.

import { buildNetwork, readSafetensors } from "./network.js";
import { bytesOf } from "./store.js";

/** Fetch a file that lies beside this one. */
async function load(name) {
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

/** What trains a network, and its digits: {worker, wasm, digits}; the worker has not been told of them. */
export async function loadTraining() {
  if (location.protocol === "file:") await addScript("offline-training.js");
  const [wasm, digits] = await Promise.all(["training.wasm", "training.gz"].map(
    async (name) => (await load(name)).arrayBuffer(),
  ));
  return { worker: await startWorker("training-worker.js"), wasm, digits };
}

/** A classic worker; beside a page that lies in a file, only what the page holds itself can be one. */
async function startWorker(name) {
  if (location.protocol !== "file:") return new Worker(new URL(name, import.meta.url));
  const script = new Blob([await (await load(name)).text()], { type: "text/javascript" });
  return new Worker(URL.createObjectURL(script));
}

function addScript(name) {
  const script = document.createElement("script");
  script.src = document.querySelector("script[src$='offline-instruments.js']").src.replace(/[^/]*$/, name);
  return new Promise((done, fail) => {
    script.onload = done;
    script.onerror = () => fail(new Error(`${name} could not be loaded: it belongs beside the page's other files.`));
    document.body.append(script);
  });
}
