# What a platform is called, as `lib.systems.elaborate` says it.
lib: system:
let
  parts = lib.splitString "-" system;
  cpu = lib.head parts;
  target = "${cpu}-unknown-linux-gnu";
in
{
  inherit system;
  config = target;
  parsed.cpu.name = cpu;
  # What Debian calls its folder of libraries, and glibc its loader
  debian = {
    triplet = "${cpu}-linux-gnu";
    loader = if cpu == "x86_64" then "ld-linux-x86-64.so.2" else "ld-linux-${cpu}.so.1";
  };
  isLinux = true;
  isDarwin = false;
  isMinGW = false;
  isWasm = false;
  isx86_64 = cpu == "x86_64";
  isAarch64 = cpu == "aarch64";
  is64bit = true;
  canExecute = other: other.system == system;
  emulatorAvailable = _: false;
  extensions = {
    executable = "";
    sharedLibrary = ".so";
  };
  rust = rec {
    rustcTarget = target;
    rustcTargetSpec = target;
    cargoEnvVarTarget = lib.toUpper (lib.replaceStrings [ "-" ] [ "_" ] target);
    cargoShortTarget = target;
  };
}
