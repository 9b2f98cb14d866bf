import { clientFlags } from "./client-flags.ts";
import type { Command } from "./command.ts";
import { subscribeFlags, subscribeFlagsOfVersion5 } from "./sub-flags.ts";

export const subCommand: Command = {
  name: "sub",
  summary: "subscribe, and write down the messages that come",
  positionals: "[TOPIC-FILTER ...]",
  positionalsMin: 0,
  positionalsMax: 1000,
  flags: [...subscribeFlags, ...subscribeFlagsOfVersion5, ...clientFlags],
  examples: [
    {
      summary: "Follow orders at the demonstration server",
      line: "petstore-mqtt sub -u alice -P alice-demo -q 1 -v 'orders/+/status'",
    },
    {
      summary: "The next message alone, within 10 seconds",
      line: "petstore-mqtt sub -u staff -P staff-demo --count 1 --timeout 10 'pets/+/health'",
    },
    {
      summary: "Everything with its Properties, one JSON object a line",
      line: "petstore-mqtt sub -u admin -P admin-demo --json '#' > messages.jsonl",
    },
    {
      summary: "Lose nothing while it is away",
      line: "petstore-mqtt sub -u alice -P alice-demo --persistent --client-id till -q 2 'orders/#'",
    },
    {
      summary: "Share the work with others",
      line: "petstore-mqtt sub -u staff -P staff-demo -q 1 '$share/kitchen/orders/#'",
    },
    {
      summary: "In a line of one's own",
      line: "petstore-mqtt sub -u staff -P staff-demo --format '%I %t (%l bytes): %p' '#'",
    },
  ],
  notes: `Placeholders of --format: %t topic, %p payload, %x payload in hexadecimal, %l its length in bytes, %q QoS,
%r 1 when retained, else 0, %I time of arrival, %% a percent sign; \\n and \\t are understood.

Messages are on stdout, the rest on stderr. On a terminal, what could harm it is written as \\x1b. Ctrl-C ends it; a
Session of --persistent stays subscribed. A lost connection is tried again for ever (--reconnect).
--latency compares two clocks: between machines it is only as good as these agree.
Exit code 1: no connection; 3: --timeout was over before --count messages came; 4: a subscription was refused.`,
  load: async () => {
    const { subscribe } = await import("./sub-run.ts");
    const { processSurroundings } = await import("./client-surroundings.ts");
    return (given) => subscribe(given, processSurroundings());
  },
};
