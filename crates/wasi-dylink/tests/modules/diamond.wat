(module
  (@dylink.0 (mem-info) (needed "left.so" "right.so"))
  (import "env" "left" (func $left (result i32)))
  (import "env" "right" (func $right (result i32)))
  (import "env" "note" (func $note (param i32)))
  (func (export "diamond") (result i32) (i32.mul (call $left) (call $right)))
  (func (export "__wasm_call_ctors") (call $note (i32.const 6))))
