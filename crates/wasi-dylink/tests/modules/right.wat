(module
  (@dylink.0 (mem-info) (needed "third.so"))
  (import "env" "third" (func $third (result i32)))
  (import "env" "note" (func $note (param i32)))
  (func (export "right") (result i32) call $third)
  (func (export "__wasm_call_ctors") (call $note (i32.const 5))))
