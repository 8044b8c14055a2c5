// Marks are kept in the page, in this browser, and in the file that is saved; nothing is sent.
"use strict";
(() => {
  const about = document.body.dataset;
  const cards = [...document.querySelectorAll("article")];
  const byId = (id) => document.getElementById(id);
  const place = `marks/${about.assignment}/${about.part}/${about.page}`;
  let handle = null;

  const lines = (card) => [...card.querySelectorAll("fieldset")];
  const radios = (line) => [...line.querySelectorAll("input")];
  const given = (line) => radios(line).find((one) => one.checked);
  const remark = (card) => card.querySelector("textarea");
  const isDone = (card) => lines(card).every(given);
  const counts = (card) => "counts" in card.dataset; // from a file that was taken in before
  const current = () => document.activeElement.closest("article");

  function marksOf(card) {
    const points = lines(card).map((line) => Number(given(line).value));
    return {
      text: card.dataset.text, lines: points, points: points.reduce((a, b) => a + b, 0),
      remark: remark(card).value.trim(),
    };
  }

  function collected() {
    const marks = cards.filter(isDone).flatMap((card) =>
      card.dataset.codes.split(" ").map((code) => ({ code, ...marksOf(card) })));
    return {
      kind: about.kind, version: 1, assignment: about.assignment, question: about.question,
      marker: byId("marker").value.trim(), saved: new Date().toISOString(), marks,
    };
  }

  function draft() {
    const state = Object.fromEntries(cards.map((card) => [card.dataset.codes, {
      text: card.dataset.text, remark: remark(card).value,
      lines: lines(card).map((line) => given(line)?.value ?? null),
    }]));
    return { marker: byId("marker").value, state };
  }

  // A browser may refuse to store anything: then the file is what there is.
  const store = (does) => { try { return does(localStorage); } catch { return null; } };

  function show() {
    const done = cards.filter(isDone).length;
    const before = cards.filter((card) => counts(card) && !isDone(card)).length;
    const others = before ? `; ${before} more count already, from files that were taken in` : "";
    byId("count").textContent = `${done} of ${cards.length} marked${before ? " here" : ""}${others}`;
    byId("progress").value = done;
    for (const card of cards) {
      card.classList.toggle("done", isDone(card));
      card.querySelector(".sum").textContent = isDone(card) ? `${marksOf(card).points} points` : "";
    }
  }

  function changed() {
    show();
    store((s) => s.setItem(place, JSON.stringify(draft())));
  }

  function set(line, value) {
    for (const one of radios(line)) one.checked = value !== null && Number(one.value) === Number(value);
  }

  function restore(card, mark) {
    if (!mark || mark.text !== card.dataset.text) return 0;
    lines(card).forEach((line, n) => set(line, mark.lines?.[n] ?? null));
    remark(card).value = mark.remark ?? "";
    return 1;
  }

  function go(card) {
    if (!card) return;
    card.focus();
    card.scrollIntoView({ block: "nearest" });
  }

  function beside(step) {
    const at = cards.indexOf(current());
    go(cards[at < 0 ? 0 : Math.min(Math.max(at + step, 0), cards.length - 1)]);
  }

  function nextOpen() {
    const at = cards.indexOf(current());
    const rest = [...cards.slice(at + 1), ...cards.slice(0, at + 1)];
    go(rest.find((card) => !isDone(card) && !counts(card)) ?? current());
  }

  // Nobody gets points that nobody gave: a line that was left out is named.
  function onward(card) {
    const open = lines(card).flatMap((line, n) => (given(line) ? [] : [n + 1]));
    if (open.length) {
      const which = open.length === 1 ? `line ${open[0]} has` : `lines ${open.join(", ")} have`;
      byId("said").textContent = `Answer ${cards.indexOf(card) + 1}: ${which} no points yet; ` +
        "0 gives nought for the whole answer, n leaves it for later";
      return;
    }
    byId("said").textContent = "";
    nextOpen();
  }

  function cycle(line) {
    const all = radios(line);
    const at = all.findIndex((one) => one.checked);
    all[(at + 1) % all.length].checked = true;
  }

  function fileName() {
    const who = byId("marker").value.replace(/[^\p{L}\p{N}]+/gu, "-") || "marker";
    return `${about.assignment}-${about.part}-${who}.json`;
  }

  function download() {
    const data = collected();
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify(data, null, 1)], { type: "application/json" }));
    link.download = fileName();
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    byId("said").textContent = `${data.marks.length} marks saved`;
  }

  async function keep() {
    try {
      handle ??= await window.showSaveFilePicker({ suggestedName: fileName() });
      const file = await handle.createWritable();
      await file.write(JSON.stringify(collected(), null, 1));
      await file.close();
      byId("said").textContent = "saved";
    } catch (error) {
      byId("said").textContent = `not saved: ${error.message}`;
    }
  }

  async function load(event) {
    try {
      const data = JSON.parse(await event.target.files[0].text());
      if (data.kind !== about.kind || data.assignment !== about.assignment || data.question !== about.question) {
        throw new Error(`it is for ${data.assignment}, ${data.question}`);
      }
      const marks = new Map(data.marks.map((mark) => [mark.code, mark]));
      const found = cards.reduce((n, c) => n + restore(c, marks.get(c.dataset.codes.split(" ")[0])), 0);
      byId("marker").value = data.marker;
      changed();
      byId("said").textContent = `${found} marks read`;
    } catch (error) {
      byId("said").textContent = `not read: ${error.message}`;
    }
    event.target.value = ""; // so that the same file can be read again
  }

  function forget() {
    store((s) => s.removeItem(place));
    for (const card of cards) restore(card, { text: card.dataset.text });
    show();
    byId("said").textContent = "forgotten in this browser";
  }

  function key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const card = current();
    if (event.target.matches("textarea, input:not([type=radio]), button, summary")) {
      if (event.key === "Escape" && card) go(card);
      return;
    }
    const does = {
      j: () => beside(1), k: () => beside(-1), n: nextOpen, d: download,
      r: () => card && remark(card).focus(),
      a: () => card && lines(card).forEach((line) => { radios(line)[0].checked = true; }),
      0: () => card && lines(card).forEach((line) => set(line, 0)),
      Enter: () => (card ? onward(card) : beside(0)),
    }[event.key];
    const line = card && /^[1-9]$/.test(event.key) && lines(card)[Number(event.key) - 1];
    if (!does && !line) return;
    event.preventDefault();
    if (line) cycle(line); else does();
    changed();
  }

  const kept = store((s) => JSON.parse(s.getItem(place)));
  if (kept) {
    byId("marker").value = kept.marker ?? "";
    for (const card of cards) restore(card, kept.state?.[card.dataset.codes]);
  }
  show();
  document.addEventListener("keydown", key);
  document.addEventListener("input", (event) => event.target.id !== "load" && changed());
  byId("download").addEventListener("click", download);
  byId("load").addEventListener("change", load);
  byId("forget").addEventListener("click", forget);
  if (window.showSaveFilePicker) {
    byId("keep").hidden = false;
    byId("keep").addEventListener("click", keep);
  }
})();
