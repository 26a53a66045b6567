const root = element.querySelector(".lab-pictures");

const line = make("p", "line", "");
line.setAttribute("role", "status");
const list = make("ul", "classes");
root.append(line, list);

function show() {
  const value = props.value;
  root.classList.toggle("empty", !value);
  line.textContent = value ? value.line : props.empty || "";
  list.replaceChildren();
  list.hidden = !value;
  root.dataset.classes = String(value ? value.classes.length : 0);
  if (!value) return;
  const most = Math.max(...value.classes.map(([, count]) => count));
  const rows = value.classes.length;
  value.classes.forEach(([name, count, shown], place) => {
    const row = make("li", "class");
    const head = make("div", "head");
    head.append(make("bdi", "name", name), make("span", "count", count.toLocaleString("en")));
    const track = make("div", "track");
    const bar = make("div", "bar");
    bar.style.width = (100 * count) / most + "%";
    track.append(bar);
    const strip = make("div", "strip");
    strip.setAttribute("role", "img");
    strip.setAttribute("aria-label", shown + (shown === 1 ? " picture of " : " pictures of ") + name);
    for (let column = 0; column < shown; column++) {
      const tile = make("span", "tile");
      tile.style.backgroundImage = `url("${value.sheet.url}")`;
      tile.style.backgroundSize = value.columns * 100 + "% " + rows * 100 + "%";
      const across = value.columns > 1 ? (100 * column) / (value.columns - 1) : 0;
      const down = rows > 1 ? (100 * place) / (rows - 1) : 0;
      tile.style.backgroundPosition = across + "% " + down + "%";
      strip.append(tile);
    }
    row.append(head, track, strip);
    list.append(row);
  });
}

watch("value", show);
show();
