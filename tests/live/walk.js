// A short walk over a page, inside any browser: every instrument is woken, guessed at and moved.
// Its value is a promise of {wrong, said, wide}.
(async () => {
  const wrong = [];
  // A notice, not an error: what observers of sizes have changed is told in the next frame.
  const notice = /^ResizeObserver loop/;
  window.addEventListener("error", ({ message }) => notice.test(message) || wrong.push(message));
  window.addEventListener("unhandledrejection", ({ reason }) => wrong.push(String(reason)));
  const error = console.error;
  console.error = (...parts) => { wrong.push(parts.join(" ")); error(...parts); };
  const wait = (time) => new Promise((done) => setTimeout(done, time));

  async function until(found, what) {
    for (let i = 0; i < 100; i++, await wait(100)) if (found()) return found();
    wrong.push(`${what} did not come`);
    return null;
  }

  const press = (target, key) => {
    for (const type of ["keydown", "keyup"]) {
      target.dispatchEvent(new KeyboardEvent(type, { key, bubbles: true, cancelable: true }));
    }
  };

  /** Move what can be moved: a slider, a choice, or a picture with keys. */
  function move(tool) {
    const slider = [...tool.querySelectorAll("input[type=range]:enabled")].find((one) => one.offsetParent);
    if (slider) {
      slider.value = slider.value === slider.max ? slider.min : slider.max;
      slider.dispatchEvent(new Event("input", { bubbles: true }));
    }
    for (const canvas of tool.querySelectorAll("[role=application]")) {
      if (canvas.getClientRects().length) for (const key of ["ArrowRight", "ArrowDown", " "]) press(canvas, key);
    }
  }

  const said = {};
  for (const tool of document.querySelectorAll(".lenet-instrument")) {
    const { instrument } = tool.dataset;
    tool.scrollIntoView({ block: "center" });
    if (!await until(() => tool.querySelector(".instrument-panel"), instrument)) continue;
    [...tool.querySelectorAll("button")].find((one) => one.textContent === "That is my guess")?.click();
    await wait(400);
    move(tool);
    await wait(400);
    if (instrument === "train") { // which has begun with the guess
      await until(() => /[1-9][\d,]* digits seen/.test(tool.textContent), "training");
      [...tool.querySelectorAll("button")].find((one) => one.textContent === "Pause")?.click();
    }
    const spoken = tool.querySelector(".live-hidden[role=status]");
    await until(() => spoken.textContent, `what ${instrument} says`);
    said[instrument] = spoken.textContent;
    if (tool.querySelector(".live-message").textContent) wrong.push(tool.querySelector(".live-message").textContent);
  }
  if (document.querySelector(".live") && document.querySelector(".live-app")) {
    document.querySelector(".live-wake")?.click(); // where it waits for its reader
    const drawn = await until(() => document.querySelector("[data-live=pad]"), "the live network");
    drawn?.scrollIntoView({ block: "center" });
    drawn?.focus();
    for (const key of ["Delete", " ", ...Array(16).fill("ArrowDown"), " "]) {
      if (drawn) press(drawn, key);
    }
    await until(() => document.querySelector("[data-live=digit]")?.textContent === "1", "a 1 that was drawn");
    said.live = document.querySelector("[data-live=digit]")?.textContent;
  }
  return { wrong, said, wide: document.documentElement.scrollWidth - innerWidth };
})()
