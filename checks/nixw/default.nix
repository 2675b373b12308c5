# nixw and what fetches for it, against an archive that misbehaves.
# NB: there is no apt in the sandbox; the cases that need its signed index name themselves
# here and run outside: `checks/nixw/run`.
{
  lib,
  runCommand,
  stdenv,
  sourceOf,
  busybox,
  curl,
  python3,
}:
# NB: nixpkgs has busybox for Linux only, and the registries' Nix is for that too
lib.optionalAttrs stdenv.hostPlatform.isLinux {
  nixw =
    runCommand "nixw"
      {
        nativeBuildInputs = [
          curl
          python3
        ];
        src = sourceOf [
          "checks/nixw"
          "nix/registry"
          "nixw"
        ];
      }
      ''
        # NB: the sandbox's sh may be a busybox that prefers its applets to the fakes on PATH
        cp -R $src source
        chmod -R u+w source
        find source -type f -exec sed -i "1s|^#!/bin/sh|#!$SHELL|" {} +
        mkdir bin
        ln -s $SHELL bin/sh
        # NB: of its applets, which nixpkgs has as programs beside it, no others
        for applet in $(${busybox}/bin/busybox --list | grep -xE 'ar|awk|flock|wget'); do ln -s ${busybox}/bin/busybox bin/$applet; done
        PATH=$PWD/bin:$PATH source/checks/nixw/run | tee $out
      '';
}
