import type { Subscribe, SubscriptionRequest } from "../mqtt/packet.ts";
import { PacketType } from "../mqtt/packet-type.ts";
import { ProtocolError } from "../mqtt/protocol-error.ts";
import { isFailure, ReasonCode, type SubackReasonCode } from "../mqtt/reason-code.ts";
import { type ParsedTopicFilter, parseTopicFilter } from "../topics/topic-filter.ts";
import { topicSizeProblem } from "../topics/topic-name.ts";
import type { Connection } from "./connection.ts";
import { effectiveQoS } from "./deliver.ts";
import type { Refusal } from "./policy.ts";
import { pump } from "./pump.ts";
import { promise, reason, send } from "./replies.ts";
import { startRetained } from "./retained.ts";
import type { Session } from "./session.ts";
import type { BrokerState } from "./state.ts";
import { addSubscription, useOf } from "./subscriptions.ts";

/** A SUBACK has one Reason String for all its Topic Filters: so many different reasons stand in it. */
const reasonsMax = 8;

/** Whoever of the group is chosen must be allowed to have it. */
export const sharedIsNotLimited =
  "A Shared Subscription cannot be limited to what is your own; subscribe without $share";

interface Answer {
  readonly reasonCode: SubackReasonCode;
  readonly reasonString: string | undefined;
  /** Where the rule stands. */
  readonly place?: string;
}

/** SUBSCRIBE (§3.8): each Topic Filter for itself, one SUBACK [MQTT-3.8.4-5] [MQTT-3.8.4-6]. */
export function handleSubscribe(
  state: BrokerState,
  connection: Connection,
  session: Session,
  subscribe: Subscribe,
  now: number,
): void {
  // All are looked at before one counts, so that a malformed packet changes nothing.
  const parsed = subscribe.subscriptions.map(parseRequest);
  checkCapabilities(state, parsed, subscribe.subscriptionIdentifier);
  const { subscriptionsMax } = state.limits;
  const answers = subscribe.subscriptions
    .slice(0, subscriptionsMax)
    .map((request, index) =>
      subscribeOne(
        state,
        connection,
        session,
        request,
        parsed[index] as ParsedTopicFilter,
        subscribe.subscriptionIdentifier,
      ),
    );
  const excess = subscribe.subscriptions[subscriptionsMax];
  if (excess !== undefined) {
    // Said once for all of them, and looked at no further: there may be a quarter of a million.
    const reasonString = `More than ${subscriptionsMax} topic filters in one SUBSCRIBE (subscriptionsMax)`;
    const answer: Answer = { reasonCode: ReasonCode.QuotaExceeded, reasonString };
    observeRefused(state, session, excess, answer);
    while (answers.length < subscribe.subscriptions.length) answers.push(answer);
  }
  const given = answers.flatMap(({ reasonString }) => (reasonString === undefined ? [] : [reasonString]));
  const reasons = [...new Set(given)].slice(0, reasonsMax);
  const packet = {
    type: PacketType.Suback,
    // [MQTT-3.8.4-2] [MQTT-2.2.1-6] [MQTT311-2.3.1-7] [MQTT311-3.8.4-2]
    packetIdentifier: subscribe.packetIdentifier,
    // [MQTT-3.9.3-1] [MQTT-3.8.4-6] [MQTT311-3.8.4-5] [MQTT311-3.8.4-4] [MQTT-3.8.4-5]
    reasonCodes: answers.map(({ reasonCode }) => reasonCode),
    properties: reason(reasons.length === 0 ? undefined : reasons.join("; ")),
  } as const;
  // [MQTT-3.8.4-1] [MQTT311-3.8.4-1]
  const isKept = session.durable && answers.some(({ reasonCode }) => !isFailure(reasonCode));
  if (isKept) promise(state, connection, packet);
  else send(state, connection, packet);
  pump(state, session, now);
}

function parseRequest(request: SubscriptionRequest): ParsedTopicFilter {
  const parsed = parseTopicFilter(request.topicFilter);
  if (parsed.shareName !== undefined && request.noLocal) {
    // [MQTT-3.8.3-4]
    throw new ProtocolError(ReasonCode.ProtocolError, "MQTT-3.8.3-4", "No Local on a Shared Subscription");
  }
  return parsed;
}

/**
 * What CONNACK said is not available may not be asked for (§3.2.2.3.11-13).
 * @throws ProtocolError 0x9E, 0xA1 or 0xA2
 */
