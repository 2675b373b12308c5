# The memory server: what it weighs, that it keeps and finds a memory, and that a module beside it refuses a key
# and nothing else.
{
  runCommand,
  jq,
  packages,
}:
let
  # What WhiteMagic's plan allows for the whole server
  most = 5000000;
  secrets = packages.wm-secrets-wasm;
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
        mkdir project/.whitemagic/governance
        cp ${secrets}/${secrets.output} project/.whitemagic/governance/secrets.wasm
        {
          say 1 tools/call '{"name": "remember", "arguments": {"content": "The key is AKIAIOSFODNN7EXAMPLE."}}'
          say 2 tools/call '{"name": "remember", "arguments": {"content": "The kettle is blue, and AKIA begins a key."}}'
        } | wm-seed serve --root project/.whitemagic | tee -a $out
        tail -n 2 $out | jq -se 'map(.result.content[0].text | fromjson)
          | .[0].reasons[-1] == "module secrets: content has an AWS access key id; note where it is kept instead"
          and .[1].status == "success"'
      '';
}
