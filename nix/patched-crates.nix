# The crates of a workspace that replace one of the registry (`[patch.crates-io]`): dependencies
# are built on them, so where all other sources are left out these are kept, by this script.
{ lib }:
src:
let
  root = src.origSrc or src;
  manifest = lib.importTOML (root + "/Cargo.toml");
  folders = lib.catAttrs "path" (lib.attrValues (manifest.patch.crates-io or { }));
in
lib.concatMapStrings (folder: ''
  cp -rf --no-preserve=mode ${lib.cleanSource (root + "/${folder}")}/. $out/${folder}/
'') folders
