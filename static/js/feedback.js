// Customers' pages: one submission, the captcha's work, photos made small, a counter that counts.

const FRESH_MS = 15 * 60_000;
const LARGEST_SIDE = 2000;
const SMALL_ENOUGH = 1_500_000;

// ---- one submission, after the proof ----

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

const proofs = new WeakMap();

// Back, and sent once more without a touch: the page has drawn a new key, but it is the same form.
// Once somebody has typed, it may be another customer at the same tablet, with the same words.

const SENT = "feedback-sent";
const touched = new WeakSet();
let isBack = performance.getEntriesByType("navigation")[0]?.type === "back_forward";

function newKey() {
  const drawn = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(drawn, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

function keepKey(form) {
  const key = form.elements.namedItem("key");
  if (isBack && touched.has(form)) key.value = newKey();
  try {
    if (isBack && !touched.has(form)) key.value = sessionStorage.getItem(SENT) || key.value;
    sessionStorage.setItem(SENT, key.value);
  } catch {
    // storage forbidden: the key of the page will do
  }
}

async function send(form, button) {
  hold(form, button);
  try {
    await Promise.all([proofs.get(form)?.ready(), ...(busyPhotos.get(form) ?? [])]);
  } catch {
    release(form);
    return;
  }
  if (proofs.has(form)) keepKey(form);
  form.submit();
}

document.addEventListener("submit", (event) => {
  const form = event.target;
  const button = event.submitter;
  if (!form.matches("[data-once]") || button?.name === "language") return;
  event.preventDefault();
  if ("sending" in form.dataset) return;
  send(form, button ?? form.querySelector("[data-primary]"));
});

window.addEventListener("pageshow", (event) => {
  if (!event.persisted) return;
  isBack = true;
  for (const form of document.querySelectorAll("form")) {
    touched.delete(form);
    release(form);
  }
});

// ---- the proof: asked for when the form is first touched, done in a worker ----

class Proof {
  constructor(form) {
    this.form = form;
    this.field = form.querySelector("[data-solution]");
    this.state = form.querySelector("[data-proof-state]");
    this.words = form.querySelector("[data-proof-words]");
    this.at = 0;
    form.addEventListener("focusin", () => this.ready().catch(() => {}), { once: true });
  }

  /** Resolves once the field holds a solution that is still fresh. */
  ready() {
    if (this.working) return this.working;
    if (this.field.value && Date.now() - this.at < FRESH_MS) return Promise.resolve();
    this.say("working");
    this.working = this.work()
      .then(() => this.say("done"))
      .catch((error) => {
        this.say("failed");
        throw error;
      })
      .finally(() => {
        this.working = null;
      });
    return this.working;
  }

  async work() {
    const answer = await fetch(this.form.dataset.proof, { cache: "no-store" });
    if (!answer.ok) throw new Error(String(answer.status));
    const asked = await answer.json();
    const number = await solved(asked, this.form.dataset.worker);
    const { algorithm, challenge, salt, signature } = asked;
    this.field.value = btoa(JSON.stringify({ algorithm, challenge, number, salt, signature }));
    this.at = Date.now();
  }

  say(state) {
    this.state.dataset.proofState = state;
    this.words.textContent = this.state.dataset[state];
  }
}

function solved(asked, script) {
  const worker = new Worker(script, { name: "proof" });
  return new Promise((resolve, reject) => {
    worker.onmessage = (event) => (event.data === null ? reject(new Error("unsolved")) : resolve(event.data));
    worker.onerror = () => reject(new Error("worker"));
    worker.postMessage(asked);
  }).finally(() => worker.terminate());
}

// ---- photos: seen before they are sent, made smaller, taken out again ----

const busyPhotos = new WeakMap();

async function smaller(file) {
  if (!file.type.startsWith("image/") || file.type === "image/gif") return { file, bitmap: null };
  const bitmap = await createImageBitmap(file).catch(() => null);
  if (!bitmap || file.size <= SMALL_ENOUGH) return { file, bitmap };
  const scale = Math.min(1, LARGEST_SIDE / Math.max(bitmap.width, bitmap.height));
  const canvas = drawn(bitmap, bitmap.width * scale, bitmap.height * scale);
  const blob = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.85));
  if (!blob || blob.size >= file.size) return { file, bitmap };
  const name = `${file.name.replace(/\.[^.]*$/, "")}.jpg`;
  return { file: new File([blob], name, { type: "image/jpeg" }), bitmap };
}

