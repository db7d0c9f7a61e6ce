// The keyboard on the screen, for fields of words. It stands below the form, never over it, and types where the caret is.
// A real keyboard types into the same field; where Chinese is written, it goes through the same candidates. PINs have a pad of
// their own (pin.js): nothing of this file is on their screens.

import { loadSpelling, meant } from "./spelling.js";

const LETTERS = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];
const DIGITS = "1234567890";
const ACCENTS = "áàâãéêíóôõúç";
const SIGNS = ["-/:;()&@\"'", "#+%=*_!?", "ºª°€、。，？！"];
const LAYOUTS = { en: "EN", pt: "PT", "zh-Hans": "中" };
const MOST_CHARACTERS = 15;
const SHOWN = 7;
const SHIFT = { off: "once", once: "locked", locked: "off" };

const fresh = () => ({ field: null, chosen: null, shift: "off", signs: false, typed: "", first: 0, earlier: [] });
let booth = null;
let state = fresh();

// `same` says whether the page is still about the same form, drawn anew: then what was being typed goes on.
export function attachKeyboard(where, same) {
  booth = where;
  if (!same || !field()) state = fresh();
  const keyboard = board();
  if (!keyboard) return;
  keyboard.addEventListener("mousedown", (event) => event.preventDefault());
  keyboard.addEventListener("click", pressed);
  draw();
}

// What was spelled and not yet chosen becomes text, so that nothing is lost.
export function settle() {
  while (state.typed) {
    const first = meant(state.typed)[0];
    if (first) choose(first);
    else spellAsTyped();
  }
}

export function watchKeyboard(where) {
  where.addEventListener("focusin", ({ target }) => {
    if (target.dataset.keyboard && target.name !== state.field) open(target.name);
  });
  // Not when the focus leaves, but when something was pressed: a page that moves under a finger loses what it presses.
  // Opening moves the page, too: what counts is where the finger came down.
  let down = null;
  where.addEventListener("pointerdown", ({ target }) => { down = target; });
  where.addEventListener("click", () => {
    if (state.field && down?.closest("main") && !down.dataset.keyboard) close();
  });
  where.addEventListener("input", ({ target }) => {
    if (target.dataset.keyboard === "capitals") setText(target, target.value.toUpperCase(), target.selectionStart);
  });
  document.addEventListener("keydown", typedForReal);
}

const board = () => booth.querySelector("#keyboard");
const field = () => state.field && booth.querySelector(`main input[name="${CSS.escape(state.field)}"]`);
const capitals = () => field()?.dataset.keyboard === "capitals";
const layout = () => (capitals() ? "en" : state.chosen ?? document.documentElement.lang);
const spells = () => layout() === "zh-Hans" && !state.signs && state.shift === "off";

function open(name) {
  settle();
  state = { ...fresh(), chosen: state.chosen, field: name };
  draw();
  field().scrollIntoView({ block: "center" });
}

function close() {
  settle();
  state.field = null;
  draw();
}

function typedForReal(event) {
  if (!field() || document.activeElement !== field() || event.ctrlKey || event.altKey || event.metaKey) return;
  const key = { Backspace: "delete", " ": "space", Enter: "as-typed" }[event.key] ?? event.key;
  const spelled = spells() && /^[a-z]$/.test(key);
  const chooses = state.typed && (/^[1-9]$/.test(key) || ["delete", "space", "as-typed"].includes(key));
  if (!spelled && !chooses) return;
  event.preventDefault();
  press(key);
}

function pressed(event) {
  const button = event.target.closest("button");
  if (button && !button.disabled) press(button.dataset.press);
}

const NAMED = {
  shift: () => { state.shift = SHIFT[state.shift]; },
  signs: () => { state.signs = !state.signs; },
  delete: () => (state.typed ? spell(state.typed.slice(0, -1)) : removeOne()),
  space: () => (state.typed ? pick(0) : insert(" ")),
  "as-typed": spellAsTyped,
  more: () => { state.earlier.push(state.first); state.first += page().length; },
  less: () => { state.first = state.earlier.pop() ?? 0; },
  done: () => { close(); booth.querySelector("main [type=submit]")?.focus(); },
};

function press(key) {
  if (key.startsWith("layout:")) {
    settle();
    Object.assign(state, { chosen: key.slice(7), signs: false, shift: "off" });
  } else if (key.startsWith("pick:")) pick(Number(key.slice(5)));
  else if (NAMED[key]) NAMED[key]();
  else character(key);
  draw();
}

function character(key) {
  if (spells() && /^[a-z]$/.test(key)) return spell(state.typed + key);
  if (state.typed && /^[1-9]$/.test(key)) return pick(Number(key) - 1);
  settle();
  insert(capitals() || state.shift !== "off" ? key.toUpperCase() : key);
  if (state.shift === "once") state.shift = "off";
}

// Chinese by its sound

function spell(typed) {
  Object.assign(state, { typed, first: 0, earlier: [] });
}

