// Walk over pages in Firefox: node firefox.mjs < {binary, walk, pages, widths}, prints what it found.
// puppeteer-core is looked for where this is started.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { pathToFileURL } from "node:url";

const place = createRequire(pathToFileURL(`${process.cwd()}/`)).resolve("puppeteer-core");
const puppeteer = (await import(pathToFileURL(place))).default;
const { binary, walk, pages, widths } = JSON.parse(readFileSync(0, "utf8"));
const browser = await puppeteer.launch({ browser: "firefox", executablePath: binary, headless: true });
// Firefox fetches the next page beforehand, where a host's policy lets it, and says so where not.
const beforehand = /Content-Security-Policy: .*\(default-src\) at \S+\.html/;
const found = [];
for (const page of pages) {
  for (const width of widths) {
    const tab = await browser.newPage();
    const wrong = [];
    const note = (text) => beforehand.test(text) || wrong.push(text);
    tab.on("pageerror", (error) => note(error.message));
    tab.on("console", (message) => message.type() === "error" && note(message.text()));
    await tab.setViewport({ width, height: 844 });
    await tab.goto(page, { waitUntil: "load" });
    const answer = await tab.evaluate(walk);
    found.push({ page, width, ...answer, wrong: [...new Set([...wrong, ...answer.wrong])] });
    await tab.close();
  }
}
await browser.close();
process.stdout.write(JSON.stringify(found));
