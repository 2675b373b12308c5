/* iwasm: runs a module or an AOT file, with the options and the exit code that a shell expects. */

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "read_whole.h"
#include "wasm_export.h"

static const char HELP[] =
    "Usage: iwasm [OPTIONS] FILE [ARGUMENT...]\n"
    "Run a WebAssembly module (.wasm) or what wamrc made of one (.aot).\n"
    "\n"
    "  -f, --function=NAME       Call this export rather than _start or main, with the\n"
    "                            ARGUMENTs as numbers, and print what it returns\n"
    "      --stack-size=BYTES    Stack of the interpreter [default: 65536]\n"
    "      --heap-size=BYTES     Heap that WAMR adds to the memory of a module that\n"
    "                            exports no malloc [default: 0]\n"
    "      --max-memory-pages=N  Most pages of 64 KiB that its memory may have\n"
    "      --env=NAME=VALUE      Pass a variable to the program\n"
    "      --dir=DIR             Let the program use this folder, under the same name\n"
    "      --map-dir=GUEST::HOST Let the program use the folder HOST, under the name GUEST\n"
    "  -v=LEVEL                  WAMR's own log on stdout, 0 to 4 [default: 0]\n"
    "      --version             Print the version\n"
    "  -h, --help                Print this\n"
    "\n"
    "Exit codes:\n"
    "  that of the program, and\n"
    "  125  usage: an unknown option, a file that cannot be read\n"
    "  126  the file cannot be run: no module, a missing import, not enough memory allowed\n"
    "  134  the program trapped\n"
    "\n"
    "Examples:\n"
    "  iwasm --dir=. --env=LANG=C app.wasm input.txt\n"
    "  iwasm -f add numbers.wasm 1 2\n"
    "  wamrc -o app.aot app.wasm && iwasm --max-memory-pages=256 app.aot\n";

enum { USAGE = 125, UNUSABLE = 126, TRAP = 134 };

/* What an option may say more than once */
struct list {
    const char **items;
    uint32_t count;
};

static struct {
    const char *function;
    uint32_t stack_size, heap_size, max_memory_pages, log_level;
    struct list env, dirs, map_dirs;
} options = { .stack_size = 65536 };

static const char *file;

static int
fail(int code, const char *subject, const char *message)
{
    fprintf(stderr, "iwasm: %s: %s\n", subject, message);
    return code;
}

static void
append(struct list *list, const char *item)
{
    list->items = realloc(list->items, (list->count + 1) * sizeof(*list->items));
    if (!list->items)
        abort();
    list->items[list->count++] = item;
}

static uint32_t
number(const char *option, const char *text)
{
    char *end;
    unsigned long long value = strtoull(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || value > UINT32_MAX) {
        fprintf(stderr, "iwasm: --%s=%s: a number up to 4294967295 is needed\n", option, text);
        exit(USAGE);
    }
    return (uint32_t)value;
}

static void
print_version(void)
{
    uint32_t major, minor, patch;
    wasm_runtime_get_version(&major, &minor, &patch);
    printf("iwasm %u.%u.%u\n", major, minor, patch);
}

static void
parse(int argc, char *argv[])
{
    enum { STACK = 256, HEAP, PAGES, ENV, DIR, MAP_DIR, VERSION };
    static const struct option LONG[] = {
        { "function", required_argument, NULL, 'f' },
        { "stack-size", required_argument, NULL, STACK },
        { "heap-size", required_argument, NULL, HEAP },
        { "max-memory-pages", required_argument, NULL, PAGES },
        { "env", required_argument, NULL, ENV },
        { "dir", required_argument, NULL, DIR },
        { "map-dir", required_argument, NULL, MAP_DIR },
        { "version", no_argument, NULL, VERSION },
        { "help", no_argument, NULL, 'h' },
        { 0 },
    };
    int option, index = 0;
    /* `+`: what follows FILE is the program's */
    while ((option = getopt_long(argc, argv, "+f:v:h", LONG, &index)) != -1) {
        switch (option) {
            case 'f': options.function = optarg; break;
            case 'v': options.log_level = number("v", optarg + (*optarg == '=')); break;
            case STACK: options.stack_size = number(LONG[index].name, optarg); break;
            case HEAP: options.heap_size = number(LONG[index].name, optarg); break;
            case PAGES: options.max_memory_pages = number(LONG[index].name, optarg); break;
            case DIR: append(&options.dirs, optarg); break;
            case ENV:
                if (!strchr(optarg, '=') || *optarg == '=')
                    exit(fail(USAGE, optarg, "--env needs NAME=VALUE"));
                append(&options.env, optarg);
                break;
            case MAP_DIR:
                if (!strstr(optarg, "::"))
                    exit(fail(USAGE, optarg, "--map-dir needs GUEST::HOST"));
                append(&options.map_dirs, optarg);
                break;
            case VERSION: print_version(); exit(0);
            case 'h': fputs(HELP, stdout); exit(0);
            default: exit(fail(USAGE, "usage", "see iwasm --help"));
        }
    }
    if (optind == argc)
        exit(fail(USAGE, "usage", "FILE is missing; see iwasm --help"));
    file = argv[optind];
}

