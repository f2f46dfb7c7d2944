// A till: reads codes with the camera where the browser can, understands a scanner gun, and moves the cursor on.
// Everything it does only fills a form in; without it the form is filled in by hand.
(function () {
  "use strict";
  var form = document.querySelector("[data-redeem]");
  var once = document.querySelector("[data-once]");
  if (once) {
    once.addEventListener("submit", function () { once.querySelector("button").disabled = true; });
  }
  if (!form) { return; }
  var code = form.querySelector("[data-code]"), holder = form.querySelector("[data-holder-code]");
  var bill = form.querySelector("[data-bill]"), holderField = form.querySelector("[data-holder]");
  var viewfinder = document.querySelector("[data-viewfinder]"), video = document.querySelector("[data-video]");
  var stream = null, target = null, detector = null;

  function isVoucher() { return code.value.indexOf("CV1:") === 0; }

  function showHolder() {
    holderField.hidden = !isVoucher();
    if (!isVoucher()) { holder.value = ""; }
  }

  // The next field that is still empty; nothing is left when it gives null.
  function next() {
    if (!code.value) { return code; }
    if (isVoucher() && !holder.value) { return holder; }
    return bill.value ? null : bill;
  }

  code.addEventListener("input", showHolder);
  // A scanner gun types and presses Enter: that must not send a form that is not filled in.
  form.addEventListener("keydown", function (event) {
    if (event.key !== "Enter" || event.target.tagName !== "INPUT") { return; }
    showHolder();
    var field = next();
    if (field) { event.preventDefault(); field.focus(); }
  });

  function stop() {
    if (stream) { stream.getTracks().forEach(function (track) { track.stop(); }); }
    stream = null;
    video.srcObject = null;
    viewfinder.hidden = true;
  }

  function look() {
    if (!stream) { return; }
    detector.detect(video).then(function (found) {
      if (!stream) { return; }
      if (found.length === 0) { window.setTimeout(look, 120); return; }
      target.value = found[0].rawValue;
      stop();
      showHolder();
      (next() || bill).focus();
    }, function () { window.setTimeout(look, 300); });
  }

  function scan(field) {
    target = field;
    var wanted = { video: { facingMode: "environment" }, audio: false };
    navigator.mediaDevices.getUserMedia(wanted).then(function (opened) {
      stream = opened;
      viewfinder.hidden = false;
      video.srcObject = opened;
      return video.play();
    }).then(look).catch(function () {
      stop();
      field.placeholder = "相机打不开，请输入 10 位数字";
      field.focus();
    });
  }

  function offerCamera() {
    detector = new window.BarcodeDetector({ formats: ["qr_code"] });
    form.querySelectorAll("[data-scan]").forEach(function (button) {
      button.hidden = false;
      button.addEventListener("click", function () { scan(button.getAttribute("data-scan") === "code" ? code : holder); });
    });
    document.querySelector("[data-stop]").addEventListener("click", stop);
  }

  if ("BarcodeDetector" in window && navigator.mediaDevices) {
    window.BarcodeDetector.getSupportedFormats().then(function (formats) {
      if (formats.indexOf("qr_code") >= 0) { offerCamera(); }
    });
  }
  showHolder();
}());
