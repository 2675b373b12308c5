# nixw and what fetches for it, against an archive that misbehaves.
# NB: there is no apt in the sandbox; the cases that need its signed index name themselves
# here and run outside: `checks/nixw/run`.
{
  runCommand,
  sourceOf,
  busybox,
  curl,
  python3,
}:
{
  nixw =
    runCommand "nixw"
      {
        nativeBuildInputs = [
          busybox
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
        for applet in $(busybox --list | grep -xE 'ar|awk|flock|wget'); do ln -s ${busybox}/bin/busybox bin/$applet; done
        PATH=$PWD/bin:$PATH source/checks/nixw/run | tee $out
      '';
}
