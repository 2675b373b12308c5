# clawft-wasip1 for a host that offers the functions of clawft_http: docs/deployment.md has them.
{ buildWasm, packages }:
buildWasm (
  packages.clawft-wasip1.arguments
  // {
    cargoExtraArgs = "--features host-http";
    output = "bin/clawft-http.wasm";
  }
)
