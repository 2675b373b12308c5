(module
  (@dylink.0 (mem-info) (runtime-path "/nowhere" "$ORIGIN/deps") (needed "hidden.so"))
  (import "env" "answer" (func $answer (result i32)))
  (func (export "found") (result i32) call $answer))
