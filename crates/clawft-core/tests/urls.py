"""Completes urls.json and references.json by two other implementations: what a URL is by Node's URL (the
WHATWG's parser), and whether its host is a global address by Python's ipaddress (IANA's registries).
Run: python3 urls.py (written with Node 20.20 and Python 3.11)"""

import ipaddress
import json
import pathlib
import subprocess

PARSE = """
const cases = JSON.parse(require("fs").readFileSync(0, "utf8"));
console.log(JSON.stringify(cases.map(([reference, base]) => {
  try { const url = new URL(reference, base); url.hash = ""; return [url.href, url.hostname] } catch { return [null, null] }
})))
"""


def parse(cases):
    """The address and the host of each reference with its base."""
    node = subprocess.run(
        ["node", "-e", PARSE], input=json.dumps(cases), capture_output=True, text=True, check=True
    )
    return json.loads(node.stdout)


def is_global(host):
    try:
        return ipaddress.ip_address(host.strip("[]")).is_global
    except ValueError:
        return None


def rewrite(name, complete):
    path = pathlib.Path(__file__).with_name(name)
    cases = json.loads(path.read_text())
    complete(cases)
    lines = ",\n".join(json.dumps(case) for case in cases)
    path.write_text(f"[\n{lines}\n]\n")


def urls(cases):
    for case, (href, host) in zip(cases, parse([[case["url"]] for case in cases]), strict=True):
        case |= {"href": href, "host": host, "global": is_global(host) if host else None}


def references(cases):
    for case, (href, _) in zip(cases, parse([case[:2] for case in cases]), strict=True):
        case[2:] = [href]


rewrite("urls.json", urls)
rewrite("references.json", references)
