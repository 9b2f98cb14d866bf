import type { Principal } from "../broker/authentication.ts";
import type { Policy, PublishRequest, Refusal } from "../broker/policy.ts";
import { ReasonCode } from "../mqtt/reason-code.ts";
import type { TopicMatch } from "./channel-matcher.ts";
import type { CompiledChannel, CompiledContract } from "./compile.ts";
import type { Channel, Operation } from "./contract.ts";
import { type CompiledMessage, checkMessage, refusal } from "./message-check.ts";
import {
  foreignValue,
  type Grant,
  grantsOf,
  isVolatile,
  type Leave,
  leavesFor,
  type Ownership,
  templateText,
} from "./rights.ts";
import { type Reach, reachOf } from "./subscription-reach.ts";

/** What was let through although a rule would refuse it: `x-enforcement: observe`. */
export type Observer = (principal: Principal, refusal: Refusal, publish: PublishRequest) => void;

/** How many topics and decisions are remembered; then all are forgotten. */
const rememberedMax = 65_536;

/** Longer Topic Names are not remembered, in UTF-16 units. */
const rememberedLengthMax = 256;

/** What one Principal may do with one topic. */
interface Decision {
  readonly channel: CompiledChannel;
  readonly match: TopicMatch;
  readonly leaves: readonly Leave[];
}

interface Rights {
  readonly grants: readonly Grant[];
  readonly publish: Map<string, Decision | Refusal>;
  readonly receive: Map<string, boolean>;
}

/**
 * The contract as the broker sees it. Who may use a topic is found out once per Principal and topic; per message only its
 * QoS, RETAIN, Properties and payload are looked at.
 */
export class ContractPolicy implements Policy {
  readonly #compiled: CompiledContract;
  readonly #ownership: Ownership;
  readonly #observer: Observer;
  #rights: WeakMap<Principal, Rights> = new WeakMap();
  /** By Topic Name; 0 for none. */
  readonly #expiries: Map<string, number> = new Map();
  #remembered = 0;

  constructor(compiled: CompiledContract, ownership: Ownership, observer: Observer) {
    this.#compiled = compiled;
    this.#ownership = ownership;
    this.#observer = observer;
  }

  mayPublish(principal: Principal, publish: PublishRequest): Refusal | undefined {
    const decision = this.#publishDecision(principal, publish.topicName);
    if ("reasonCode" in decision) return decision;
    let first: Refusal | undefined;
    for (const { operation } of decision.leaves) {
      const problem = this.#checkPublish(decision, operation, publish);
      if (problem === undefined) return undefined;
      if (!operation.isEnforced) {
        this.#observer(principal, problem, publish);
        return undefined;
      }
      first ??= problem;
    }
    return first;
  }

  maySubscribe(principal: Principal, topicFilter: string): Refusal | undefined {
    return this.reach(principal, topicFilter).refusal;
  }

  isFiltered(principal: Principal, topicFilter: string): boolean {
    return this.reach(principal, topicFilter).isFiltered;
  }