function drawn(bitmap, width, height) {
  const canvas = document.createElement("canvas");
  canvas.width = Math.max(1, Math.round(width));
  canvas.height = Math.max(1, Math.round(height));
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas;
}

class Photos {
  constructor(box) {
    this.box = box;
    this.input = box.querySelector("input[type='file']");
    this.list = box.querySelector("[data-photos-list]");
    this.kept = [];
    this.input.addEventListener("change", () => {
      const form = this.input.form;
      const busy = this.take([...this.input.files]);
      busyPhotos.set(form, [...(busyPhotos.get(form) ?? []), busy]);
    });
  }

  async take(files) {
    const most = Number(this.input.dataset.photos);
    const room = files.slice(0, most - this.kept.length);
    this.kept.push(...(await Promise.all(room.map(smaller))));
    this.show(room.length < files.length ? this.box.dataset.many : "");
  }

  show(note) {
    const carrier = new DataTransfer();
    for (const { file } of this.kept) carrier.items.add(file);
    this.input.files = carrier.files;
    this.list.replaceChildren(...this.kept.map((one) => this.row(one)));
    if (note) {
      const said = document.createElement("li");
      said.className = "field__error";
      said.textContent = note;
      this.list.append(said);
    }
  }

  row(one) {
    const row = document.createElement("li");
    row.className = "photos__one";
    const side = 56;
    if (one.bitmap) {
      const scale = side / Math.max(one.bitmap.width, one.bitmap.height);
      row.append(drawn(one.bitmap, one.bitmap.width * scale, one.bitmap.height * scale));
    }
    const name = document.createElement("span");
    name.textContent = `${one.file.name} · ${Math.max(1, Math.round(one.file.size / 1024))} KB`;
    const remove = document.createElement("button");
    remove.type = "button";
    remove.className = "btn btn--quiet btn--small";
    remove.textContent = this.box.dataset.remove;
    remove.addEventListener("click", () => {
      this.kept = this.kept.filter((other) => other !== one);
      this.show("");
      this.input.focus();
    });
    row.append(name, remove);
    return row;
  }
}

// ---- counters, needless fields, the first wrong one ----

function count(counter) {
  const field = document.getElementById(counter.dataset.counterFor);
  if (!field) return;
  const max = Number(counter.dataset.max);
  const used = [...field.value].length;
  counter.textContent = `${used} / ${max}`;
  counter.toggleAttribute("data-over", used > max);
}

function applyDisables(box) {
  for (const field of document.querySelectorAll(box.dataset.disables)) field.disabled = box.checked;
}

document.addEventListener("input", (event) => {
  if (event.target.form) touched.add(event.target.form);
  const counter = event.target.id && document.querySelector(`[data-counter-for="${CSS.escape(event.target.id)}"]`);
  if (counter) count(counter);
});

document.addEventListener("change", (event) => {
  if (event.target.matches?.("[data-disables]")) applyDisables(event.target);
});

document.addEventListener("click", (event) => {
  if (event.target.closest?.("[data-close='notice']")) event.target.closest(".notice").remove();
});

for (const counter of document.querySelectorAll("[data-counter-for]")) count(counter);
for (const box of document.querySelectorAll("[data-disables]")) applyDisables(box);
for (const box of document.querySelectorAll("[data-photos-box]")) new Photos(box);
for (const form of document.querySelectorAll("form[data-proof]")) proofs.set(form, new Proof(form));
const wrong = document.querySelector("main [aria-invalid='true']");
(wrong?.matches("fieldset") ? wrong.querySelector("input") : wrong)?.focus();
