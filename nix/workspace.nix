# A workspace as the source of its artifacts, with all that they have in common.
# NB: a thousand artifacts read, hash and vendor one workspace once, because they share this value
{
  lib,
  craneLib,
  patchedCrates,
}:
src:
let
  sources = lib.cleanSourceWith {
    inherit src;
    name = "source";
    filter = craneLib.filterCargoSources;
  };
in
sources
// {
  inherit (craneLib.crateNameFromCargoToml { src = sources; }) version;
  # NB: read where it lies, because an evaluation that writes nothing has no filtered copy
  cargoVendorDir = craneLib.vendorCargoDeps { cargoLock = sources.origSrc + "/Cargo.lock"; };
  # The manifests with empty sources, from which dependencies alone are built
  dummySrc = craneLib.mkDummySrc {
    src = sources;
    extraDummyScript = patchedCrates sources;
  };
}
