;; Exports without an address, and subsections and an initialiser that are rare.
(module
  (@dylink.0 (mem-info) (export-info "plain" 0))
  (import "env" "note" (func $note (param i32)))
  (global (export "mutable") (mut i32) (i32.const 0))
  (global (export "wide") i64 (i64.const 0))
  (memory (export "private") 1)
  (func (export "plain"))
  (func (export "_initialize") (call $note (i32.const 8)))
  ;; which _initialize calls
  (func (export "__wasm_call_ctors") (call $note (i32.const 9))))
