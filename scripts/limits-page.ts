import { limitTable } from "../src/broker/limits.ts";
import { listenerLimits } from "../src/server/config.ts";
import type { Figure } from "../test/hostile/figures.ts";
import { markdownTable } from "./markdown-table.ts";

/** `docs/limits.md`, from the tables that the program works with and the figures of the attacks. */
export function limitsPage(figures: readonly Figure[]): string {
  return `# Limits

Printed by \`npm run limits\` from the tables that the program works with. Everything has a limit, the limit has a name, and
passing it has a Reason Code. The names are keys of the configuration file; \`petstore-mqtt config\` prints them too.

## Of the whole: \`limits:\`

${markdownTable(["limit", "default", "unit", "what it bounds, and what happens"], limitTable.map(limitCells))}
A bound of many that says _more than an even part_: below it everybody takes what he likes. Above it whoever holds more than the
bound divided by all who hold something is stopped, and whoever holds less is not; all together never hold more than twice
the bound. So those who hoard are stopped before those who do not.

## Of one listener: \`listeners[].limits:\`

${markdownTable(["limit", "default", "unit", "what it bounds, and what happens"], listenerLimits.map(listenerCells))}
## What attacks come to

Each row is a test in \`test/hostile/\`: a server in a process of its own, with limits as small as the test is, meets clients
that keep to the protocol and mean no good. Meanwhile a well-behaved pair sends 100 messages a second at QoS 1. The test
fails when one of them does not arrive or takes more than 5 s, or when the server holds more memory than the limits allow.

- _held_: heap and buffers that are reachable while the attack stands, above those before it
- _process_: the most that the whole process had, code and garbage included
- _stall_: the longest time in which nobody got a turn
- _slowest_: the slowest message of the pair, in half a second before the attack and during it

Measured on 2 shared cores that did other work too, with

\`\`\`sh
npm run limits -- --measure
\`\`\`

${markdownTable(
  ["attack", "how much", "held", "process", "stall", "slowest before", "slowest during"],
  figures.map(figureCells),
)}`;
}

function limitCells({ name, default: value, unit, description }: (typeof limitTable)[number]): string[] {
  return [`\`${name}\``, value.toLocaleString("en"), unit, description];
}

function listenerCells({ name, default: value, unit, description }: (typeof listenerLimits)[number]): string[] {
  return [`\`${name}\``, value, unit, description];
}

function figureCells(figure: Figure): string[] {
  const { attack, did, heldMiB, rssMaxMiB, stalledMilliseconds, quietMilliseconds, slowestMilliseconds } = figure;
  const memory = [`${heldMiB} MiB`, `${rssMaxMiB} MiB`];
  return [
    attack,
    did,
    ...memory,
    ...[stalledMilliseconds, quietMilliseconds, slowestMilliseconds].map((ms) => `${ms} ms`),
  ];
}
