// The register page, opened by a softphone: the number leaves the address, and is looked up at once.

const HIDDEN = ["phone", "order"];

function cleanAddress() {
  const address = new URL(location.href);
  for (const name of HIDDEN) address.searchParams.delete(name);
  if (address.href !== location.href) history.replaceState(history.state, "", address);
}

cleanAddress();
document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("#register-form[data-called]");
  const phone = form?.elements.namedItem("complainant_phone");
  if (!phone) return;
  phone.focus();
  phone.dispatchEvent(new Event("called"));
});
