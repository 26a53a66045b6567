const root = element.querySelector(".picture-row");

function part(tag, className, parent, text) {
  const node = document.createElement(tag);
  node.className = className;
  if (text !== undefined) node.textContent = text;
  parent.append(node);
  return node;
}

function show() {
  root.replaceChildren();
  for (const named of props.value || []) {
    const figure = part("figure", "named", root);
    const image = part("img", "named-picture", figure);
    image.alt = named.name + ": " + named.note;
    image.width = named.width;
    image.height = named.height;
    image.src = named.picture.url;
    const caption = part("figcaption", "named-caption", figure);
    part("span", "named-name", caption, named.name);
    part("span", "named-note", caption, named.note);
  }
}

watch("value", show);
show();
