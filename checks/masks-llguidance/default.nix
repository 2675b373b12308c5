# The module's masks are those of llguidance as it is published, bit for bit.
{
  lib,
  callPackage,
  fetchPypi,
  runCommand,
  runCommandCC,
  nodejs,
  publishedWheel,
  python3,
  packages,
}:
let
  # NB: PyPI's sources of Llama's models carry the vocabulary
  llama = fetchPypi {
    pname = "llama_models";
    version = "0.3.0";
    sha256 = "6b30bc025ea69021778bc5b5acba1e4b05b47baf4235be284d26b9ea06911f79";
  };
  grammars = import ../grammar-cases/cases.nix {
    inherit
      lib
      fetchPypi
      runCommand
      python3
      ;
  };
  published = callPackage ../json-schema-suite/published.nix { inherit publishedWheel; };
  schemas = import ../json-schema-suite/cases.nix { inherit fetchPypi runCommandCC python3; };
in
{
  masks-llguidance =
    runCommand "masks-llguidance"
      {
        nativeBuildInputs = [
          nodejs
          python3
        ];
      }
      ''
        export HOME=$PWD
        tar xzf ${llama} --strip-components=3 --wildcards '*/llama_models/llama3/tokenizer.model'
        # NB: the wheel's module has the C ABI among its symbols
        cat ${schemas} ${lib.concatStringsSep " " (lib.attrValues grammars)} \
          | python3 ${./native.py} ${published}/llguidance/_lib.abi3.so tokenizer.model walks
        echo '{"private": true, "type": "module"}' > package.json
        npm install --offline --no-audit --no-fund ${packages.llguidance-npm}/${packages.llguidance-npm.output}
        cp ${./module.mjs} module.mjs
        node module.mjs tokenizer.model walks | tee $out
      '';
}
