import type { Principal } from "../broker/authentication.ts";
import type { Policy, PublishRequest, Refusal } from "../broker/policy.ts";
import { ReasonCode } from "../mqtt/reason-code.ts";
import { matches } from "../topics/match.ts";
import type { TopicMatch } from "./channel-matcher.ts";
import type { CompiledChannel, CompiledContract } from "./compile.ts";
import { Content } from "./content.ts";
import type { Channel, Operation } from "./contract.ts";
import { type CompiledMessage, checkMessage, refusal } from "./message-check.ts";
import { foreignValue, type Grant, isVolatile, type Leave, type Ownership, templateText } from "./rights.ts";
import { RoleBook, type RoleRights } from "./role-rights.ts";
import { shown } from "./shown.ts";
import { type Reach, reachOf } from "./subscription-reach.ts";
import { unknownTopic } from "./unknown-topic.ts";

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
  /** Any of them is enough. */
  readonly operations: readonly Operation[];
}

interface Rights {
  readonly ofRoles: RoleRights;
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
  readonly #roles: RoleBook;
  #rights: WeakMap<Principal, Rights> = new WeakMap();
  /** By Topic Name; 0 for none. */
  readonly #expiries: Map<string, number> = new Map();
  #remembered = 0;

  constructor(compiled: CompiledContract, ownership: Ownership, observer: Observer) {
    this.#compiled = compiled;
    this.#ownership = ownership;
    this.#observer = observer;
    this.#roles = new RoleBook(compiled.contract.roles);
  }

  mayPublish(principal: Principal, publish: PublishRequest): Refusal | undefined {
    const decision = this.#publishDecision(principal, publish.topicName);
    if ("reasonCode" in decision) return decision;
    const content = new Content(publish);
    let first: Refusal | undefined;
    for (const operation of decision.operations) {
      const problem = checkPublish(decision, operation, publish, content);
      if (problem === undefined) return undefined;
      if (!operation.isEnforced) {
        this.#observer(principal, problem, publish);
        return undefined;
      }
      first ??= problem;
    }
    return first;
  }

  /** A Will goes where the servers' `lastWill` says, if one of them does, and is a message like any other. */
  mayHaveWill(principal: Principal, will: PublishRequest): Refusal | undefined {
    const stating = this.#compiled.contract.servers.filter(({ lastWillFilter }) => lastWillFilter !== undefined);
    const [first] = stating;
    if (first === undefined || stating.some(({ lastWillFilter }) => matches(lastWillFilter!, will.topicName))) {
      return this.mayPublish(principal, will);
    }
    const filters = [...new Set(stating.map(({ lastWillFilter }) => lastWillFilter))].join(", ");
    return refusal(ReasonCode.NotAuthorized, `a Will goes to ${filters}`, first.place, first.name);
  }

  maySubscribe(principal: Principal, topicFilter: string): Refusal | undefined {
    return this.reach(principal, topicFilter).refusal;
  }

  isFiltered(principal: Principal, topicFilter: string): boolean {
    return this.reach(principal, topicFilter).isFiltered;
  }

  /** Whether a subscription may be had, and whether it brings only what is the Principal's own. */
  reach(principal: Principal, topicFilter: string): Reach {
    const { ofRoles } = this.#rightsOf(principal);
    return reachOf({ compiled: this.#compiled, ownership: this.#ownership, principal, ofRoles }, topicFilter);
  }

  mayReceive(principal: Principal, topicName: string): boolean {
    const rights = this.#rightsOf(principal);
    const remembered = rights.receive.get(topicName);
    if (remembered !== undefined) return remembered;
    const match = this.#compiled.matcher.match(topicName);
    const leaves = match === undefined ? [] : rights.ofRoles.subscribe(match.channel);
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
    const leaves = rights.ofRoles.publish(match.channel);
    const own = leaves.filter(({ grant }) => this.#foreign(grant, match, principal) === undefined);
    const operations = [...new Set(own.map(({ operation }) => operation))];
    const decision =
      operations.length > 0
        ? { channel: this.#compiled.channels.get(match.channel)!, match, operations }
        : this.#notAllowed(principal, match, leaves);
    if (!leaves.some(({ grant }) => isVolatile(grant, match.values))) {
      this.#remember(topicName, () => rights.publish.set(topicName, decision));
    }
    return decision;
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
    const rights: Rights = { ofRoles: this.#roles.rightsOf(principal), publish: new Map(), receive: new Map() };
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

function checkPublish(
  { channel, match }: Decision,
  operation: Operation,
  publish: PublishRequest,
  content: Content,
): Refusal | undefined {
  const refused = checkDelivery(operation, publish);
  // An empty payload with RETAIN clears the snapshot, which is no message of the contract [MQTT-3.3.1-6] [MQTT311-3.3.1-10].
  const isClearing = publish.retain && publish.payload.length === 0 && operation.retain === true;
  if (refused !== undefined || isClearing) return refused;
  return checkMessage(messagesOf(channel, operation), channel.locations, match.values, publish, content);
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

/** Of a name, or of roles, in a sentence; characters. */
const shownMax = 100;

/** For people. */
function who({ name, roles }: Principal): string {
  if (name === "") return "an anonymous client";
  return `${shown(name, shownMax)} (${roles.length === 0 ? "no role" : shown(roles.join(", "), shownMax)})`;
}
