import { contractViews, storeKinds } from "../server/config.ts";
import { logLevels } from "../server/log.ts";
import type { Command } from "./command.ts";

export const serveCommand: Command = {
  name: "serve",
  summary: "start the broker; Ctrl-C ends it",
  positionals: "",
  positionalsMin: 0,
  positionalsMax: 0,
  flags: [
    {
      name: "config",
      value: "FILE",
      example: "broker.yaml",
      completes: "file",
      summary: "read a configuration file (YAML); flags win over it",
    },
    {
      name: "data",
      value: "DIR",
      example: "./petstore-data",
      completes: "directory",
      summary: "where state and certificates are kept (./petstore-data)",
    },
    {
      name: "store",
      value: "KIND",
      example: "memory",
      choices: storeKinds,
      summary: "disk (default) keeps state in DIR/store, memory forgets it at the end",
    },
    {
      name: "mqtts",
      value: "PORT",
      example: "8883",
      summary: "listen with TLS on this port (8883); 0 takes a free one",
    },
    {
      name: "mqtt",
      value: "PORT",
      example: "1883",
      summary: "listen without TLS on this port too; 0 takes a free one",
    },
    {
      name: "wss",
      value: "PORT",
      example: "8443",
      summary: "WebSocket and HTTP with TLS on this port (8443); 0 takes a free one",
    },
    {
      name: "ws",
      value: "PORT",
      example: "8083",
      summary: "WebSocket and HTTP without TLS on this port too; 0 takes a free one",
    },
    {
      name: "bind",
      value: "ADDR",
      example: "0.0.0.0",
      summary: "listen on this address (localhost: 127.0.0.1 and ::1)",
    },
    {
      name: "contract",
      value: "FILE",
      example: "api.yaml",
      completes: "file",
      summary: "hold everybody to this AsyncAPI 3.0 document (the pet store's); none: to no contract",
    },
    {
      name: "contract-view",
      value: "SIDE",
      example: "client",
      choices: contractViews,
      summary: "from whose side the contract is written (service)",
    },
    { name: "demo", summary: "accounts and access rules of a pet store, printed at start" },
    { name: "open", summary: "for tests: no accounts, all is allowed, mqtt and ws only, loopback only" },
    { name: "log-level", value: "LEVEL", example: "warn", choices: logLevels, summary: "how much is logged (info)" },
  ],
  examples: [
    { summary: "With accounts to try it with", line: "petstore-mqtt serve --demo" },
    {
      summary: "A second one beside it",
      line: "petstore-mqtt serve --demo --mqtts 0 --data /tmp/petstore",
    },
    {
      summary: "For a benchmark: anonymous, on a port of its own, keeping nothing",
      line: "petstore-mqtt serve --open --mqtt 1884 --store memory --log-level warn",
    },
    { summary: "For others on the network", line: "petstore-mqtt serve --demo --bind 192.168.1.5 --mqtt 1883" },
    { summary: "As a file says", line: "petstore-mqtt serve --config broker.yaml" },
  ],
  notes: `Without a file it listens with mqtts and wss, with --open with mqtt and ws. Where a flag names one of the two, the
other one stays shut unless it is named too.
When every listener is open, stdout has one line with their URLs: ready mqtts://localhost:8883 wss://localhost:8443/mqtt
The log is on stderr, one JSON object a line. petstore-mqtt config lists what a file may say; such a file:

  listeners:
    - { protocol: mqtts, port: 8883 }
  access: # the first rule that fits decides
    - { deny: subscribe, topic: "test/nosubscribe" }
    - { allow: publish, topic: "devices/%c/#", role: device }
  limits:
    packetBytesMax: 262144`,
  load: async () => (await import("./serve.ts")).serve,
};
