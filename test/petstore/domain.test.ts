import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { addCustomer } from "../../src/petstore/customers.ts";
import { addDevice, bindDevice, notePresence, removeDevice } from "../../src/petstore/devices.ts";
import { type Refusal, storeLimits } from "../../src/petstore/domain.ts";
import { noteHealth } from "../../src/petstore/health.ts";
import { cancelOrder, deliverOrder, placeOrder, shipOrder } from "../../src/petstore/orders.ts";
import { settlePayment } from "../../src/petstore/payments.ts";
import { addPet, ageMonths, changePet, removePet } from "../../src/petstore/pets.ts";
import { addProduct, changeProduct, removeProduct, restock } from "../../src/petstore/products.ts";
import { seed } from "../../src/petstore/seed.ts";
import { DomainStage, said, someDay } from "./stage.ts";

let stage: DomainStage;

beforeEach(() => {
  stage = new DomainStage();
  stage.do(
    addPet({ id: "milo", name: "Milo", species: "DOG", breed: "Beagle", bornOn: "2023-05-17", feeCents: 15_000 }),
  );
  stage.do(addProduct({ id: "ball", name: "Ball", priceCents: 350, stock: 10, reorderThreshold: 5 }));
  stage.do(addCustomer({ id: "bob", name: "Bob", email: "bob@example.com" }));
});

const ball = (quantity: number) => [{ productId: "ball", quantity }];
const order = (quantity: number, petId?: string) =>
  placeOrder({ id: "o", paymentId: "p", customerId: "bob", items: ball(quantity), petId });
const is = ({ reason }: Refusal): string => reason;

