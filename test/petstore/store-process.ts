// node --import tsx store-process.ts DIRECTORY SEED
// A server and its pet store. Says "ready PORT", waits for a line, then is busy until "finish": then it publishes what is
// left, says what it knows as JSON, and ends with "close".
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { pino } from "pino";
import { createServer } from "../../src/index.ts";
import { Refusal, type State } from "../../src/petstore/domain.ts";
import type { Command } from "../../src/petstore/draft.ts";
import { cancelOrder, deliverOrder, placeOrder, shipOrder } from "../../src/petstore/orders.ts";
import { settlePayment } from "../../src/petstore/payments.ts";
import { openPetstore } from "../../src/petstore/petstore.ts";
import { restock } from "../../src/petstore/products.ts";
import { Random } from "../durability/random.ts";

const [directory = "", seed = ""] = process.argv.slice(2);
const log = pino({ level: "warn" }, pino.destination({ dest: 2, sync: true }));
const server = await createServer({
  listeners: [{ protocol: "mqtt", port: 0 }],
  store: "disk",
  data: directory,
  authenticate: () => ({ name: "watcher", roles: ["service"] }),
  log,
});
const petstore = await openPetstore({ directory: `${directory}/petstore`, log });
const { store } = petstore;
const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
process.stdout.write(`ready ${server.addresses[0]?.port}\n`);
await lines.next();
await petstore.start(server);
let isBusy = true;
const busy = work(new Random(Number(seed)));
await lines.next();
isBusy = false;
await busy;
while (store.book.size > 0) await delay(5);
const { orders, payments, products } = store.state;
process.stdout.write(`${JSON.stringify([orders, payments, products].map((table) => [...table.values()]))}\n`);
await lines.next();
process.stdin.destroy();
await petstore.close();
await server.close();

async function work(random: Random): Promise<void> {
  while (isBusy) {
    const steps = Array.from({ length: random.integer(1, 6) }, () => store.perform(nextCommand(random, store.state)));
    const results = await Promise.all(steps);
    // What is not possible is refused: the load is without thought.
    const isFull = results.some((result) => result instanceof Refusal && result.reason === "full");
    await delay(isFull ? 50 : random.integer(1, 8));
  }
}

function nextCommand(random: Random, { orders, payments, products }: State): Command<unknown> {
  const last = <Value>(values: Iterable<Value>): Value => {
    const recent = [...values].slice(-20);
    return recent[random.integer(0, recent.length - 1)]!;
  };
  const productIds = [...products.keys()];
  const product = (): string => productIds[random.integer(0, productIds.length - 1)]!;
  switch (random.integer(0, 7)) {
    case 0:
    case 1:
      return placeOrder({
        customerId: random.chance(0.5) ? "alice" : "bob",
        items: [
          { productId: product(), quantity: random.integer(1, 3) },
          { productId: product(), quantity: 1 },
        ],
      });
    case 2:
    case 3:
      return settlePayment(last(payments.values()).id, { status: random.chance(0.8) ? "SUCCEEDED" : "FAILED" });
    case 4:
      return shipOrder(last(orders.values()).id);
    case 5:
      return deliverOrder(last(orders.values()).id);
    case 6:
      return random.chance(0.3) ? cancelOrder(last(orders.values()).id) : restock(product(), 50);
    default:
      return settlePayment(last(payments.values()).id, { status: "REFUNDED" });
  }
}
