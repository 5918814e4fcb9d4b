(function (settings) {
  "use strict";
  var KEY = "mtm_consent_removed";
  var words = settings.words;

  function hasCookie() {
    return document.cookie.split(";").some(function (pair) {
      return pair.trim().indexOf(KEY + "=") === 0 && pair.trim().length > KEY.length + 1;
    });
  }

  function tracker() {
    var api = window.Matomo || window.Piwik;
    return api && typeof api.getAsyncTracker === "function" ? api.getAsyncTracker() : null;
  }

  function isOut() {
    var known = tracker();
    return hasCookie() || !!(known && typeof known.isUserOptedOut === "function" && known.isUserOptedOut());
  }

  // The tracker knows the cookie's domain and path; where there is none on the page, the cookie is set here.
  function choose(out) {
    if (window._paq) window._paq.push([out ? "optUserOut" : "forgetUserOptOut"]);
    if (tracker()) return;
    var secure = location.protocol === "https:" ? "; Secure" : "";
    var value = out ? String(Date.now()) : "";
    var seconds = out ? 30 * 365 * 24 * 3600 : 0;
    document.cookie = KEY + "=" + value + "; path=/; max-age=" + seconds + "; SameSite=Lax" + secure;
  }

  function text(name, words) {
    var element = document.createElement(name);
    element.textContent = words;
    return element;
  }

  function show(place, problem) {
    var out = isOut();
    place.textContent = "";
    place.setAttribute("aria-live", "polite");
    if (settings.showIntro) place.appendChild(text("p", out ? words.not_counted : words.counted));
    var button = text("button", out ? words.come_back : words.leave);
    button.type = "button";
    button.addEventListener("click", function () {
      choose(!out);
      show(place, isOut() === out);
      var next = place.querySelector("button");
      if (next) next.focus();
    });
    place.appendChild(button);
    if (problem) place.appendChild(text("p", words.no_cookies));
    for (var name in settings.style) place.style[name] = settings.style[name];
  }

  function start() {
    var place = document.getElementById(settings.divId);
    if (place) show(place, false);
  }

  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", start);
  else start();
})
