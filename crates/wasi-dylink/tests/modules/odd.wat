(module
  (@dylink.0 (mem-info) (needed "even.so"))
  (import "env" "even" (func $even (param i32) (result i32)))
  (import "GOT.func" "even" (global $pointer (mut i32)))
  (func (export "odd") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0))
      (then (i32.const 0))
      (else (call $even (i32.sub (local.get 0) (i32.const 1))))))
  (func (export "even_pointer") (result i32) global.get $pointer))
