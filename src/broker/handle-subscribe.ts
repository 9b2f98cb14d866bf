import type { Subscribe, SubscriptionRequest } from "../mqtt/packet.ts";
import { PacketType } from "../mqtt/packet-type.ts";
import { ProtocolError } from "../mqtt/protocol-error.ts";
import { isFailure, ReasonCode, type SubackReasonCode } from "../mqtt/reason-code.ts";
import { type ParsedTopicFilter, parseTopicFilter } from "../topics/topic-filter.ts";
import { topicSizeProblem } from "../topics/topic-name.ts";
import type { Connection } from "./connection.ts";
import { effectiveQoS } from "./deliver.ts";
import { pump } from "./pump.ts";
import { promise, reason, send } from "./replies.ts";
import { startRetained } from "./retained.ts";
import type { Session } from "./session.ts";
import type { BrokerState } from "./state.ts";
import { addSubscription } from "./subscriptions.ts";

/** A SUBACK has one Reason String for all its Topic Filters: so many different reasons stand in it. */
const reasonsMax = 8;

interface Answer {
  readonly reasonCode: SubackReasonCode;
  readonly reasonString: string | undefined;
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
  const answers = subscribe.subscriptions.map((request, index) =>
    subscribeOne(
      state,
      connection,
      session,
      request,
      parsed[index] as ParsedTopicFilter,
      subscribe.subscriptionIdentifier,
    ),
  );
  const given = answers.flatMap(({ reasonString }) => (reasonString === undefined ? [] : [reasonString]));
  const reasons = [...new Set(given)].slice(0, reasonsMax);
  const packet = {
    type: PacketType.Suback,
    // [MQTT-3.8.4-2]
    packetIdentifier: subscribe.packetIdentifier,
    // [MQTT-3.9.3-1]
    reasonCodes: answers.map(({ reasonCode }) => reasonCode),
    properties: reason(reasons.length === 0 ? undefined : reasons.join("; ")),
  } as const;
  // [MQTT-3.8.4-1]
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
    const { reasonCode, reasonString } = refusal;
    const { topicFilter } = request;
    const { clientId } = session;
    state.outbox.observe({ kind: "subscribeRefused", clientId, topicFilter, reasonCode, reason: reasonString ?? "" });
    return refusal;
  }
  // [MQTT-3.8.4-7] [MQTT-3.2.2-10]
  const qos = effectiveQoS(request.qos, state.capabilities.maximumQoS);
  const { noLocal, retainAsPublished, retainHandling } = request;
  const subscription = {
    qos,
    noLocal,
    retainAsPublished,
    retainHandling,
    subscriptionIdentifier: subscriptionIdentifier ?? 0,
  };
  const { member, isNew } = addSubscription(state, session, request.topicFilter, parsed, subscription);
  // [MQTT-3.3.1-9] [MQTT-3.3.1-10] [MQTT-3.3.1-11]; a Shared Subscription gets none (§4.8.2).
  const wantsRetained = retainHandling === 0 || (retainHandling === 1 && isNew);
  if (wantsRetained && parsed.shareName === undefined) startRetained(state, member, parsed.topicFilter);
  return { reasonCode: qos, reasonString: undefined };
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
  const { principal } = connection;
  const refusal = principal === undefined ? undefined : state.policy.maySubscribe(principal, parsed.topicFilter);
  if (refusal !== undefined) return answerOf(refusal.reasonCode, refusal.reasonString);
  if (state.refusing && session.durable) {
    return { reasonCode: ReasonCode.QuotaExceeded, reasonString: "The store takes nothing new" };
  }
  return undefined;
}

/** SUBACK has no 0x90 and no 0x99 [MQTT-3.9.3-2]. */
function answerOf(reasonCode: number, reasonString: string): Answer {
  if (reasonCode === ReasonCode.QuotaExceeded) return { reasonCode: ReasonCode.QuotaExceeded, reasonString };
  if (reasonCode === ReasonCode.ImplementationSpecificError) return { reasonCode, reasonString } as Answer;
  return { reasonCode: ReasonCode.NotAuthorized, reasonString };
}