  /** Whether a subscription may be had, and whether it brings only what is the Principal's own. */
  reach(principal: Principal, topicFilter: string): Reach {
    const { grants } = this.#rightsOf(principal);
    return reachOf({ compiled: this.#compiled, ownership: this.#ownership, principal, grants }, topicFilter);
  }

  mayReceive(principal: Principal, topicName: string): boolean {
    const rights = this.#rightsOf(principal);
    const remembered = rights.receive.get(topicName);
    if (remembered !== undefined) return remembered;
    const match = this.#compiled.matcher.match(topicName);
    const leaves = match === undefined ? [] : leavesFor(match.channel.subscribe, rights.grants, principal);
    const may = leaves.some(({ grant }) => this.#foreign(grant, match!, principal) === undefined);
    if (match === undefined || !leaves.some(({ grant }) => isVolatile(grant, match.values))) {
      this.#remember(topicName, () => rights.receive.set(topicName, may));
    }
    return may;
  }

  messageExpirySeconds(topicName: string): number | undefined {
    const remembered = this.#expiries.get(topicName);
    if (remembered !== undefined) return remembered === 0 ? undefined : remembered;
    const operations = this.#compiled.matcher.match(topicName)?.channel.publish ?? [];
    const seconds = operations.find(
      ({ messageExpirySeconds }) => messageExpirySeconds !== undefined,
    )?.messageExpirySeconds;
    this.#remember(topicName, () => this.#expiries.set(topicName, seconds ?? 0));
    return seconds;
  }

  #publishDecision(principal: Principal, topicName: string): Decision | Refusal {
    const rights = this.#rightsOf(principal);
    const remembered = rights.publish.get(topicName);
    if (remembered !== undefined) return remembered;
    const match = this.#compiled.matcher.match(topicName);
    if (match === undefined) return unknownTopic(this.#compiled, topicName);
    const leaves = leavesFor(match.channel.publish, rights.grants, principal);
    const own = leaves.filter(({ grant }) => this.#foreign(grant, match, principal) === undefined);
    const decision =
      own.length > 0
        ? { channel: this.#compiled.channels.get(match.channel)!, match, leaves: own }
        : this.#notAllowed(principal, match, leaves);
    if (!leaves.some(({ grant }) => isVolatile(grant, match.values))) {
      this.#remember(topicName, () => rights.publish.set(topicName, decision));
    }
    return decision;
  }

  #checkPublish({ channel, match }: Decision, operation: Operation, publish: PublishRequest): Refusal | undefined {
    return (
      checkDelivery(operation, publish) ??
      checkMessage(messagesOf(channel, operation), channel.locations, match.values, publish)
    );
  }

  #foreign(grant: Grant, match: TopicMatch, principal: Principal): ReturnType<typeof foreignValue> {
    return foreignValue(grant, match.values, principal, this.#ownership);
  }

  #notAllowed(principal: Principal, { channel, values }: TopicMatch, leaves: readonly Leave[]): Refusal {
    const leave = leaves[0];
    if (leave === undefined) return noLeave(principal, channel);
    const { grant, operation } = leave;
    const foreign = foreignValue(grant, values, principal, this.#ownership)!;
    const own = templateText(grant.own.get(foreign.name)!);
    const sentence = `as ${grant.roleName}, ${who(principal)} may publish only where {${foreign.name}} is ${own}`;
    return refusal(ReasonCode.NotAuthorized, sentence, operation.place, operation.name);
  }

  #rightsOf(principal: Principal): Rights {
    const known = this.#rights.get(principal);
    if (known !== undefined) return known;
    const grants = grantsOf(this.#compiled.contract.roles, principal);
    const rights: Rights = { grants, publish: new Map(), receive: new Map() };
    this.#rights.set(principal, rights);
    return rights;
  }

  #remember(topicName: string, remember: () => void): void {
    if (topicName.length > rememberedLengthMax) return;
    if (this.#remembered >= rememberedMax) {
      this.#rights = new WeakMap();
      this.#expiries.clear();
      this.#remembered = 0;
      return;
    }
    remember();
    this.#remembered += 1;
  }
}

/** The messages of an operation, ready to be checked. */
function messagesOf(channel: CompiledChannel, operation: Operation): readonly CompiledMessage[] {
  const known = operationMessages.get(operation);
  if (known !== undefined) return known;
  const messages = operation.messages
    .map((message) => channel.messages.get(message))
    .filter((message) => message !== undefined);
  operationMessages.set(operation, messages);
  return messages;
}

const operationMessages: WeakMap<Operation, readonly CompiledMessage[]> = new WeakMap();

/** QoS and RETAIN are never changed, so what the contract excludes is refused. */
function checkDelivery(operation: Operation, { qos, retain }: PublishRequest): Refusal | undefined {
  if (qos < operation.minimumQoS) {
    const sentence = `QoS must be at least ${operation.minimumQoS}`;
    return refusal(ReasonCode.ImplementationSpecificError, sentence, operation.place, operation.name);
  }
  if (retain && operation.retain === false) {
    return refusal(ReasonCode.ImplementationSpecificError, "RETAIN must be 0", operation.place, operation.name);
  }
  return undefined;
}

function noLeave(principal: Principal, channel: Channel): Refusal {
  const [operation] = channel.publish;
  if (operation === undefined) {
    const sentence = `clients cannot publish to ${channel.address.text}`;
    return refusal(ReasonCode.NotAuthorized, sentence, channel.place, channel.name);
  }
  const scopes = operation.security.map((each) => each.join(" and ")).filter((each) => each !== "");
  const need = scopes.length === 0 ? "an account" : `the scope ${scopes.join(" or ")}`;
  return refusal(ReasonCode.NotAuthorized, `${who(principal)} lacks ${need}`, operation.place, operation.name);
}

function unknownTopic({ contract, matcher, parameterProblem }: CompiledContract, topicName: string): Refusal {
  const near = nearest(contract.channels, topicName);
  const hint = near === undefined ? "" : `; there is ${near.address.text}`;
  const loose = near === undefined ? undefined : matcher.loose(topicName);
  const problem = loose?.values
    .map(({ name, value }) => parameterProblem(loose.channel, name, value))
    .find((each) => each !== undefined);
  if (loose !== undefined && problem !== undefined) {
    return refusal(
      ReasonCode.TopicNameInvalid,
      `${problem} in ${loose.channel.address.text}`,
      loose.channel.place,
      loose.channel.name,
    );
  }
  return {
    reasonCode: ReasonCode.TopicNameInvalid,
    reasonString: `${shortened(topicName)} is no topic of ${contract.title}${hint}`,
    place: "",
  };
}

/** The channel with the most levels in common, if half of them are. */
function nearest(channels: readonly Channel[], topicName: string): Channel | undefined {
  const levels = topicName.split("/");
  let best: Channel | undefined;
  let most = 0;
  for (const channel of channels) {
    const own = channel.address.levels;
    const same = own.filter((level, index) => level.kind === "text" && level.text === levels[index]).length;
    if (same > most && Math.abs(own.length - levels.length) <= 1) {
      best = channel;
      most = same;
    }
  }
  return best;
}

/** For people. */
function who({ name, roles }: Principal): string {
  if (name === "") return "an anonymous client";
  return roles.length === 0 ? `${shortened(name)} (no role)` : `${shortened(name)} (${roles.join(", ")})`;
}

function shortened(text: string): string {
  const characters = [...text];
  return characters.length <= 100 ? text : `${characters.slice(0, 100).join("")}…`;
}
