;; /lib/thread-local-export.so is not a side module for this program: it uses threads: WASI preview 1 has none, so build it without `-pthread` and `+atomics`
(module
  (@dylink.0 (mem-info) (export-info "errno" tls))
  (global (export "errno") i32 (i32.const 0)))
