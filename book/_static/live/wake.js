// Wakes the instruments of a lesson when one of them comes near. Browsers that are too old for the
// rest read this too, so it is written in the language of 2009.
(function () {
  var script = document.currentScript;
  var folder = script ? script.src.replace(/[^/]*$/, "") : "";
  var instruments = document.querySelectorAll(".lenet-instrument");

  function say(text) {
    for (var i = 0; i < instruments.length; i++) {
      instruments[i].querySelector(".live-message").textContent = text;
    }
  }

  function start() {
    var live = document.createElement("script");
    if (location.protocol === "file:") { // where a browser loads neither modules nor data
      live.src = folder + "offline-instruments.js";
    } else {
      live.type = "module";
      live.src = folder + "instruments.js";
    }
    live.onerror = function () {
      say("The instrument could not be loaded: check the connection, then load the page again.");
    };
    document.body.appendChild(live);
  }

  if (!script || !("noModule" in script) || !window.IntersectionObserver) {
    return say("This browser is too old for the instrument: it needs one of 2023 or later. " +
      "Below is a picture of it.");
  }
  say("");
  var near = new IntersectionObserver(function (seen) {
    for (var i = 0; i < seen.length; i++) {
      if (!seen[i].isIntersecting) continue;
      near.disconnect();
      return start();
    }
  }, { rootMargin: "600px" });
  for (var i = 0; i < instruments.length; i++) near.observe(instruments[i]);
})();
