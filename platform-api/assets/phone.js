// A code on a phone renews itself before it ends, counts down, and disappears when it is over. Where the phone holds a
// pass (rotating.js), a code made without the network takes its place.
// The server says how long a code lives, so a phone whose clock is wrong shows no dead code.
(function () {
  "use strict";
  var panel = document.querySelector("[data-panel]");
  if (!panel) { return; }
  var RETRY_MS = 3000;
  var renewAt = 0, expiresAt = 0, span = 1, waiting = false, retryAt = 0, step = -1;
  var place = panel.closest("[data-rotating]"), rotating = place && window.rotatingCode;
  var arrive = place && place.getAttribute("data-arrive");

  function part(name) { return panel.querySelector("[data-part=" + name + "]"); }

  function start() {
    var code = panel.querySelector("[data-renew-ms]");
    if (!code) { tick(); return; }
    var now = Date.now();
    span = Number(code.getAttribute("data-renew-ms")) || 1;
    renewAt = now + span;
    expiresAt = now + Number(code.getAttribute("data-expires-ms"));
    retryAt = 0;
    setState("live");
    draw();
    if (rotating) { rotating.refresh(); }
  }

  function setState(state) {
    if (panel.getAttribute("data-state") === state) { return; }
    panel.setAttribute("data-state", state);
    var over = state === "over";
    part("code").hidden = over;
    part("gone").hidden = !over;
    part("line").hidden = over;
    part("meter").hidden = over;
    if (over) { part("code").textContent = ""; }
  }

  function seconds(millis) { return Math.max(0, Math.ceil(millis / 1000)); }

  function draw() {
    var line = part("line"), meter = part("meter"), now = Date.now();
    if (!line) { return; }
    var state = panel.getAttribute("data-state"), offline = state === "offline";
    var left = state === "live" ? renewAt - now : expiresAt - now;
    var number = document.createElement("strong");
    number.textContent = String(seconds(left));
    line.textContent = offline ? "网络不通，本码还可用 " : state === "rotating" ? "网络不通，离线码 " : "";
    line.appendChild(number);
    line.appendChild(document.createTextNode(offline ? " 秒" : " 秒后自动更新"));
    if (meter) { meter.value = Math.max(0, left) / (offline ? expiresAt - renewAt + span : span); }
  }

  // Shows the code of the pass's present step, if the phone holds one.
  function rotate(now) {
    var own = rotating && rotating.at(now);
    if (!own) { return false; }
    if (panel.getAttribute("data-state") !== "rotating" || own.step !== step) {
      step = own.step;
      part("code").innerHTML = own.html();
      setState("rotating");
    }
    expiresAt = own.until;
    return true;
  }

  function tick() {
    var now = Date.now(), state = panel.getAttribute("data-state");
    if ((now >= expiresAt || state === "rotating") && !rotate(now)) { setState("over"); }
    if (now >= renewAt && now >= retryAt) { renew(); }
    if (panel.getAttribute("data-state") !== "over") { draw(); }
  }

  function renew() {
    if (waiting) { return; }
    waiting = true;
    fetch(panel.getAttribute("data-panel"), { credentials: "same-origin", cache: "no-store", redirect: "error" })
      .then(function (answer) {
        if (arrive && answer.status === 401) { location.replace("/phone/sign-in"); return null; }
        if (answer.status === 401 || answer.status === 404 || answer.status === 409) { location.reload(); return null; }
        if (!answer.ok) { throw new Error("no code"); }
        return answer.text();
      })
      .then(function (html) {
        if (html === null) { return; }
        if (arrive) { location.replace(arrive); return; }
        part("code").innerHTML = html;
        panel.removeAttribute("data-state");
        start();
      })
      .catch(function () {
        retryAt = Date.now() + RETRY_MS;
        if (Date.now() < expiresAt && panel.getAttribute("data-state") !== "rotating") { setState("offline"); }
      })
      .then(function () { waiting = false; });
  }

  function renewNow() { retryAt = 0; renew(); }

  panel.addEventListener("click", function (event) {
    if (event.target.closest("[data-part=again]")) { renewNow(); }
  });
  window.addEventListener("online", renewNow);
  document.addEventListener("visibilitychange", function () { if (!document.hidden) { tick(); } });
  start();
  setInterval(tick, 500);
})();
