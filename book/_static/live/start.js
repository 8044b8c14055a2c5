// Wakes the live network: at once, or when the reader turns to it (data-wait). Browsers that are
// too old for the rest read this too, so it is written in the language of 2009.
(function () {
  var script = document.getElementById("live-start");
  var root = document.getElementById("live");
  var app = root.querySelector(".live-app");
  var message = root.querySelector(".live-message");
  var still = root.querySelector(".live-still");
  var folder = script.src.replace(/[^/]*$/, "");
  var started = false;

  function say(text) {
    message.textContent = text;
  }

  function tooOld() {
    say("This browser is too old for the live network: it needs one of 2023 or later. " +
      "Below is a picture of it.");
  }

  function start() {
    if (started) return;
    started = true;
    // Said only when it takes long, since a message moves what stands below it.
    setTimeout(function () {
      if (app.hidden && !message.textContent) say("The network is loading.");
    }, 1000);
    var live = document.createElement("script");
    if (location.protocol === "file:") { // where a browser loads neither modules nor data
      live.src = folder + "offline.js";
    } else {
      live.type = "module";
      live.src = folder + "live.js";
    }
    live.onerror = function () {
      say("The network could not be loaded: check the connection, then load the page again.");
    };
    // What a browser cannot read, it reports here.
    window.addEventListener("error", function (event) {
      if (event.filename && event.filename.indexOf(folder) === 0 && app.hidden) tooOld();
    });
    document.body.appendChild(live);
  }

  function wait() {
    var button = document.createElement("button");
    button.type = "button";
    button.className = "live-wake";
    button.innerHTML = "<span>Draw a digit here</span>";
    still.appendChild(button);
    button.addEventListener("click", start);
    still.addEventListener("pointerenter", function (event) {
      if (event.pointerType === "mouse") start();
    });
    new MutationObserver(function () {
      if (document.activeElement !== button) return;
      app.querySelector("[data-live=pad]").focus({ preventScroll: true });
    }).observe(app, { attributes: true, attributeFilter: ["hidden"] });
  }

  if (!("noModule" in script)) return tooOld();
  say("");
  if (script.getAttribute("data-wait") === null) start();
  else wait();
})();
