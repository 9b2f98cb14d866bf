/** What `petstore-mqtt help` prints. */
export const helpText = `petstore-mqtt: an MQTT 5.0 and 3.1.1 broker

  petstore-mqtt serve [flags]   start the broker; Ctrl-C ends it
  petstore-mqtt config          every key of the configuration file, with default and unit
  petstore-mqtt help            this text
  petstore-mqtt version         the version

Flags of serve; they win over the configuration file:
  --config FILE       read a configuration file (YAML)
  --data DIR          where state and certificates are kept (./petstore-data)
  --store KIND        disk (default) keeps sessions, queues and retained messages in DIR/store;
                      memory forgets them when it ends
  --mqtts PORT        listen with TLS on this port (8883); 0 takes a free one
  --mqtt PORT         listen without TLS on this port too; 0 takes a free one
  --bind ADDR         listen on this address (localhost: 127.0.0.1 and ::1)
  --demo              accounts and access rules of a pet store, printed at start
  --open              for tests: no accounts, everything allowed that no rule denies,
                      mqtt (1883) only, on loopback only; not together with --demo
  --log-level LEVEL   trace, debug, info (default), warn, error, fatal or silent
  --help              this text

Without --demo and --open there are no accounts, and every client is refused.
When every listener is open, stdout has one line with their URLs: ready mqtts://localhost:8883
The log is on stderr, one JSON object a line.

Examples:
  petstore-mqtt serve --demo
  petstore-mqtt serve --demo --mqtts 0 --data /tmp/petstore
  petstore-mqtt serve --demo --bind 192.168.1.5 --mqtt 1883
  petstore-mqtt serve --open --mqtt 1884 --store memory --log-level warn
  petstore-mqtt serve --config broker.yaml

A configuration file:
  listeners:
    - { protocol: mqtts, port: 8883 }
  access: # the first rule that fits decides
    - { deny: subscribe, topic: "test/nosubscribe" }
    - { allow: publish, topic: "devices/%c/#", role: device }
  limits:
    packetBytesMax: 262144

Exit codes: 0 ended as asked, 1 it could not start, 2 the command line is wrong.
`;
