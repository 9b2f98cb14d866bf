import {
  type AlertKind,
  currency,
  type Order,
  type Payment,
  type Pet,
  type Product,
  type Severity,
  type StoreEvent,
} from "./domain.ts";
import type { InventoryAlert, OrderState, Payloads, PetState } from "./events.ts";

/*
 * The events of the contract, one function for each channel. The type of a payload is what the contract says of its topic.
 */

/** @param previous undefined for a new one */
export function petStatus({ id, status }: Pet, previous: PetState | undefined, now: number): StoreEvent {
  const change = previous === undefined ? {} : { previous };
  return event(`pets/${id}/status`, { petId: id, status, ...change, at: timestamp(now) }, false, `pets/${id}`);
}

export function petAvailability(pet: Pet, now: number): StoreEvent {
  const { id, status, name, species, feeCents } = pet;
  const price = { adoptionFee: money(feeCents), currency };
  const payload = { petId: id, available: status === "AVAILABLE", status, name, species, ...price, at: timestamp(now) };
  return event(`pets/${id}/availability`, payload, true, `pets/${id}`);
}

/** There is no such pet any more. */
export function petRemoved(id: string): StoreEvent {
  return { topicName: `pets/${id}/availability`, payload: undefined, retain: true, entity: `pets/${id}` };
}

/** @param at when it was measured */
export function petAlert(
  petId: string,
  alert: { readonly kind: AlertKind; readonly severity: Severity; readonly value: number; readonly message: string },
  at: number,
): StoreEvent {
  return event(`pets/${petId}/alert`, { petId, ...alert, at: timestamp(at) }, false, `pets/${petId}`);
}

/** @param previous undefined for a new one */
export function orderStatus({ id, status }: Order, previous: OrderState | undefined, now: number): StoreEvent {
  const change = previous === undefined ? {} : { previous };
  return event(`orders/${id}/status`, { orderId: id, status, ...change, at: timestamp(now) }, true, `orders/${id}`);
}

export function orderPayment({ id, orderId, status, amountCents }: Payment, now: number): StoreEvent {
  const payload = { orderId, paymentId: id, status, amount: money(amountCents), currency, at: timestamp(now) };
  return event(`orders/${orderId}/payment`, payload, false, `orders/${orderId}`);
}

export function paymentStatus({ id, orderId, status, amountCents, reason }: Payment, now: number): StoreEvent {
  const why = reason === undefined ? {} : { reason };
  const payload = { paymentId: id, status, amount: money(amountCents), currency, ...why, at: timestamp(now) };
  return event(`payments/${id}/status`, payload, false, `orders/${orderId}`);
}

export function stockLevel({ id, stock, reorderThreshold }: Product, now: number): StoreEvent {
  const payload = { productId: id, quantity: stock, threshold: reorderThreshold, at: timestamp(now) };
  return event(`inventory/${id}/stock`, payload, true, `inventory/${id}`);
}

/** There is no such product any more. */
export function stockRemoved(id: string): StoreEvent {
  return { topicName: `inventory/${id}/stock`, payload: undefined, retain: true, entity: `inventory/${id}` };
}

export function inventoryAlert(
  { id, stock, reorderThreshold }: Product,
  kind: InventoryAlert["kind"],
  now: number,
): StoreEvent {
  const payload = { productId: id, kind, quantity: stock, threshold: reorderThreshold, at: timestamp(now) };
  return event(`inventory/${id}/alert`, payload, false, `inventory/${id}`);
}

/** Cents as events and people have them. */
export function money(cents: number): number {
  return cents / 100;
}

/** RFC 3339. */
export function timestamp(milliseconds: number): string {
  return new Date(milliseconds).toISOString();
}

function event<Topic extends keyof Payloads & string>(
  topicName: Topic,
  payload: Payloads[Topic] & object,
  retain: boolean,
  entity: string,
): StoreEvent {
  return { topicName, payload, retain, entity };
}
