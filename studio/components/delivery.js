const root = element.querySelector(".delivery");
let delivered = props.value ? props.value.delivery : null;

watch("value", () => {
  const value = props.value;
  if (!value || value.delivery === delivered) return;
  delivered = value.delivery;
  const link = document.createElement("a");
  link.href = value.file.url;
  link.download = value.name;
  root.replaceChildren(link);
  link.click();
});
