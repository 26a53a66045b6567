const root = element.querySelector(".verdicts");

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function said(stays) {
  return stays === null ? "" : stays ? "stays" : "goes";
}

function picture(name, note, stays, place, value, lines) {
  const cell = make("li", "verdict" + (stays === null ? "" : stays ? " stays" : " goes"));
  const image = make("div", "image");
  const column = place % value.columns;
  const line = Math.floor(place / value.columns);
  image.setAttribute("role", "img");
  image.setAttribute("aria-label", [name, note, said(stays)].filter(Boolean).join(", "));
  image.style.backgroundImage = 'url("' + encodeURI(value.picture.url).replace(/"/g, "%22") + '")';
  image.style.backgroundSize = value.columns * 100 + "% " + lines * 100 + "%";
  image.style.backgroundPosition =
    (value.columns > 1 ? (column / (value.columns - 1)) * 100 : 0) + "% " + (lines > 1 ? (line / (lines - 1)) * 100 : 0) + "%";
  const caption = make("p", "caption");
  caption.setAttribute("aria-hidden", "true");
  if (stays !== null) caption.append(make("span", "mark", said(stays)));
  if (note) caption.append(make("bdi", "words", note));
  cell.title = name;
  cell.append(image, caption);
  return cell;
}

function show() {
  const value = props.value;
  root.replaceChildren();
  if (!value) {
    if (props.empty) root.append(make("p", "empty", props.empty));
    return;
  }
  const many = value.rows.reduce((sum, row) => sum + row.pictures.length, 0);
  const lines = Math.ceil(many / value.columns);
  let place = 0;
  for (const row of value.rows) {
    const section = make("section", "row");
    section.style.setProperty("--many", row.pictures.length);
    const list = make("ul", "pictures");
    list.setAttribute("aria-label", row.title);
    for (const [name, note, stays] of row.pictures) list.append(picture(name, note, stays, place++, value, lines));
    const title = make("h4", "title");
    title.append(make("bdi", "", row.title));
    section.append(title, list);
    root.append(section);
  }
}

watch("value", show);
show();
