const root = element.querySelector(".lab-snapshots");
const REMEMBERED = 60;
const TALLEST = 600;

const nothing = make("p", "nothing", {});
const body = make("div", "album", {});

const name = "snapshot-" + Math.random().toString(36).slice(2);
const slider = make("input", "time", { type: "range", min: 0, step: 1, id: name });
const said = make("output", "said", { for: name });
const over = make("div", "over", {}, make("label", "", { for: name }, "Over time"), slider, said);

const ways = make("div", "ways", { role: "group", "aria-label": "Go to a snapshot" });
const nearest = make("button", "way nearest", { type: "button" });
const highest = make("button", "way highest", { type: "button" });
const newest = make("button", "way newest", { type: "button" }, "Newest");
ways.append(nearest, highest, newest);

const columns = make("div", "columns", { "aria-hidden": "true" });
const picture = make("img", "sheet", { alt: "" });
const frame = make("span", "frame", { "aria-hidden": "true" });
const board = make("div", "board", {}, picture, frame);

const figures = make("dl", "figures", {});
const star = make("button", "star", { type: "button", "aria-pressed": "false" });
const noteName = name + "-note";
const note = make("input", "note", { type: "text", id: noteName, maxlength: 500, placeholder: "What you see in it" });
const eye = make("div", "eye", {}, star, make("label", "", { for: noteName }, "Note"), note);
const kept = make("p", "kept", {});
const keptWords = make("span", "", {});
const toKept = make("button", "way", { type: "button" });
kept.append(keptWords, toKept);
const spoken = make("p", "spoken", { role: "status", "aria-live": "polite" });

const latentName = name + "-latent";
const latent = make("input", "latent", { type: "number", id: latentName, min: 1, step: 1, value: 1 });
const strip = make("div", "strip", { role: "group", tabindex: 0 });
const lane = make("div", "lane", {}, make("label", "", { for: latentName }, "One latent over time: number"), latent, strip);

const list = make("details", "list", {});
body.append(ways, over, make("div", "pair", {}, make("div", "seen", {}, columns, board), make("div", "aside", {}, figures, eye, kept, spoken)), lane, list);
root.append(nothing, body);

let run = null;
let shots = [];
let step = null; // the one looked at; null follows the newest
let place = 0; // of the latent
let asked = 0;
const sheets = new Map();
let strips = "";
let unkept = null; // what was written, until the studio says that it is kept

// High sheets get narrower, so that the whole of one is seen at a time.
picture.addEventListener("load", () => {
  picture.closest(".seen").style.maxWidth = Math.min(760, (TALLEST * picture.naturalWidth) / picture.naturalHeight) + "px";
});

function at() {
  const found = shots.findIndex((shot) => shot.step === step);
  return found < 0 ? shots.length - 1 : found;
}

function nameOf(shot) {
  return run + " " + shot.step;
}

function current() {
  return shots[at()];
}

function say(text) {
  spoken.textContent = text;
}

// A question to the studio, which gives nothing when the studio is gone.
async function ask(name, question) {
  let answer = null;
  try {
    answer = await server[name](question);
  } catch (error) {
    answer = null;
  }
  return answer || { error: "The studio does not answer: see whether it still runs." };
}

async function paint() {
  const shot = current();
  const key = nameOf(shot);
  const turn = ++asked;
  if (!sheets.has(key)) {
    const answer = await ask("sheet", { run: run, step: shot.step });
    if (answer.error) {
      if (turn !== asked) return;
      picture.removeAttribute("src"); // the one before belongs to other figures
      picture.alt = answer.error;
      say(answer.error);
      return;
    }
    sheets.set(key, answer.picture);
    if (sheets.size > REMEMBERED) sheets.delete(sheets.keys().next().value);
  }
  if (turn !== asked) return;
  picture.src = sheets.get(key);
  picture.alt = "What the run drew at step " + shot.step;
  root.dataset.step = String(shot.step);
}

