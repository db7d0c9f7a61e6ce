"use strict";
// Holds a file against the register without sending it anywhere.
const input = document.querySelector("input[type=file]");
const said = document.querySelector("output");

input?.addEventListener("change", async () => {
  const [file] = input.files;
  if (!file) return;
  const digest = await crypto.subtle.digest("SHA-256", await file.arrayBuffer());
  const hex = [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const same = hex === input.dataset.sha256;
  said.textContent = same ? said.dataset.same : said.dataset.different;
  said.className = same ? "good" : "bad";
});
