import { clientFlags } from "./client-flags.ts";
import type { Command } from "./command.ts";
import { publishFlags, publishFlagsOfVersion5 } from "./pub-flags.ts";

export const pubCommand: Command = {
  name: "pub",
  summary: "publish messages to a server",
  positionals: "[TOPIC] [MESSAGE]",
  positionalsMin: 0,
  positionalsMax: 2,
  flags: [...publishFlags, ...publishFlagsOfVersion5, ...clientFlags],
  examples: [
    {
      summary: "A message to the demonstration server",
      line: `petstore-mqtt pub -u service -P service-demo -q 1 orders/42/status '{"status":"SHIPPED"}'`,
    },
    { summary: "Clear what is retained", line: 'petstore-mqtt pub -u admin -P admin-demo -r shop/notice ""' },
    {
      summary: "Every line that a program writes, at most 10 a second",
      line: "vmstat 1 | petstore-mqtt pub -u admin -P admin-demo --lines --rate 10 machines/one",
    },
    {
      summary: "With Properties, to any server",
      line: "petstore-mqtt pub --url wss://test.example:8443/mqtt --content-type text/plain --message-expiry 60 a/b hello",
    },
    {
      summary: "What sub --json has written down, again",
      line: "petstore-mqtt pub -u admin -P admin-demo --batch messages.jsonl",
    },
    {
      summary: "10,000 messages, and how fast they are acknowledged",
      line: "petstore-mqtt pub -u admin -P admin-demo -q 1 --count 10000 --latency test hello",
    },
  ],
  notes: `A batch is JSON: an array, or one object a line, of {"topic", "payload", "qos", "retain", "properties"}; all but topic may
be missing, then the flags say it. payload is a text or any JSON, payloadBase64 is bytes. Properties are named as in
MQTT: {"contentType": "text/plain", "messageExpiryInterval": 60, "userProperties": {"room": "kitchen"}}.

Never more is under way than the server takes (Receive Maximum). After a lost connection it goes on for 30 seconds
(--reconnect), and what was not acknowledged is sent again; it may arrive twice.
Exit code 1: no connection; 3: --timeout was over; 4: the server refused messages, stderr says which and why.`,
  load: async () => {
    const { publish } = await import("./pub-run.ts");
    const { processSurroundings } = await import("./client-surroundings.ts");
    return (given) => publish(given, processSurroundings());
  },
};
