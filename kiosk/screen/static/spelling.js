// Chinese by its sound: which characters and words may be meant by what was typed so far.

const MOST_COMPLETED = 8;
let table = null;
let loading = null;

// Fetches the table once; `ready` is called when it is there.
export function loadSpelling(ready) {
  if (table) return;
  loading ??= fetch("/pinyin")
    .then((answer) => (answer.ok ? answer.json() : Promise.reject(answer.status)))
    .then((sounds) => { table = sounds; });
  loading.then(ready, () => { loading = null; });
}

// What may be meant, the likeliest first: each with the number of typed letters that it stands for.
export function meant(typed) {
  if (!table || !typed) return [];
  const found = new Map();
  const add = (texts, used) => {
    for (const text of texts) if (!found.has(text)) found.set(text, used);
  };
  add(table.words[typed] ?? [], typed.length);
  add(table.characters[typed] ?? "", typed.length);
  if (typed.length > 2) add(completed(table.words, typed).slice(0, MOST_COMPLETED), typed.length);
  if (!table.characters[typed]) add(completed(table.characters, typed), typed.length);
  for (let used = typed.length - 1; used > 0; used -= 1) {
    add(table.words[typed.slice(0, used)] ?? [], used);
    add(table.characters[typed.slice(0, used)] ?? "", used);
  }
  return [...found].map(([text, used]) => ({ text, used }));
}

// The first of every longer sound that begins like this.
function completed(bySound, typed) {
  return Object.keys(bySound).filter((sound) => sound.startsWith(typed)).map((sound) => bySound[sound][0]);
}
