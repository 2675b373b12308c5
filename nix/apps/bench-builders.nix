{
  lib,
  python3,
  writeShellApplication,
  writeText,
  self,
  system,
}:
let
  matrix = lib.attrValues (
    lib.filterAttrs (name: _: lib.hasPrefix "matrix-" name) self.checks.${system}
  );
  cells = lib.concatMap (check: lib.optional (check ? measure) check.measure ++ [ check ]) matrix;
  list = writeText "cells.json" (
    builtins.toJSON {
      inherit system;
      # NB: the derivations alone, so that a red cell is no reason not to start
      cells = map (cell: builtins.unsafeDiscardOutputDependency cell.drvPath) cells;
    }
  );
in
writeShellApplication {
  name = "bench-builders";
  runtimeInputs = [ python3 ];
  text = ''CELLS=${list} exec python3 ${./bench-builders.py} "$@"'';
  meta.description = "How remote builders share the matrix out; see --help";
}
