const root = element.querySelector(".tray");
const STORE = "atelier-tray-1";
const MOST = 200;
const MOST_LINK = 6000;
const PAUSE = 10000;

function make(tag, className, parent, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  if (parent) parent.append(node);
  return node;
}

function action(text, parent, act, className) {
  const node = make("button", className || "", parent, text);
  node.type = "button";
  node.addEventListener("click", act);
  return node;
}

// What is kept lies in this browser alone. Every change reads it first, so that two windows do not undo each other.

let memory = [];
let lasting = true;

function sound(one) {
  return (
    one && typeof one.id === "string" && typeof one.recipe === "string" && typeof one.title === "string" && Array.isArray(one.tags) &&
    typeof one.note === "string" && typeof one.picture === "string" && one.picture.startsWith("data:image/")
  );
}

function stored() {
  if (!lasting) return memory; // what could not be written is here alone
  try {
    const text = window.localStorage.getItem(STORE);
    if (text === null) return memory;
    const found = JSON.parse(text);
    memory = Array.isArray(found.items) ? found.items.filter(sound) : memory;
  } catch (error) {
    lasting = !(error instanceof DOMException);
  }
  return memory;
}

function store(items, emptied) {
  // An empty tray is written only when its last picture was taken out by hand.
  if (!items.length && !emptied) return;
  memory = items;
  try {
    window.localStorage.setItem(STORE, JSON.stringify({ format: 1, items }));
    lasting = true;
  } catch (error) {
    lasting = false;
  }
}

function change(id, values) {
  store(stored().map((one) => (one.id === id ? Object.assign({}, one, values) : one)));
}

function add(given) {
  const items = stored().slice();
  let added = 0;
  for (const one of given.slice().reverse()) {
    if (items.some((other) => other.recipe === one.recipe) || items.length >= MOST) continue;
    const id = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, "0")).join("");
    items.unshift({
      id, recipe: one.recipe, title: one.title, rights: one.rights, picture: one.picture, tags: one.tags || [], note: one.note || "",
      kept: one.kept || new Date().toISOString(),
    });
    added += 1;
  }
  store(items);
  return added;
}

// The bar

const bar = make("div", "bar", root);
const opener = action("", bar, () => open(panel.hidden), "opener");
const strip = make("div", "strip", bar);
strip.setAttribute("aria-hidden", "true");
const status = make("p", "status", bar);
status.setAttribute("role", "status");

// The panel

const panel = make("section", "panel", root);
panel.id = "tray-panel";
panel.hidden = true;
panel.setAttribute("aria-label", "Tray");
opener.setAttribute("aria-controls", panel.id);
const tools = make("div", "tools", panel);
const filter = make("select", "filter", tools);
filter.setAttribute("aria-label", "Show pictures with the tag");
const comparing = action("Compare two", tools, compare);
const packing = action("Save all as ZIP", tools, () => pack());
const bare = make("label", "bare", tools);
const stripped = make("input", "", bare);
stripped.type = "checkbox";
bare.append(" without recipes");
const taking = make("label", "taking as-button", tools);
taking.append("Open a ZIP or a PNG");
const file = make("input", "", taking);
file.type = "file";
file.accept = ".zip,.png";
const body = make("div", "body", panel);
const list = make("ul", "kept", body);
list.setAttribute("aria-label", "Kept pictures");
const side = make("div", "side", body);
side.tabIndex = 0;
side.setAttribute("role", "region");
side.setAttribute("aria-label", "Picture in focus");

let looked = null;
let compared = null;
let focused = null;
let chosen = [];

function open(yes) {
  panel.hidden = !yes;
  opener.setAttribute("aria-expanded", String(yes));
  root.classList.toggle("open", yes);
}

let spoken = 0;

function say(text) {
  status.textContent = text;
  clearTimeout(spoken);
  // What was done stays for a while; beside the next picture it would not be true of that one. What goes on stays until it is done.
  if (text && !text.endsWith("…")) spoken = setTimeout(() => say(""), PAUSE);
}

function tagsOf(text) {
  return Array.from(new Set(text.split(",").map((tag) => tag.trim().slice(0, 40)).filter(Boolean))).slice(0, 10);
}

function placeOf(node) {
  const whose = node.closest("[data-id]");
  const name = node.getAttribute("aria-label") || (node.labels && node.labels.length ? node.labels[0].textContent : node.textContent);
  return [whose ? whose.dataset.id : "", node.tagName, list.contains(node) ? "" : name].join(" ");
}

