import type { Input } from "./input.ts";

/** A legal packet of a Client in the notation of the corpus; the families make bad ones of it. */
export interface Sample {
  readonly name: string;
  readonly notation: string;
  readonly stage: Input["stage"];
  readonly versions: readonly (4 | 5)[];
  /** Lengths of the body, below its own, with which it is legal too, and what is then answered. */
  readonly legalBodies: Readonly<Record<number, string>>;
}

const both = [5, 4] as const;

/** One packet of every type, with every part that it may have. Messages go to topics that nobody may publish to. */
export const samples: readonly Sample[] = [
  sample("CONNECT", "opened", [5], "10 .. 'MQTT' 05 c2 0000 {11 00000001 26 'k' 'v'} 'bad' 'user' 'password'"),
  sample("CONNECT", "opened", [4], "10 .. 'MQTT' 04 c2 0000 'bad' 'user' 'password'"),
  sample(
    "CONNECT with a Will",
    "opened",
    both,
    "10 .. 'MQTT' @@ 06 0000 {21 0001} 'bad' {18 00000001 03 't'} '$w' 'bye'",
  ),
  sample("PUBLISH of QoS 0", "connected", both, "30 .. '$SYS/x' {02 00000001}"),
  sample("PUBLISH of QoS 1", "connected", both, "32 .. '$SYS/x' 0001 {08 'r' 09 'd'}"),
  sample("PUBLISH of QoS 2", "connected", both, "34 .. '$SYS/x' 0001 {23 0001 26 'k' 'v'}"),
  ...acknowledgements(),
  sample("SUBSCRIBE", "connected", both, "82 .. 0001 {0b 01 26 'k' 'v'} 'a/b' 00"),
  sample("UNSUBSCRIBE", "connected", both, "a2 .. 0001 {26 'k' 'v'} 'a/b'"),
  sample("PINGREQ", "connected", both, "c0 .."),
  sample("DISCONNECT", "connected", [5], "e0 .. 04 {11 00000000 1f 'r'}", { 0: "closed", 1: "closed" }),
  sample("DISCONNECT", "connected", [4], "e0 .."),
  // Without a method in CONNECT even a legal one is a Protocol Error.
  sample("AUTH", "connected", [5], "f0 .. 18 {15 'DEMO' 16 'x'}"),
];

function acknowledgements(): Sample[] {
  const rows = [
    ["PUBACK", "40", "ignored"],
    ["PUBREC", "50", "answered PUBREL #1 0x92"],
    ["PUBREL", "62", "answered PUBCOMP #1 0x92"],
    ["PUBCOMP", "70", "ignored"],
  ] as const;
  return rows.flatMap(([name, first, outcome]) => [
    sample(name, "connected", [5], `${first} .. 0001 00 {1f 'r' 26 'k' 'v'}`, { 2: outcome, 3: outcome }),
    sample(name, "connected", [4], `${first} .. 0001`),
  ]);
}

function sample(
  name: string,
  stage: Input["stage"],
  versions: readonly (4 | 5)[],
  notation: string,
  legalBodies: Readonly<Record<number, string>> = {},
): Sample {
  return { name, notation, stage, versions, legalBodies };
}
