import type { Background } from "./background.ts";
import { plainSetup, type Setup, type Users } from "./broker.ts";
import { staffUsers } from "./credentials.ts";
import type { GeneratorOptions } from "./load/generator.ts";
import { deployedScenarios } from "./scenarios-deployed.ts";
import { growthScenarios } from "./scenarios-growth.ts";

/** One load; its options are those of `load/load.c`. */
export interface Scenario {
  readonly name: string;
  /** What runs it together with others of its kind. */
  readonly group: Group;
  readonly sentence: string;
  readonly mode: "fan-in" | "fan-out" | "p2p" | "routes" | "connect";
  readonly options: GeneratorOptions;
  readonly users: Users;
  /** How the brokers are set up: one after the other, each by one thing more than the one before. */
  readonly steps: readonly Step[];
  /** What is there before the load comes. */
  readonly background: Background;
  /** Of a group of scenarios that differ in one number only: that number. */
  readonly at: number | undefined;
}

/** Scenarios that run by one name. */
export type Group = "throughput" | "single" | "durable" | "latency" | "connections" | "deployed" | `growth-${string}`;

/** One set-up of the brokers. */
export interface Step {
  /** Empty when there is only one. */
  readonly name: string;
  readonly setup: Setup;
  /** Whether peers can do the same. */
  readonly hasPeers: boolean;
}

/** A scenario with the usual things left out. */
export type ScenarioSketch = Pick<Scenario, "name" | "group" | "sentence" | "mode" | "options"> & Partial<Scenario>;

const inWindows = { window: 20 };
const oneInFlight = { window: 1, batch: 1 };
const secure: Setup = { ...plainSetup, hasAccounts: true, isSecure: true };

const sketches: readonly ScenarioSketch[] = [
  {
    name: "fan-in-qos0",
    group: "throughput",
    sentence: "50 publishers, 1 subscriber, 64 bytes",
    mode: "fan-in",
    options: { publishers: 50, qos: 0, window: 100 },
  },
  {
    name: "fan-out-qos0",
    group: "throughput",
    sentence: "1 publisher, 100 subscribers, 64 bytes",
    mode: "fan-out",
    options: { subscribers: 100, qos: 0, window: 100 },
  },
  {
    name: "p2p-qos0-1k",
    group: "throughput",
    sentence: "50 pairs, 1,024 bytes",
    mode: "p2p",
    options: { publishers: 50, qos: 0, window: 100, size: 1024 },
  },
  {
    name: "p2p-qos1",
    group: "throughput",
    sentence: "50 pairs, 64 bytes, window 20",
    mode: "p2p",
    options: { publishers: 50, qos: 1, ...inWindows },
  },
  {
    name: "p2p-qos2",
    group: "throughput",
    sentence: "50 pairs, 64 bytes, window 20",
    mode: "p2p",
    options: { publishers: 50, qos: 2, ...inWindows },
  },
  {
    name: "fan-out-qos1",
    group: "throughput",
    sentence: "1 publisher, 100 subscribers, 256 bytes, window 20",
    mode: "fan-out",
    options: { subscribers: 100, qos: 1, size: 256, ...inWindows },
  },
  {
    name: "routes",
    group: "throughput",
    sentence: "10,000 topics, 1,000 subscribers with 10 filters each and 100 with a wildcard, 64 bytes",
    mode: "routes",
    options: { publishers: 50, topics: 10_000, qos: 0, window: 100 },
  },
  {
    name: "fan-in-qos0-single",
    group: "single",
    sentence: "50 publishers with one message in flight each, 1 subscriber, 64 bytes",
    mode: "fan-in",
    options: { publishers: 50, qos: 0, ...oneInFlight },
  },
  {
    name: "p2p-qos1-single",
    group: "single",
    sentence: "50 pairs with one message in flight each, 64 bytes",
    mode: "p2p",
    options: { publishers: 50, qos: 1, ...oneInFlight },
  },
  {
    name: "p2p-qos1-persistent",
    group: "durable",
    sentence: "50 pairs with Sessions that outlive their connections, state on disk, 64 bytes, window 20",
    mode: "p2p",
    options: { publishers: 50, qos: 1, persistent: 1, ...inWindows },
    steps: [{ name: "", setup: { ...plainSetup, store: "disk" }, hasPeers: true }],
  },
  {
    name: "latency",
    group: "latency",
    sentence: "50 pairs, QoS 1, 2,000 messages a second in all, 64 bytes",
    mode: "p2p",
    options: { publishers: 50, qos: 1, rate: 2_000, window: 100 },
  },
  {
    name: "connect",
    group: "connections",
    sentence: "5,000 connections, 50 handshakes at a time, then idle",
    mode: "connect",
    options: { publishers: 5_000, parallel: 50 },
  },
  {
    name: "connect-tls",
    group: "connections",
    sentence: "2,000 connections in TLS 1.3 with a password, full handshakes, 20 at a time, then idle",
    mode: "connect",
    options: { publishers: 2_000, parallel: 20 },
    steps: [{ name: "", setup: secure, hasPeers: true }],
  },
  {
    name: "connect-tls-resumed",
    group: "connections",
    sentence: "2,000 connections in TLS 1.3 with a password that resume one session, 20 at a time, then idle",
    mode: "connect",
    options: { publishers: 2_000, parallel: 20, resume: 1 },
    steps: [{ name: "", setup: secure, hasPeers: true }],
  },
];

/** Every load there is. */
export const scenarios: readonly Scenario[] = [...sketches, ...deployedScenarios, ...growthScenarios].map(
  (sketch): Scenario => ({
    users: staffUsers,
    steps: [{ name: "", setup: plainSetup, hasPeers: true }],
    background: { retained: 0, subscriptions: 0 },
    at: undefined,
    ...sketch,
  }),
);

/** What runs when no scenario is named. */
export const defaultScenarios: readonly string[] = [
  "fan-in-qos0",
  "fan-out-qos0",
  "p2p-qos0-1k",
  "p2p-qos1",
  "p2p-qos2",
];

/** The scenarios of these names or groups; throws an Error that lists them all when one is unknown. */
export function scenariosNamed(names: readonly string[]): readonly Scenario[] {
  const chosen = names.flatMap((name) => {
    const found = scenarios.filter(({ name: own, group }) => own === name || group === name);
    if (found.length === 0) {
      const groups = [...new Set(scenarios.map(({ group }) => group))];
      const known = scenarios.filter(({ at }) => at === undefined).map((scenario) => scenario.name);
      throw new Error(`no scenario ${name}; there are: ${[...groups, ...known].join(", ")}`);
    }
    return found;
  });
  return [...new Set(chosen)];
}
