// Where the keyboard is: kept when the page is drawn anew, and inside a question until it is answered.

const NAMES = ["post", "body", "digit", "pin", "key", "speak"];

export function focused(booth) {
  const element = document.activeElement;
  return booth.contains(element) && element.matches("button, input, textarea") ? nameOf(element) : null;
}

export function focusAgain(booth, name) {
  const found = name && [...booth.querySelectorAll("button, input, textarea")].find((each) => nameOf(each) === name);
  found?.focus({ preventScroll: true });
  return Boolean(found);
}

// A button that switches something says the opposite afterwards.
function nameOf(element) {
  const keys = element.closest("[data-keys-for]")?.dataset.keysFor ?? "";
  const name = [element.tagName, element.name, element.type === "radio" && element.value, keys];
  return JSON.stringify([...name, ...NAMES.map((each) => element.dataset[each])]).replace(/true|false/g, "");
}

// Only what is in the question can be reached while it is asked.
export function hold(question, others) {
  if (!question.hidden) return;
  question.returns = document.activeElement;
  question.hidden = false;
  for (const other of others) other.inert = true;
  question.querySelector("button.main").focus();
}

export function release(question, others) {
  if (question.hidden) return;
  question.hidden = true;
  for (const other of others) other.inert = false;
  question.returns?.focus({ preventScroll: true });
}

export function leaveQuestion(booth) {
  const question = booth.querySelector("[role=alertdialog]");
  if (question) release(question, [...booth.children].filter((child) => child !== question));
}
