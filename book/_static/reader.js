// A reader's comforts: buttons of the header, progress that never leaves the browser.
(() => {
  const KEY = "lenet-lessons-read";
  const LESSON = /notebooks\/([^/]+)\.html$/;
  const offline = location.protocol === "file:";

  function read() {
    try {
      return new Set(JSON.parse(localStorage.getItem(KEY)) ?? []);
    } catch {
      return new Set(); // forbidden, or damaged
    }
  }

  function write(lessons) {
    try {
      if (lessons.size) localStorage.setItem(KEY, JSON.stringify([...lessons]));
      else localStorage.removeItem(KEY);
    } catch {
      // Forbidden: the page works without.
    }
  }

  const nameOf = (address) => LESSON.exec(new URL(address, location).pathname)?.[1];
  const links = [...document.querySelectorAll(".bd-links a")]
    .map((link) => ({ link, name: nameOf(link.href) }))
    .filter(({ name }) => name);
  const line = document.createElement("p");
  const count = line.appendChild(document.createElement("span"));
  const clear = line.appendChild(document.createElement("button"));

  function show() {
    const lessons = read();
    const known = links.filter(({ name }) => lessons.has(name)).length;
    for (const { link, name } of links) {
      link.querySelector(".lenet-read")?.remove();
      if (!lessons.has(name)) continue;
      const mark = link.appendChild(document.createElement("span"));
      mark.className = "lenet-read";
      mark.innerHTML = '<span aria-hidden="true"> ✓</span><span class="visually-hidden">, read</span>';
    }
    count.textContent = known ? `${known} of ${links.length} lessons read` : "No lesson read yet";
    clear.hidden = !known;
  }

  function followProgress() {
    const contents = document.querySelector(".bd-links");
    if (!contents || !links.length) return;
    line.className = "lenet-progress";
    line.tabIndex = -1;
    line.title = "Kept in this browser only";
    count.setAttribute("role", "status");
    clear.type = "button";
    clear.textContent = "Forget";
    clear.setAttribute("aria-label", "Forget which lessons I have read");
    clear.addEventListener("click", () => {
      write(new Set());
      show();
      line.focus();
    });
    contents.after(line);
    show();
    const here = nameOf(location.href);
    const end = document.querySelector(".prev-next-footer");
    if (!here || !end) return;
    new IntersectionObserver((seen, observer) => {
      if (!seen.some(({ isIntersecting }) => isIntersecting)) return;
      observer.disconnect();
      write(read().add(here));
      show();
    }).observe(end);
  }

  const clicks = { print: () => window.print(), fullscreen: () => window.toggleFullScreen() };
  for (const button of document.querySelectorAll("[data-click]")) {
    button.addEventListener("click", clicks[button.dataset.click]);
  }
  if (offline) {
    // A browser lets no page from a file read another, so search shows titles without an excerpt.
    DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = false;
    for (const link of document.querySelectorAll("a[href$='.zip']")) link.closest("p").hidden = true;
  }
  followProgress();
})();
