// libcounter.so, which probe.so needs: data, a function and a constructor of another side module.
int counter;

__attribute__((constructor)) static void begin(void) { counter = 100; }

int count(void) { return ++counter; }