describe("an order", () => {
  test("sets products aside, holds its pet, and says so: order, payment, stock, pet", () => {
    const placed = stage.do(order(3, "milo"));
    assert.equal(placed.result.order.totalCents, 3 * 350 + 15_000);
    assert.deepEqual(said(placed), [
      "orders/o/status PLACED",
      "orders/o/payment PENDING",
      "payments/p/status PENDING",
      "inventory/ball/stock 7",
      "pets/milo/status PENDING",
      "pets/milo/availability PENDING",
    ]);
    assert.equal(stage.state.products.get("ball")?.stock, 7);
    assert.deepEqual(
      placed.events.map(({ retain }) => retain),
      [true, false, false, true, false, true],
    );
  });

  test("is paid, shipped and delivered with its payment, and the pet is adopted", () => {
    stage.do(order(1, "milo"));
    assert.deepEqual(said(stage.do(settlePayment("p", { status: "SUCCEEDED" }))), [
      "payments/p/status SUCCEEDED",
      "orders/o/payment SUCCEEDED",
      "orders/o/status PAID",
    ]);
    assert.deepEqual(said(stage.do(shipOrder("o"))), ["orders/o/status SHIPPED"]);
    assert.deepEqual(said(stage.do(deliverOrder("o"))), [
      "orders/o/status DELIVERED",
      "pets/milo/status ADOPTED",
      "pets/milo/availability ADOPTED",
    ]);
    assert.equal(is(stage.refusal(changePet("milo", { status: "AVAILABLE" }))), "conflict");
    assert.equal(is(stage.refusal(removePet("milo"))), "conflict");
  });

  test("whose payment fails is cancelled, and gives back what it held", () => {
    stage.do(order(7, "milo"));
    const failed = stage.do(settlePayment("p", { status: "FAILED", reason: "card declined" }));
    assert.deepEqual(said(failed), [
      "payments/p/status FAILED",
      "orders/o/payment FAILED",
      "orders/o/status CANCELLED",
      "inventory/ball/stock 10",
      "inventory/ball/alert RESTOCKED",
      "pets/milo/status AVAILABLE",
      "pets/milo/availability AVAILABLE",
    ]);
    assert.equal((failed.events[0]!.payload as { reason: string }).reason, "card declined");
  });

  test("that is cancelled is refunded when it was paid, and not awaited when it was not", () => {
    stage.do(order(1));
    stage.do(cancelOrder("o"));
    assert.equal(stage.state.payments.get("p")?.status, "FAILED");
    stage.do(placeOrder({ id: "o2", paymentId: "p2", customerId: "bob", items: ball(1) }));
    stage.do(settlePayment("p2", { status: "SUCCEEDED" }));
    stage.do(cancelOrder("o2"));
    assert.equal(stage.state.payments.get("p2")?.status, "REFUNDED");
    assert.equal(stage.state.orders.get("o2")?.status, "CANCELLED");
    assert.equal(stage.state.products.get("ball")?.stock, 10);
  });

  test("that was shipped is refunded without being taken back", () => {
    stage.do(order(1));
    stage.do(settlePayment("p", { status: "SUCCEEDED" }));
    stage.do(shipOrder("o"));
    stage.do(settlePayment("p", { status: "REFUNDED" }));
    assert.equal(stage.state.orders.get("o")?.status, "SHIPPED");
    assert.equal(stage.state.products.get("ball")?.stock, 9);
  });

  test("goes no step that is not its next, whatever its state", () => {
    const ways = { shipped: shipOrder("o"), delivered: deliverOrder("o"), cancelled: cancelOrder("o") };
    const steps: readonly (readonly [string, readonly string[], () => void])[] = [
      ["PLACED", ["shipped", "delivered"], () => stage.do(order(1))],
      ["PAID", ["delivered"], () => stage.do(settlePayment("p", { status: "SUCCEEDED" }))],
      ["SHIPPED", ["shipped", "cancelled"], () => stage.do(ways.shipped)],
      ["DELIVERED", ["shipped", "delivered", "cancelled"], () => stage.do(ways.delivered)],
    ];
    for (const [status, refused, step] of steps) {
      step();
      assert.equal(stage.state.orders.get("o")?.status, status);
      for (const way of refused) assert.equal(is(stage.refusal(ways[way as keyof typeof ways])), "conflict", way);
    }
  });

  test("is refused with a reason, and nothing changes", () => {
    const wish = { customerId: "bob", items: ball(1) };
    const cases: readonly (readonly [Refusal["reason"], Parameters<typeof placeOrder>[0]])[] = [
      ["conflict", { ...wish, items: ball(11) }],
      ["conflict", { ...wish, items: [...ball(6), ...ball(5)] }],
      ["not-found", { ...wish, items: [{ productId: "none", quantity: 1 }] }],
      ["not-found", { ...wish, customerId: "nobody" }],
      ["not-found", { ...wish, petId: "none" }],
      ["invalid", { ...wish, items: ball(0) }],
      ["invalid", { ...wish, items: ball(1.5) }],
      ["invalid", { ...wish, items: ball(Number.NaN) }],
      ["invalid", { ...wish, items: ball(storeLimits.quantityMax + 1) }],
      ["invalid", { ...wish, items: Array.from({ length: 101 }, () => ball(1)[0]!) }],
      ["invalid", { ...wish, items: [] }],
      ["invalid", { ...wish, id: "a/b" }],
    ];
    for (const [reason, each] of cases) assert.equal(is(stage.refusal(placeOrder(each))), reason, JSON.stringify(each));
    stage.do(order(1, "milo"));
    assert.equal(is(stage.refusal(placeOrder({ ...wish, petId: "milo" }))), "conflict");
    assert.equal(is(stage.refusal(order(1))), "conflict");
    assert.equal(stage.state.products.get("ball")?.stock, 9);
    assert.equal(stage.state.orders.size, 1);
  });

  test("costs no more than money can say", () => {
    stage.do(changeProduct("ball", { priceCents: storeLimits.centsMax }));
    assert.equal(is(stage.refusal(placeOrder({ customerId: "bob", items: ball(2) }))), "invalid");
    stage.do(placeOrder({ customerId: "bob", items: ball(1) }));
  });
});

describe("stock", () => {
  test("raises an alert when it falls below its threshold, when there is none, and when there is enough again", () => {
    assert.deepEqual(said(stage.do(order(6))).slice(3), ["inventory/ball/stock 4", "inventory/ball/alert LOW_STOCK"]);
    const more = placeOrder({ customerId: "bob", items: ball(1) });
    assert.deepEqual(said(stage.do(more)).slice(3), ["inventory/ball/stock 3"]);
    const rest = placeOrder({ customerId: "bob", items: ball(3) });
    assert.deepEqual(said(stage.do(rest)).slice(3), ["inventory/ball/stock 0", "inventory/ball/alert OUT_OF_STOCK"]);
    assert.deepEqual(said(stage.do(restock("ball", 2))), ["inventory/ball/stock 2", "inventory/ball/alert LOW_STOCK"]);
    assert.deepEqual(said(stage.do(restock("ball", 3))), ["inventory/ball/stock 5", "inventory/ball/alert RESTOCKED"]);
  });

  test("of a product that is sold no more is a snapshot less", () => {
    assert.deepEqual(said(stage.do(removeProduct("ball"))), ["inventory/ball/stock gone"]);
    assert.equal(is(stage.refusal(restock("ball", 1))), "not-found");
  });
});

