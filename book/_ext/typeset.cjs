// Formulas to HTML for the build: a line of JSON in, a line of JSON out.
//
// node typeset.cjs MATHJAX FONTS; asks are {"tex", "display"}, or {"css": true} at the end.
const { createInterface } = require("readline");
const [mathjax, fonts] = process.argv.slice(2);

async function main() {
  const MathJax = await require(`${mathjax}/node-main.js`).init({
    // What screen readers read stands beside each formula, as MathML.
    loader: { load: ["input/tex-full", "output/chtml", "adaptors/liteDOM", "a11y/assistive-mml"] },
    chtml: { fontURL: fonts },
  });
  const html = MathJax.startup.adaptor;
  const answer = ({ tex, display, css }) =>
    css ? html.textContent(MathJax.chtmlStylesheet()) : html.outerHTML(MathJax.tex2chtml(tex, { display }));
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(answer(JSON.parse(line))) + "\n");
  }
}

main();
