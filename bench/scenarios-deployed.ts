import { join } from "node:path";
import { plainSetup, type Setup } from "./broker.ts";
import { backOfficeUsers, deviceUsers } from "./credentials.ts";
import type { ScenarioSketch, Step } from "./scenarios.ts";

const payloads = join(import.meta.dirname, "payloads");

const withAccounts: Setup = { ...plainSetup, hasAccounts: true };
const withTls: Setup = { ...withAccounts, isSecure: true };
const withContract: Setup = { ...withTls, hasContract: true };

/** What a broker costs that people can be let near, one thing after the other. */
const steps: readonly Step[] = [
  { name: "plain", setup: plainSetup, hasPeers: true },
  { name: "+ accounts", setup: withAccounts, hasPeers: true },
  { name: "+ TLS", setup: withTls, hasPeers: true },
  // Nobody else has one: their access rules go on.
  { name: "+ contract", setup: withContract, hasPeers: false },
  { name: "+ disk", setup: { ...withContract, store: "disk" }, hasPeers: true },
];

const telemetry = { topic: "pets/pet-{n}/health", payload: join(payloads, "health.json"), persistent: 1 };
const orders = { topic: "orders/order-{n}/status", payload: join(payloads, "order.json"), retain: 1, persistent: 1 };

/** The path people deploy: TLS 1.3, accounts, the pet store's contract, state on disk, subscribers with Sessions. */
export const deployedScenarios: readonly ScenarioSketch[] = [
  {
    name: "deployed-telemetry-qos0",
    group: "deployed",
    sentence: "50 devices, each with a subscriber, 200 bytes of JSON at QoS 0",
    mode: "p2p",
    options: { publishers: 50, qos: 0, window: 100, ...telemetry },
    users: deviceUsers,
    steps,
  },
  {
    name: "deployed-telemetry-qos1",
    group: "deployed",
    sentence: "50 devices, each with a subscriber, 200 bytes of JSON at QoS 1, window 20",
    mode: "p2p",
    options: { publishers: 50, qos: 1, window: 20, ...telemetry },
    users: deviceUsers,
    steps,
  },
  {
    name: "deployed-orders-qos1",
    group: "deployed",
    sentence: "50 orders, each with a subscriber, retained snapshots of JSON at QoS 1, window 20",
    mode: "p2p",
    options: { publishers: 50, qos: 1, window: 20, ...orders },
    users: backOfficeUsers,
    steps,
  },
];
