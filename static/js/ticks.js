// Columns of check boxes: <input data-tick-all="told"> ticks them all, <input data-ticks="told"> the one beside it.

function boxes(all) {
  return [...(all.closest("table")?.querySelectorAll(`input[name="${CSS.escape(all.dataset.tickAll)}"]`) ?? [])];
}

function show(all) {
  const found = boxes(all);
  const ticked = found.filter((box) => box.checked).length;
  all.checked = found.length > 0 && ticked === found.length;
  all.indeterminate = ticked > 0 && ticked < found.length;
}

function showAll() {
  for (const all of document.querySelectorAll("[data-tick-all]")) show(all);
}

/** Whoever was reached has been told. */
function follow(box) {
  const other = box.closest("tr")?.querySelector(`input[name="${CSS.escape(box.dataset.ticks)}"]`);
  if (other && box.checked) other.checked = true;
}

document.addEventListener("change", (event) => {
  const box = event.target;
  if (box.matches?.("[data-tick-all]")) {
    for (const each of boxes(box)) {
      each.checked = box.checked;
      if (each.dataset.ticks) follow(each);
    }
  } else if (box.matches?.("[data-ticks]")) follow(box);
  showAll();
});

showAll();
