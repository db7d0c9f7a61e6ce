// Forms: collect what was entered, and keep it when the words around it change language.

export function collect(form) {
  const values = {};
  for (const field of form.querySelectorAll("[data-field]")) {
    const input = field.querySelector("input[type=radio]:checked, input[type=text]");
    const value = input ? input.value : "";
    values[field.dataset.field] = field.dataset.kind === "boolean" && value ? value === "true" : value;
  }
  return values;
}

export function keep(booth) {
  return [...booth.querySelectorAll("main input")].map((input) => ({
    name: input.name,
    type: input.type,
    value: input.value,
    checked: input.checked,
    focused: input === document.activeElement,
    caret: input.type === "text" ? input.selectionEnd : null,
  }));
}

export function restore(booth, { entered, scrolled }) {
  for (const { name, type, value, checked, focused, caret } of entered) {
    for (const input of booth.querySelectorAll(`main input[name="${CSS.escape(name)}"]`)) {
      if (type !== "radio") put(input, value, caret);
      else if (input.value === value) input.checked = checked;
      if (focused && (type !== "radio" || input.value === value)) input.focus({ preventScroll: true });
    }
  }
  booth.querySelector("main").scrollTop = scrolled;
}

function put(input, value, caret) {
  input.value = value;
  input.setSelectionRange(caret, caret);
}
