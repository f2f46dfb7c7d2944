// Codes without a network: a pass fetched beforehand, and the QR code of its present step (see POST /api/c/v1/crowd-code/pass).
// The pass and its secret stay on this phone; whoever signs out, or changes a consent, leaves none behind.
(function () {
  "use strict";
  var KEY = "rotating-pass", FRESH_MS = 20 * 3600 * 1000, QUIET = 4, LINK = 16;
  var DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
  var pass = null, links = null, fetching = false;

  function bytes(base64) {
    return Uint8Array.from(atob(base64), function (char) { return char.charCodeAt(0); });
  }

  function works() { return Boolean(window.crypto && crypto.subtle && window.localStorage && window.qrcode); }

  function forget() {
    pass = links = null;
    try { localStorage.removeItem(KEY); } catch (refused) { /* then nothing was kept either */ }
  }

  // The link of the last step is the secret; each hash gives that of the step before.
  async function chain(of) {
    var head = new Uint8Array(4 + 16 + LINK), steps = Math.round((of.endsAt - of.startsAt) / of.stepMs);
    var all = new Uint8Array(steps * LINK), link = bytes(of.secret);
    head.set([0x43, 0x58, 0x48, 0x31]);
    head.set(bytes(of.pseudonym), 4);
    for (var step = steps - 1; step >= 0; step -= 1) {
      all.set(link, step * LINK);
      head.set(link, 20);
      link = new Uint8Array(await crypto.subtle.digest("SHA-256", head)).subarray(0, LINK);
    }
    return all;
  }

  async function take(fresh) {
    var of = fresh || JSON.parse(localStorage.getItem(KEY) || "null");
    if (!of || Date.now() >= of.endsAt) { return; }
    var made = await chain(of);
    if (fresh) { localStorage.setItem(KEY, JSON.stringify(of)); }
    pass = of;
    links = made;
  }

  // Fetches a pass when the one at hand is old. Its times are kept by this phone's clock, right or wrong.
  async function refresh() {
    if (!works() || fetching || (pass && pass.endsAt - Date.now() > FRESH_MS)) { return; }
    fetching = true;
    try {
      var answer = await fetch("/api/c/v1/crowd-code/pass", { method: "POST", credentials: "same-origin", cache: "no-store" });
      if (answer.ok) {
        var body = await answer.json(), now = Date.now();
        await take({
          pass: body.pass, secret: body.secret, pseudonym: body.pseudonym, stepMs: body.step_ms,
          startsAt: now - body.started_ms_ago, endsAt: now + body.ends_in_ms
        });
      }
    } catch (offline) { /* the pass at hand stays */ }
    fetching = false;
  }

  // Byte strings here are shorter than 256 bytes and steps than 65536: three forms of CBOR suffice.
  function cbor(sealed, step, link) {
    var number = step < 24 ? [step] : step < 256 ? [0x18, step] : [0x19, step >> 8, step & 255];
    var head = sealed.length < 24 ? [0x40 + sealed.length] : [0x58, sealed.length];
    return [].concat(0x83, head, Array.from(sealed), number, 0x40 + LINK, Array.from(link));
  }

  function base45(data) {
    var text = "";
    for (var at = 0; at < data.length; at += 2) {
      var pair = at + 1 < data.length, value = pair ? data[at] * 256 + data[at + 1] : data[at];
      text += DIGITS[value % 45] + DIGITS[Math.floor(value / 45) % 45] + (pair ? DIGITS[Math.floor(value / 2025)] : "");
    }
    return text;
  }

  function picture(text) {
    var code = window.qrcode(0, "M"), path = "";
    code.addData(text, "Alphanumeric");
    code.make();
    var count = code.getModuleCount(), side = count + 2 * QUIET;
    for (var row = 0; row < count; row += 1) {
      for (var column = 0; column < count; column += 1) {
        if (code.isDark(row, column)) { path += "M" + (column + QUIET) + " " + (row + QUIET) + "h1v1h-1z"; }
      }
    }
    return "<div class=\"qr\"><svg viewBox=\"0 0 " + side + " " + side + "\" role=\"img\" aria-label=\"离线消费码\" " +
      "shape-rendering=\"crispEdges\"><path fill=\"currentColor\" d=\"" + path + "\"/></svg></div>";
  }

  window.rotatingCode = {
    refresh: refresh,
    // The code of the step at `now`; null without a pass that covers it.
    at: function (now) {
      var step = pass && links ? Math.floor((now - pass.startsAt) / pass.stepMs) : -1;
      if (step < 0 || step * LINK >= links.length) { return null; }
      var link = links.subarray(step * LINK, (step + 1) * LINK);
      return {
        step: step,
        span: pass.stepMs,
        until: pass.startsAt + (step + 1) * pass.stepMs,
        text: function () { return "CX2:" + base45(cbor(bytes(pass.pass), step, link)); },
        html: function () { return picture(this.text()); }
      };
    }
  };

  if (document.querySelector("[data-forget-pass]")) {
    forget();
  } else if (works() && document.querySelector("[data-rotating]")) {
    take(null).catch(forget);
    if (navigator.serviceWorker) {
      navigator.serviceWorker.register("/phone/worker.js", { scope: "/phone/" }).catch(function () { /* the open page works */ });
    }
  }
})();
