const root = element.querySelector(".picture-grid");
const list = document.createElement("div");
const status = document.createElement("p");
list.className = "tiles";
list.setAttribute("role", "listbox");
list.setAttribute("aria-label", props.label || "Pictures");
status.className = "status";
status.setAttribute("role", "status");
root.append(list, status);

const marks = props.marks || [];
list.setAttribute("aria-multiselectable", String(marks.length > 1));
let key = null;
let chosen = marks.map(() => null);
let current = 0;
let loading = 0;

function tiles() {
  return Array.from(list.children);
}

function describe() {
  tiles().forEach((tile, place) => {
    const mark = chosen.indexOf(place);
    tile.setAttribute("aria-selected", String(mark >= 0));
    tile.setAttribute("aria-label", mark >= 0 ? tile.dataset.label + ", chosen" + (marks.length > 1 ? " as " + marks[mark] : "") : tile.dataset.label);
    tile.querySelector(".mark").textContent = mark >= 0 ? marks[mark] : "";
    tile.tabIndex = place === current ? 0 : -1;
  });
}

function choose(place) {
  if (!marks.length || tiles()[place].classList.contains("waiting")) return;
  const had = chosen.indexOf(place);
  if (had >= 0) {
    chosen[had] = null;
  } else {
    if (!chosen.includes(null)) chosen = marks.map(() => null);
    chosen[chosen.indexOf(null)] = place;
  }
  describe();
  trigger("pick", { key: key, places: chosen });
}

function focus(place) {
  const all = tiles();
  current = Math.max(0, Math.min(all.length - 1, place));
  describe();
  all[current].focus();
}

function perRow() {
  const all = tiles();
  const below = all.findIndex((tile) => tile.offsetTop > all[0].offsetTop);
  return below < 0 ? all.length : below;
}

list.addEventListener("click", (event) => {
  const tile = event.target.closest("[role=option]");
  if (!tile) return;
  current = tiles().indexOf(tile);
  choose(current);
});

list.addEventListener("keydown", (event) => {
  const row = perRow();
  const steps = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: row, ArrowUp: -row, Home: -Infinity, End: Infinity };
  if (event.key in steps) {
    const step = steps[event.key];
    focus(step === -Infinity ? 0 : step === Infinity ? tiles().length - 1 : current + step);
  } else if (event.key === "Enter" || event.key === " ") {
    choose(current);
  } else if (event.key === "Escape" && chosen.some((place) => place !== null)) {
    chosen = marks.map(() => null);
    describe();
    trigger("pick", { key: key, places: chosen });
  } else {
    return;
  }
  event.preventDefault();
});

function build(labels) {
  list.replaceChildren(
    ...labels.map((label) => {
      const tile = document.createElement("div");
      const canvas = document.createElement("canvas");
      const caption = document.createElement("span");
      const mark = document.createElement("span");
      tile.setAttribute("role", "option");
      tile.className = "tile waiting";
      tile.dataset.label = label;
      canvas.width = canvas.height = 1;
      canvas.setAttribute("aria-hidden", "true");
      caption.className = "caption";
      caption.textContent = label;
      caption.setAttribute("aria-hidden", "true");
      mark.className = "mark";
      mark.setAttribute("aria-hidden", "true");
      tile.append(canvas, caption, mark);
      return tile;
    }),
  );
  list.classList.toggle("pickable", marks.length > 0);
}

function paint(value) {
  const turn = ++loading;
  const picture = new Image();
  picture.onload = () => {
    if (turn !== loading) return;
    const rows = Math.ceil(value.ready / value.columns);
    const across = Math.min(value.columns, value.ready);
    const width = picture.naturalWidth / across;
    const height = picture.naturalHeight / rows;
    tiles().forEach((tile, place) => {
      if (place >= value.ready) return;
      const canvas = tile.querySelector("canvas");
      canvas.width = width;
      canvas.height = height;
      const left = (place % value.columns) * width;
      const top = Math.floor(place / value.columns) * height;
      canvas.getContext("2d").drawImage(picture, left, top, width, height, 0, 0, width, height);
      tile.classList.remove("waiting");
    });
    root.dataset.ready = String(value.ready);
  };
  picture.src = value.sheet.url;
}

function show() {
  const value = Array.isArray(props.value) ? props.value[0] : props.value;
  root.classList.toggle("empty", !value);
  if (!value) {
    status.textContent = props.empty || "";
    return;
  }
  if (value.key !== key) {
    key = value.key;
    chosen = marks.map(() => null);
    current = 0;
    root.dataset.ready = "0";
    build(value.labels);
    list.classList.toggle("in-rows", value.across > 0);
    list.style.setProperty("--across", value.across || "");
    for (const [place, name] of value.heads || []) {
      tiles()[place].classList.add("head");
      tiles()[place].querySelector(".caption").textContent = name;
    }
    describe();
  }
  status.textContent = value.message;
  if (value.sheet) paint(value);
}

watch("value", show);
show();
