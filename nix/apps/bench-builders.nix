{
  lib,
  python3,
  writeShellApplication,
  writeText,
  self,
  system,
}:
let
  # NB: the derivations alone, so that a red cell is no reason not to start
  derivation = check: builtins.unsafeDiscardOutputDependency check.drvPath;
  cells = writeText "cells.json" (
    builtins.toJSON {
      inherit system;
      cells = lib.mapAttrs (_: derivation) (
        lib.filterAttrs (name: _: lib.hasPrefix "matrix-" name) self.checks.${system}
      );
    }
  );
in
writeShellApplication {
  name = "bench-builders";
  runtimeInputs = [ python3 ];
  text = ''CELLS=${cells} exec python3 ${./bench-builders.py} "$@"'';
  meta.description = "How remote builders share the matrix out; see --help";
}