async function paintStrip() {
  const grid = props.value && props.value.grid;
  lane.hidden = !grid;
  frame.hidden = !grid;
  if (!grid) return;
  const key = [run, place, shots.length, shots[shots.length - 1].step].join(" ");
  const { columns: across, rows: down } = grid;
  frame.style.left = (100 * (place % across)) / across + "%";
  frame.style.top = (100 * Math.floor(place / across)) / down + "%";
  frame.style.width = 100 / across + "%";
  frame.style.height = 100 / down + "%";
  latent.max = across * down;
  latent.value = place + 1;
  if (key !== strips) {
    strips = key;
    const answer = await ask("latent", { run: run, place: place });
    if (strips !== key) return;
    if (answer.error) {
      strips = "";
      say(answer.error);
      return;
    }
    strip.setAttribute("aria-label", "Latent " + (place + 1) + " over time");
    const held = strip.contains(document.activeElement) ? document.activeElement.dataset.step : null;
    const scrolled = strip.scrollLeft;
    strip.replaceChildren(
      ...answer.steps.map((one, index) => {
        const button = make("button", "moment", { type: "button", "data-step": one, "aria-label": "Step " + one });
        const shown = make("span", "shown", {});
        shown.style.backgroundImage = `url("${answer.picture}")`;
        shown.style.backgroundSize = answer.steps.length * 100 + "% 100%";
        shown.style.backgroundPosition = (answer.steps.length > 1 ? (100 * index) / (answer.steps.length - 1) : 0) + "% 0";
        button.append(shown, make("span", "when", { "aria-hidden": "true" }, one.toLocaleString("en")));
        button.addEventListener("click", () => go(one));
        return button;
      }),
    );
    strip.scrollLeft = scrolled;
    const again = held && (strip.querySelector(`[data-step="${held}"]`) || strip);
    if (again) again.focus({ preventScroll: true });
  }
  mark();
}

function mark() {
  for (const button of strip.children) button.setAttribute("aria-current", String(Number(button.dataset.step) === current().step));
}

function describe() {
  const shot = current();
  slider.max = shots.length - 1;
  slider.value = at();
  const words = "step " + shot.step.toLocaleString("en") + ", " + (at() + 1) + " of " + shots.length;
  said.textContent = words;
  slider.setAttribute("aria-valuetext", words);
  figures.replaceChildren();
  for (const [what, value] of Object.entries(shot.figures)) figures.append(make("dt", "", {}, what), make("dd", "", {}, inWords(value)));
  if (!Object.keys(shot.figures).length) figures.append(make("dt", "", {}, "Not measured"), make("dd", "", {}, ""));
  showStar(shot);
  showKept(shot);
  if (document.activeElement !== note) note.value = unkept && unkept.of === nameOf(shot) ? unkept.note : shot.note;
}

function showStar(shot) {
  star.setAttribute("aria-pressed", String(shot.star));
  star.textContent = shot.star ? "★ Starred" : "☆ Star";
}

// The snapshot whose networks are kept that is nearest to one, or undefined.
function nearestKept(shot) {
  const distance = (one) => Math.abs(one.step - shot.step);
  return shots.filter((one) => one.networks).sort((one, other) => distance(one) - distance(other))[0];
}

function showKept(shot) {
  const other = shot.networks ? undefined : nearestKept(shot);
  keptWords.textContent = shot.networks ? "Its networks are kept." : "Its networks are not kept.";
  toKept.hidden = !other;
  toKept.textContent = other ? "Nearest that are: step " + other.step.toLocaleString("en") : "";
}

function go(wanted) {
  const last = shots[shots.length - 1].step;
  step = wanted === last ? null : wanted;
  describe();
  mark();
  paint();
  trigger("chosen", { run: run, step: current().step });
}

async function keep(change) {
  const shot = current();
  const [whose, of, before] = [run, nameOf(shot), { ...shot }];
  unkept = { of: of, note: change.note };
  Object.assign(shot, change);
  describe();
  const answer = await ask("mark", { run: whose, step: shot.step, star: shot.star, note: shot.note });
  const words = "step " + shot.step.toLocaleString("en");
  if (answer.error) {
    // What was written stays in its field, and goes along with the next change.
    for (const name of Object.keys(change)) if (shot[name] === change[name]) shot[name] = before[name];
    say("Not kept beside " + words + " of " + whose + ". " + answer.error);
  } else {
    if (unkept && unkept.of === of && unkept.note === change.note) unkept = null;
    Object.assign(shot, { star: answer.star, note: answer.note });
    say("Kept beside " + words + ".");
  }
  if (shot === current()) showStar(shot);
  tabulate();
}

