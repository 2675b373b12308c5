import { InstanceLostError, Llguidance, Tokenizer } from "./llguidance/index.js";
import { EXAMPLES, fragmentOf, lineAndColumn, Session, shown, smallVocabulary, stateIn, visible } from "./model.js";

const element = (id) => document.getElementById(id);
const [grammar, text, next, vocabulary, file] = ["grammar", "text", "next", "vocabulary", "file"].map(element);
const kinds = [...document.querySelectorAll("[name=kind]")];

let llguidance;
let session;
let compiled = false;

function say(id, message, is = "") {
  const place = element(id);
  if (place.textContent !== message) place.textContent = message;
  place.dataset.is = is;
}

/** Marks a part of what is in an editor. */
function mark(id, range) {
  const { value } = element(id);
  const [from, to] = range ?? [value.length, value.length];
  const marked = document.createElement("mark");
  // NB: a place at the end has no letter of its own
  marked.textContent = value.slice(from, to).replace(/^\n/, " \n") || (range ? " " : "");
  const rest = value.slice(to);
  element(`${id}-marks`).replaceChildren(value.slice(0, from), ...(range ? [marked] : []), `${rest}\n`);
  element(id).setAttribute("aria-invalid", String(range !== undefined));
  element(`${id}-marks`).scrollTop = element(id).scrollTop;
}

const state = () => ({ kind: kinds.find((kind) => kind.checked).value, grammar: grammar.value, text: text.value });

function put({ kind, grammar: source, text: written }) {
  for (const each of kinds) each.checked = each.value === kind;
  grammar.value = source;
  text.value = written;
  text.setSelectionRange(written.length, written.length);
  compile();
}

/** Runs what uses the module; an instance that ended is replaced by another. */
function guarded(run) {
  try {
    run();
  } catch (error) {
    say("grammar-status", error.message, "bad");
    if (error instanceof InstanceLostError) {
      llguidance = llguidance.again();
      start();
    }
    compiled = false;
  }
}

function start() {
  session = new Session(llguidance);
  vocabulary.value = "bytes";
}

function compile() {
  history.replaceState(undefined, "", fragmentOf(state()));
  guarded(() => {
    const { kind } = state();
    const problem = session.compile(kind, grammar.value);
    compiled = problem === undefined;
    mark("grammar", problem && (problem.range ?? [0, 0]));
    say("grammar-status", problem?.message ?? "It compiles.", problem ? "bad" : "good");
  });
  follow();
}

function follow() {
  history.replaceState(undefined, "", fragmentOf(state()));
  if (!compiled) {
    mark("text");
    say("text-status", "");
    say("next-status", "There is no grammar to follow.");
    next.replaceChildren();
    return;
  }
  guarded(() => {
    const { refused, complete } = session.follow(text.value);
    if (refused === undefined) {
      mark("text");
      say("text-status", complete ? "The text follows the grammar, and may end here." : "The text follows the grammar so far.", complete ? "good" : "");
    } else {
      const { line, column } = lineAndColumn(text.value, refused);
      const [character] = [...text.value.slice(refused)];
      mark("text", [refused, refused + character.length]);
      say("text-status", `Line ${line}, column ${column}: ${visible(new TextEncoder().encode(character))} is not allowed here.`, "bad");
    }
    showNext();
  });
}

function showNext() {
  const before = text.value.slice(0, text.selectionStart);
  const allowed = session.next(before);
  if (!allowed) {
    say("next-status", "The text before the cursor does not follow the grammar.");
    next.replaceChildren();
    return;
  }
  const { list, more } = shown(session.tokenizer, allowed);
  const count = allowed.length.toLocaleString("en");
  say("next-status", `${count} of ${session.tokenizer.vocabSize.toLocaleString("en")} tokens${more ? `, of which the first ${list.length} are shown` : ""}`);
  next.replaceChildren(
    ...list.map(({ label, text: written, end, count: many }) => {
      const chip = document.createElement(written === undefined ? "span" : "button");
      chip.textContent = label;
      if (end) chip.title = "an end token";
      if (many) chip.title = `${many} bytes`;
      if (written !== undefined) {
        chip.type = "button";
        chip.title = "Put into the text";
        chip.addEventListener("click", () => {
          text.setRangeText(written, text.selectionStart, text.selectionEnd, "end");
          follow();
        });
      }
      const item = document.createElement("li");
      item.append(chip);
      return item;
    }),
  );
}

function use(make) {
  try {
    session.use(make);
    follow();
  } catch (error) {
    say("next-status", error.message, "bad");
    next.replaceChildren();
  }
}

for (const name of Object.keys(EXAMPLES)) element("example").append(new Option(name));
element("example").addEventListener("change", ({ target }) => {
  if (target.value) put(EXAMPLES[target.value]);
  target.value = "";
});
element("link").addEventListener("click", async ({ target }) => {
  try {
    await navigator.clipboard.writeText(location.href);
    target.textContent = "Copied";
  } catch {
    target.textContent = "It is in the address bar";
  }
  setTimeout(() => (target.textContent = "Copy link"), 2000);
});
for (const kind of kinds) kind.addEventListener("change", compile);
vocabulary.addEventListener("change", () => {
  element("file-label").hidden = vocabulary.value !== "file";
  if (vocabulary.value === "bytes") use();
  if (vocabulary.value === "words") use(smallVocabulary);
  if (vocabulary.value === "file") file.click();
});
file.addEventListener("change", async () => {
  const [chosen] = file.files;
  if (!chosen) return;
  say("next-status", `Reading ${chosen.name}…`);
  const json = await chosen.text();
  use((options) => Tokenizer.fromJson(json, options));
});

/** Calls once typing pauses. */
function paused(run) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(run, 120);
  };
}
grammar.addEventListener("input", paused(compile));
text.addEventListener("input", paused(follow));
document.addEventListener("selectionchange", paused(() => compiled && document.activeElement === text && guarded(showNext)));
for (const id of ["grammar", "text"]) element(id).addEventListener("scroll", () => (element(`${id}-marks`).scrollTop = element(id).scrollTop));
addEventListener("hashchange", () => {
  const shared = stateIn(location.hash);
  if (shared) put(shared);
});

try {
  llguidance = await Llguidance.load();
  start();
  put(stateIn(location.hash) ?? Object.values(EXAMPLES)[0]);
} catch (error) {
  say("grammar-status", error.message, "bad");
}
