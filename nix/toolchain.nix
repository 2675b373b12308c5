# Rust, with the standard library of every WASM target.
{ lib, fenix }:
let
  pinned = (lib.importTOML ../rust-toolchain.toml).toolchain;
in
fenix.combine (
  [
    fenix.stable.cargo
    fenix.stable.rustc
    fenix.stable.rust-std
    fenix.stable.clippy
    fenix.stable.rustfmt
  ]
  ++ map (target: fenix.targets.${target}.stable.rust-std) pinned.targets
)
