# The module and native llguidance say the same of every case of the JSON-Schema-Test-Suite, and no case
# is lost that was right before.
{
  lib,
  fetchPypi,
  runCommandCC,
  stdenv,
  nodejs,
  python3,
  packages,
}:
let
  cases = import ./cases.nix { inherit fetchPypi runCommandCC python3; };
in
{
  json-schema-suite =
    runCommandCC "json-schema-suite"
      {
        nativeBuildInputs = [
          nodejs
          python3
        ];
        # NB: a machine has libgcc_s in a folder where programs look for it, the sandbox has not
        library = lib.optionalString stdenv.hostPlatform.isLinux "libgcc_s.so.1";
      }
      ''
        export HOME=$PWD
        [ -z "$library" ] || export LD_LIBRARY_PATH=$(dirname "$(cc -print-file-name="$library")")
        python3 -m zipfile -e ${packages.llguidance-wheel}/${packages.llguidance-wheel.output} site
        PYTHONPATH=site python3 ${./native.py} < ${cases} > native
        echo '{"private": true, "type": "module"}' > package.json
        npm install --offline --no-audit --no-fund ${packages.llguidance-npm}/${packages.llguidance-npm.output}
        cp ${./module.mjs} module.mjs
        node module.mjs < ${cases} > module
        diff native module
        python3 ${./ratchet.py} ${cases} module ${./record.toml} | tee $out
      '';
}
