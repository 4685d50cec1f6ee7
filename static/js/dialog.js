// Dialogs, action panels and request failures: where the focus goes, how things close, what is said.

function openDialog(opener) {
  const dialog = document.getElementById(opener.dataset.dialog);
  if (!dialog || dialog.open) return;
  dialog.showModal();
}

/** Empties the slot that a panel was loaded into and gives the focus back to what opened it. */
function closePanel(slot) {
  slot.replaceChildren();
  const opener = document.querySelector("[data-opened]");
  if (opener) {
    delete opener.dataset.opened;
    opener.removeAttribute("aria-expanded");
    opener.focus();
  }
}

function markOpener(slot) {
  for (const old of document.querySelectorAll("[data-opened]")) {
    delete old.dataset.opened;
    old.removeAttribute("aria-expanded");
  }
  const opener = slot.openedBy;
  if (!opener?.isConnected) return;
  opener.dataset.opened = "";
  opener.setAttribute("aria-expanded", "true");
}

/** After a form came in: the first wrong field, else the first field, else the panel itself. */
function focusPanel(slot) {
  const wrong = slot.querySelector("[aria-invalid='true']:not(fieldset)");
  const first = slot.querySelector("[autofocus], input:not([type='hidden']), select, textarea");
  (wrong ?? first ?? slot).focus();
  slot.scrollIntoView({ block: "nearest" });
}

function showToast(text) {
  const toast = document.getElementById("toast");
  if (!toast || !text) return;
  toast.querySelector("[data-toast-text]").textContent = text;
  toast.hidden = false;
}

document.addEventListener("click", (event) => {
  if (!(event.target instanceof Element)) return;
  const opener = event.target.closest("[data-dialog]");
  const closer = event.target.closest("[data-close]");
  const slot = event.target.closest("[data-panel-slot]");
  if (event.target.closest("[data-print]")) window.print();
  if (opener) openDialog(opener);
  else if (closer?.dataset.close === "toast") document.getElementById("toast").hidden = true;
  else if (closer?.dataset.close === "notice") closer.closest(".notice")?.remove();
  else if (closer && slot) {
    event.preventDefault();
    closePanel(slot);
  } else if (event.target.matches("dialog")) event.target.close();
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || event.isComposing) return;
  const slot = event.target instanceof Element && event.target.closest("[data-panel-slot]");
  if (slot && slot.childElementCount) closePanel(slot);
});

document.addEventListener("htmx:beforeRequest", (event) => {
  const { elt, target } = event.detail;
  if (target?.matches?.("[data-panel-slot]") && elt.matches("a, button:not([type='submit'])")) target.openedBy = elt;
});

document.addEventListener("htmx:afterSettle", (event) => {
  const slot = event.detail.target;
  if (slot?.id === "case") document.querySelector("#case h1")?.focus({ preventScroll: true });
  if (!slot?.matches?.("[data-panel-slot]")) return;
  markOpener(slot);
  if (slot.childElementCount) focusPanel(slot);
});

document.addEventListener("htmx:responseError", (event) => {
  const words = document.getElementById("request-words")?.dataset ?? {};
  const status = event.detail.xhr.status;
  showToast(status === 403 ? words.forbidden : status === 404 ? words.missing : words.failed);
});

for (const name of ["htmx:sendError", "htmx:timeout"]) {
  document.addEventListener(name, () => showToast(document.getElementById("request-words")?.dataset.offline));
}
