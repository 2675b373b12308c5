;; options -f deep
;; arguments 0
;; exits 134
;; says stack overflow
(module
  ;; LLVM makes no loop of it
  (func $deep (export "deep") (param i32) (result i32)
    (i32.xor
      (local.get 0)
      (i32.mul (i32.const 3) (call $deep (i32.add (local.get 0) (i32.const 1)))))))
