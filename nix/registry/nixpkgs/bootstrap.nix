# What unpacks and patches everything else: busybox's applets, and a patchelf that runs
# through its own dynamic loader, because nothing has patched it yet.
{
  system,
  pinned,
  pins,
  debFile,
}:
let
  busybox = pinned {
    registry = "bootstrap";
    locator = "busybox";
    name = "busybox";
    inherit (pins.bootstrap.busybox) hash;
    recursive = true;
  };
in
rec {
  applets = derivation {
    name = "busybox-applets";
    inherit system busybox;
    builder = "/bin/sh";
    args = [
      "-c"
      ''
        run() { (exec -a busybox "$busybox" "$@"); }
        run mkdir -p "$out/bin"
        run cp "$busybox" "$out/bin/busybox"
        for applet in $(run --list); do [ -e "$out/bin/$applet" ] || run ln -s busybox "$out/bin/$applet"; done
      ''
    ];
  };

  patchelf = derivation {
    name = "patchelf-bootstrap";
    inherit system;
    PATH = "${applets}/bin";
    debs = map debFile [
      "patchelf"
      "libc6"
      "libgcc-s1"
      "libstdc++6"
    ];
    builder = "${applets}/bin/sh";
    args = [
      "-c"
      ''
        mkdir -p $out/bin && cd $out
        for deb in $debs; do ar p $deb data.tar.xz | xz -dc | tar x ./usr/bin ./usr/lib ./usr/lib64 2>/dev/null || :; done
        printf '#!/bin/sh\nexec %s --library-path %s %s "$@"\n' $out/usr/lib64/ld-linux-*.so.2 $out/usr/lib/*-linux-gnu $out/usr/bin/patchelf > bin/patchelf
        chmod +x bin/patchelf
      ''
    ];
  };
}
