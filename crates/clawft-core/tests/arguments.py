"""Checks the schemas of tools, and completes arguments.json, by Python's jsonschema: whether each case's
arguments fit the schema of their tool. Run: python3 arguments.py (written with jsonschema 4.26)"""

import json
import pathlib

from jsonschema import Draft202012Validator

folder = pathlib.Path(__file__).parent
schemas = json.loads((folder / "schemas.json").read_text())
for schema in schemas.values():
    Draft202012Validator.check_schema(schema)
path = folder / "arguments.json"
cases = json.loads(path.read_text())
for case in cases:
    case["valid"] = Draft202012Validator(schemas[case["tool"]]).is_valid(case["arguments"])
lines = ",\n".join(json.dumps(case) for case in cases)
path.write_text(f"[\n{lines}\n]\n")
