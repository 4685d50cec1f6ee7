// Live clocks: <time class="clock" data-due="ISO" data-warn="ISO" [data-start="ISO"]> inside [data-state].
// Only running, soon and late clocks are touched; the server's word on met, paused and so on stands.

const LIVE = ["running", "soon", "late"];
const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const FAST = 1_000;
const SLOW = 30_000;

const skew = serverSkew();
let timer = 0;

/** Milliseconds the server is ahead of this machine; a page taken back from cache keeps the last known. */
function serverSkew() {
  const meta = document.querySelector("meta[name='server-now']");
  const now = meta ? Date.parse(meta.content) : NaN;
  const [visit] = performance.getEntriesByType("navigation");
  const remembered = Number(sessionStorage.getItem("clock-skew"));
  if (Number.isNaN(now)) return 0;
  if (visit?.type === "back_forward" && sessionStorage.getItem("clock-skew")) return remembered;
  const measured = now - (performance.timeOrigin + (visit?.responseStart || 0));
  const value = Math.abs(measured) < 1_500 ? 0 : Math.round(measured);
  sessionStorage.setItem("clock-skew", String(value));
  return value;
}

function words() {
  return document.getElementById("clock-words")?.dataset ?? {};
}

function fill(pattern, values) {
  return (pattern || "").replace(/\{(\w+)\}/g, (_, name) => values[name]);
}

/** A span in the two units that matter at its size: 1 天 4 小时, 3 小时 12 分, 12 分 05 秒. */
export function spell(span, w = words()) {
  const d = Math.floor(span / DAY);
  const h = Math.floor((span % DAY) / HOUR);
  const m = Math.floor((span % HOUR) / MINUTE);
  const s = Math.floor((span % MINUTE) / 1_000);
  if (d) return fill(w.dh, { d, h });
  if (h) return fill(w.hm, { h, m: String(m).padStart(2, "0") });
  return fill(w.ms, { m, s: String(s).padStart(2, "0") });
}

function stateAt(now, due, warn) {
  if (now >= due) return "late";
  return now >= warn ? "soon" : "running";
}

function setText(node, text) {
  if (node && node.textContent !== text) node.textContent = text;
}

function fillGauge(box, now, start, due) {
  const bar = box.querySelector(".gauge__fill");
  if (!bar || Number.isNaN(start)) return;
  const share = Math.min(100, Math.max(0, (100 * (now - start)) / (due - start)));
  bar.setAttribute("width", share.toFixed(1));
}

/** Brings one clock up to date; returns how soon it wants to be looked at again. */
function tick(clock, now, w) {
  const box = clock.closest("[data-state]");
  const due = Date.parse(clock.dataset.due);
  if (!box || Number.isNaN(due) || !LIVE.includes(box.dataset.state)) return SLOW;
  const warn = Date.parse(clock.dataset.warn);
  const state = stateAt(now, due, Number.isNaN(warn) ? due - 10 * MINUTE : warn);
  const span = Math.abs(due - now);
  if (box.dataset.state !== state) box.dataset.state = state;
  setText(clock, fill(w[state], { time: spell(span, w) }));
  setText(box.querySelector(".clock__word"), w[`${state}Word`]);
  fillGauge(box, now, Date.parse(clock.dataset.start), due);
  return span < HOUR ? FAST : SLOW;
}

function tickAll() {
  clearTimeout(timer);
  const now = Date.now() + skew;
  const w = words();
  let next = SLOW;
  for (const clock of document.querySelectorAll("time.clock[data-due]")) {
    next = Math.min(next, tick(clock, now, w));
  }
  if (!document.hidden) timer = setTimeout(tickAll, next - (now % FAST));
}

tickAll();
document.addEventListener("visibilitychange", tickAll);
document.addEventListener("htmx:afterSettle", tickAll);
window.addEventListener("pageshow", tickAll);
