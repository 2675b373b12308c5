# Grammars and texts, with the verdict of an engine that is not llguidance: Python's `re`, and Lark.
{
  lib,
  fetchurl,
  runCommand,
  nodejs,
  python3,
  packages,
}:
let
  lark = fetchurl {
    url = "mirror://pypi/l/lark/lark-1.3.1.tar.gz";
    sha256 = "b426a7a6d6d53189d318f2b6236ab5d6429eaf09259f1ca33eb716eed10d2905";
  };
  verdicts = {
    regex-cases = "python3 ${./regex_verdicts.py}";
    lark-cases = ''
      tar xzf ${lark}
      PYTHONPATH=$(echo lark-*) python3 ${./lark_verdicts.py} ${./lark.toml}'';
  };
in
lib.mapAttrs (
  name: verdicts:
  runCommand name
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
      {
        ${verdicts}
      } > cases
      node module.mjs < cases | tee $out
    ''
) verdicts
