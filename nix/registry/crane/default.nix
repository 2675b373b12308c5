# crane's functions: the same arguments, the same hooks, and the same bytes in the products.
# What is not here is not used by this flake.
{
  lib,
  pkgs,
  stdenv,
  runCommand,
  writeText,
  writeShellScript,
  rustPlatform,
  cargo,
  rustc,
  rustfmt,
  jq,
  zstd,
}:
let
  # `toolchain` replaces all three programs, as crane's overrideToolchain does.
  withToolchain =
    tools:
    let
      craneLib = {
        overrideToolchain =
          toolchain:
          withToolchain (
            lib.genAttrs [
              "cargo"
              "rustc"
              "rustfmt"
            ] (_: if lib.isFunction toolchain then toolchain pkgs else toolchain)
          );
      }
      // import ./sources.nix { inherit lib runCommand writeText; }
      // import ./build.nix {
        inherit
          lib
          stdenv
          rustPlatform
          writeShellScript
          craneLib
          tools
          jq
          zstd
          ;
      };
    in
    craneLib;
in
withToolchain {
  inherit
    cargo
    rustc
    rustfmt
    ;
}
