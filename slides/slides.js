// Arrow keys move, S opens the speaker's view, O the overview, F the full screen.
Reveal.initialize({
  width: 1280,
  height: 720,
  margin: 0.05,
  hash: true,
  slideNumber: "c/t",
  transition: "none",
  center: false,
  scrollLayout: "compact", // on a phone one scrolls
  plugins: [RevealNotes],
});
