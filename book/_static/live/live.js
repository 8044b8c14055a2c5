// The entry of the page: loads a network, and reads the drawing before each frame that changes it.

import { forward } from "./network.js";
import { FIELD, isEmpty, prepare } from "./preparation.js";
import { Pad, digitButton, readPicture } from "./drawing.js";
import { NetworkView } from "./view.js";
import { markup } from "./markup.js";
import { playDemo } from "./demo.js";
import { keepDigit } from "./store.js";
import { loadDigits, loadNetwork } from "./loading.js";

const NETWORKS = ["lenet5_1998", "lenet5_modern"]; // the second loads when it is chosen
const QUIET = 600; // milliseconds without a change before the answer is spoken

class Live {
  constructor(root) {
    this.message = root.querySelector(".live-message");
    this.app = root.querySelector(".live-app");
    this.still = root.querySelector(".live-still");
    this.networks = {};
  }

  /** Load the first network and put the live page in place of the still one. */
  async start() {
    const first = await loadNetwork(NETWORKS[0]);
    this.app.innerHTML = markup;
    this.app.hidden = false;
    this.still.hidden = true;
    this.networks[NETWORKS[0]] = first;
    this.view = new NetworkView(this.app);
    this.pad = new Pad(this.part("pad"), () => this.refresh());
    this.listen();
    await this.useNetwork(NETWORKS[0]);
    this.complain("");
    playDemo(this.pad);
    await this.attempt(() => this.showThumbnails());
  }

  part(name) {
    return this.app.querySelector(`[data-live="${name}"]`);
  }

  listen() {
    this.part("clear").addEventListener("click", () => this.pad.clear());
    this.part("undo").addEventListener("click", () => this.pad.undo());
    this.part("upload").addEventListener("change", ({ target }) => this.upload(target));
    this.part("prepared").addEventListener("change", ({ target }) => {
      this.pad.guide = !target.checked;
      this.refresh();
    });
    for (const kind of NETWORKS) {
      this.part(kind).addEventListener("change", () => this.attempt(() => this.useNetwork(kind)));
    }
    this.part("pad").addEventListener("keydown", ({ key, ctrlKey, metaKey, altKey }) => {
      if (/^\d$/.test(key) && !ctrlKey && !metaKey && !altKey) this.showDigit(key);
    });
  }

  /** Do what may fail, and say in the page why it did. */
  async attempt(action) {
    this.complain("");
    try {
      await action();
    } catch (error) {
      this.complain(error.message);
      this.part(this.kind).checked = true;
    }
  }

  complain(text) {
    this.message.textContent = text;
  }

  async useNetwork(kind) {
    this.wanted = kind;
    this.networks[kind] ??= await loadNetwork(kind);
    if (this.wanted !== kind) return; // the reader has chosen again meanwhile
    this.kind = kind;
    this.view.setNetwork(this.networks[kind]);
    this.refresh();
  }

  async upload(field) {
    const [file] = field.files;
    if (!file) return;
    await this.attempt(async () => {
      this.pad.replace([], await readPicture(file));
    });
    field.value = ""; // so that the same file can be chosen again
  }

  async showThumbnails() {
    this.digits = await loadDigits();
    for (const [digit, choices] of Object.entries(this.digits)) {
      this.part("digits").append(digitButton(digit, choices[0], () => this.showDigit(digit)));
    }
  }

  /** Show a test digit, each time the next one of its class. */
  showDigit(digit) {
    const choices = this.digits?.[digit];
    if (!choices) return;
    this.pad.replace([], { bytes: choices[0], size: FIELD, prepared: true });
    choices.push(choices.shift());
  }

  refresh() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.pad.paint();
      this.read();
    });
  }

  read() {
    const bytes = prepare(this.pad, this.part("prepared").checked);
    forward(this.networks[this.kind], bytes);
    this.view.empty = isEmpty(this.pad);
    this.view.paint();
    this.part("hint").hidden = !this.view.empty && !this.pad.passing;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.part("spoken").textContent = this.view.spoken;
      if (this.pad.strokes.length && !this.pad.passing) keepDigit(bytes); // for the instruments
    }, QUIET);
  }
}

const live = new Live(document.getElementById("live"));
live.start().catch((error) => live.complain(error.message));
