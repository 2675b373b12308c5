# Everything the flake offers for one system.
{
  self,
  system,
  pkgs,
  crane,
  fenix,
}:
let
  inherit (pkgs) lib;
  toolchain = import ./toolchain.nix { inherit lib fenix; };
  craneLib = (crane.mkLib pkgs).overrideToolchain toolchain;
  src = lib.cleanSourceWith {
    src = ../.;
    name = "source";
    filter =
      path: type:
      let
        relative = lib.removePrefix "${toString ../.}/" path;
      in
      lib.elem relative [
        "Cargo.toml"
        "Cargo.lock"
        "crates"
      ]
      || (lib.hasPrefix "crates/" relative && craneLib.filterCargoSources path type);
  };
  wasm = pkgs.callPackage ./wasm.nix { inherit craneLib src; };
  scope = {
    inherit
      self
      craneLib
      toolchain
      src
      wasm
      packages
      ;
  };
  callAll =
    folder:
    lib.mapAttrs' (
      file: _:
      lib.nameValuePair (lib.removeSuffix ".nix" file) (
        lib.callPackageWith (pkgs // packages // scope) (folder + "/${file}") { }
      )
    ) (builtins.readDir folder);
  packages = callAll ./packages;
in
{
  inherit packages;
  checks = { };
  apps = { };
  devShells = { };
  formatter = pkgs.nixfmt;
}
