/*
 * The kit that the broker is tested with, for whoever writes a store or a policy, or wants to see the protocol played
 * without a socket and a week pass in a millisecond.
 *
 *   testStore                   what a Store means, as tests for node:test: every engine must pass them
 *   parseScenario, playScenario dialogues of packets in a text file, on the pure core or against a broker that runs
 *   createBroker                the pure core itself, told everything by its verbs, with a RecordingOutbox to hear it
 *   SimulatedStore              a disk that stalls, refuses and crashes, in virtual time and the same with each seed
 */
export type { AuthenticationRequest, Principal, Verdict } from "../broker/authentication.ts";
export type { Broker } from "../broker/broker.ts";
export { Connection } from "../broker/connection.ts";
export { type BrokerOptions, createBroker } from "../broker/create-broker.ts";
export { allCapabilities, type Capabilities, createLimits, type Limits } from "../broker/limits.ts";
export type { Mutation, Recovered, Target } from "../broker/mutation.ts";
export type { Observation } from "../broker/observation.ts";
export type { Outbox, Ticket } from "../broker/outbox.ts";
export { allowAll, type Policy, type PublishRequest, type Refusal } from "../broker/policy.ts";
export type { Message } from "../session/message.ts";
export { createMemoryStore } from "../store/memory-store.ts";
export type { Store, StoredMessage } from "../store/store.ts";
export { StoreError } from "../store/store-error.ts";
export { Agenda } from "./agenda.ts";
export { CoreStage } from "./core-stage.ts";
export { brokenPromise } from "./promise-check.ts";
export { Random } from "./random.ts";
export { decoded, encoded, type OutboxRecord, RecordingOutbox } from "./recording-outbox.ts";
export { parseScenario, type Scenario, ScenarioError } from "./scenario.ts";
export { needsCore, playScenario, type Stage } from "./scenario-run.ts";
export { type ScenarioSettings, settingsOf } from "./scenario-settings.ts";
export { faultlessStore, SimulatedStore, type StoreFaults } from "./simulated-store.ts";
export { SocketStage } from "./socket-stage.ts";
export type { StoreStage } from "./store-bench.ts";
export { testStore } from "./store-suite.ts";
export { type Timed, VirtualClock } from "./virtual-clock.ts";
