{
  description = "A crate built to an optimised, measured .wasm by wasmworks";

  inputs.wasmworks.url = "github:wasmworks/wasmworks";

  outputs =
    { self, wasmworks }:
    {
      packages = builtins.mapAttrs (_: buildWasm: {
        default = buildWasm {
          src = ./.;
          crate = "hello";
          target = "wasm32-wasip1";
          output = "bin/hello.wasm";
        };
      }) wasmworks.lib.buildWasm;
    };
}