/* WAMR would run a module until it calls what is missing. */
static int
missing_imports(wasm_module_t module)
{
    int code = 0;
    int32_t count = wasm_runtime_get_import_count(module);
    for (int32_t i = 0; i < count; i++) {
        wasm_import_t import;
        wasm_runtime_get_import_type(module, i, &import);
        if (!import.linked) {
            fprintf(stderr, "iwasm: %s: missing import: %s.%s\n", file, import.module_name, import.name);
            code = UNUSABLE;
        }
    }
    return code;
}

/* A trap that follows has its reason here. */
static void
not_grown(uint32_t more, uint64_t size, uint32_t memory, enlarge_memory_error_reason_t reason,
          wasm_module_inst_t instance, wasm_exec_env_t env, void *data)
{
    (void)memory, (void)instance, (void)env, (void)data;
    fprintf(stderr, "iwasm: %s: memory limit: %u pages more than the %llu there are were refused%s\n", file, more,
            (unsigned long long)(size / 65536), reason == MAX_SIZE_REACHED ? "" : ", because the host has none");
}

static wasm_module_inst_t
instantiate(wasm_module_t module, int argc, char *argv[], char *error, uint32_t error_size)
{
    struct InstantiationArgs2 *args;
    wasm_module_inst_t instance;
    if (!wasm_runtime_instantiation_args_create(&args))
        abort();
    wasm_runtime_instantiation_args_set_default_stack_size(args, options.stack_size);
    wasm_runtime_instantiation_args_set_host_managed_heap_size(args, options.heap_size);
    wasm_runtime_instantiation_args_set_max_memory_pages(args, options.max_memory_pages);
    wasm_runtime_instantiation_args_set_wasi_arg(args, argv, argc);
    wasm_runtime_instantiation_args_set_wasi_env(args, options.env.items, options.env.count);
    wasm_runtime_instantiation_args_set_wasi_dir(args, options.dirs.items, options.dirs.count, options.map_dirs.items,
                                                 options.map_dirs.count);
    instance = wasm_runtime_instantiate_ex2(module, args, error, error_size);
    wasm_runtime_instantiation_args_destroy(args);
    return instance;
}

/* WAMR takes no limit that is below what a module starts with. */
static int
starts_too_big(wasm_module_inst_t instance)
{
    wasm_memory_inst_t memory = wasm_runtime_get_default_memory(instance);
    /* NB: WAMR has pages of other sizes too */
    uint64_t pages =
        memory ? wasm_memory_get_cur_page_count(memory) * wasm_memory_get_bytes_per_page(memory) / 65536 : 0;
    if (!options.max_memory_pages || pages <= options.max_memory_pages)
        return 0;
    fprintf(stderr, "iwasm: %s: memory limit: it starts with %llu pages, and %u are allowed\n", file,
            (unsigned long long)pages, options.max_memory_pages);
    return UNUSABLE;
}

static bool
has_entry(wasm_module_inst_t instance)
{
    static const char *const MAIN[] = { "_start", "main", "__main_argc_argv", "_main" };
    if (options.function)
        return wasm_runtime_lookup_function(instance, options.function);
    for (size_t i = 0; i < sizeof(MAIN) / sizeof(*MAIN); i++)
        if (wasm_runtime_lookup_function(instance, MAIN[i]))
            return true;
    return false;
}

static int
run(wasm_module_inst_t instance, int argc, char *argv[])
{
    const char *exception;
    if (!has_entry(instance)) {
        fprintf(stderr, "iwasm: %s: exports no function %s\n", file,
                options.function ? options.function : "_start or main");
        return UNUSABLE;
    }
    if (options.function)
        wasm_application_execute_func(instance, options.function, argc - 1, argv + 1);
    else
        wasm_application_execute_main(instance, argc, argv);
    fflush(stdout);
    exception = wasm_runtime_get_exception(instance);
    if (!exception || strstr(exception, "wasi proc exit"))
        return (int)(wasm_runtime_get_wasi_exit_code(instance) & 0xff);
    fprintf(stderr, "%s\n", exception);
    return TRAP;
}

int
main(int argc, char *argv[])
{
    char error[256] = "";
    uint32_t size;
    uint8_t *bytes;
    int code;
    wasm_module_t module;
    wasm_module_inst_t instance;

    parse(argc, argv);
    argc -= optind, argv += optind;
    if (!(bytes = read_whole(file, &size))) {
        perror(file);
        return USAGE;
    }
    if (!wasm_runtime_init())
        return fail(UNUSABLE, file, "WAMR does not start");
    wasm_runtime_set_log_level((log_level_t)options.log_level);
    if (!(module = wasm_runtime_load(bytes, size, error, sizeof(error))))
        return fail(UNUSABLE, file, error);
    if ((code = missing_imports(module)))
        return code;
    if (options.max_memory_pages)
        wasm_runtime_set_enlarge_mem_error_callback(not_grown, NULL);
    if (!(instance = instantiate(module, argc, argv, error, sizeof(error))))
        return fail(UNUSABLE, file, error);
    if (!(code = starts_too_big(instance)))
        code = run(instance, argc, argv);
    wasm_runtime_deinstantiate(instance);
    wasm_runtime_unload(module);
    wasm_runtime_destroy();
    free(bytes);
    return code;
}
