/** One load; its options are those of `load/load.c`. */
export interface Scenario {
  readonly name: string;
  readonly sentence: string;
  readonly mode: "fan-in" | "fan-out" | "p2p" | "routes" | "connect";
  readonly options: Readonly<Record<string, number>>;
}

const inWindows = { window: 20 };
const oneInFlight = { window: 1, batch: 1 };

/** Every load there is, by name. */
export const scenarios: readonly Scenario[] = [
  {
    name: "fan-in-qos0",
    sentence: "50 publishers, 1 subscriber, 64 bytes",
    mode: "fan-in",
    options: { publishers: 50, qos: 0, window: 100 },
  },
  {
    name: "fan-out-qos0",
    sentence: "1 publisher, 100 subscribers, 64 bytes",
    mode: "fan-out",
    options: { subscribers: 100, qos: 0, window: 100 },
  },
  {
    name: "p2p-qos0-1k",
    sentence: "50 pairs, 1,024 bytes",
    mode: "p2p",
    options: { publishers: 50, qos: 0, window: 100, size: 1024 },
  },
  {
    name: "p2p-qos1",
    sentence: "50 pairs, 64 bytes, window 20",
    mode: "p2p",
    options: { publishers: 50, qos: 1, ...inWindows },
  },
  {
    name: "p2p-qos2",
    sentence: "50 pairs, 64 bytes, window 20",
    mode: "p2p",
    options: { publishers: 50, qos: 2, ...inWindows },
  },
  {
    name: "fan-out-qos1",
    sentence: "1 publisher, 100 subscribers, 256 bytes, window 20",
    mode: "fan-out",
    options: { subscribers: 100, qos: 1, size: 256, ...inWindows },
  },
  {
    name: "fan-in-qos0-single",
    sentence: "50 publishers with one message in flight each, 1 subscriber, 64 bytes",
    mode: "fan-in",
    options: { publishers: 50, qos: 0, ...oneInFlight },
  },
  {
    name: "p2p-qos1-single",
    sentence: "50 pairs with one message in flight each, 64 bytes",
    mode: "p2p",
    options: { publishers: 50, qos: 1, ...oneInFlight },
  },
  {
    name: "p2p-qos1-persistent",
    sentence: "50 pairs with Sessions that outlive their connections, 64 bytes, window 20",
    mode: "p2p",
    options: { publishers: 50, qos: 1, persistent: 1, ...inWindows },
  },
  {
    name: "routes",
    sentence: "10,000 topics, 1,000 subscribers with 10 filters each and 100 with a wildcard, 64 bytes",
    mode: "routes",
    options: { publishers: 50, topics: 10_000, qos: 0, window: 100 },
  },
  {
    name: "latency",
    sentence: "50 pairs, 2,000 messages a second in all, 64 bytes",
    mode: "p2p",
    options: { publishers: 50, qos: 0, rate: 2_000, window: 100 },
  },
  {
    name: "connect",
    sentence: "5,000 connections, 50 handshakes at a time, then idle",
    mode: "connect",
    options: { publishers: 5_000, parallel: 50 },
  },
];

/** What runs when no scenario is named. */
export const defaultScenarios: readonly string[] = [
  "fan-in-qos0",
  "fan-out-qos0",
  "p2p-qos0-1k",
  "p2p-qos1",
  "p2p-qos2",
];

/** The scenarios of these names; throws an Error that lists them all when one is unknown. */
export function scenariosNamed(names: readonly string[]): readonly Scenario[] {
  return names.map((name) => {
    const found = scenarios.find((scenario) => scenario.name === name);
    if (found === undefined) {
      throw new Error(`no scenario ${name}; there are: ${scenarios.map((scenario) => scenario.name).join(", ")}`);
    }
    return found;
  });
}
