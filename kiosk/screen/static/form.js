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
  return [...booth.querySelectorAll("main input")].map(({ name, type, value, checked }) => ({ name, type, value, checked }));
}

export function restore(booth, entered) {
  for (const { name, type, value, checked } of entered) {
    for (const input of booth.querySelectorAll(`main input[name="${CSS.escape(name)}"]`)) {
      if (type === "radio") input.checked = input.value === value ? checked : input.checked;
      else input.value = value;
    }
  }
}
