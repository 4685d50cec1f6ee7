// Forms: one submission, focus on the first wrong field, a draft that survives, a counter that counts.

const DRAFT_PREFIX = "draft:";
const DRAFT_HOURS = 12;
const SAVE_AFTER_MS = 400;
const SEND_AFTER_MS = 1500;
const RETRY_AFTER_MS = 10_000;

// ---- one submission ----

function hold(form, button) {
  form.dataset.sending = "";
  if (!button) return;
  button.setAttribute("aria-disabled", "true");
  button.setAttribute("aria-busy", "true");
  if (button.dataset.busy) {
    button.dataset.idle = button.textContent;
    button.textContent = button.dataset.busy;
  }
}

function release(form) {
  delete form.dataset.sending;
  for (const button of form.querySelectorAll("[aria-busy='true']")) {
    button.removeAttribute("aria-disabled");
    button.removeAttribute("aria-busy");
    if (button.dataset.idle) button.textContent = button.dataset.idle;
  }
}

document.addEventListener(
  "submit",
  (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    if ("sending" in form.dataset) {
      event.preventDefault();
      event.stopImmediatePropagation();
      return;
    }
    if (form.matches("[data-forget-drafts]")) forgetDrafts();
    hold(form, event.submitter ?? form.querySelector("[data-primary]"));
  },
  true,
);

document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt?.closest?.("form");
  if (form) release(form);
});

window.addEventListener("pageshow", (event) => {
  if (event.persisted) for (const form of document.querySelectorAll("form[data-sending]")) release(form);
});

// ---- first wrong field ----

function focusFirstWrong() {
  const wrong = document.querySelector("main [aria-invalid='true']");
  const field = wrong?.matches("fieldset") ? wrong.querySelector("input, select, textarea") : wrong;
  field?.focus();
}

// ---- character counters ----

function count(counter) {
  const field = document.getElementById(counter.dataset.counterFor);
  if (!field) return;
  const max = Number(counter.dataset.max);
  const used = [...field.value].length;
  counter.textContent = max ? `${used} / ${max}` : String(used);
  counter.toggleAttribute("data-over", Boolean(max) && used > max);
}

function countAll() {
  for (const counter of document.querySelectorAll("[data-counter-for]")) count(counter);
}

document.addEventListener("input", (event) => {
  const id = event.target.id;
  if (!id) return;
  const counter = document.querySelector(`[data-counter-for="${CSS.escape(id)}"]`);
  if (counter) count(counter);
});

// ---- fields that make others needless: <input data-disables="#id_a, #id_b"> ----

function applyDisables(box) {
  for (const field of document.querySelectorAll(box.dataset.disables)) field.disabled = box.checked;
}

function applyAllDisables() {
  for (const box of document.querySelectorAll("[data-disables]")) applyDisables(box);
}

document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-disables]")) applyDisables(event.target);
});

// ---- drafts: <form data-draft="register" data-draft-owner="17" data-draft-url="…"> ----
// Kept in this browser at once; with data-draft-url sent to the server soon after, which then has the only copy.

function draftKey(form) {
  return `${DRAFT_PREFIX}${form.dataset.draft}:${form.dataset.draftOwner || ""}`;
}

function draftFields(form) {
  return [...form.elements].filter(
    (el) => el.name && !el.matches("[type='hidden'], [type='password'], [type='file'], button, fieldset, [data-no-draft]"),
  );
}

function readForm(form) {
  const values = {};
  for (const el of draftFields(form)) {
    if (el.matches("[type='radio'], [type='checkbox']")) {
      if (el.checked) (values[el.name] ??= []).push(el.value);
    } else if (el.value) values[el.name] = [el.value];
  }
  return values;
}

function writeForm(form, values) {
  for (const el of draftFields(form)) {
    const kept = values[el.name];
    if (el.matches("[type='radio'], [type='checkbox']")) el.checked = Boolean(kept?.includes(el.value));
    else if (kept) [el.value] = kept;
  }
  applyAllDisables();
  countAll();
  form.dispatchEvent(new Event("input", { bubbles: true }));
}

function loadDraft(key) {
  try {
    const draft = JSON.parse(localStorage.getItem(key) || "null");
    if (draft && Date.now() - draft.at < DRAFT_HOURS * 3_600_000) return draft;
    localStorage.removeItem(key);
  } catch {
    localStorage.removeItem(key);
  }
  return null;
}

function saveDraft(form, initial) {
  const values = readForm(form);
  if (JSON.stringify(values) === initial) return;
  try {
    localStorage.setItem(draftKey(form), JSON.stringify({ at: Date.now(), values, key: formKey(form)?.value }));
  } catch {
    // storage full or forbidden: the form itself still works
  }
}

/** The hidden field that makes a form sent twice one case. */
function formKey(form) {
  return form.elements.namedItem("submission_key");
}

