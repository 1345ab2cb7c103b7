// Before the first paint, so that a dark page never flashes light. A file of its own: the page's policy allows no inline script.
(function () {
  var wanted = null;
  try {
    wanted = localStorage.getItem("ucal.theme");
  } catch {
    // A browser that keeps nothing gets the default.
  }
  if (wanted !== "light" && wanted !== "dark" && wanted !== "system") wanted = "dark";
  if (wanted === "system") wanted = matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
  document.documentElement.dataset.theme = wanted;
})();
