import type { Mutation } from "../broker/mutation.ts";
import { allProperties, keepFor, retained, session, subscription, target, will } from "./store-rows.ts";

const longest = "ü/".repeat(21_845);
const otherLongest = `${"x".repeat(65_534)}y`;

/** Batches of rows that differ from one another, each with what is hard about it. */
export const hostileRows: Readonly<Record<string, readonly Mutation[]>> = {
  "one of each": [
    session(1),
    subscription(1, "a/+"),
    { kind: "keepReceived", session: 1, packetIdentifier: 1 },
    { kind: "keepReceived", session: 1, packetIdentifier: 65_535 },
    will(1),
    retained("a/b", 1),
    { kind: "alive", at: 1_764_000_000_123 },
    keepFor(2, [1]),
  ],
  "names of 65,535 bytes": [
    session(1, { clientId: longest, principalName: otherLongest }),
    subscription(1, longest),
    subscription(1, otherLongest),
    subscription(1, longest.slice(0, 1_024)),
    subscription(1, "x".repeat(1_025)),
    retained(longest, 1),
    retained(otherLongest, 2),
    keepFor(3, [1], { topicName: longest }),
  ],
  "names that mean something elsewhere": [
    session(1, { clientId: "__proto__", principalName: "constructor" }),
    session(2, { clientId: "", principalName: "" }),
    subscription(1, "__proto__"),
    subscription(1, "$share/constructor/#", { group: 3 }),
    subscription(1, "//"),
    subscription(2, "#"),
    retained("__proto__", 1),
    retained("toString", 2),
    retained("日本/🦀/\u{10ffff}", 3),
    retained("/", 4),
    keepFor(5, [1, 2], { topicName: "hasOwnProperty" }),
  ],
  "bodies of every size": [
    session(1),
    ...[0, 1, 63, 64, 4_000, 65_536, 1_048_576].map((bytes, index) =>
      keepFor(index + 1, [1], { payload: new Uint8Array(bytes).fill(bytes % 251) }),
    ),
    retained("large", 8, { payload: new Uint8Array(1_048_576).fill(3) }),
    retained("empty", 9, { payload: new Uint8Array(0) }),
  ],
  "every property, each QoS, with and without expiry": [
    session(1, { sessionExpiryIntervalSeconds: 4_294_967_295, disconnectedAt: 1_764_000_000_001 }),
    session(2, { sessionExpiryIntervalSeconds: 0, tenant: 4_294_967_295 }),
    will(1, {
      will: {
        topicName: "w",
        payload: new Uint8Array(0),
        qos: 2,
        retain: false,
        delayIntervalSeconds: 4_294_967_295,
        properties: allProperties,
      },
      dueAt: 1_764_000_000_001,
    }),
    retained("r", 1, { properties: allProperties, expiresAt: 1_764_000_000_000.5, qos: 0 }),
    { ...retained("r", 2), tenant: 7 },
    keepFor(3, [1], { properties: allProperties, expiresAt: 1_764_000_000_000 }),
    keepFor(4, [1, 2], { qos: 2, retain: true }),
  ],
  "roles and claims of a Session's Principal": [
    session(1, {
      principalRights: {
        roles: ["customer", ""],
        claims: [
          ["orders", ["1", "2"]],
          ["__proto__", []],
        ],
      },
    }),
    session(2, { principalRights: { roles: [], claims: [["c", [""]]] } }),
    session(3),
  ],
  "every option of a subscription": [
    session(1),
    ...([0, 1, 2] as const).map((number) =>
      subscription(1, `f/${number}`, {
        subscription: {
          qos: number,
          noLocal: number === 1,
          retainAsPublished: number === 2,
          retainHandling: number,
          subscriptionIdentifier: number * 134_217_727,
          isFiltered: number === 1,
        },
      }),
    ),
  ],
  "every kind of target": [
    session(1),
    session(281_474_976_710_654),
    subscription(1, "$share/g/#", { group: 2 }),
    {
      ...keepFor(1, [], { qos: 2 }),
      targets: [
        target(1, { qos: 2, retain: true, subscriptionIdentifiers: [1, 127, 128, 268_435_455] }),
        target(2, { kind: "group", qos: 2, session: 1, packetIdentifier: 65_535, stage: "received" }),
        target(281_474_976_710_654, { session: 281_474_976_710_654, packetIdentifier: 1 }),
      ],
    },
    keepFor(9_007_199_254_740, [1]),
  ],
};