function draftBody(form) {
  const body = new FormData(form);
  for (const [name, value] of [...body]) if (value instanceof File) body.delete(name);
  return body;
}

function tellDraft(form, how) {
  const state = form.querySelector("[data-draft-state]");
  if (!state) return;
  const time = new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  state.textContent = state.dataset[how].replace("{time}", time);
}

/** Sends what is typed; the copy in this browser goes once the server has the same. */
async function sendDraft(form, state) {
  if ("sending" in form.dataset) return;
  const sent = JSON.stringify(readForm(form));
  if (sent === state.sent) return;
  try {
    const answer = await fetch(form.dataset.draftUrl, { method: "POST", body: draftBody(form), redirect: "error" });
    if (answer.status !== 204) throw new Error(answer.statusText);
    state.sent = sent;
    if (JSON.stringify(readForm(form)) === sent) localStorage.removeItem(draftKey(form));
    tellDraft(form, "saved");
  } catch {
    tellDraft(form, "offline");
    clearTimeout(state.timer);
    state.timer = setTimeout(() => sendDraft(form, state), RETRY_AFTER_MS);
  }
}

/** Whoever closes the window, or whose browser goes to sleep, leaves the last words behind: here too, since nobody hears
    whether they arrived. */
function sendLast(form, state, initial) {
  if ("sending" in form.dataset || JSON.stringify(readForm(form)) === state.sent) return;
  saveDraft(form, initial);
  navigator.sendBeacon(form.dataset.draftUrl, draftBody(form));
}

function syncDraft(form, initial) {
  const state = { sent: initial, timer: 0 };
  const later = () => {
    clearTimeout(state.timer);
    state.timer = setTimeout(() => sendDraft(form, state), SEND_AFTER_MS);
  };
  form.addEventListener("input", later);
  form.addEventListener("change", later);
  window.addEventListener("online", () => sendDraft(form, state));
  window.addEventListener("pagehide", () => sendLast(form, state, initial));
}

function forgetDrafts(prefix = DRAFT_PREFIX) {
  for (const key of Object.keys(localStorage)) if (key.startsWith(prefix)) localStorage.removeItem(key);
}

function offerDraft(form, notice) {
  const draft = loadDraft(draftKey(form));
  if (!draft || !notice || "bound" in form.dataset) return;
  const when = notice.querySelector("[data-draft-when]");
  if (when) when.textContent = new Date(draft.at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  notice.hidden = false;
  if (draft.key) document.querySelector(`[data-draft-key="${CSS.escape(draft.key)}"]`)?.remove(); // older than this
  notice.querySelector("[data-draft-restore]")?.addEventListener("click", () => {
    if (draft.key && formKey(form)) formKey(form).value = draft.key;
    writeForm(form, draft.values);
    notice.hidden = true;
    draftFields(form)[0]?.focus();
  });
  notice.querySelector("[data-draft-discard]")?.addEventListener("click", () => {
    localStorage.removeItem(draftKey(form));
    notice.hidden = true;
  });
}

function keepDraft(form) {
  const initial = JSON.stringify(readForm(form));
  let timer = 0;
  offerDraft(form, document.querySelector(`[data-draft-notice="${CSS.escape(form.dataset.draft)}"]`));
  const later = () => {
    clearTimeout(timer);
    timer = setTimeout(() => saveDraft(form, initial), SAVE_AFTER_MS);
  };
  form.addEventListener("input", later);
  form.addEventListener("change", later);
  form.addEventListener("reset", () => localStorage.removeItem(draftKey(form)));
  if (form.dataset.draftUrl) syncDraft(form, initial);
}

/** A message tagged draft-done-register says that the draft has become a case. */
function forgetDone() {
  for (const node of document.querySelectorAll("[data-tags*='draft-done-']")) {
    for (const tag of node.dataset.tags.split(/\s+/)) {
      if (tag.startsWith("draft-done-")) forgetDrafts(`${DRAFT_PREFIX}${tag.slice("draft-done-".length)}:`);
    }
  }
}

// ---- selects that send their form at once, with JavaScript ----

document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-send-on-change]")) event.target.form?.requestSubmit();
});

// ---- buttons that choose a value: <button data-set="field_name" data-value="…"> ----

document.addEventListener("click", (event) => {
  const button = event.target.closest?.("[data-set]");
  const field = button && document.querySelector(`form [name="${button.dataset.set}"]`);
  if (!field) return;
  field.value = button.dataset.value;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  field.dispatchEvent(new Event("change", { bubbles: true }));
  field.focus();
});

forgetDone();
for (const form of document.querySelectorAll("form[data-draft]")) keepDraft(form);
focusFirstWrong();
countAll();
applyAllDisables();
document.addEventListener("htmx:afterSettle", () => {
  countAll();
  applyAllDisables();
});
