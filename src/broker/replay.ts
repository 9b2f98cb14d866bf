import { ReasonCode } from "../mqtt/reason-code.ts";
import { messageExpiresAt } from "../session/expiry.ts";
import { type Message, messageBytes } from "../session/message.ts";
import type { Principal } from "./authentication.ts";
import { deliverTo } from "./deliver.ts";
import type { Ticket } from "./outbox.ts";
import { refusalOf } from "./publish-checks.ts";
import { publish, withMessageExpiry } from "./publishing.ts";
import { isFull, queueRefusalOf } from "./queue-refusal.ts";
import type { Session } from "./session.ts";
import type { BrokerState } from "./state.ts";

/** A message that was lost, and by whom: who published it in vain, or whose queue lost it. */
export type Lost =
  | { readonly cause: "refused"; readonly principal: Principal; readonly message: Message }
  | {
      readonly cause: "overflowed" | "expired";
      /** Client Identifier, or name of the shared group. */
      readonly clientId: string;
      readonly message: Message;
    };

/**
 * Brings a lost message to where it did not come. One that was refused is published, if the law of today allows it to its
 * Principal, as that is today where a Session of it is known; one that a queue lost comes to that queue only, for everybody
 * else has it. A Message Expiry Interval begins anew.
 *
 * @returns why not, as a sentence; then nothing has changed and the ticket is not used
 */
export function replay(
  state: BrokerState,
  tenant: number,
  lost: Lost,
  ticket: Ticket,
  now: number,
): string | undefined {
  const { messageExpiryIntervalSeconds } = lost.message.properties;
  const message = { ...lost.message, expiresAt: messageExpiresAt(messageExpiryIntervalSeconds, now) };
  return lost.cause === "refused"
    ? publishAgain(state, tenant, lost.principal, message, ticket, now)
    : deliverAgain(state, tenant, lost.clientId, message, ticket, now);
}

function publishAgain(
  state: BrokerState,
  tenant: number,
  principal: Principal,
  message: Message,
  ticket: Ticket,
  now: number,
): string | undefined {
  const publisher = sessionOf(state, tenant, principal);
  const refusal =
    refusalOf(state, publisher?.principal ?? principal, tenant, message) ??
    queueRefusalOf(state, tenant, message, publisher);
  if (refusal !== undefined) return refusal.reasonString;
  const { matched } = publish(state, tenant, withMessageExpiry(state, message, now), publisher, false, now);
  state.outbox.confirmAfterCommit(ticket, matched ? ReasonCode.Success : ReasonCode.NoMatchingSubscribers);
  return undefined;
}

function deliverAgain(
  state: BrokerState,
  tenant: number,
  clientId: string,
  message: Message,
  ticket: Ticket,
  now: number,
): string | undefined {
  if (state.refusing) return "The store takes nothing new";
  const routes = state.tenant(tenant).routes(message.topicName, state.policy);
  const sessions = routes.sessions.filter(({ session }) => session.clientId === clientId);
  const groups = routes.groups.filter(({ name }) => name === clientId);
  const owners = [...sessions.map(({ session }) => session), ...groups];
  if (owners.length === 0) return "It has no session any more, or no subscription to this topic";
  const bytes = messageBytes(message);
  if (owners.some((owner) => isFull(state, owner, bytes))) return "Its queue is full";
  deliverTo(state, { sessions, groups }, message, undefined, false, now);
  state.outbox.confirmAfterCommit(ticket, ReasonCode.Success);
  return undefined;
}

function sessionOf(state: BrokerState, tenant: number, { clientId, name }: Principal): Session | undefined {
  const session = state.tenant(tenant).sessions.get(clientId);
  return session?.principal.name === name ? session : undefined;
}
