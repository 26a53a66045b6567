const root = element.querySelector(".model-cards");

function make(tag, className, parent, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  if (parent) parent.append(node);
  return node;
}

function pairs(parent, rows) {
  const list = make("dl", "facts", parent);
  for (const [what, text] of rows) {
    make("dt", "", list, what);
    make("dd", "", list, text);
  }
}

function folded(parent, title, fill) {
  const details = make("details", "", parent);
  make("summary", "", details, title);
  fill(details);
}

function card(one) {
  const item = make("article", "card");
  const title = make("h3", "", null, one.title);
  title.id = "model-card-" + one.name.replace(/[^a-z0-9]/g, "-");
  item.setAttribute("aria-labelledby", title.id);
  if (one.preview) {
    const image = make("img", "", item);
    image.alt = one.shows || "Pictures by " + one.title;
    image.width = one.size[0];
    image.height = one.size[1];
    image.src = one.preview.url;
  }
  const words = make("div", "words", item);
  words.append(title);
  make("p", "summary", words, one.summary);
  if (one.action) {
    const button = make("button", "", words, one.action);
    button.type = "button";
    button.setAttribute("aria-label", one.action + ": " + one.title);
    button.addEventListener("click", () => trigger("choose", { name: one.name }));
  }
  const rights = make("p", "rights", words);
  make("strong", "", rights, "Rights ");
  rights.append(one.rights);
  folded(words, "What it cannot do", (box) => {
    const list = make("ul", "", box);
    for (const limit of one.limits) make("li", "", list, limit);
    if (!one.limits.length) make("p", "", box, "Its card does not say.");
  });
  folded(words, "How good it is", (box) => {
    if (one.numbers.length) pairs(box, one.numbers);
    else make("p", "", box, "Not measured yet.");
  });
  folded(words, "What it learned from, and how it is built", (box) => {
    make("p", "", box, one.trained_on);
    pairs(box, one.facts);
  });
  return item;
}

function show() {
  root.replaceChildren(...(props.value || []).map(card));
}

watch("value", show);
show();
