// The page's elements. They are made by script, since without scripts they would do nothing.

const layer = (name, text) => `
  <div class="live-layer">
    <p class="live-label"><b>${name}</b> ${text}</p>
    <canvas data-live="${name}" tabindex="0" role="application"></canvas>
  </div>`;

const step = (name, sign, label) =>
  `<button type="button" data-live="${name}" aria-label="${label}">${sign}</button>`;

const only = (old, today) =>
  `<span class="live-old">${old}</span><span class="live-today">${today}</span>`;

export const markup = `
<div class="live-desk">
  <div class="live-field">
    <canvas data-live="pad" tabindex="0" role="application" aria-describedby="live-keys"
      aria-label="Drawing field"></canvas>
    <span data-live="hint" class="live-hint" aria-hidden="true">Draw a digit here</span>
  </div>
  <p class="live-result" aria-hidden="true">
    <b data-live="digit">?</b>
    <span><span data-live="confidence"></span><small data-live="reason"></small></span>
  </p>
  <p data-live="spoken" class="live-hidden" role="status"></p>
  <div class="live-tools">
    <button type="button" data-live="undo">Undo</button>
    <button type="button" data-live="clear">Clear</button>
    <label class="live-file"><input type="file" accept="image/*" data-live="upload">Picture…</label>
  </div>
  <div data-live="digits" class="live-digits" role="group" aria-label="Digits of the test set"></div>
  <label class="live-option"><input type="checkbox" data-live="prepared" checked>
    Fit into 20×20 and centre, as the paper's digits were</label>
  <fieldset class="live-option">
    <legend>Network</legend>
    <label><input type="radio" name="live-network" data-live="lenet5_1998" checked> of 1998</label>
    <label><input type="radio" name="live-network" data-live="lenet5_modern"> of today</label>
  </fieldset>
  <details class="live-option"><summary>With the keyboard</summary>
    <p id="live-keys">Arrow keys move the pen, with Shift in small steps; Space puts it down and
    lifts it; Backspace undoes, Delete clears; 0 to 9 shows a test digit.</p></details>
</div>
<div class="live-network">
  <div class="live-layers" data-live="rows">
    <svg data-live="wires" class="live-wires" aria-hidden="true"></svg>
    <div class="live-input">
      ${layer("Input", only("32×32", "28×28, a border of zeros"))}
      <div class="live-legend">
        <p>Choose any unit of any map to see what it reads and what it computes.</p>
        <p class="live-scale"><span>${only("−1.7", "")}</span><i></i>
          <span>${only("1.7", "largest")}</span></p>
        <p>The colour of a state: blue below zero, dark at zero, red above.</p>
      </div>
    </div>
    ${layer("C1", "6 maps of 28×28, each a 5×5 kernel slid over the input")}
    ${layer("S2", only("added up by fours, scaled, squashed", "the largest of four"))}
    ${layer("C3", only("16 maps of 10×10, wired by Table I", "16 maps of 10×10, each reads all six"))}
    ${layer("S4", only("added up by fours, scaled, squashed", "the largest of four"))}
    ${layer("C5", "120 units, each reads all of S4")}
    <div class="live-outputs">
      ${layer("F6", only("7×12", "84 units"))}
      <div class="live-layer">
        <p class="live-label"><b>Output</b>
          ${only("distance to ten fixed codes, the shortest wins", "ten scores, the largest wins")}</p>
        <div data-live="cards" class="live-cards" role="group" aria-label="Outputs"></div>
      </div>
    </div>
  </div>
</div>
<section data-live="unit" class="live-unit" aria-label="The chosen unit" hidden>
  <header>
    <b data-live="unit-name"></b>
    <span class="live-steps" role="group" aria-label="Choose a neighbour">
      ${step("left", "←", "Unit to the left")}${step("right", "→", "Unit to the right")}
      ${step("up", "↑", "Unit above")}${step("down", "↓", "Unit below")}
      ${step("before", "‹&nbsp;map", "Map before")}${step("after", "map&nbsp;›", "Next map")}
      ${step("close", "✕", "Close")}
    </span>
  </header>
  <p data-live="unit-field" class="live-sees"></p>
  <div data-live="arithmetic" class="live-arithmetic"></div>
</section>
<p data-live="unit-spoken" class="live-hidden" aria-live="polite"></p>`;
