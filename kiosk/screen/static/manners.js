// What a browser does for its owner and a kiosk's must not: menus, printing, saving, zooming, going back, copying.

const OWN_KEYS = new Set(["F1", "F3", "F5", "F6", "F7", "F11", "F12", "BrowserBack", "BrowserForward", "BrowserRefresh"]);
const never = (event) => event.preventDefault();

// What one person copied, the next one could paste.
for (const kind of ["contextmenu", "copy", "cut", "dragstart", "drop"]) document.addEventListener(kind, never);

document.addEventListener("keydown", (event) => {
  const command = (event.ctrlKey || event.metaKey || event.altKey) && !event.getModifierState("AltGraph");
  if (command || OWN_KEYS.has(event.key)) event.preventDefault();
}, { capture: true });

document.addEventListener("wheel", (event) => { if (event.ctrlKey) event.preventDefault(); }, { passive: false });

window.print = () => {};
