# llguidance as its authors publish it.
{ lib, publishedWheel }:
let
  version = "1.9.1";
in
assert lib.assertMsg (
  (lib.importTOML ../../Cargo.toml).workspace.dependencies.llguidance.version == "=${version}"
) "checks/json-schema-suite/published.nix has another llguidance than Cargo.toml";
publishedWheel {
  pname = "llguidance";
  inherit version;
  python = "cp39";
  abi = "abi3";
  platforms = {
    aarch64-darwin = {
      platform = "macosx_11_0_arm64";
      sha256 = "a942487cd6221b793df3a11450881a6c9d25a45460a900c56d99b682633c45fe";
    };
    aarch64-linux = {
      platform = "manylinux_2_31_aarch64";
      sha256 = "31b75c9f6e09d000d062ef7e4eb3bcb3759fc1eda5619be50fdd8a830b0e8bdf";
    };
    x86_64-linux = {
      platform = "manylinux_2_31_x86_64";
      sha256 = "dfac6021d9c4c5ef16b3a1d336c05ca5e8208ff30dec29d1c63ebcafbee3a346";
    };
  };
  module = "llguidance/_lib.abi3.so";
  library = "libpthread.so.0";
}
