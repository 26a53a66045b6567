const root = element.querySelector(".sheet");

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
  scroller.tabIndex = 0;
  scroller.setAttribute("role", "group");
  scroller.setAttribute("aria-label", "Sheet of " + value.rows.length + " rows and " + value.columns.length + " columns");
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
}

watch("value", show);
show();