describe("a pet", () => {
  test("has a new status that is told, and leaves without a snapshot", () => {
    assert.deepEqual(said(stage.do(changePet("milo", { status: "NOT_AVAILABLE" }))), [
      "pets/milo/status NOT_AVAILABLE",
      "pets/milo/availability NOT_AVAILABLE",
    ]);
    assert.equal(is(stage.refusal(order(1, "milo"))), "conflict");
    assert.deepEqual(said(stage.do(removePet("milo"))), ["pets/milo/availability gone"]);
  });

  test("is as old as whole months since it was born", () => {
    const pet = stage.state.pets.get("milo")!;
    assert.equal(ageMonths(pet, Date.parse("2023-06-16T23:00:00Z")), 0);
    assert.equal(ageMonths(pet, Date.parse("2023-06-17T00:00:00Z")), 1);
    assert.equal(ageMonths(pet, someDay), 42);
  });

  test("was born on a day that has been", () => {
    const pet = { name: "Rex", species: "DOG", breed: "Poodle", feeCents: 1 } as const;
    for (const bornOn of ["2026-11-23", "2024-02-30", "yesterday", "2024-1-1"]) {
      assert.equal(is(stage.refusal(addPet({ ...pet, bornOn }))), "invalid", bornOn);
    }
    assert.equal(stage.do(addPet({ ...pet, bornOn: "2024-02-29" })).result.status, "AVAILABLE");
  });

  test("outside of its limits raises an alert once, again when it is critical, and again after it was well", () => {
    const reading = (minute: number, heartRate: number, temperature?: number) =>
      noteHealth("milo", [{ at: someDay + minute * 60_000, heartRate, ...(temperature && { temperature }) }]);
    assert.deepEqual(said(stage.do(reading(1, 120, 38.6))), []);
    assert.deepEqual(said(stage.do(reading(2, 190, 39.6))), [
      "pets/milo/alert HEART_RATE_HIGH",
      "pets/milo/alert TEMPERATURE_HIGH",
    ]);
    assert.deepEqual(said(stage.do(reading(3, 195, 39.7))), []);
    const [critical] = stage.do(reading(4, 230, 39.7)).events;
    assert.deepEqual(critical?.payload, {
      petId: "milo",
      kind: "HEART_RATE_HIGH",
      severity: "CRITICAL",
      value: 230,
      message: "230 beats per minute is above 180",
      at: "2026-11-22T10:19:00.000Z",
    });
    assert.deepEqual(said(stage.do(reading(5, 190))), []);
    assert.deepEqual(said(stage.do(reading(6, 100))), []);
    assert.deepEqual(said(stage.do(reading(7, 40))), ["pets/milo/alert HEART_RATE_LOW"]);
    assert.deepEqual(stage.do(reading(6, 40)).changes, [], "what came before was dealt with");
    assert.deepEqual(said(stage.do(reading(8, 190))), ["pets/milo/alert HEART_RATE_HIGH"]);
    assert.deepEqual(stage.do(noteHealth("nobody", [{ at: 1, heartRate: 999 }])).changes, []);
  });
});

test("a device is bound to a pet, seen, and taken out of use", () => {
  stage.do(addDevice({ id: "collar-1", kind: "COLLAR", petId: "milo" }));
  assert.equal(is(stage.refusal(addDevice({ kind: "COLLAR", petId: "none" }))), "not-found");
  assert.equal(stage.do(notePresence("collar-1", "online", "1.4.2")).result?.presence, "online");
  assert.equal(stage.do(notePresence("collar-1", "online", undefined)).changes.length, 0);
  const gone = stage.do(notePresence("collar-1", "offline", undefined)).result;
  assert.deepEqual([gone?.presence, gone?.firmware, gone?.presenceAt], ["offline", "1.4.2", someDay]);
  assert.deepEqual(stage.do(notePresence("stranger", "online", undefined)).changes, []);
  assert.equal(stage.do(bindDevice("collar-1", undefined)).result.petId, undefined);
  stage.do(removeDevice("collar-1"));
  assert.equal(is(stage.refusal(bindDevice("collar-1", "milo"))), "not-found");
});

test("the first day: a dozen pets, products, alice and bob, and the order of the guide, which is alice's", () => {
  const first = new DomainStage();
  first.do(seed());
  const { pets, products, customers, orders, payments } = first.state;
  assert.deepEqual([pets.size, products.size, [...customers.keys()]], [12, 12, ["alice", "bob"]]);
  assert.deepEqual([orders.get("abc123")?.customerId, orders.get("abc123")?.status], ["alice", "PAID"]);
  assert.equal(payments.get("xyz789")?.customerId, "alice");
});
