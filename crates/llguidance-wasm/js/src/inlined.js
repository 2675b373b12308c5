// The same package with the module inside of it, for where no file can lie beside the script.

import { inline } from "./load.js";
import { MODULE } from "./module.js";

inline(async () => {
  const packed = Uint8Array.from(atob(MODULE), (character) => character.charCodeAt(0));
  const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(unpacked).arrayBuffer();
});

export * from "./index.js";
