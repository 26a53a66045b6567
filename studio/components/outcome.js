const root = element.querySelector(".outcome");

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

// A status that is there from the beginning: screen readers say only what changes in one that they know.
const line = make("p", "line", "");
line.setAttribute("role", "status");
line.setAttribute("aria-live", "polite");
const facts = make("dl", "facts");
const lists = make("div", "lists");
root.append(line, facts, lists);

function listed(one) {
  const details = make("details", "listed");
  details.append(make("summary", "", one.title));
  const list = make("ul", "rows");
  list.setAttribute("aria-label", one.title);
  list.tabIndex = 0; // it scrolls, and must do so without a mouse
  for (const [name, reason] of one.rows) {
    const row = make("li", "");
    row.append(make("bdi", "name", name));
    if (reason) row.append(make("span", "reason", " " + reason));
    list.append(row);
  }
  if (one.all > one.rows.length) list.append(make("li", "more", "and " + (one.all - one.rows.length).toLocaleString("en") + " more"));
  details.append(list);
  return details;
}

function show() {
  const value = props.value;
  line.textContent = value ? value.line : "";
  facts.replaceChildren();
  lists.replaceChildren();
  facts.hidden = !value || !value.facts.length;
  if (!value) return;
  for (const [what, text] of value.facts) {
    const fact = make("dd", "");
    fact.append(make("bdi", "name", text));
    facts.append(make("dt", "", what), fact);
  }
  lists.append(...value.lists.map(listed));
}

watch("value", show);
show();
