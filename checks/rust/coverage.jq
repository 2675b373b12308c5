# What `llvm-cov export -summary-only` says of the crates in $least: a line for each file and crate. Fails where
# tests run fewer of a crate's lines, in percent, than $least has for it. Programs beside a library do not count.
def percent: if .count == 0 then 0 else 100 * .covered / .count end;
def row(name): "\(percent * 10 | floor / 10)%\t\(.covered) of \(.count)\t\(name)";

[.data[0].files[] | {
    file: (.filename | capture("crates/(?<crate>[^/]+)/src/(?!bin/)(?<path>.*)")),
    lines: .summary.lines
  }] as $files
| $least | to_entries | map(
    .key as $crate
    | [$files[] | select(.file.crate == $crate)] as $files
    | {
        $crate,
        least: .value,
        rows: ($files | sort_by(.file.path) | map(.file.path as $path | .lines | row("\($crate)/src/\($path)"))),
        lines: { covered: ($files | map(.lines.covered) | add // 0), count: ($files | map(.lines.count) | add // 0) }
      })
| (map(.rows[], (.crate as $crate | .lines | row($crate))) | join("\n")) as $table
| map(select((.lines | percent) < .least))
| if . == [] then $table
  else "\($table)\n\(map("tests run fewer than \(.least)% of the lines of \(.crate)") | join("\n"))\n" | halt_error(1) end
