// Comforts for the pages; nothing depends on them.
(function () {
  "use strict";

  // Copy buttons, which are hidden where there is no script.
  document.querySelectorAll("button[data-copy]").forEach(function (button) {
    var source = document.getElementById(button.dataset.copy);
    if (!source || !navigator.clipboard) return;
    button.hidden = false;
    button.addEventListener("click", function () {
      var text = "value" in source ? source.value : source.textContent;
      navigator.clipboard.writeText(text).then(function () {
        button.textContent = "Copied";
      });
    });
  });

  // The browser's own time zone is the likely one for a new site.
  document.querySelectorAll("select[data-own-zone]").forEach(function (select) {
    var zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
    Array.prototype.some.call(select.options, function (option) {
      if (option.value === zone) select.value = zone;
      return option.value === zone;
    });
  });

  // Today's visits go on counting while the page is open and seen.
  var figures = document.querySelectorAll("[data-visits]");
  function renew(figure) {
    var body = new URLSearchParams({
      module: "API",
      method: "VisitsSummary.getVisits",
      idSite: figure.dataset.visits,
      period: "day",
      date: "today",
      format: "json",
      force_api_session: "1",
      token_auth: figure.dataset.secret,
    });
    return fetch(document.body.dataset.root + "index.php", { method: "POST", body: body })
      .then(function (answer) {
        return answer.ok ? answer.json() : null;
      })
      .then(function (answer) {
        if (answer && typeof answer.value === "number") figure.textContent = String(answer.value);
      })
      .catch(function () {});
  }
  if (figures.length) {
    setInterval(function () {
      if (!document.hidden) figures.forEach(renew);
    }, 30000);
  }
})();
