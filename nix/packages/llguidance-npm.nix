# The npm package: the module, and its typed JavaScript.
{
  npmPackage,
  packages,
}:
npmPackage {
  module = packages.llguidance-wasm;
  tarball = "llguidance-wasm";
  inlined = true;
}
