() => {
  // Chromium gives the Tab key's focus to any list that scrolls. A drop-down's list goes as soon as its field loses the focus, and the focus with it.
  const unfocusable = (event) => {
    if (event.key !== "Tab") return;
    for (const list of document.querySelectorAll("ul.option-list")) list.tabIndex = -1;
  };
  document.addEventListener("keydown", unfocusable, true);
}
