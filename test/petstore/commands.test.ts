import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { StoreEvent } from "../../src/petstore/domain.ts";
import { Refusal } from "../../src/petstore/domain.ts";
import type { Command } from "../../src/petstore/draft.ts";
import { noteHealth } from "../../src/petstore/health.ts";
import { cancelOrder, deliverOrder, placeOrder, shipOrder } from "../../src/petstore/orders.ts";
import { settlePayment } from "../../src/petstore/payments.ts";
import { changePet, removePet } from "../../src/petstore/pets.ts";
import { restock } from "../../src/petstore/products.ts";
import { seed } from "../../src/petstore/seed.ts";
import { policyOf, publish, somebody } from "../contract/kit.ts";
import { compilePetstore } from "../contract/petstore.ts";
import { DomainStage } from "./stage.ts";

const orderIds = ["abc123", "42", "bob-1", "n1", "n2", "n3"];
const petIds = ["milo", "7", "rex", "nala"];
const productIds = ["ball", "leash-red", "aquarium-60l"];
const pick = (values: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...values);

/** By name, so that a failure can be read. */
const commandArbitrary: fc.Arbitrary<readonly [string, (stage: DomainStage) => Command<unknown>]> = fc.oneof(
  fc
    .record({
      id: pick(orderIds),
      customerId: pick(["alice", "bob"]),
      items: fc.array(fc.record({ productId: pick(productIds), quantity: fc.integer({ min: 0, max: 9 }) }), {
        maxLength: 3,
      }),
      petId: fc.option(pick(petIds), { nil: undefined }),
    })
    .map((wish) => [`place ${JSON.stringify(wish)}`, () => placeOrder(wish)] as const),
  fc.tuple(pick(orderIds), fc.constantFrom("SUCCEEDED", "FAILED", "REFUNDED")).map(([id, status]) => {
    const paymentOf = (stage: DomainStage): string => stage.state.orders.get(id)?.paymentId ?? "none";
    return [`${status} ${id}`, (stage: DomainStage) => settlePayment(paymentOf(stage), { status })] as const;
  }),
  pick(orderIds).map((id) => [`ship ${id}`, () => shipOrder(id)] as const),
  pick(orderIds).map((id) => [`deliver ${id}`, () => deliverOrder(id)] as const),
  pick(orderIds).map((id) => [`cancel ${id}`, () => cancelOrder(id)] as const),
  pick(petIds).map((id) => [`remove ${id}`, () => removePet(id)] as const),
  fc
    .tuple(pick(petIds), fc.constantFrom("AVAILABLE", "NOT_AVAILABLE"))
    .map(([id, status]) => [`${id} ${status}`, () => changePet(id, { status })] as const),
  fc
    .tuple(pick(productIds), fc.integer({ min: 1, max: 9 }))
    .map(([id, quantity]) => [`restock ${id} ${quantity}`, () => restock(id, quantity)] as const),
  fc
    .tuple(pick(petIds), fc.integer({ min: 0, max: 500 }))
    .map(
      ([id, heartRate]) =>
        [
          `heart of ${id} ${heartRate}`,
          (stage: DomainStage) => noteHealth(id, [{ heartRate, at: stage.now }]),
        ] as const,
    ),
);

const orderSteps = [
  "-PLACED",
  "PLACED-PAID",
  "PAID-SHIPPED",
  "SHIPPED-DELIVERED",
  "PLACED-CANCELLED",
  "PAID-CANCELLED",
];

test("no sequence of commands makes stock that is not there, money that does not add up, or a step that is none", () => {
  const compiled = compilePetstore();
  const law = policyOf(compiled).policy;
  const service = somebody("petstore", ["service"]);
  fc.assert(
    fc.property(fc.array(commandArbitrary, { maxLength: 60 }), (commands) => {
      const stage = new DomainStage();
      stage.do(seed());
      for (const [name, commandFor] of commands) {
        stage.now += 1_000;
        const decision = stage.try(commandFor(stage));
        if (decision instanceof Refusal) continue;
        checkState(stage, name);
        for (const event of decision.events) {
          checkStep(event);
          const text = event.payload === undefined ? "" : JSON.stringify(event.payload);
          const binding = compiled.matcher.match(event.topicName)?.channel.publish[0];
          assert.equal(event.retain, binding?.retain, event.topicName);
          const request = publish(event.topicName, text, { qos: 2, retain: event.retain });
          assert.equal(law.mayPublish(service, request), undefined, `${event.topicName} ${text}`);
        }
      }
    }),
    { numRuns: 150 },
  );
});

function checkState({ state }: DomainStage, name: string): void {
  for (const { id, stock } of state.products.values()) assert.ok(stock >= 0, `${name}: ${stock} of ${id}`);
  const held = new Map<string, number>();
  for (const order of state.orders.values()) {
    const { id, items, petFeeCents, totalCents, paymentId, status, petId } = order;
    const sum = items.reduce((cents, { quantity, priceCents }) => cents + quantity * priceCents, petFeeCents);
    const payment = state.payments.get(paymentId);
    assert.equal(totalCents, sum, name);
    assert.equal(payment?.amountCents, totalCents, name);
    const paid = { PLACED: ["PENDING"], PAID: ["SUCCEEDED"], CANCELLED: ["FAILED", "REFUNDED"] }[status as "PAID"];
    assert.ok(
      (paid ?? ["SUCCEEDED", "REFUNDED"]).includes(payment?.status ?? ""),
      `${name}: ${status}, ${payment?.status}`,
    );
    if (petId === undefined || status === "CANCELLED") continue;
    assert.equal(state.pets.get(petId)?.orderId, id, `${name}: one pet, one order`);
    assert.equal(state.pets.get(petId)?.status, status === "DELIVERED" ? "ADOPTED" : "PENDING", name);
    held.set(petId, 1);
  }
  for (const { id, status, orderId } of state.pets.values()) {
    const isHeld = status === "PENDING" || status === "ADOPTED";
    assert.equal(held.has(id), isHeld, `${name}: ${id} is ${status}`);
    assert.equal(orderId !== undefined, isHeld, name);
  }
}

function checkStep({ topicName, payload }: StoreEvent): void {
  if (!/^orders\/.*\/status$/.test(topicName)) return;
  const { previous = "", status } = payload as { previous?: string; status: string };
  assert.ok(orderSteps.includes(`${previous}-${status}`), `${topicName}: ${previous} to ${status}`);
}
