# A wheel of PyPI as pip installs it: nothing of it is built here. For PYTHONPATH.
{
  lib,
  fetchPypi,
  runCommandCC,
  patchelf,
  python3,
  stdenv,
  system,
}:
{
  pname,
  version,
  # the tag of the Pythons that it is for
  python,
  abi ? "none",
  # by system, the platform in its name and its hash
  platforms,
  # its module in machine code, by its path, with * for folders whose names differ
  module,
  # on Linux the library of the system's that this needs, beside libc
  library,
}:
let
  wheel = fetchPypi (
    {
      inherit
        pname
        version
        python
        abi
        ;
      format = "wheel";
      dist = python;
    }
    // platforms.${system}
  );
in
runCommandCC "${pname}-published"
  { nativeBuildInputs = [ python3 ] ++ lib.optional stdenv.hostPlatform.isLinux patchelf; }
  ''
    python3 -m zipfile -e ${wheel} $out
    python3 -m compileall -q --invalidation-mode unchecked-hash $out
    ${lib.optionalString stdenv.hostPlatform.isLinux ''
      # NB: a machine has the library in a folder where programs look for it, the sandbox has not
      patchelf --set-rpath $(dirname $(cc -print-file-name=${library})) $out/${module}
    ''}
  ''
