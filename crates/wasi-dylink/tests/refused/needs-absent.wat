;; /lib/needs-absent.so needs `absent.so`, which is in none of: /opt, /lib/more, /lib
(module
  (@dylink.0 (mem-info) (needed "absent.so") (runtime-path "/opt" "$ORIGIN/more")))