function spellAsTyped() {
  const letters = state.typed;
  spell("");
  insert(letters);
}

function pick(place) {
  const wanted = page()[place];
  if (wanted) choose(wanted);
}

function choose({ text, used }) {
  spell(state.typed.slice(used));
  insert(text);
}

// As many candidates as have room.
function page() {
  const shown = [];
  let characters = 0;
  for (const one of meant(state.typed).slice(state.first)) {
    characters += one.text.length + 1;
    if (shown.length === SHOWN || (shown.length && characters > MOST_CHARACTERS)) break;
    shown.push(one);
  }
  return shown;
}

// The text

function insert(text) {
  const input = field();
  const { selectionStart: from, selectionEnd: to, value, maxLength } = input;
  const room = maxLength - (value.length - (to - from));
  const fits = text.slice(0, Math.max(0, room));
  setText(input, value.slice(0, from) + fits + value.slice(to), from + fits.length);
}

function removeOne() {
  const input = field();
  const { selectionStart: from, selectionEnd: to, value } = input;
  const begin = from === to ? Math.max(0, from - 1) : from;
  setText(input, value.slice(0, begin) + value.slice(to), begin);
}

function setText(input, value, caret) {
  if (input.value !== value) input.value = value;
  input.setSelectionRange(caret, caret);
  input.scrollLeft = input.scrollWidth;
}

// The picture

function draw() {
  const keyboard = board();
  if (!keyboard) return;
  keyboard.hidden = !field();
  const focused = keyboard.contains(document.activeElement) ? document.activeElement.dataset.press : null;
  keyboard.replaceChildren(...(keyboard.hidden ? [] : rows(keyboard.dataset)));
  if (focused) keyboard.querySelector(`[data-press="${CSS.escape(focused)}"]`)?.focus();
}

function rows(words) {
  const shown = state.signs ? SIGNS : LETTERS;
  const upper = (keys) => [...keys].map((key) => (capitals() || state.shift !== "off" ? key.toUpperCase() : key));
  const letters = shown.map((keys) => upper(keys).map((key) => button(key)));
  if (!capitals() && !state.signs) letters[2].unshift(shift(words));
  letters[2].push(picture("delete", words.delete));
  const extra = spells() ? [candidates(words)] : layout() === "pt" && !state.signs ? [row(upper(ACCENTS).map((key) => button(key)))] : [];
  return [...extra, row([...DIGITS].map((key) => button(key))), ...letters.map((keys) => row(keys)), row(lowest(words))];
}

function lowest(words) {
  const done = button("done", words.done, "wide main");
  if (capitals()) return [done];
  const signs = button("signs", state.signs ? "ABC" : "#+=", "", state.signs ? words.letters : words.symbols);
  const layouts = Object.entries(LAYOUTS).map(([code, short]) => {
    const key = button(`layout:${code}`, short, "", `${words.layout} ${short}`);
    key.setAttribute("aria-pressed", code === layout());
    return key;
  });
  return [signs, ...layouts, button("space", words.space, "space"), button(","), button("."), done];
}

function shift(words) {
  const key = button("shift", state.shift === "locked" ? "⇪" : "⇧", "", words.shift);
  key.setAttribute("aria-pressed", state.shift !== "off");
  return key;
}

function candidates(words) {
  loadSpelling(draw);
  const line = row([], "candidates");
  line.setAttribute("role", "group");
  line.setAttribute("aria-label", words.candidates);
  const typed = document.createElement("span");
  typed.className = "typed";
  typed.setAttribute("role", "status");
  typed.textContent = state.typed || words.spell;
  line.append(typed);
  if (!state.typed) return line;
  const shown = page();
  shown.forEach((one, place) => line.append(candidate(one.text, place)));
  const less = button("less", "‹", "turn", words.less);
  const more = button("more", "›", "turn", words.more);
  less.disabled = !state.first;
  more.disabled = state.first + shown.length >= meant(state.typed).length;
  line.append(less, more);
  return line;
}

function candidate(text, place) {
  const key = button(`pick:${place}`, text, "candidate");
  const number = document.createElement("small");
  number.textContent = place + 1;
  number.setAttribute("aria-hidden", "true");
  key.lang = "zh-Hans";
  key.prepend(number);
  return key;
}

function row(keys, kind = "") {
  const line = document.createElement("div");
  line.className = `key-row ${kind}`;
  line.append(...keys);
  return line;
}

function button(key, text = key, kind = "", label = "") {
  const made = document.createElement("button");
  Object.assign(made, { type: "button", className: kind, textContent: text });
  made.dataset.press = key;
  if (label) made.setAttribute("aria-label", label);
  return made;
}

function picture(key, label) {
  const made = button(key, "", "", label);
  const image = document.createElement("img");
  Object.assign(image, { src: `/static/pictures/${key}.svg`, alt: "" });
  made.append(image);
  return made;
}
