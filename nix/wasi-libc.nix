# The C library for WASI: its libraries are in lib/, and its headers in include/.
{
  lib,
  pkgsCross,
  runCommand,
}:
let
  inherit (pkgsCross.wasi32) wasilibc;
in
# NB: since its version 32 nixpkgs has both in a folder of the platform's name, and says in which
if wasilibc ? libdir then
  runCommand "wasi-libc-${wasilibc.version}" { inherit (wasilibc) version; } ''
    mkdir $out
    ln -s ${lib.getLib wasilibc}${wasilibc.libdir} $out/lib
    ln -s ${lib.getDev wasilibc}${wasilibc.incdir} $out/include
  ''
else
  wasilibc
