import { checkRoom, checkWhole, firstRefusal, newIdentifier, unknown } from "./checks.ts";
import { type Order, type OrderItem, type Payment, type Product, Refusal, storeLimits } from "./domain.ts";
import type { Command, Draft } from "./draft.ts";
import type { OrderState } from "./events.ts";
import { orderPayment, orderStatus, paymentStatus } from "./happenings.ts";
import { settlePayment } from "./payments.ts";
import { movePet } from "./pets.ts";
import { moveStock } from "./products.ts";

/** What a customer wants. */
export interface NewOrder {
  /** One of our making when it is left out. */
  readonly id?: string | undefined;
  readonly paymentId?: string | undefined;
  readonly customerId: string;
  readonly items: readonly { readonly productId: string; readonly quantity: number }[];
  /** A pet to be adopted. */
  readonly petId?: string | undefined;
}

/** An order, and how it is paid. */
export interface PlacedOrder {
  readonly order: Order;
  readonly payment: Payment;
}

/** An order is placed: its products are set aside, its pet is held, and it waits for its payment. */
export function placeOrder(wish: NewOrder): Command<PlacedOrder> {
  return (draft) => {
    const ids = newIdentifiers(draft, wish);
    if (ids instanceof Refusal) return ids;
    const products = productsOf(draft, wish.items);
    if (products instanceof Refusal) return products;
    const { customerId, petId } = wish;
    const pet = petId === undefined ? undefined : draft.get("pets", petId);
    if (petId !== undefined && pet === undefined) return unknown("pet", petId);
    if (pet !== undefined && pet.status !== "AVAILABLE") {
      return new Refusal("conflict", `pet ${pet.id} is ${pet.status} and cannot be adopted now`);
    }
    if (products.length === 0 && pet === undefined) return new Refusal("invalid", "an order has items or a pet");
    const items: OrderItem[] = products.map(({ product: { id, priceCents }, quantity }) => {
      return { productId: id, quantity, priceCents };
    });
    const petFeeCents = pet?.feeCents ?? 0;
    const totalCents = items.reduce((sum, { quantity, priceCents }) => sum + quantity * priceCents, petFeeCents);
    if (totalCents > storeLimits.centsMax) {
      return new Refusal(
        "invalid",
        `an order comes to at most ${storeLimits.centsMax} cents, this one to ${totalCents}`,
      );
    }
    const [id, paymentId] = ids;
    const { now } = draft;
    const times = { placedAt: now, changedAt: now };
    const money = { petFeeCents, totalCents, paymentId };
    const order = draft.put("orders", { id, customerId, items, petId, ...money, status: "PLACED", ...times });
    const payment = newPayment(draft, order);
    draft.say(orderStatus(order, undefined, now));
    draft.say(orderPayment(payment, now));
    draft.say(paymentStatus(payment, now));
    for (const { product, quantity } of products) moveStock(draft, product, -quantity);
    if (pet !== undefined) movePet(draft, pet, "PENDING", id);
    return { order, payment };
  };
}

/** What was paid leaves the store. */
export function shipOrder(id: string): Command<Order> {
  return (draft) => {
    const order = draft.get("orders", id);
    if (order === undefined) return unknown("order", id);
    return order.status === "PAID" ? moveOrder(draft, order, "SHIPPED") : impossible(order, "shipped", "PAID");
  };
}

/** It has come, and the pet is adopted. */
export function deliverOrder(id: string): Command<Order> {
  return (draft) => {
    const order = draft.get("orders", id);
    if (order === undefined) return unknown("order", id);
    if (order.status !== "SHIPPED") return impossible(order, "delivered", "SHIPPED");
    const delivered = moveOrder(draft, order, "DELIVERED");
    const pet = order.petId === undefined ? undefined : draft.get("pets", order.petId);
    if (pet !== undefined) movePet(draft, pet, "ADOPTED", id);
    return delivered;
  };
}

/** It is not wanted any more: a payment is refunded or not awaited, products go back, the pet is free. */
export function cancelOrder(id: string): Command<Order> {
  return (draft) => {
    const order = draft.get("orders", id);
    if (order === undefined) return unknown("order", id);
    if (order.status !== "PLACED" && order.status !== "PAID") return impossible(order, "cancelled", "PLACED or PAID");
    const command =
      order.status === "PAID"
        ? settlePayment(order.paymentId, { status: "REFUNDED" })
        : settlePayment(order.paymentId, { status: "FAILED", reason: "the order was cancelled" });
    const settled = command(draft);
    return settled instanceof Refusal ? settled : draft.get("orders", id)!;
  };
}

function newIdentifiers(draft: Draft, wish: NewOrder): readonly [string, string] | Refusal {
  const refusal = checkRoom(draft, "orders", storeLimits.ordersMax);
  if (refusal !== undefined) return refusal;
  if (draft.get("customers", wish.customerId) === undefined) return unknown("customer", wish.customerId);
  const id = newIdentifier(draft, "orders", wish.id);
  if (id instanceof Refusal) return id;
  const paymentId = newIdentifier(draft, "payments", wish.paymentId);
  return paymentId instanceof Refusal ? paymentId : [id, paymentId];
}

/** What of it is there; the same product twice is one item. */
function productsOf(
  draft: Draft,
  items: NewOrder["items"],
): readonly { readonly product: Product; readonly quantity: number }[] | Refusal {
  if (items.length > storeLimits.itemsMax) {
    return new Refusal("invalid", `an order has at most ${storeLimits.itemsMax} items`);
  }
  const quantities = new Map<string, number>();
  for (const { productId, quantity } of items) {
    const sum = (quantities.get(productId) ?? 0) + quantity;
    const refusal = firstRefusal(
      checkWhole("quantity", quantity, 1, storeLimits.quantityMax),
      checkWhole(`quantity of ${productId}`, sum, 1, storeLimits.quantityMax),
    );
    if (refusal !== undefined) return refusal;
    quantities.set(productId, sum);
  }
  const found: { product: Product; quantity: number }[] = [];
  for (const [productId, quantity] of quantities) {
    const product = draft.get("products", productId);
    if (product === undefined) return unknown("product", productId);
    if (product.stock < quantity) {
      return new Refusal("conflict", `there are ${product.stock} of product ${productId}, ${quantity} are wanted`);
    }
    found.push({ product, quantity });
  }
  return found;
}

function newPayment(draft: Draft, { id, paymentId, customerId, totalCents }: Order): Payment {
  const { now } = draft;
  return draft.put("payments", {
    id: paymentId,
    orderId: id,
    customerId,
    amountCents: totalCents,
    status: "PENDING",
    reason: undefined,
    createdAt: now,
    changedAt: now,
  });
}

function moveOrder(draft: Draft, order: Order, status: OrderState): Order {
  const moved = draft.put("orders", { ...order, status, changedAt: draft.now });
  draft.say(orderStatus(moved, order.status, draft.now));
  return moved;
}

function impossible({ id, status }: Order, done: string, needed: string): Refusal {
  return new Refusal("conflict", `order ${id} is ${status}; only one that is ${needed} can be ${done}`);
}
