# The npm package of WhiteMagic's core: the module, and its typed JavaScript.
{
  npmPackage,
  packages,
}:
npmPackage {
  module = packages.whitemagic-wasm;
  tarball = "whitemagic-core-wasm";
}
