// Runs core modules for the protocol of ../remote.rs: lines of JSON, each after `write` and each
// answer to `read` followed by its bytes.
import { readFileSync, readSync, writeSync } from "node:fs";

const INPUT = 0;
const OUTPUT = 1;

class Fault extends Error {
  constructor(kind, details) {
    super(kind);
    this.fault = { kind, ...details };
  }
}

let received = Buffer.alloc(0);

// More input; false at its end
function receive() {
  const chunk = Buffer.allocUnsafe(1 << 16);
  const length = readSync(INPUT, chunk);
  received = Buffer.concat([received, chunk.subarray(0, length)]);
  return length > 0;
}

function take(length) {
  while (received.length < length) {
    if (!receive()) throw new Error("the input ends in the middle of a request");
  }
  const taken = received.subarray(0, length);
  received = received.subarray(length);
  return taken;
}

function line() {
  for (;;) {
    const end = received.indexOf("\n");
    if (end >= 0) return take(end + 1).toString();
    if (!receive()) return null;
  }
}

function send(bytes) {
  for (let sent = 0; sent < bytes.length; ) sent += writeSync(OUTPUT, bytes, sent);
}

let module;
let count = 0;
const instances = new Map();

// An engine's error as the fault that it is here
function attempt(action, fault) {
  try {
    return action();
  } catch (error) {
    throw new Fault(...fault(`${error.name}: ${error.message}`, error));
  }
}

function instantiate() {
  const [wanted] = WebAssembly.Module.imports(module);
  if (wanted) throw new Fault("missing-import", { name: `${wanted.module}.${wanted.name}` });
  const { exports } = attempt(
    () => new WebAssembly.Instance(module),
    (reason) => ["trap", { function: "start", reason }],
  );
  if (!(exports.memory instanceof WebAssembly.Memory)) {
    throw new Fault("missing-export", { export: "memory", name: "memory" });
  }
  instances.set(++count, exports);
  return count;
}

function call(exports, name, values) {
  const callee = exports[name];
  if (typeof callee !== "function") throw new Fault("missing-export", { export: "function", name });
  const signature = (reason) => ["signature", { function: name, arguments: values.length, reason }];
  if (callee.length !== values.length) throw new Fault(...signature(`it has ${callee.length} parameters`));
  const result = attempt(
    () => callee(...values.map((value) => value | 0)),
    // A 64-bit integer is a BigInt in JavaScript, and takes no number
    (reason, error) => (error instanceof TypeError ? signature(reason) : ["trap", { function: name, reason }]),
  );
  if (result === undefined) return null;
  if (!Number.isInteger(result)) throw new Fault(...signature(`it returns ${typeof result} ${result}`));
  return result >>> 0;
}

function slice({ memory }, address, length) {
  const size = memory.buffer.byteLength;
  if (address + length > size) throw new Fault("out-of-bounds", { address, length, size });
  return new Uint8Array(memory.buffer, address, length);
}

const answers = {
  compile: () => 0,
  load({ file }) {
    module = attempt(
      () => new WebAssembly.Module(readFileSync(file)),
      (reason) => ["bad-module", { reason }],
    );
    return null;
  },
  instantiate,
  call: (request) => call(instances.get(request.instance), request.function, request.arguments),
  read({ instance, address, length }) {
    // A copy: memory may grow before it is sent
    return Buffer.from(slice(instances.get(instance), address, length));
  },
  write({ instance, address, length }, bytes) {
    slice(instances.get(instance), address, length).set(bytes);
    return null;
  },
  "memory-size": ({ instance }) => instances.get(instance).memory.buffer.byteLength,
  drop({ instance }) {
    instances.delete(instance);
    return null;
  },
};

let spent = 0n;
for (let text = line(); text !== null; text = line()) {
  const request = JSON.parse(text);
  const bytes = request.ask === "write" ? take(request.length) : undefined;
  const start = process.hrtime.bigint();
  let answer;
  let followed = Buffer.alloc(0);
  try {
    let value = request.ask === "spent" ? Number(spent) : answers[request.ask](request, bytes);
    if (Buffer.isBuffer(value)) [followed, value] = [value, value.length];
    answer = { ok: value };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    answer = { fault: error.fault };
  }
  spent += process.hrtime.bigint() - start;
  send(Buffer.concat([Buffer.from(`${JSON.stringify(answer)}\n`), followed]));
}
