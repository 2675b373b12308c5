# The maths of WhiteMagic's core alone, without search and rates.
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
