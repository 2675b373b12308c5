# The memory server: what it weighs, and that it keeps and finds a memory.
{
  runCommand,
  jq,
  packages,
}:
let
  # What WhiteMagic's plan allows for the whole server
  most = 5000000;
in
{
  wm-seed =
    runCommand "wm-seed"
      {
        nativeBuildInputs = [
          jq
          packages.wm-seed
        ];
      }
      ''
        bytes=$(wc -c < ${packages.wm-seed}/bin/wm-seed)
        echo "$bytes bytes of at most ${toString most}" | tee $out
        [ "$bytes" -le ${toString most} ]
        wm-seed init project
        say() { jq -nc --argjson id "$1" --arg method "$2" --argjson params "$3" '{jsonrpc: "2.0"} + $ARGS.named'; }
        {
          say 1 initialize '{"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "check", "version": "1"}}'
          say 2 tools/call '{"name": "remember", "arguments": {"title": "Kettle", "content": "The kettle is blue."}}'
          say 3 tools/call '{"name": "recall", "arguments": {"query": "blue kettle", "limit": 1}}'
        } | wm-seed serve --root project/.whitemagic | tee -a $out
        jq -se '.[2].result.content[0].text | fromjson | .results[0].title == "Kettle"' <(tail -n 3 $out)
      '';
}
