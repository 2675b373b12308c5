(module
  (@dylink.0 (mem-info))
  (func (export "__wasm_call_ctors") unreachable))
