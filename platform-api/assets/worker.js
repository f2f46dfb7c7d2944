// Keeps the page that shows codes without a network, and the files it names, on the phone. It holds nothing of a person.
"use strict";
var CACHE = "offline-code", PAGE = "/phone/offline";
var WAYS = ["/phone/", "/phone/code", PAGE];

async function keep() {
  var answer = await fetch(PAGE, { cache: "no-store", credentials: "omit" });
  if (!answer.ok) { throw new Error("no page"); }
  var html = await answer.clone().text(), files = html.match(/\/assets\/[^"]+/g) || [];
  var cache = await caches.open(CACHE);
  await cache.addAll(files);
  await cache.put(PAGE, answer);
  var wanted = files.concat(PAGE);
  for (var kept of await cache.keys()) {
    var url = new URL(kept.url);
    if (wanted.indexOf(url.pathname + url.search) < 0) { await cache.delete(kept); }
  }
}

self.addEventListener("install", function (event) { event.waitUntil(keep().then(function () { return self.skipWaiting(); })); });
self.addEventListener("activate", function (event) { event.waitUntil(self.clients.claim()); });

self.addEventListener("fetch", function (event) {
  var path = new URL(event.request.url).pathname;
  if (event.request.mode === "navigate" && WAYS.indexOf(path) >= 0) {
    event.respondWith(fetch(event.request).then(function (answer) {
      event.waitUntil(keep().catch(function () { /* the page kept before stays */ }));
      return answer;
    }, function () { return caches.match(PAGE); }));
  } else if (path.indexOf("/assets/") === 0) {
    event.respondWith(caches.match(event.request).then(function (kept) { return kept || fetch(event.request); }));
  }
});
