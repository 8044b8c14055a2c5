// For readers with a keyboard or a screen reader, and for print. The book can be read without it.

const NAMES = [
  ["pre", "Code"],
  [".cell_output > .output", "Output"],
  [".pst-scrollable-table-container", "Table"],
  ["div.math", "Formula"],
  [".lenet-figure", "Figure"],
];

// What scrolls sideways can be reached by keyboard, and has a name. The theme looks once, before
// folded parts are opened and fonts have come.
function offer(box) {
  const scrolls =
    getComputedStyle(box).overflowX !== "visible" && box.scrollWidth > box.clientWidth;
  const [, name] = NAMES.find(([selector]) => box.matches(selector));
  set(box, "tabindex", scrolls && "0");
  set(box, "aria-label", scrolls && `${name}, scrolls sideways`);
  if (!box.matches("figure")) set(box, "role", scrolls && "group"); // figures have theirs
}

function set(box, attribute, value) {
  if (value) box.setAttribute(attribute, value);
  else box.removeAttribute(attribute);
}

const observer = new ResizeObserver((entries) => entries.forEach(({ target }) => offer(target)));
const article = document.querySelector(".bd-article");
const boxes = NAMES.map(([selector]) => selector).join(",");
const observe = () => article.querySelectorAll(boxes).forEach((box) => observer.observe(box));
if (article) {
  observe();
  // The player of sliders adds figures, some time after the page.
  new MutationObserver(observe).observe(article, { childList: true, subtree: true });
}

// Paper is light, and folded parts cannot be opened on it.
const root = document.documentElement;
let folded = [];
let theme;

addEventListener("beforeprint", () => {
  theme = root.dataset.theme;
  root.dataset.theme = "light";
  folded = [...document.querySelectorAll("details:not([open])")];
  folded.forEach((part) => (part.open = true));
});

addEventListener("afterprint", () => {
  root.dataset.theme = theme;
  folded.forEach((part) => (part.open = false));
});
