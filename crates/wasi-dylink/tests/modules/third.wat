(module
  (@dylink.0 (mem-info))
  (import "env" "note" (func $note (param i32)))
  (func (export "third") (result i32) (i32.const 3))
  (func (export "__wasm_call_ctors") (call $note (i32.const 3))))
