(module
  (@dylink.0 (mem-info) (needed "third.so" "libc.so"))
  (import "env" "third" (func $third (result i32)))
  (import "env" "note" (func $note (param i32)))
  (func (export "second") (result i32) (i32.add (call $third) (i32.const 20)))
  (func (export "__wasm_call_ctors") (call $note (i32.const 2))))
