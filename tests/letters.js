// Which letters in the figures of a page have too little contrast, which axe-core does not measure:
// each figure is painted without its letters, and what is then seen behind one is compared with it.
async () => {
  const numbers = (colour) => colour.match(/[\d.]+/g).map(Number);
  const mix = (top, part, below) => below.map((v, i) => top[i] * part + v * (1 - part));
  const luminance = (colour) => {
    const [r, g, b] = colour.map((v) =>
      v <= 10 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4,
    );
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (one, other) => {
    const [less, more] = [luminance(one), luminance(other)].sort((a, b) => a - b);
    return (more + 0.05) / (less + 0.05);
  };

  function paperBehind(element) {
    const [r, g, b, part = 1] = numbers(getComputedStyle(element).backgroundColor);
    return part ? [r, g, b] : paperBehind(element.parentElement);
  }

  async function paint(svg, { width, height }) {
    const copy = svg.cloneNode(true);
    const copies = copy.querySelectorAll("*");
    svg.querySelectorAll("*").forEach((one, i) => {
      // What the style sheets of the page give, a picture by itself does not have.
      if (!one.closest("[class]:not(svg)")) return;
      const { fill, stroke, opacity } = getComputedStyle(one);
      Object.assign(copies[i].style, { fill, stroke, opacity });
    });
    copy.querySelectorAll("text").forEach((one) => one.remove());
    copy.setAttribute("width", width);
    copy.setAttribute("height", height);
    copy.setAttribute("style", `color: ${getComputedStyle(svg).color}`);
    const picture = new Image();
    const text = new XMLSerializer().serializeToString(copy);
    picture.src = `data:image/svg+xml,${encodeURIComponent(text)}`;
    await picture.decode();
    const canvas = new OffscreenCanvas(Math.ceil(width), Math.ceil(height));
    const context = canvas.getContext("2d", { willReadFrequently: true });
    context.fillStyle = `rgb(${paperBehind(svg)})`;
    context.fillRect(0, 0, width, height);
    context.drawImage(picture, 0, 0, width, height);
    return context;
  }

  const frames = document.createElement("div"); // that a slider moves through, shown one by one
  for (const data of document.querySelectorAll("[type$='widget-state+json']")) {
    const values = Object.values(JSON.parse(data.textContent).state).map(({ state }) => state.value);
    frames.innerHTML += values.filter((value) => `${value}`.includes("<svg")).join("");
  }
  document.body.append(frames);
  const pale = [];
  for (const svg of document.querySelectorAll("svg")) {
    const letters = [...svg.querySelectorAll("text, tspan")].filter(
      (one) => [...one.childNodes].some(({ nodeType, data }) => nodeType === 3 && data.trim()),
    );
    if (!letters.length || !svg.checkVisibility()) continue;
    const frame = svg.getBoundingClientRect();
    const context = await paint(svg, frame);
    for (const one of letters) {
      const box = one.getBoundingClientRect();
      const { fill, fillOpacity, opacity, fontSize } = getComputedStyle(one);
      const { a, b } = one.getScreenCTM();
      const limit = parseFloat(fontSize) * Math.hypot(a, b) >= 24 ? 3 : 4.5;
      const [x, y] = [Math.floor(box.x - frame.x), Math.floor(box.y - frame.y)];
      const [width, height] = [Math.ceil(box.width), Math.ceil(box.height)];
      const { data } = context.getImageData(x, y, width, height);
      const found = [];
      for (let i = 0; i < data.length; i += 4) {
        if (!data[i + 3]) continue; // outside of the figure
        const behind = [...data.subarray(i, i + 3)];
        found.push(contrast(mix(numbers(fill), fillOpacity * opacity, behind), behind));
      }
      // A line may pass behind a word, and a word may stand half on a bar.
      const at = found.sort((a, b) => a - b)[Math.floor(found.length / 4)];
      if (at < limit) pale.push(`${at.toFixed(2)} to 1: ${one.textContent.trim()} (${fill})`);
    }
  }
  frames.remove();
  return pale;
}
