{ lib, system }:
let
  pins = lib.genAttrs [
    "bootstrap"
    "debian"
    "npm"
    "pypi"
    "source"
  ] (registry: lib.importJSON ../pins/${system}/${registry}.json);

  # NB: the attribute names of each part are known without the others, or this would not end
  parts = {
    inherit lib system pins;
    pinned = import ./pinned.nix { inherit system; };
    debs = call ./debs.nix;
    prefix = call ./prefix.nix;
    cc = call ./cc.nix;
    rustPlatform = call ./rust.nix;
    inherit (call ./fetch.nix)
      fetchCrate
      fetchNpm
      fetchPypi
      fetchurl
      fromClient
      lockedCrate
      ;
    inherit (call ./stdenv.nix) stdenv stdenvNoCC;
    inherit (call ./rust-toolchain.nix)
      cargo
      clippy
      rustComponents
      rustc
      rustfmt
      ;
    inherit (tools) crateBinary;
    inherit (trivial) runCommand runCommandCC symlinkJoin;
  };
  call =
    file:
    let
      f = import file;
    in
    f (builtins.intersectAttrs (builtins.functionArgs f) parts);
  trivial = call ./trivial.nix;
  tools = call ./tools.nix;

  pkgs =
    parts
    // trivial
    // tools
    // {
      inherit pkgs;
      gcc = parts.cc;
      callPackage = lib.callPackageWith pkgs;
      newScope = scope: lib.callPackageWith (pkgs // scope);
      makeRustPlatform =
        { cargo, rustc }:
        import ./rust.nix {
          inherit (pkgs)
            lib
            stdenv
            runCommand
            lockedCrate
            ;
          inherit cargo rustc;
        };
      # Nothing is cross-compiled here: the six package sets of nixpkgs are one
      pkgsBuildBuild = pkgs;
      pkgsBuildHost = pkgs;
      pkgsBuildTarget = pkgs;
      pkgsHostHost = pkgs;
      pkgsHostTarget = pkgs;
      pkgsTargetTarget = pkgs;
      splicePackages = sets: sets.pkgsHostTarget;
      makeScopeWithSplicing' = { f, ... }: lib.makeScope pkgs.newScope f;
      # NB: fenix' flake asks of all it offers whether it is a derivation
      vscode-utils.buildVscodeExtension = parts.stdenv.mkDerivation;
      makeBinaryWrapper = throw "makeBinaryWrapper: fenix names it and uses it on Darwin only";
      writableTmpDirAsHomeHook = pkgs.makeSetupHook { name = "writable-tmp-home"; } (
        pkgs.writeText "hook.sh" "export HOME=$NIX_BUILD_TOP/home; mkdir -p $HOME"
      );
    };
in
pkgs
