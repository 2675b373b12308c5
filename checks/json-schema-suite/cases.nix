# The cases of the JSON-Schema-Test-Suite, as lines of JSON.
{
  fetchPypi,
  runCommandCC,
  python3,
}:
let
  # NB: PyPI's sources of this validator carry the suite
  jsonschema = fetchPypi {
    pname = "jsonschema";
    version = "4.25.1";
    sha256 = "e4a9655ce0da0c0b67a085847e00a3a51449e1157f4f75e9fb5aa545e122eb85";
  };
in
runCommandCC "json-schema-cases" { nativeBuildInputs = [ python3 ]; } ''
  tar xzf ${jsonschema}
  python3 ${./cases.py} jsonschema-*/json > $out
''
