// Shortcuts: n, /, g d, g b, ? outside of fields; digits in chip groups; Ctrl+Enter sends the form.
// Single keys can be switched off in the help dialog (WCAG 2.1.4).

const OFF = "single-keys-off";
const CHORD_MS = 1_200;
const DIGITS = "1234567890-=";
let chord = "";
let chordTimer = 0;

function isOff() {
  return localStorage.getItem(OFF) === "1";
}

function isTyping(target) {
  if (!(target instanceof Element)) return false;
  if (target.matches("input[type='radio'], input[type='checkbox']")) return false;
  return Boolean(target.closest("input, select, textarea, [contenteditable='true'], [role='combobox']"));
}

function isComposing(event) {
  return event.isComposing || event.keyCode === 229;
}

/** The link or field that carries data-key, if the page shows it. */
function holder(key) {
  return [...document.querySelectorAll("[data-key]")].find((node) => node.dataset.key === key);
}

function run(key) {
  const node = holder(key);
  if (!node) return false;
  if (node.matches("input")) {
    node.focus();
    node.select();
  } else node.click();
  return true;
}

function startChord() {
  chord = "g";
  clearTimeout(chordTimer);
  chordTimer = setTimeout(() => (chord = ""), CHORD_MS);
}

function pickChip(event) {
  const place = DIGITS.indexOf(event.key);
  if (place < 0 || event.key.length !== 1) return false;
  const here = document.activeElement?.closest("[data-number-keys]");
  const group = here ?? (document.activeElement === document.body && document.querySelector("[data-number-keys]"));
  const radio = group && group.querySelectorAll("input[type='radio']:not(:disabled)")[place];
  if (!radio) return false;
  radio.focus();
  radio.click();
  return true;
}

function sendForm(event) {
  const form = event.target instanceof Element && event.target.closest("form");
  if (!form || form.method === "dialog") return false;
  form.requestSubmit(form.querySelector("[data-primary]") ?? undefined);
  return true;
}

function closeMenus(event) {
  const menu = event.target instanceof Element && event.target.closest("details.menu[open]");
  if (!menu) return false;
  menu.open = false;
  menu.querySelector("summary").focus();
  return true;
}

function plainKey(event) {
  if (pickChip(event)) return true;
  if (isOff() || document.querySelector("dialog[open]")) return false;
  if (chord) {
    const whole = `${chord} ${event.key}`;
    chord = "";
    return run(whole);
  }
  if (event.key === "g") {
    startChord();
    return true;
  }
  return run(event.key);
}

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || isComposing(event)) return;
  let handled = false;
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) handled = sendForm(event);
  else if (event.key === "Escape") handled = closeMenus(event);
  else if (!event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event.target)) handled = plainKey(event);
  if (handled) event.preventDefault();
});

document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details.menu[open]")) {
    if (!menu.contains(event.target)) menu.open = false;
  }
});

const toggle = document.querySelector("[data-single-keys]");
if (toggle) {
  toggle.checked = !isOff();
  toggle.addEventListener("change", () => {
    if (toggle.checked) localStorage.removeItem(OFF);
    else localStorage.setItem(OFF, "1");
  });
}
