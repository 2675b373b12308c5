// make.mjs: writes packages by archiver 8 and JSZip 3 into this folder; needs both installed.
import { createWriteStream, readFileSync, writeFileSync } from "node:fs";
import { pipeline } from "node:stream/promises";
import { ZipArchive } from "archiver";
import JSZip from "jszip";

const place = (name) => new URL(name, import.meta.url);
const manifest = readFileSync(place("manifest.json"));
const runtime = Buffer.from("\0asm\x01\0\0\0", "latin1");

const stream = new ZipArchive({ zlib: { level: 9 } });
const written = pipeline(stream, createWriteStream(place("archiver.rmpkg")));
stream.append(manifest, { name: "manifest.json" });
stream.append(runtime, { name: "runtime.wasm" });
await stream.finalize();
await written;

const zip = new JSZip();
zip.file("manifest.json", manifest);
zip.file("runtime.wasm", runtime);
zip.folder("deps").file("helper.txt", "text");
writeFileSync(place("jszip.rmpkg"), await zip.generateAsync({ type: "nodebuffer", compression: "DEFLATE" }));
