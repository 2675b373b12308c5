;; A side module that loads another: /lib/counter.so, in its constructor.
(module
  (@dylink.0 (mem-info (memory 32 0)))
  (import "env" "memory" (memory 1))
  (import "env" "__memory_base" (global $base i32))
  (import "env" "dlopen" (func $dlopen (param i32 i32) (result i32)))
  (data (global.get $base) "/lib/counter.so\00")
  (global $handle (mut i32) (i32.const 0))
  (func (export "__wasm_call_ctors")
    (global.set $handle (call $dlopen (global.get $base) (i32.const 2))))
  (func (export "handle") (result i32) global.get $handle))
