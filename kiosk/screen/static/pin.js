// The PIN pad. The digits are kept in this one variable until they are sent, and nowhere in the page.

const SHORTEST = 6;
const LONGEST = 8;
let digits = "";
let detach = () => {};

export function attachPinPad(booth, same, send) {
  detach();
  detach = () => {};
  const pad = booth.querySelector("#pin-pad");
  if (!pad || !same) digits = "";
  if (!pad) return;
  const press = (key) => {
    if (key === "delete") digits = digits.slice(0, -1);
    else if (key === "confirm") return confirm(send);
    else if (digits.length < LONGEST) digits += key;
    draw(pad);
  };
  pad.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (button && !button.disabled) press(button.dataset.digit ?? button.dataset.pin);
  });
  const typed = (event) => {
    const key = /^[0-9]$/.test(event.key) ? event.key : { Backspace: "delete", Enter: "confirm" }[event.key];
    if (pad.closest("[inert]")) return;
    if (!key || (key === "confirm" && event.target.closest("button"))) return;
    event.preventDefault();
    press(key);
  };
  document.addEventListener("keydown", typed);
  detach = () => document.removeEventListener("keydown", typed);
  draw(pad);
}

function confirm(send) {
  if (digits.length < SHORTEST) return;
  const pin = digits;
  digits = "";
  send(pin);
}

function draw(pad) {
  const dots = pad.querySelector("#pin-dots");
  dots.setAttribute("aria-label", dots.dataset.label.replace("{count}", digits.length));
  [...dots.children].forEach((dot, place) => dot.classList.toggle("full", place < digits.length));
  pad.querySelector("[data-pin=confirm]").disabled = digits.length < SHORTEST;
}
