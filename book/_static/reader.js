// A reader's comforts: buttons of the header, progress that never leaves the browser.
(() => {
  const KEY = "lenet-progress";
  const LESSON = /notebooks\/([^/]+)\.html$/;
  const offline = location.protocol === "file:";

  // Lessons read and exercises solved, by name; whether each question of a quiz was right at first.
  function read() {
    let kept = {};
    try {
      kept = JSON.parse(localStorage.getItem(KEY)) ?? {};
    } catch {
      // Forbidden, or damaged.
    }
    const list = (part) => new Set(Array.isArray(part) ? part : []);
    return {
      lessons: list(kept.lessons),
      exercises: list(kept.exercises),
      questions: new Map(Object.entries(kept.questions ?? {})),
    };
  }

  const plain = ({ lessons, exercises, questions }) => ({
    lessons: [...lessons],
    exercises: [...exercises],
    questions: Object.fromEntries(questions),
  });

  function change(alter) {
    const progress = read();
    alter(progress);
    try {
      localStorage.setItem(KEY, JSON.stringify(plain(progress)));
    } catch {
      // Forbidden: the page works without.
    }
    show();
  }

  function forget() {
    try {
      localStorage.removeItem(KEY);
    } catch {
      // Forbidden, so there is nothing to forget.
    }
    show();
    line.focus();
  }

  function save() {
    const text = JSON.stringify(plain(read()), null, 1);
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    link.download = "lenet5-progress.json";
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  }

  const nameOf = (address) => LESSON.exec(new URL(address, location).pathname)?.[1];
  const here = nameOf(location.href);
  const links = [...document.querySelectorAll(".bd-links a")]
    .map((link) => ({ link, name: nameOf(link.href) }))
    .filter(({ name }) => name);
  const line = document.createElement("p");
  const count = line.appendChild(document.createElement("span"));
  const buttons = [
    ["Save", "Save my progress as a file", save],
    ["Forget", "Forget my progress", forget],
  ].map(([word, title, action]) => {
    const button = line.appendChild(document.createElement("button"));
    button.type = "button";
    button.textContent = word;
    button.setAttribute("aria-label", title);
    button.addEventListener("click", action);
    return button;
  });

  function mark(place, word, is) {
    place?.querySelector(":scope > .lenet-read")?.remove();
    if (!place || !is) return;
    const tick = place.appendChild(document.createElement("span"));
    tick.className = "lenet-read";
    tick.innerHTML = `<span aria-hidden="true"> ✓</span><span class="visually-hidden">, ${word}</span>`;
  }

  function show() {
    const { lessons, exercises, questions } = read();
    for (const { link, name } of links) mark(link, "read", lessons.has(name));
    for (const form of document.querySelectorAll(".lenet-answer")) {
      const { exercise } = form.dataset;
      mark(document.querySelector(`#${exercise} > .admonition-title`), "solved", exercises.has(exercise));
    }
    const known = links.filter(({ name }) => lessons.has(name)).length;
    const right = [...questions.values()].filter(Boolean).length;
    const parts = [
      known && `${known} of ${links.length} lessons read`,
      exercises.size && `${exercises.size} exercise${exercises.size > 1 ? "s" : ""} solved`,
      questions.size && `${right} of ${questions.size} questions right at first`,
    ].filter(Boolean);
    count.textContent = parts.length ? parts.join(", ") : "No lesson read yet";
    for (const button of buttons) button.hidden = !parts.length;
  }

  // The first answer that is opened counts.
  function followQuiz() {
    let question = 0;
    for (const part of document.querySelector("#quiz")?.children ?? []) {
      if (part.matches("p:has(> strong:first-child)")) question += 1;
      if (!part.matches("details")) continue;
      const name = `${here}-${question}`;
      part.addEventListener("toggle", () => {
        if (!part.open || read().questions.has(name)) return;
        const right = part.querySelector("p")?.textContent.startsWith("Right");
        change(({ questions }) => questions.set(name, Boolean(right)));
      });
    }
  }

  function followProgress() {
    const contents = document.querySelector(".bd-links");
    if (!contents || !links.length) return;
    line.className = "lenet-progress";
    line.tabIndex = -1;
    line.title = "Kept in this browser only";
    count.setAttribute("role", "status");
    contents.after(line);
    show();
    followQuiz();
    document.addEventListener("lenet-answer", ({ detail: { exercise, right } }) => {
      if (right) change(({ exercises }) => exercises.add(exercise));
    });
    const end = document.querySelector(".prev-next-footer");
    if (!here || !end) return;
    new IntersectionObserver((seen, observer) => {
      if (!seen.some(({ isIntersecting }) => isIntersecting)) return;
      observer.disconnect();
      change(({ lessons }) => lessons.add(here));
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
