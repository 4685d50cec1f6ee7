// Applies the chosen theme before the first paint; loaded blocking in <head>, so keep it tiny.
(function () {
  "use strict";
  const root = document.documentElement;
  const key = "theme";

  function stored() {
    try {
      return localStorage.getItem(key) || "";
    } catch {
      return "";
    }
  }

  function apply(choice) {
    if (choice === "light" || choice === "dark") root.dataset.theme = choice;
    else delete root.dataset.theme;
  }

  root.classList.add("js");
  apply(stored());

  document.addEventListener("DOMContentLoaded", function () {
    for (const radio of document.querySelectorAll("input[name='theme']")) {
      radio.checked = radio.value === stored();
    }
  });

  document.addEventListener("change", function (event) {
    if (!event.target.matches || !event.target.matches("input[name='theme']")) return;
    try {
      localStorage.setItem(key, event.target.value);
    } catch {
      // private mode: the choice lasts for this page
    }
    apply(event.target.value);
  });

  window.addEventListener("storage", function (event) {
    if (event.key === key) apply(event.newValue || "");
  });
})();
