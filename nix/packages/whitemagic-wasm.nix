# WhiteMagic's core as a module: maths, search, rates and events.
{
  buildWasm,
  workspace,
}:
buildWasm {
  src = workspace;
  crate = "whitemagic-wasm";
  target = "wasm32-unknown-unknown";
  profile = "wasm";
  smallest = true;
  output = "lib/whitemagic_core.wasm";
}
