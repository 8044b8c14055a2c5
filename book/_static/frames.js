// Sliders over figures (lenet_utils/figures/frames.py): tell a screen reader what their player does not.

function describe(box) {
  const handle = box.querySelector(".noUi-handle");
  const readout = box.querySelector(".widget-readout");
  const frame = box.querySelector(".lenet-frame");
  if (!handle || !readout || !frame) return;
  box.dataset.described = "";
  handle.setAttribute("aria-label", box.querySelector(".widget-slider .widget-label").textContent);
  frame.setAttribute("aria-live", "polite");
  const say = () => handle.setAttribute("aria-valuetext", readout.textContent);
  new MutationObserver(say).observe(readout, { childList: true, characterData: true, subtree: true });
  say();
}

// The player draws the widgets when it has loaded them, some time after the page.
new MutationObserver(() => {
  document.querySelectorAll(".lenet-frames:not([data-described])").forEach(describe);
}).observe(document.body, { childList: true, subtree: true });
