import type { Broker, ProtocolVersion, StoreKind } from "./broker.ts";
import { mosquitto, mosquittoMissing } from "./brokers/mosquitto.ts";
import { aedes, bareNode } from "./brokers/node-peers.ts";
import { petstore, petstoreMissing } from "./brokers/petstore.ts";
import { type NodeProgram, thisNode } from "./node-program.ts";
import type { Scenario, Step } from "./scenarios.ts";

/** One broker that was set up by one step and speaks one version. */
export interface Contender {
  readonly broker: Broker;
  readonly version: ProtocolVersion;
  /** Of the scenario's steps. */
  readonly step: number;
}

/** Which of all that could be measured is. */
export interface Choice {
  /** A broker that speaks none of them is measured with the one it speaks. */
  readonly versions: readonly ProtocolVersion[];
  /** Of brokers; undefined for all that make sense. */
  readonly names: readonly string[] | undefined;
  /** Those that brokers in Node run on. */
  readonly nodes: readonly NodeProgram[];
  /** In the place of what the scenario says. */
  readonly store: StoreKind | undefined;
}

/** Sentences about the brokers that cannot be measured here. */
export function missingBrokers(): readonly string[] {
  return [petstoreMissing(), mosquittoMissing()].filter((sentence) => sentence !== undefined);
}

/** Who takes part in a scenario, ours first, step by step. Throws an Error when nobody is left. */
export function contendersOf(scenario: Scenario, { versions, names, nodes, store }: Choice): readonly Contender[] {
  const contenders = scenario.steps.flatMap((given, step) => {
    const setup = store === undefined ? given.setup : { ...given.setup, store };
    const brokers = brokersFor(scenario, { ...given, setup }, nodes);
    return brokers
      .filter(({ name }) => names?.some((each) => name === each || name.startsWith(`${each} (`)) ?? true)
      .flatMap((broker): readonly Contender[] => {
        const spoken = broker.versions.filter((version) => versions.includes(version));
        return (spoken.length > 0 ? spoken : broker.versions).map((version) => ({ broker, version, step }));
      });
  });
  if (contenders.length > 0) return contenders;
  const known = scenario.steps.flatMap((step) => brokersFor(scenario, step, nodes).map(({ name }) => name));
  throw new Error(`no such broker in ${scenario.name}; there are: ${[...new Set(known)].join(", ")}`);
}

function brokersFor(scenario: Scenario, { setup, hasPeers }: Step, nodes: readonly NodeProgram[]): readonly Broker[] {
  const brokers: Broker[] = [];
  const onEach = (make: (node: NodeProgram) => readonly Broker[]): void => {
    for (const node of nodes) brokers.push(...make(node).map((broker) => named(broker, node)));
  };
  if (petstoreMissing() === undefined) onEach((node) => [petstore(setup, node)]);
  if (!hasPeers) return brokers;
  const isConnect = scenario.mode === "connect";
  if (mosquittoMissing() === undefined) {
    const isOnDisk = setup.store === "disk";
    if (isOnDisk) brokers.push(mosquitto("mosquitto-saving", setup));
    // Among many steps there is one with its state in memory.
    if (!isOnDisk || scenario.steps.length === 1) brokers.push(mosquitto("mosquitto", { ...setup, store: "memory" }));
  }
  // What grows is asked of a broker, not of its like; and aedes cannot go the way of the steps.
  if (scenario.at === undefined && scenario.steps.length === 1) onEach((node) => aedes(setup, node));
  if (isConnect) onEach((node) => [bareNode(setup, node)]);
  return brokers;
}

function named(broker: Broker, node: NodeProgram): Broker {
  if (node.path === thisNode.path) return broker;
  return { ...broker, name: `${broker.name} (Node ${node.version.slice(1).split(".")[0]})` };
}
