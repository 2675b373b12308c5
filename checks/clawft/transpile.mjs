// `jco transpile` without its command line: a component as JavaScript and its core modules, beside this file.

import { writeFileSync } from 'node:fs';
import { transpile } from '@bytecodealliance/jco-transpile';

// NB: wrapped, as by jco's command line: an error is an `Error`, and what the component gives is its payload
const options = { name: 'clawft', noComponentErrorWrapping: false };
const { files } = await transpile(process.argv[2], options);
for (const [name, content] of Object.entries(files)) {
  if (!name.endsWith('.d.ts')) writeFileSync(name, content);
}