// What is drawn anew takes the focus with it: it goes back to what stands in the same place, with what was being written there.
function keepFocus(within, draw, otherwise) {
  const old = within.contains(document.activeElement) ? document.activeElement : null;
  const place = old && placeOf(old);
  draw();
  if (!old || old.isConnected) return;
  const found = Array.from(within.querySelectorAll("button, input, textarea")).find((one) => placeOf(one) === place);
  (found || otherwise()).focus({ preventScroll: true });
  if (!found || !/^text/.test(found.type)) return;
  const written = [old.selectionStart, old.selectionEnd];
  if (found.value !== old.value) {
    found.value = old.value;
    found.dispatchEvent(new Event("change"));
  }
  found.setSelectionRange(...written);
}

function drawList() {
  keepFocus(list, fillList, () => opener);
}

function fillList() {
  const items = stored();
  const many = items.length === 1 ? "1 picture" : items.length + " pictures";
  opener.textContent = items.length ? "Tray · " + many : "Tray";
  opener.setAttribute("aria-expanded", String(!panel.hidden));
  strip.replaceChildren(
    ...items.slice(0, 12).map((one) => {
      const image = document.createElement("img");
      image.src = one.picture;
      image.alt = "";
      return image;
    }),
  );
  const tags = Array.from(new Set(items.flatMap((one) => one.tags))).sort();
  const wanted = tags.includes(filter.value) ? filter.value : "";
  filter.replaceChildren(new Option("all tags", ""), ...tags.map((tag) => new Option(tag, tag)));
  filter.value = wanted;
  filter.hidden = !tags.length;
  chosen = chosen.filter((id) => items.some((one) => one.id === id));
  comparing.disabled = chosen.length !== 2;
  packing.disabled = !items.length;
  const shown = items.filter((one) => !wanted || one.tags.includes(wanted));
  list.replaceChildren(...shown.map(card));
  if (!items.length) {
    const lines = ["Nothing is kept yet. Keep a picture wherever one is shown large, or drop a PNG that was saved here."];
    if (!lasting) lines.push("This browser stores nothing: save the tray as ZIP before you go.");
    list.replaceChildren(...lines.map((line) => make("li", "none", null, line)));
  }
}

function card(one) {
  const item = make("li", "card");
  item.dataset.id = one.id;
  const look = action("", item, () => focusOn(one), "look");
  const image = make("img", "", look);
  image.src = one.picture;
  image.alt = "";
  const name = make("bdi", "name", look, one.title);
  name.title = one.title;
  look.setAttribute("aria-label", one.title + (one.tags.length ? ", tagged " + one.tags.join(", ") : ""));
  look.setAttribute("aria-pressed", String(Boolean(focused && focused.id === one.id)));
  const label = make("label", "choose", item);
  const box = make("input", "", label);
  box.type = "checkbox";
  box.checked = chosen.includes(one.id);
  box.setAttribute("aria-label", "Compare " + one.title);
  box.addEventListener("change", () => {
    chosen = chosen.filter((id) => id !== one.id);
    if (box.checked) chosen = chosen.concat(one.id).slice(-2);
    for (const other of list.querySelectorAll(".choose input")) other.checked = chosen.includes(other.dataset.id);
    comparing.disabled = chosen.length !== 2;
  });
  box.dataset.id = one.id;
  if (one.tags.length) make("bdi", "tags", item, one.tags.join(", "));
  return item;
}

function focusOn(one) {
  focused = one;
  looked = null;
  compared = null;
  drawList();
  drawSide();
  trigger("look", { recipe: one.recipe });
}

function compare() {
  const two = chosen.map((id) => stored().find((one) => one.id === id)).filter(Boolean);
  if (two.length !== 2) return;
  say("Setting them side by side…");
  trigger("compare", { recipes: two.map((one) => one.recipe) });
}

function pack() {
  const wanted = filter.value;
  const items = stored().filter((one) => !wanted || one.tags.includes(wanted));
  say("Packing " + items.length + " pictures…");
  trigger("pack", { items, stripped: stripped.checked });
}

function linkOf(recipe) {
  const bytes = new TextEncoder().encode(recipe);
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  return text.length > MOST_LINK ? null : location.origin + location.pathname + "#recipe=" + text;
}

