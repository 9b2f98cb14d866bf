import type { RetainHandling } from "../../src/mqtt/packet.ts";
import { ProtocolVersion, type QoS } from "../../src/mqtt/packet-type.ts";
import type { Random } from "../../src/testing/random.ts";

/** What kind of Client it is; drawn once, at its beginning. */
export interface ClientTraits {
  readonly name: string;
  readonly protocolVersion: ProtocolVersion;
  /** Asked for in CONNECT, seconds; 3.1.1 has only 0 and for long. */
  readonly sessionExpirySeconds: number;
  /** How often it asks for a new Session. */
  readonly cleanStartChance: number;
  readonly receiveMaximum: number | undefined;
  readonly topicAliasMaximum: number;
  readonly keepAliveSeconds: number;
  readonly willChance: number;
  /** Packet Identifiers are taken from 1 to this, so that they come again soon. */
  readonly packetIdentifierMax: number;
  /** Topic Names that it publishes to; none for one that only listens. */
  readonly publishes: readonly string[];
  readonly publishQoS: readonly QoS[];
  readonly retainChance: number;
  readonly expiryChance: number;
  /** Topic Filters that it subscribes to. */
  readonly subscribes: readonly string[];
  readonly subscribeQoS: readonly QoS[];
  readonly retainHandlings: readonly RetainHandling[];
  /** How often it changes its subscriptions. */
  readonly unsubscribeChance: number;
  readonly refusalChance: number;
  /** ms between two things that it does of its own accord. */
  readonly pauseMax: number;
  /** ms that it takes over one packet. */
  readonly handlingMax: number;
  /** How often its connection ends, and in which way. */
  readonly leaveChance: number;
  readonly stallChance: number;
}

const plainFilters = ["t/0", "t/1", "t/2", "t/+", "t/#", "+/1", "t/1/#", "r/#", "r/0", "#"];
const sharedFilters = ["$share/g/s/+", "$share/h/s/#"];
const wills = "w/#";

export const plainTopics: readonly string[] = ["t/0", "t/1", "t/2", "t/1/deep"];
export const retainedTopics: readonly string[] = ["r/0", "r/1", "r/2"];
export const sharedTopics: readonly string[] = ["s/0", "s/1"];

const always = 0xffff_ffff;

/** Draws a Client; it is a member of a shared group so many times of 1. */
export function drawTraits(random: Random, name: string, memberChance: number): ClientTraits {
  const isMember = random.chance(memberChance);
  const protocolVersion = random.chance(0.7) ? ProtocolVersion.V5 : ProtocolVersion.V311;
  const isV5 = protocolVersion === ProtocolVersion.V5;
  const sessionExpirySeconds = random.pick(isV5 ? [0, 0, 3, 10, 60, 1_000, always] : [0, always, always]);
  return {
    name,
    protocolVersion,
    sessionExpirySeconds,
    cleanStartChance: random.pick([0, 0, 0.1, 0.4]),
    receiveMaximum: isV5 ? random.pick([undefined, 1, 2, 3, 10]) : undefined,
    topicAliasMaximum: isV5 ? random.pick([0, 0, 1, 3]) : 0,
    keepAliveSeconds: random.pick([0, 2, 5, 30]),
    willChance: random.pick([0, 0.5, 1]),
    packetIdentifierMax: random.pick([4, 10, 1_000]),
    publishes: random.pick([[], plainTopics, sharedTopics, retainedTopics, [...plainTopics, ...sharedTopics]]),
    publishQoS: random.pick([[0, 1, 2], [1], [2], [1, 2]]),
    retainChance: random.pick([0.2, 0.8]),
    expiryChance: random.pick([0, 0, 0.3]),
    subscribes: isMember ? [random.pick(sharedFilters)] : drawFilters(random),
    subscribeQoS: random.pick([[2], [1, 2], [0, 1, 2], [1]]),
    retainHandlings: isV5 ? [0, 0, 1, 2] : [0],
    unsubscribeChance: random.pick([0, 0, 0.02, 0.1]),
    refusalChance: isV5 ? random.pick([0, 0, 0.05]) : 0,
    pauseMax: random.pick([20, 100, 500]),
    handlingMax: random.pick([0, 5, 30, 300]),
    leaveChance: random.pick([0, 0.01, 0.05, 0.1]),
    stallChance: random.pick([0, 0, 0.03]),
  };
}

/** A Client that sees every Will, once: it never leaves for good and changes nothing. */
export function watcherTraits(name: string): ClientTraits {
  return {
    name,
    protocolVersion: ProtocolVersion.V5,
    sessionExpirySeconds: always,
    cleanStartChance: 0,
    receiveMaximum: undefined,
    topicAliasMaximum: 0,
    keepAliveSeconds: 0,
    willChance: 0,
    packetIdentifierMax: 1_000,
    publishes: [],
    publishQoS: [0],
    retainChance: 0,
    expiryChance: 0,
    subscribes: [wills],
    subscribeQoS: [2],
    retainHandlings: [2],
    unsubscribeChance: 0,
    refusalChance: 0,
    pauseMax: 100,
    handlingMax: 5,
    leaveChance: 0.01,
    stallChance: 0,
  };
}

/** A Client that does nothing but publish, for the end of a run. */
export function proberTraits(name: string): ClientTraits {
  return {
    ...watcherTraits(name),
    sessionExpirySeconds: always,
    subscribes: [],
    retainHandlings: [0],
    publishes: [...plainTopics, ...sharedTopics],
    publishQoS: [2],
    leaveChance: 0,
  };
}

function drawFilters(random: Random): string[] {
  const count = random.integer(0, 3);
  return Array.from({ length: count }, () => random.pick(plainFilters)).filter(
    (filter, index, all) => all.indexOf(filter) === index,
  );
}
