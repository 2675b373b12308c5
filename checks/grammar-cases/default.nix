# llguidance's module agrees with other engines on what grammars match.
{
  lib,
  fetchPypi,
  runCommand,
  nodejs,
  python3,
  packages,
}:
lib.mapAttrs
  (
    name: cases:
    runCommand name { nativeBuildInputs = [ nodejs ]; } ''
      export HOME=$PWD
      echo '{"private": true, "type": "module"}' > package.json
      npm install --offline --no-audit --no-fund ${packages.llguidance-npm}/${packages.llguidance-npm.output}
      cp ${./module.mjs} module.mjs
      node module.mjs < ${cases} | tee $out
    ''
  )
  (
    import ./cases.nix {
      inherit
        lib
        fetchPypi
        runCommand
        python3
        ;
    }
  )
