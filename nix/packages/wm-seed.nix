# The memory server for MCP clients.
{ host }: host.programs.wm-seed