function checkCapabilities(
  { capabilities }: BrokerState,
  parsed: readonly ParsedTopicFilter[],
  subscriptionIdentifier: number | undefined,
): void {
  if (!capabilities.sharedSubscriptionAvailable && parsed.some(({ shareName }) => shareName !== undefined)) {
    throw new ProtocolError(ReasonCode.SharedSubscriptionsNotSupported, "3.2.2.3.13", "No Shared Subscriptions");
  }
  // [MQTT311-3.8.3-2]
  if (!capabilities.wildcardSubscriptionAvailable && parsed.some(({ hasWildcard }) => hasWildcard)) {
    throw new ProtocolError(ReasonCode.WildcardSubscriptionsNotSupported, "3.2.2.3.11", "No Wildcard Subscriptions");
  }
  if (!capabilities.subscriptionIdentifierAvailable && subscriptionIdentifier !== undefined) {
    throw new ProtocolError(
      ReasonCode.SubscriptionIdentifiersNotSupported,
      "3.2.2.3.12",
      "No Subscription Identifiers",
    );
  }
}

function subscribeOne(
  state: BrokerState,
  connection: Connection,
  session: Session,
  request: SubscriptionRequest,
  parsed: ParsedTopicFilter,
  subscriptionIdentifier: number | undefined,
): Answer {
  const refusal = refusalOf(state, connection, session, request, parsed);
  if (refusal !== undefined) {
    observeRefused(state, session, request, refusal);
    return refusal;
  }
  // [MQTT-3.8.4-7] [MQTT-3.2.2-10] [MQTT311-3.8.4-5]
  const qos = effectiveQoS(request.qos, state.capabilities.maximumQoS);
  const { noLocal, retainAsPublished, retainHandling } = request;
  const subscription = {
    qos,
    noLocal,
    retainAsPublished,
    retainHandling,
    subscriptionIdentifier: subscriptionIdentifier ?? 0,
    isFiltered: isFiltered(state, session, parsed),
  };
  const { member, isNew } = addSubscription(state, session, request.topicFilter, parsed, subscription);
  // [MQTT-3.3.1-9] [MQTT-3.3.1-10] [MQTT-3.3.1-11] [MQTT-3.8.4-4] [MQTT311-3.3.1-6] [MQTT311-3.8.4-3]; a Shared Subscription gets none (§4.8.2).
  const wantsRetained = retainHandling === 0 || (retainHandling === 1 && isNew);
  if (wantsRetained && parsed.shareName === undefined) startRetained(state, member, parsed.topicFilter);
  return { reasonCode: qos, reasonString: undefined };
}

function observeRefused(
  { outbox }: BrokerState,
  { clientId, principal }: Session,
  { topicFilter }: SubscriptionRequest,
  { reasonCode, reasonString: reason = "", place = "" }: Answer,
): void {
  const { name: userName } = principal;
  outbox.observe({ kind: "subscribeRefused", clientId, userName, topicFilter, reasonCode, reason, place });
}

/** Why this Topic Filter is refused, if it is. */
function refusalOf(
  state: BrokerState,
  connection: Connection,
  session: Session,
  request: SubscriptionRequest,
  parsed: ParsedTopicFilter,
): Answer | undefined {
  const { limits } = state;
  const problem = topicSizeProblem(request.topicFilter, limits);
  if (problem !== undefined) return { reasonCode: ReasonCode.TopicFilterInvalid, reasonString: problem };
  const isNew = !session.subscriptions.has(request.topicFilter);
  if (isNew && session.subscriptions.size >= limits.subscriptionsMax) {
    const reasonString = `More than ${limits.subscriptionsMax} subscriptions (subscriptionsMax)`;
    return { reasonCode: ReasonCode.QuotaExceeded, reasonString };
  }
  const excess = isNew ? useOf(state, session).problem(parsed.topicFilter, limits) : undefined;
  if (excess !== undefined) return { reasonCode: ReasonCode.QuotaExceeded, reasonString: excess };
  const { principal } = connection;
  const refusal = principal === undefined ? undefined : state.policy.maySubscribe(principal, parsed.topicFilter);
  if (refusal !== undefined) return answerOf(refusal);
  if (parsed.shareName !== undefined && isFiltered(state, session, parsed)) {
    return { reasonCode: ReasonCode.NotAuthorized, reasonString: sharedIsNotLimited };
  }
  if (state.refusing && session.durable) {
    return { reasonCode: ReasonCode.QuotaExceeded, reasonString: "The store takes nothing new" };
  }
  return undefined;
}

function isFiltered({ policy }: BrokerState, { principal }: Session, { topicFilter }: ParsedTopicFilter): boolean {
  return policy.isFiltered?.(principal, topicFilter) ?? false;
}

/** SUBACK has no 0x90 and no 0x99 [MQTT-3.9.3-2]. */
function answerOf({ reasonCode, reasonString, place }: Refusal): Answer {
  if (reasonCode === ReasonCode.QuotaExceeded || reasonCode === ReasonCode.ImplementationSpecificError)
    return { reasonCode, reasonString, place };
  return { reasonCode: ReasonCode.NotAuthorized, reasonString, place };
}
