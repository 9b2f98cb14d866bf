import { unknown } from "./checks.ts";
import { type Order, type Payment, Refusal } from "./domain.ts";
import type { Command, Draft } from "./draft.ts";
import type { PaymentState } from "./events.ts";
import { orderPayment, orderStatus, paymentStatus } from "./happenings.ts";
import { movePet } from "./pets.ts";
import { moveStock } from "./products.ts";

/** How a payment went on. */
export interface Settlement {
  readonly status: Exclude<PaymentState, "PENDING">;
  /** Why it failed, up to 200 characters. */
  readonly reason?: string | undefined;
}

/**
 * A payment goes on: PENDING → SUCCEEDED or FAILED, SUCCEEDED → REFUNDED. With it its order is PAID, or, unless it is on
 * its way already, CANCELLED.
 */
export function settlePayment(id: string, { status, reason }: Settlement): Command<Payment> {
  return (draft) => {
    const payment = draft.get("payments", id);
    if (payment === undefined) return unknown("payment", id);
    const next = steps[payment.status];
    if (!next.includes(status)) {
      const what = next.length === 0 ? "which is its end" : `and can become ${next.join(" or ")}, not ${status}`;
      return new Refusal("conflict", `payment ${id} is ${payment.status}, ${what}`);
    }
    const isTooLong = reason !== undefined && reason.length > reasonLengthMax;
    if (isTooLong) return new Refusal("invalid", `reason has at most ${reasonLengthMax} characters`);
    const why = status === "FAILED" ? reason : undefined;
    const settled = draft.put("payments", { ...payment, status, reason: why, changedAt: draft.now });
    draft.say(paymentStatus(settled, draft.now));
    draft.say(orderPayment(settled, draft.now));
    followOrder(draft, draft.get("orders", payment.orderId), status);
    return settled;
  };
}

const reasonLengthMax = 200;

const steps: Readonly<Record<PaymentState, readonly PaymentState[]>> = {
  PENDING: ["SUCCEEDED", "FAILED"],
  SUCCEEDED: ["REFUNDED"],
  FAILED: [],
  REFUNDED: [],
};

function followOrder(draft: Draft, order: Order | undefined, status: PaymentState): void {
  if (order === undefined) return;
  if (status === "SUCCEEDED") {
    const paid = draft.put("orders", { ...order, status: "PAID", changedAt: draft.now });
    draft.say(orderStatus(paid, order.status, draft.now));
    return;
  }
  // What was shipped is refunded and not taken back.
  if (order.status !== "PLACED" && order.status !== "PAID") return;
  const cancelled = draft.put("orders", { ...order, status: "CANCELLED", changedAt: draft.now });
  draft.say(orderStatus(cancelled, order.status, draft.now));
  for (const { productId, quantity } of order.items) {
    const product = draft.get("products", productId);
    // It may not be sold any more.
    if (product !== undefined) moveStock(draft, product, quantity);
  }
  const pet = order.petId === undefined ? undefined : draft.get("pets", order.petId);
  if (pet?.orderId === order.id) movePet(draft, pet, "AVAILABLE", undefined);
}
