# pipeline-executor-wasm with llguidance's extension module linked in, for hosts without dlopen.
{ buildWasm, packages }:
buildWasm (
  packages.pipeline-executor-wasm.arguments
  // {
    crate = "pipeline-executor-llguidance";
    output = "bin/pipeline_executor_llguidance.wasm";
  }
)
