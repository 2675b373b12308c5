# The closure of the wanted packages in a Debian index, one JSON line a package.
# Files: wanted.txt, then the index as `apt-cache dumpavail` prints it (candidates only).
function fail(message) { print "pin: " message > "/dev/stderr"; failed = 1; exit 1 }

FNR == 1 { file++ }
file == 1 && $1 == "debian" { wanted[++roots] = $2 }
file == 1 && $1 == "drop" { drop[NF == 2 ? $2 : $2 ">" $3] = 1 }
file == 1 { next }

/^Package: / { name = $2; next }
/^(Version|Filename|SHA256|Size): / { field[name, substr($1, 1, length($1) - 1)] = $2; next }
/^(Depends|Pre-Depends): / {
    sub(/^[^:]*: /, "")
    depends[name] = depends[name] (depends[name] == "" ? "" : ", ") $0
    next
}
/^Provides: / {
    sub(/^[^:]*: /, "")
    n = split($0, list, / *, */)
    for (i = 1; i <= n; i++) { sub(/[ (:].*/, "", list[i]); providers[list[i]] = providers[list[i]] " " name }
}

# The package that satisfies one group of alternatives: a real one first, else the first provider by name.
function choose(group, owner,    options, n, i, option, list, m, j, best) {
    n = split(group, options, / *\| */)
    for (i = 1; i <= n; i++) {
        option = options[i]; sub(/[ (:].*/, "", option)
        if (option in drop || (owner ">" option) in drop) return ""
        if ((option, "Filename") in field) return option
    }
    for (i = 1; i <= n; i++) {
        option = options[i]; sub(/[ (:].*/, "", option)
        m = split(providers[option], list, " ")
        best = ""
        for (j = 1; j <= m; j++) if (best == "" || list[j] < best) best = list[j]
        if (best != "") return best in drop ? "" : best
    }
    fail(owner " depends on " group ", which the index does not have")
}

function visit(package, trail,    groups, n, i, dep, seen, chosen, m, j) {
    if (state[package] == "done") return
    if (state[package] == "open") fail("a cycle:" trail " > " package "; add one of its edges to pins/wanted.txt as `drop NAME DEP`")
    if (!((package, "Filename") in field)) fail("no package " package " in the index (wanted by" trail ")")
    state[package] = "open"
    n = split(depends[package], groups, / *, */)
    for (i = 1; i <= n; i++) {
        dep = choose(groups[i], package)
        if (dep == "" || dep == package || (dep in seen)) continue
        seen[dep] = 1
        # insertion keeps the list sorted
        for (j = ++m; j > 1 && chosen[j - 1] > dep; j--) chosen[j] = chosen[j - 1]
        chosen[j] = dep
    }
    for (i = 1; i <= m; i++) visit(chosen[i], trail " > " package)
    line = ""
    for (i = 1; i <= m; i++) line = line (i > 1 ? ", " : "") "\"" chosen[i] "\""
    printf "\"%s\": {\"version\": \"%s\", \"path\": \"%s\", \"sha256\": \"%s\", \"size\": %s, \"depends\": [%s]}\n",
        package, field[package, "Version"], field[package, "Filename"], field[package, "SHA256"], field[package, "Size"], line
    state[package] = "done"
}

END { if (!failed) for (r = 1; r <= roots; r++) visit(wanted[r], "") }
