// The tree of a picture's parents: nested lists, each picture a button that goes back to it.
function lineageTree(node, goBack, now) {
  function branch(one, depth) {
    const item = document.createElement("li");
    const button = document.createElement("button");
    const words = document.createElement("span");
    const title = document.createElement("bdi");
    button.type = "button";
    button.className = "node" + (depth === 0 ? " now" : "");
    if (one.picture.startsWith("data:image/")) {
      const image = document.createElement("img");
      image.src = one.picture;
      image.alt = "";
      button.append(image);
    } else {
      const blank = document.createElement("span");
      blank.className = "blank";
      button.append(blank);
    }
    title.textContent = one.title;
    words.className = "words";
    words.append(title);
    button.append(words);
    if (depth === 0) button.setAttribute("aria-current", "true");
    else button.setAttribute("aria-label", "Go back to " + one.title);
    button.addEventListener("click", () => goBack(one));
    item.append(button);
    if (one.parents.length) {
      const list = document.createElement("ul");
      list.append(...one.parents.map((parent) => branch(parent, depth + 1)));
      item.append(list);
    }
    return item;
  }
  const list = document.createElement("ul");
  list.className = "lineage";
  list.setAttribute("aria-label", "Where it came from");
  list.append(branch(node, 0));
  return list;
}

// The same tree as a file for people and programs, without the small pictures.
function lineageJson(node) {
  const plain = (one) => ({ title: one.title, operation: one.operation, recipe: JSON.parse(one.recipe), parents: one.parents.map(plain) });
  return JSON.stringify({ format: 1, lineage: plain(node) }, null, 1);
}
