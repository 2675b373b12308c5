// The component in Node, by what `jco transpile` makes of it; used as `clawft --json` is.
//
//   node host.mjs clawft.js [--dir FOLDER]... [--session KEY] [--json] [--capabilities | MESSAGE]
//
// Without MESSAGE, standard input has it. The component is opened ~/.clawft, or the folders of --dir, and given the
// environment. WASI is the one that `clawft.js` imports: `@bytecodealliance/preview2-shim`, installed beside it.

import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';

const USAGE =
  'usage: node host.mjs clawft.js [--dir FOLDER]... [--session KEY] [--json] [--capabilities | MESSAGE]\n';

/// What the arguments say.
function read() {
  const options = {
    capabilities: { type: 'boolean', default: false },
    dir: { type: 'string', multiple: true, default: [] },
    help: { type: 'boolean', default: false },
    json: { type: 'boolean', default: true },
    session: { type: 'string', default: 'cli:default' },
  };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [module, message] = positionals;
  const count = positionals.length;
  if (!values.help && (count < 1 || count > (values.capabilities ? 1 : 2))) {
    throw new TypeError('a module, and at most one message or --capabilities, are needed');
  }
  return { ...values, module, message };
}

let told;
try {
  told = read();
} catch (error) {
  process.stderr.write(`host.mjs: ${error.message}\n${USAGE}`);
  process.exit(2);
}
if (told.help) {
  process.stdout.write(USAGE);
  process.exit(0);
}
const { module, message, session, dir: folders } = told;
if (folders.length === 0) {
  folders.push(join(process.env.HOME, '.clawft'));
  mkdirSync(folders[0], { recursive: true });
}
const beside = createRequire(resolve(module));
const shim = (part) => import(pathToFileURL(beside.resolve(`@bytecodealliance/preview2-shim/${part}`)));
const [{ _setEnv }, { _clearPreopens, _addPreopen }] = [await shim('cli'), await shim('filesystem')];
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
  if (told.capabilities) {
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
