// Look-up list under a text field (WAI-ARIA combobox): the field stays free text, a pick only fills in.
// <div class="combo" data-combobox data-src="/…/?q="><input role="combobox" …><ul role="listbox" …></ul></div>
// The source answers with <li role="option" data-fill='{"field_name": "value"}'>…</li>; without data-src
// htmx may fill the list instead.

const WAIT_MS = 200;
let serial = 0;

class Combobox {
  constructor(box) {
    this.box = box;
    this.input = box.querySelector("[role='combobox']");
    this.list = box.querySelector("[role='listbox']");
    this.status = box.querySelector("[role='status']");
    this.at = -1;
    this.timer = 0;
    this.asked = 0;
    this.close();
    this.input.addEventListener("input", (event) => !event.isComposing && this.wait());
    this.input.addEventListener("compositionend", () => this.wait());
    this.input.addEventListener("keydown", (event) => this.onKey(event));
    this.input.addEventListener("blur", () => setTimeout(() => this.close(), 150));
    this.list.addEventListener("mousedown", (event) => event.preventDefault());
    this.list.addEventListener("click", (event) => this.pick(event.target.closest("[role='option']")));
    new MutationObserver(() => this.arrived()).observe(this.list, { childList: true });
  }

  get options() {
    return [...this.list.querySelectorAll("[role='option']")];
  }

  wait() {
    clearTimeout(this.timer);
    if (this.box.dataset.src) this.timer = setTimeout(() => this.ask(), WAIT_MS);
  }

  async ask() {
    const text = this.input.value.trim();
    const turn = ++this.asked;
    if (text.length < Number(this.box.dataset.min || 2)) {
      this.list.replaceChildren();
      return;
    }
    try {
      const answer = await fetch(this.box.dataset.src + encodeURIComponent(text), {
        headers: { "X-Requested-With": "XMLHttpRequest" },
      });
      if (answer.ok && turn === this.asked) this.show(await answer.text());
    } catch {
      this.close(); // offline: the field is still an ordinary field
    }
  }

  show(html) {
    const parsed = new DOMParser().parseFromString(html, "text/html");
    this.list.replaceChildren(...parsed.querySelectorAll("[role='option']"));
  }

  arrived() {
    this.at = -1;
    this.input.removeAttribute("aria-activedescendant");
    for (const option of this.options) {
      option.id ||= `combo-option-${++serial}`;
      option.setAttribute("aria-selected", "false");
    }
    const open = this.options.length > 0 && document.activeElement === this.input;
    this.list.hidden = !open;
    this.input.setAttribute("aria-expanded", String(open));
    if (this.status && open) {
      this.status.textContent = (this.box.dataset.found || "{n}").replace("{n}", this.options.length);
    }
  }

  close() {
    this.list.hidden = true;
    this.at = -1;
    this.input.setAttribute("aria-expanded", "false");
    this.input.removeAttribute("aria-activedescendant");
  }

  move(step) {
    const { options } = this;
    if (!options.length) return;
    if (this.list.hidden) {
      this.list.hidden = false;
      this.input.setAttribute("aria-expanded", "true");
    }
    options[this.at]?.setAttribute("aria-selected", "false");
    this.at = (this.at + step + options.length) % options.length;
    options[this.at].setAttribute("aria-selected", "true");
    options[this.at].scrollIntoView({ block: "nearest" });
    this.input.setAttribute("aria-activedescendant", options[this.at].id);
  }

  onKey(event) {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      this.move(event.key === "ArrowDown" ? 1 : this.at < 0 ? 0 : -1);
    } else if (event.key === "Enter" && !event.ctrlKey && !event.metaKey && this.at >= 0) {
      event.preventDefault();
      this.pick(this.options[this.at]);
    } else if (event.key === "Escape" && !this.list.hidden) {
      event.preventDefault();
      this.close();
    }
  }

  pick(option) {
    if (!option) return;
    const values = JSON.parse(option.dataset.fill || "{}");
    const form = this.input.form;
    for (const [name, value] of Object.entries(values)) {
      const field = form?.elements.namedItem(name);
      if (!field || !("value" in field)) continue;
      field.value = value;
      if (field instanceof Element) field.dispatchEvent(new Event("change", { bubbles: true }));
    }
    this.close();
    this.input.focus();
  }
}

function start(root) {
  for (const box of root.querySelectorAll("[data-combobox]:not([data-ready])")) {
    box.dataset.ready = "";
    new Combobox(box);
  }
}

start(document);
document.addEventListener("htmx:afterSettle", (event) => start(event.target));
