const root = element.querySelector(".swatches");
root.setAttribute("role", "group");
root.setAttribute("aria-label", props.label || "Colours");
let waiting = null;

function show() {
  const value = props.value;
  if (!value) {
    const line = document.createElement("p");
    line.className = "none";
    line.textContent = props.empty || "";
    root.replaceChildren(line);
    return;
  }
  root.replaceChildren(
    ...value.map((one) => {
      const label = document.createElement("label");
      const old = document.createElement("span");
      const field = document.createElement("input");
      const name = document.createElement("span");
      label.className = "swatch";
      old.className = "old";
      old.style.background = one.old;
      old.title = "was " + one.old;
      field.type = "color";
      field.value = one.new;
      field.setAttribute("aria-label", one.name + (one.share ? ", " + Math.round(100 * one.share) + " percent" : "") + ", becomes");
      name.className = "name";
      name.textContent = one.name;
      field.addEventListener("input", () => {
        clearTimeout(waiting);
        waiting = setTimeout(() => {
          trigger("paint", { colours: Array.from(root.querySelectorAll("input"), (other) => other.value) });
        }, 160);
      });
      label.append(field, old, name);
      return label;
    }),
  );
}

watch("value", show);
show();
