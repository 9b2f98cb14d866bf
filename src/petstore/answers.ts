import type { Logger } from "pino";
import { currency, type Order, type State } from "./domain.ts";
import type { OrderReply } from "./events.ts";
import { money, timestamp } from "./happenings.ts";
import { Follower } from "./insider.ts";

/** Answers those who ask how it is with an order. A question that comes while nobody is there is not answered later. */
export function createAnswerer(state: Pick<State, "orders" | "payments">, log: Logger): Follower {
  return new Follower({
    clientId: "petstore-answers",
    sessionExpirySeconds: 0,
    topicFilters: ["order-requests/+"],
    handler: async ({ topicName, properties: { responseTopic, correlationData } }, client) => {
      const answer = answerRequest(state, topicName, responseTopic);
      if (answer === undefined) return;
      const properties = { payloadFormatIndicator: 1, contentType: "application/json", correlationData } as const;
      await client?.publish({
        topicName: answer.topicName,
        payload: JSON.stringify(answer.payload),
        qos: 1,
        properties,
      });
    },
    log,
  });
}

/** Answers go nowhere else: the store may publish at many topics, and whoever asks may not. */
const replyTopic = /^replies\/[^/]+$/;

/** An answer, and where it goes. */
export interface Answer {
  readonly topicName: string;
  readonly payload: OrderReply;
}

/** How it is with the order of a request (§4.10); undefined when there is no Response Topic where answers may go. */
export function answerRequest(
  state: Pick<State, "orders" | "payments">,
  topicName: string,
  responseTopic: string | undefined,
): Answer | undefined {
  if (responseTopic === undefined || !replyTopic.test(responseTopic)) return undefined;
  const orderId = topicName.slice(topicName.indexOf("/") + 1);
  const order = state.orders.get(orderId);
  const payload = order === undefined ? { orderId, found: false } : replyOf(order, state);
  return { topicName: responseTopic, payload };
}

function replyOf(order: Order, { payments }: Pick<State, "payments">): OrderReply {
  const { id, status, totalCents, changedAt, paymentId } = order;
  const payment = payments.get(paymentId)?.status;
  return {
    orderId: id,
    found: true,
    status,
    ...(payment === undefined ? {} : { payment }),
    total: money(totalCents),
    currency,
    at: timestamp(changedAt),
  };
}
