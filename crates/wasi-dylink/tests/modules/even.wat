;; bool even(int n) { return n == 0 || odd(n - 1); }, and odd.so needs this one
(module
  (@dylink.0 (mem-info) (needed "odd.so"))
  (import "env" "odd" (func $odd (param i32) (result i32)))
  (import "GOT.func" "odd" (global $pointer (mut i32)))
  (func (export "even") (param i32) (result i32)
    (if (result i32) (i32.eqz (local.get 0))
      (then (i32.const 1))
      (else (call $odd (i32.sub (local.get 0) (i32.const 1))))))
  (func (export "odd_pointer") (result i32) global.get $pointer))
