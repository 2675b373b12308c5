# The page on the C ABI is what the header and the crate say.
{
  runCommand,
  python3,
  sourceOf,
  workspace,
}:
let
  folder = "crates/llguidance-wasm/src";
  page = "docs/llguidance-abi.md";
  sources = sourceOf [
    folder
    page
  ];
in
{
  llguidance-abi = runCommand "llguidance-abi" { nativeBuildInputs = [ python3 ]; } ''
    header=$(echo ${workspace.of.llguidance-wasm.cargoVendorDir}/*/llguidance-[0-9]*/llguidance.h)
    python3 ${./.}/abi.py $header ${sources}/crates/llguidance-wasm > $out
    diff -u ${sources}/${page} $out || {
      echo "${page} is out of date; what it should be is built by" >&2
      echo "  python3 checks/llguidance-abi/abi.py LLGUIDANCE_H crates/llguidance-wasm > ${page}" >&2
      exit 1
    }
  '';
}
