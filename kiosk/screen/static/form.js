// Forms: collect what was entered, and keep it when the words around it change language.

export function collect(form) {
  const values = {};
  for (const field of form.querySelectorAll("[data-field]")) {
    const value = field.dataset.kind === "day" ? day(field) : entered(field, "");
    values[field.dataset.field] = field.dataset.kind === "boolean" && value ? value === "true" : value;
  }
  return values;
}

function entered(field, which) {
  return field.querySelector(`input${which}[type=radio]:checked, input${which}[type=text]`)?.value ?? "";
}

// A day that is not there in full is sent as it is: the kiosk says what is wrong with it.
function day(field) {
  const parts = ["year", "month", "day"].map((part) => entered(field, `[data-part=${part}]`));
  return parts.some(Boolean) ? parts.join("-") : "";
}

// The days that the month does not have cannot be pressed.
export function fitDays(form) {
  for (const field of form.querySelectorAll("[data-kind=day]")) {
    const [year, month] = [entered(field, "[data-part=year]"), entered(field, "[data-part=month]")].map(Number);
    const last = month ? new Date(year || 2000, month, 0).getDate() : 31;
    for (const input of field.querySelectorAll("[data-part=day]")) {
      input.disabled = Number(input.value) > last;
      if (input.disabled) input.checked = false;
    }
  }
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
