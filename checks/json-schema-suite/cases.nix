# The cases of the JSON-Schema-Test-Suite, as lines of JSON.
{
  fetchurl,
  runCommandCC,
  python3,
}:
let
  # NB: PyPI's sources of this validator carry the suite
  jsonschema = fetchurl {
    url = "mirror://pypi/j/jsonschema/jsonschema-4.25.1.tar.gz";
    sha256 = "e4a9655ce0da0c0b67a085847e00a3a51449e1157f4f75e9fb5aa545e122eb85";
  };
in
runCommandCC "json-schema-cases" { nativeBuildInputs = [ python3 ]; } ''
  tar xzf ${jsonschema}
  python3 ${./cases.py} jsonschema-*/json > $out
''
