(module
  (@dylink.0 (mem-info) (needed "second.so"))
  (import "env" "second" (func $second (result i32)))
  (import "env" "note" (func $note (param i32)))
  (func (export "first") (result i32) (i32.add (call $second) (i32.const 100)))
  (func (export "__wasm_call_ctors") (call $note (i32.const 1))))