function actions(parent, recipe, home) {
  const row = make("div", "actions", parent);
  const places = [["explore", "Explore"], ["desk", "Mock-up and print"], ["swap", "Texture swap"]];
  places.sort((a, b) => (b[0] === home) - (a[0] === home));
  action(home === "desk" ? "Restore on the desk" : "Restore in Explore", row, () => trigger("send", { to: home, recipe }), "chief");
  for (const [to, name] of places) if (to !== home) action("To " + name, row, () => trigger("send", { to, recipe }));
  action("Save PNG", row, () => trigger("picture", { recipe, stripped: stripped.checked }));
  const link = linkOf(recipe);
  const copying = action("Copy link", row, async () => {
    if (!link) return say("This recipe is too long for a link: save the PNG and send that.");
    try {
      await navigator.clipboard.writeText(link);
      say("The link is copied. Whoever opens it here sees this picture drawn again.");
    } catch (error) {
      const field = make("input", "link", parent);
      field.readOnly = true;
      field.value = link;
      field.setAttribute("aria-label", "Link");
      field.select();
    }
  });
  copying.dataset.link = link || "";
  return row;
}

function drawSide() {
  keepFocus(side, fillSide, () => side.querySelector(".now") || side);
}

function fillSide() {
  side.dataset.id = !compared && focused ? focused.id : "";
  side.replaceChildren();
  if (compared) return drawCompared();
  const one = focused;
  if (!one && !looked) {
    make("p", "hint", side, "Choose a picture to see where it came from, to write a note, and to send it on.");
    return;
  }
  const head = make("div", "head", side);
  const image = make("img", "large", head);
  image.src = looked ? looked.picture || (one ? one.picture : "") : one.picture;
  image.alt = "";
  image.hidden = !image.getAttribute("src");
  const words = make("div", "words", head);
  make("h3", "", words).append(make("bdi", "", null, looked ? looked.tree.title : one.title));
  if (looked && looked.note) make("p", "fine", words, looked.note);
  const row = looked ? actions(words, looked.tree.recipe, looked.home) : make("div", "actions", words);
  const below = make("div", "below", side);
  if (!one && looked) {
    action("Keep", row, () => {
      add([{ recipe: looked.tree.recipe, title: looked.tree.title, rights: looked.rights, picture: looked.tree.picture || looked.picture }]);
      focused = stored()[0];
      say("Kept.");
      drawList();
      drawSide();
    });
  }
  if (one) {
    action("Take out of the tray", row, () => {
      store(stored().filter((other) => other.id !== one.id), true);
      focused = looked = null;
      say("Taken out of the tray.");
      drawList();
      drawSide();
      opener.focus();
    });
    const written = make("div", "", below);
    fieldFor(written, one, "Tags, with commas", "tags", one.tags.join(", "), "input");
    fieldFor(written, one, "Note", "note", one.note, "textarea");
  }
  if (looked) {
    const above = make("div", "", below);
    make("h3", "", above, "Where it came from");
    above.append(lineageTree(looked.tree, (node) => {
      focused = stored().find((other) => other.recipe === node.recipe) || null;
      trigger("look", { recipe: node.recipe });
    }));
    const rowBelow = make("div", "actions", above);
    action("Save lineage as JSON", rowBelow, () => {
      const address = URL.createObjectURL(new Blob([lineageJson(looked.tree)], { type: "application/json" }));
      const link = document.createElement("a");
      link.href = address;
      link.download = "lineage.json";
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), 4000);
    });
    make("p", "fine", side, "Rights: " + looked.rights);
  }
}

function fieldFor(parent, one, text, name, value, tag) {
  const label = make("label", "field", parent);
  make("span", "", label, text);
  const field = make(tag, "", label);
  field.value = value;
  field.maxLength = name === "note" ? 2000 : 400;
  if (tag === "textarea") field.rows = 2;
  field.addEventListener("change", () => {
    change(one.id, { [name]: name === "tags" ? tagsOf(field.value) : field.value });
    focused = stored().find((other) => other.id === one.id) || focused;
    drawList();
    say(name === "tags" ? "Tags are kept." : "The note is kept.");
  });
}

function drawCompared() {
  const pair = make("div", "pair", side);
  for (const one of [compared.first, compared.second]) {
    const figure = make("figure", "", pair);
    const image = make("img", "", figure);
    image.src = one.picture;
    image.alt = "";
    const caption = make("figcaption", "", figure);
    make("bdi", "", caption, one.tree.title);
    if (one.note) make("p", "fine", caption, one.note);
  }
  make("h3", "", side, compared.differences.length ? "In what they differ" : "Their recipes are the same");
  if (!compared.differences.length) return;
  const table = make("table", "", side);
  const head = make("tr", "", make("thead", "", table));
  for (const name of ["", "first", "second"]) make(name ? "th" : "td", "", head, name);
  const rows = make("tbody", "", table);
  for (const [field, first, second] of compared.differences) {
    const row = make("tr", "", rows);
    make("th", "", row, field);
    make("td", "", row, first);
    make("td", "", row, second);
  }
}

