// The component in Node, by what `jco transpile` makes of it; used as `clawft --json` is.
//
//   npx jco transpile clawft.wasm --name clawft -o transpiled
//   node host.mjs transpiled/clawft.js --json --session cli:default 'Hello'
//
// It opens ~/.clawft to the component, or the folders of --dir, and gives it the environment.

import { mkdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { _setEnv } from '@bytecodealliance/preview2-shim/cli';
import { _clearPreopens, _addPreopen } from '@bytecodealliance/preview2-shim/filesystem';

const [, , module, ...words] = process.argv;
let session = 'cli:default';
let message;
const folders = [];
while (words.length > 0) {
  const word = words.shift();
  if (word === '--session') session = words.shift();
  else if (word === '--dir') folders.push(words.shift());
  else if (word !== '--json') message = word;
}
if (folders.length === 0) {
  folders.push(join(process.env.HOME, '.clawft'));
  mkdirSync(folders[0], { recursive: true });
}
_setEnv(process.env);
_clearPreopens();
for (const folder of folders) _addPreopen(folder, folder);
const { agent } = await import(pathToFileURL(resolve(module)));

/// An event as `clawft --json` writes it.
function line({ tag, val }) {
  const type = tag.replace('-', '_');
  if (type === 'text') return { type, text: val };
  if (type === 'done') {
    const { text, stop, usage, iterations } = val;
    const tokens = { input: Number(usage.input), output: Number(usage.output) };
    return { type, text, stop: stop.replaceAll('-', '_'), usage: tokens, iterations };
  }
  return { type, ...val };
}

const show = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);
try {
  if (message === '--capabilities') {
    process.stdout.write(`${agent.capabilities()}\n`);
  } else {
    const turn = agent.start(session, message ?? readFileSync(0, 'utf8'));
    for (let event = turn.next(); event !== undefined; event = turn.next()) show(line(event));
  }
} catch (error) {
  // What is no result of the component is a fault of the host's or a trap.
  if (error.payload === undefined) throw error;
  show({ type: 'error', message: error.payload.message });
  process.exitCode = 1;
}
