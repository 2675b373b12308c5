# A pinned file of a registry, as a fixed-output derivation. Its builder cannot fetch:
# nixw reads `registry` and `locator` from the derivation, fetches the file with that
# registry's own client and adds it to the store, where its path is then already valid.
{ system }:
{
  registry,
  locator,
  name,
  hash,
  size ? 0,
  recursive ? false,
}:
derivation {
  inherit
    system
    registry
    locator
    size
    ;
  name = builtins.replaceStrings [ "~" ] [ "-" ] name;
  sha256 = hash;
  outputHash = hash;
  outputHashAlgo = "sha256";
  outputHashMode = if recursive then "recursive" else "flat";
  builder = "/bin/sh";
  args = [
    "-c"
    "echo 'This file of ${registry} is not in the store: ${locator}. Use ./nixw, which fetches it.' >&2; exit 1"
  ];
  preferLocalBuild = true;
}
