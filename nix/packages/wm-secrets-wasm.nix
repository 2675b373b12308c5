# The governance module that refuses keys and tokens.
{
  buildWasm,
  workspace,
}:
buildWasm {
  src = workspace;
  crate = "wm-secrets";
  crateType = "cdylib";
  target = "wasm32-unknown-unknown";
  profile = "wasm";
  smallest = true;
  output = "lib/wm_secrets.wasm";
}
