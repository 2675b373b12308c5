# Rust, with the standard library of the WASM targets that rust-toolchain.toml names, or of some.
{ lib, fenix }:
let
  pinned = (lib.importTOML ../rust-toolchain.toml).toolchain;
in
{
  targets ? pinned.targets,
  components ? pinned.components,
}:
fenix.combine (
  map (component: fenix.stable.${component}) (
    [
      "cargo"
      "rustc"
      "rust-std"
    ]
    ++ components
  )
  ++ map (target: fenix.targets.${target}.stable.rust-std) targets
)
