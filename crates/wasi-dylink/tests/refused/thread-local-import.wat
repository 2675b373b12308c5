;; /lib/thread-local-import.so is not a side module for this program: it uses threads: WASI preview 1 has none, so build it without `-pthread` and `+atomics`
(module
  (@dylink.0 (mem-info) (import-info "env" "errno" tls))
  (import "GOT.mem" "errno" (global (mut i32))))
