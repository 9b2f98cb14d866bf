import assert from "node:assert/strict";
import { test } from "node:test";
import type { Publish } from "../../src/mqtt/packet.ts";
import { ProtocolVersion } from "../../src/mqtt/packet-type.ts";
import { SharedPublish } from "../../src/mqtt/shared-publish.ts";
import { bytesOf, publish, range } from "../net/pair.ts";
import { stage } from "./stage.ts";

test("a turn that has delivered very much reads no more: others come in between", async () => {
  const { turn, broker, connect, close } = stage();
  const publisher = await connect();
  const subscriber = await connect();
  const shared = sharedOf(publish(0, 1_048_576));
  let pass = 0;
  const passes: number[] = [];
  const ticking = { isOver: false };
  const tick = (): void => {
    pass += 1;
    if (!ticking.isOver) setImmediate(tick);
  };
  tick();
  broker.onReceived = () => {
    passes.push(pass);
    // As much as 20 Clients would get.
    for (const _ of range(20)) {
      turn.deliver(subscriber.connection, shared, 0, false);
      subscriber.connection.link.flush(0);
    }
  };
  publisher.client.write(bytesOf(range(8).map((number) => publish(number))));
  await broker.verb("received", 8);
  const perPass = Math.max(...passes.map((each) => passes.filter((other) => other === each).length));
  // Two when they come, and two of those that wait at its end.
  assert.ok(perPass <= 4, `${perPass} in one pass of the event loop`);
  ticking.isOver = true;
  close();
});

function sharedOf({ properties, payload }: Publish): SharedPublish {
  return new SharedPublish(ProtocolVersion.V5, 0, false, "t", properties, undefined, [], payload);
}