filter.addEventListener("change", drawList);

// What comes in: from the server, from a file, from a link

async function take(given) {
  if (/\.zip$/i.test(given.name)) {
    say("Opening " + given.name + "…");
    try {
      const sent = await upload(given);
      trigger("take", { path: sent.path });
    } catch (error) {
      say(given.name + " could not be opened.");
    }
    return;
  }
  let recipe = null;
  try {
    recipe = await recipeInside(given);
  } catch (error) {
    recipe = null;
  }
  if (!recipe) return say(given.name + " holds no recipe: use a PNG as it was saved here.");
  openRecipe(recipe);
}

function openRecipe(recipe) {
  focused = stored().find((one) => one.recipe === recipe) || null;
  looked = compared = null;
  say("Drawing it again from its recipe…");
  trigger("look", { recipe });
}

// A PNG is a list of chunks; the recipe is the text chunk named "atelier".
async function recipeInside(given) {
  if (given.size > 41943040) return null;
  const bytes = new Uint8Array(await given.arrayBuffer());
  const view = new DataView(bytes.buffer);
  if (bytes.length < 8 || view.getUint32(0) !== 0x89504e47) return null;
  for (let at = 8; at + 12 <= bytes.length; ) {
    const length = view.getUint32(at);
    const kind = String.fromCharCode(...bytes.subarray(at + 4, at + 8));
    const part = bytes.subarray(at + 8, at + 8 + length);
    at += 12 + length;
    if (kind === "IEND") return null;
    if (kind !== "iTXt") continue;
    const end = part.indexOf(0);
    if (new TextDecoder().decode(part.subarray(0, end)) !== "atelier" || part[end + 1] !== 0) continue;
    const language = part.indexOf(0, end + 3);
    const translated = part.indexOf(0, language + 1);
    return new TextDecoder().decode(part.subarray(translated + 1));
  }
  return null;
}

file.addEventListener("change", () => {
  if (file.files.length) take(file.files[0]);
  file.value = "";
});

// Anywhere on the page, unless an upload field takes the file itself.
document.addEventListener("dragover", (event) => {
  if (!event.defaultPrevented && event.dataTransfer && Array.from(event.dataTransfer.types).includes("Files")) event.preventDefault();
});
document.addEventListener("drop", (event) => {
  if (event.defaultPrevented || !event.dataTransfer || !event.dataTransfer.files.length) return;
  event.preventDefault();
  take(event.dataTransfer.files[0]);
});

function followLink() {
  const found = /^#recipe=([A-Za-z0-9_-]+)$/.exec(location.hash);
  if (!found) return;
  history.replaceState(null, "", location.pathname + location.search);
  try {
    const text = atob(found[1].replace(/-/g, "+").replace(/_/g, "/"));
    openRecipe(new TextDecoder("utf-8", { fatal: true }).decode(Uint8Array.from(text, (letter) => letter.charCodeAt(0))));
  } catch (error) {
    say("This link holds no recipe: it may have been cut off.");
  }
}
window.addEventListener("hashchange", followLink);
window.addEventListener("storage", (event) => {
  if (event.key === STORE) drawList();
});

let heard = null;
watch("value", () => {
  const value = props.value;
  if (!value || value.word === heard) return;
  heard = value.word;
  if (value.keep.length) {
    const added = add(value.keep);
    say(added ? (lasting ? "Kept." : "Kept until this page is closed: save the tray as ZIP.") : "It is in the tray already.");
  }
  if (value.compared) {
    compared = value.compared;
    open(true);
    say("");
  } else if (value.looked) {
    looked = value.looked;
    compared = null;
    // What was asked for, which is not what was drawn where a model has other weights now.
    if (focused && focused.recipe !== looked.asked) focused = stored().find((one) => one.recipe === looked.asked) || null;
    open(true);
    say("");
  }
  if (value.said || value.close) say(value.said);
  const missed = value.keep.filter((one) => !stored().some((other) => other.recipe === one.recipe)).length;
  if (missed || (value.keep.length && stored().length >= MOST)) {
    const full = "The tray holds " + MOST + " pictures and is full" + (missed ? ", " + missed + " found no room" : "");
    say((value.said + " " + full + ": save it as ZIP and take some out.").trim());
  }
  if (value.close) open(false);
  drawList();
  if (value.looked || value.compared) drawSide();
});

panel.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  open(false);
  opener.focus();
});

// What was asked for did not come; why is told elsewhere on the page.
root.addEventListener("failed", () => say(""));

drawList();
drawSide();
followLink();
