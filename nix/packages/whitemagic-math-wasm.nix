# The maths of WhiteMagic's core alone, without search, rates and events.
{
  buildWasm,
  packages,
}:
buildWasm (
  packages.whitemagic-wasm.arguments
  // {
    cargoExtraArgs = "--no-default-features";
    output = "lib/whitemagic_math.wasm";
  }
)
