# Fails unless five artifacts more cost the same, however many there are already: counts, which do
# not depend on the machine. Sorting may take a little more than in line.
def grows(name; count):
  map(count) as [$few, $some, $many]
  | "\(name): \($few), \($some), \($many) with \(map(.artifacts) | join(", ")) artifacts"
  | if $some > $few and $many - $some <= ($some - $few) * 1.05 then .
    else error("\(.). An artifact must not cost more where there are others: does each read the workspace anew?") end;

grows("derivations"; .derivations), grows("function calls"; .again.function_calls)
