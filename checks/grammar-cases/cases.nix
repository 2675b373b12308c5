# Grammars and texts, as lines of JSON, with the verdict of an engine that is not llguidance: Python's
# `re`, and Lark.
{
  lib,
  fetchPypi,
  runCommand,
  python3,
}:
let
  lark = fetchPypi {
    pname = "lark";
    version = "1.3.1";
    sha256 = "b426a7a6d6d53189d318f2b6236ab5d6429eaf09259f1ca33eb716eed10d2905";
  };
in
lib.mapAttrs (name: runCommand "${name}-verdicts" { nativeBuildInputs = [ python3 ]; }) {
  regex-cases = "python3 ${./regex_verdicts.py} > $out";
  lark-cases = ''
    tar xzf ${lark}
    PYTHONPATH=$(echo lark-*) python3 ${./lark_verdicts.py} ${./lark.toml} > $out
  '';
}