function tabulate() {
  const [summary, scrolled] = [list.querySelector("summary"), list.querySelector(".scroller")];
  const [top, left] = scrolled ? [scrolled.scrollTop, scrolled.scrollLeft] : [0, 0];
  const held = [summary, scrolled].indexOf(document.activeElement);
  const wasOpen = list.open;
  const names = [...new Set(shots.flatMap((shot) => Object.keys(shot.figures)))].slice(0, 6);
  const head = make("tr", "", {}, ...["Step", ...names, "Networks", "By eye"].map((title) => make("th", "", { scope: "col" }, title)));
  const rows = shots.map((shot) => {
    const cells = names.map((title) => make("td", "", {}, title in shot.figures ? inWords(shot.figures[title]) : ""));
    const thought = make("td", "thought", {}, make("bdi", "", {}, (shot.star ? "★ " : "") + shot.note));
    const networks = make("td", "", {}, shot.networks ? "kept" : "");
    return make("tr", "", {}, make("th", "", { scope: "row" }, shot.step.toLocaleString("en")), ...cells, networks, thought);
  });
  const table = make("table", "", {}, make("thead", "", {}, head), make("tbody", "", {}, ...rows));
  const scroller = make("div", "scroller", { role: "region", tabindex: 0, "aria-label": "All snapshots" }, table);
  const stars = shots.filter((shot) => shot.star || shot.note).length;
  const title = make("summary", "", {}, `All ${shots.length} snapshots${stars ? `, ${stars} marked` : ""}`);
  list.replaceChildren(title, scroller);
  list.open = wasOpen;
  scroller.scrollTo(left, top);
  if (held >= 0) [title, scroller][held].focus({ preventScroll: true });
}

nearest.addEventListener("click", () => go(props.value.nearest));
highest.addEventListener("click", () => go(props.value.highest));
newest.addEventListener("click", () => go(shots[shots.length - 1].step));
slider.addEventListener("input", () => go(shots[Number(slider.value)].step));
star.addEventListener("click", () => keep({ star: !current().star, note: note.value }));
toKept.addEventListener("click", () => {
  const other = nearestKept(current());
  if (other) go(other.step);
});
// Who writes about a snapshot looks at it: a newer one must not take its place.
note.addEventListener("input", () => {
  step = current().step;
});
note.addEventListener("change", () => keep({ note: note.value }));
latent.addEventListener("change", () => {
  const grid = props.value && props.value.grid;
  if (!grid) return;
  const wanted = Math.round(Number(latent.value)) || 1;
  place = Math.max(1, Math.min(grid.columns * grid.rows, wanted)) - 1;
  paintStrip();
});
board.addEventListener("click", (event) => {
  const grid = props.value && props.value.grid;
  if (!grid) return;
  const box = picture.getBoundingClientRect();
  const column = Math.floor(((event.clientX - box.left) / box.width) * grid.columns);
  const row = Math.floor(((event.clientY - box.top) / box.height) * grid.rows);
  if (column < 0 || row < 0 || column >= grid.columns || row >= grid.rows) return;
  place = row * grid.columns + column;
  paintStrip();
});

function show() {
  const value = props.value;
  const there = Boolean(value && value.snapshots.length);
  nothing.hidden = there;
  body.hidden = !there;
  nothing.textContent = props.empty || "";
  root.dataset.snapshots = String(there ? value.snapshots.length : 0);
  root.dataset.run = value ? value.run : "";
  if (!there) return;
  const another = value.run !== run;
  if (another) {
    step = null;
    place = 0;
    strips = "";
    say("");
  }
  run = value.run;
  shots = value.snapshots.map((shot) => ({ ...shot }));
  for (const [button, found, word] of [
    [nearest, value.nearest, "Lowest distance"],
    [highest, value.highest, "Highest score"],
  ]) {
    button.hidden = found === null || !shots.some((shot) => shot.step === found);
    button.textContent = found === null ? word : word + ", step " + found.toLocaleString("en");
  }
  const names = (value.grid && value.grid.names) || [];
  columns.style.setProperty("--columns", names.length || 1);
  columns.replaceChildren(...names.map((title) => make("span", "", {}, title)));
  slider.disabled = shots.length < 2;
  describe();
  tabulate();
  paint();
  paintStrip();
  if (another || step === null) trigger("chosen", { run: run, step: current().step });
}

watch("value", show);
show();
