const whole = element.querySelector(".sheet");
const said = whole.querySelector(".sheet-said");
const root = whole.querySelector(".sheet-shown");

function part(tag, className, parent, text) {
  const node = document.createElement(tag);
  node.className = className;
  if (text !== undefined) node.textContent = text;
  parent.append(node);
  return node;
}

function show() {
  const value = props.value;
  root.replaceChildren();
  if (!value || !value.picture) {
    part("p", "sheet-empty", root, props.empty || "");
    return;
  }
  const scroller = part("div", "sheet-scroller", root);
  const grid = part("div", "sheet-grid", scroller);
  grid.style.setProperty("--rows", value.rows.length);
  grid.style.setProperty("--columns", value.columns.length);
  part("span", "sheet-corner", grid);
  const columns = part("div", "sheet-columns", grid);
  for (const name of value.columns) part("span", "sheet-column", columns, name);
  const rows = part("div", "sheet-rows", grid);
  for (const name of value.rows) part("span", "sheet-row", rows, name);
  const image = part("img", "sheet-picture", grid);
  image.alt = "Rows: " + value.rows.join(", ") + ". Columns: " + value.columns.join(", ") + ".";
  image.width = value.width;
  image.height = value.height;
  image.src = value.picture.url;
  choosable(part("div", "sheet-places", grid), value);
}

function choosable(list, value) {
  const across = value.columns.length;
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", "Pictures of " + value.rows.length + " rows and " + across + " columns");
  const places = value.rows.flatMap((row) => value.columns.map((column) => row + ", seed " + column));
  places.forEach((label, place) => {
    const option = part("div", "sheet-place", list);
    option.setAttribute("role", "option");
    option.setAttribute("aria-label", label);
    option.setAttribute("aria-selected", "false");
    option.tabIndex = place ? -1 : 0;
  });
  const all = Array.from(list.children);
  let current = 0;
  function go(place) {
    all[current].tabIndex = -1;
    current = Math.max(0, Math.min(all.length - 1, place));
    all[current].tabIndex = 0;
  }
  function choose() {
    all.forEach((option, place) => option.setAttribute("aria-selected", String(place === current)));
    trigger("pick", { place: current });
  }
  list.addEventListener("click", (event) => {
    const place = all.indexOf(event.target);
    if (place < 0) return;
    go(place);
    choose();
  });
  list.addEventListener("keydown", (event) => {
    const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: across, ArrowUp: -across, Home: -all.length, End: all.length };
    if (event.key in steps) {
      go(current + steps[event.key]);
      all[current].focus();
    } else if (event.key === "Enter" || event.key === " ") {
      choose();
    } else {
      return;
    }
    event.preventDefault();
  });
}

function inSight() {
  const { top, bottom } = whole.getBoundingClientRect();
  if (top < 0 || bottom > innerHeight) whole.scrollIntoView({ block: bottom - top < innerHeight - 80 ? "center" : "start" });
}

whole.addEventListener("begin", () => {
  whole.setAttribute("aria-busy", "true");
  said.textContent = "Drawing the sheet…";
  inSight();
});
whole.addEventListener("end", () => {
  whole.removeAttribute("aria-busy");
  said.textContent = "";
  requestAnimationFrame(inSight);
});

watch("value", show);
show();
