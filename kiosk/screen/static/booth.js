// Follows the kiosk: shows each new state as it comes, and posts what is pressed.

import { chime } from "./chime.js";
import { startCountdown } from "./countdown.js";
import { collect, fitDays, keep, restore } from "./form.js";
import { attachKeyboard, settle, watchKeyboard } from "./keyboard.js";
import { attachPinPad } from "./pin.js";

const booth = document.getElementById("booth");
const lost = document.getElementById("lost");
let shown = Number(booth.querySelector("main").dataset.version);

// What the kiosk last had drawn in the middle of the page.
let drawn = "";

// Milliseconds without the kiosk, after which the page forgets what it shows.
const PATIENCE = 3000;

export async function post(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return answer.ok;
}

// A button that is drawn anew under a finger is not pressed. The same screen therefore waits until the finger is off.
// The click comes some milliseconds after that.
const CLICK_COMES = 150;
let finger = false;
let waiting = null;
document.addEventListener("pointerdown", () => { finger = true; });
for (const off of ["pointerup", "pointercancel"]) {
  document.addEventListener(off, () => setTimeout(() => {
    finger = false;
    if (waiting) show(waiting);
  }, CLICK_COMES));
}

function show(state) {
  if (state.version < shown) return;
  const main = booth.querySelector("main");
  waiting = finger && state.screen === main.dataset.screen ? state : null;
  if (waiting) return;
  shown = state.version;
  const coming = document.createElement("template");
  coming.innerHTML = state.html;
  const same = coming.content.querySelector("main").innerHTML;
  if (same === drawn && document.documentElement.lang === state.language) return showAround(main, coming.content);
  drawn = same;
  const before = { screen: main.dataset.screen, about: main.dataset.about, entered: keep(booth), scrolled: main.scrollTop };
  document.documentElement.lang = state.language;
  booth.innerHTML = state.html;
  attach(before);
}

// What is being read, typed or dragged is left alone when only the time beside it has changed.
function showAround(main, coming) {
  const place = coming.querySelector("main");
  main.dataset.version = shown;
  for (const child of [...booth.children]) if (child !== main) child.remove();
  while (coming.firstChild !== place) main.before(coming.firstChild);
  place.remove();
  main.after(coming);
  attachKeyboard(booth, true);
  startCountdown(booth, forget);
}

function attach(before) {
  const main = booth.querySelector("main");
  const same = before && before.screen === main.dataset.screen && before.about === main.dataset.about;
  if (!same) booth.querySelector("h1")?.focus({ preventScroll: true });
  attachKeyboard(booth, same);
  if (same) restore(booth, before);
  fitDays(booth);
  attachPinPad(booth, same, (pin) => post("/pin", { pin }));
  startCountdown(booth, forget);
  chime(booth);
}

// The kiosk ends visits, not this page. When it is not heard of any more, what is shown may be of somebody who has left.
function forget() {
  const main = document.createElement("main");
  Object.assign(main.dataset, { screen: "lost", version: shown, about: "" });
  booth.replaceChildren(main);
  drawn = "";
  lost.hidden = false;
  attach(null);
}

booth.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button) return;
  if (button.dataset.post) {
    button.disabled = true;
    post(button.dataset.post, JSON.parse(button.dataset.body || "{}"))
      .finally(() => { button.disabled = false; });
  } else if (button.dataset.key) {
    pressKey(button.closest("[data-keys-for]").dataset.keysFor, button.dataset.key);
  }
});

function pressKey(name, key) {
  const input = booth.querySelector(`input[name="${CSS.escape(name)}"]`);
  if (key === "delete") input.value = input.value.slice(0, -1);
  else if (input.value.length < input.maxLength) input.value += key;
}

booth.addEventListener("change", () => fitDays(booth));

booth.addEventListener("submit", (event) => {
  event.preventDefault();
  settle();
  post("/form", { values: collect(event.target) });
});

// Whoever types or chooses something is still there; the service hears of it now and then.
let told = 0;
const stillThere = (event) => {
  const posts = event.target.closest("[data-post]");
  if (posts || performance.now() - told < 10000 || !booth.querySelector(".countdown")) return;
  told = performance.now();
  post("/touch", {});
};
booth.addEventListener("pointerdown", stillThere);
booth.addEventListener("input", stillThere);

const events = new EventSource("/events");
events.addEventListener("screen", (event) => show(JSON.parse(event.data)));
let silence = 0;
events.addEventListener("open", () => {
  lost.hidden = true;
  clearTimeout(silence);
  silence = 0;
});
events.addEventListener("error", () => {
  lost.hidden = false;
  silence ||= setTimeout(forget, PATIENCE);
});

watchKeyboard(booth);
attach(null);
