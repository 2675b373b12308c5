# Python's `re` and llguidance's module agree on what regular expressions match.
{
  runCommand,
  nodejs,
  python3,
  packages,
}:
{
  regex-cases =
    runCommand "regex-cases"
      {
        nativeBuildInputs = [
          nodejs
          python3
        ];
      }
      ''
        export HOME=$PWD
        echo '{"private": true, "type": "module"}' > package.json
        npm install --offline --no-audit --no-fund ${packages.llguidance-npm}/${packages.llguidance-npm.output}
        cp ${./module.mjs} module.mjs
        python3 ${./cases.py} | node module.mjs | tee $out
      '';
}
