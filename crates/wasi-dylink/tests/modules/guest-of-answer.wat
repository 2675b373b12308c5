;; Needs `answer`, and does not say from where.
(module
  (@dylink.0 (mem-info))
  (import "env" "answer" (func $answer (result i32)))
  (func (export "more") (result i32) (i32.add (call $answer) (i32.const 1))))
