import assert from "node:assert/strict";
import { test } from "node:test";
import { DoorCount, type DoorLimits } from "../../src/net/door-limits.ts";

const none: DoorLimits = {
  connectionsMax: undefined,
  connectionsPerAddressMax: undefined,
  connectsPerSecondMax: undefined,
};

test("a door without limits lets everybody in", () => {
  const count = new DoorCount(none, 0);
  for (let index = 0; index < 10_000; index += 1) {
    assert.equal(count.arrived(0), undefined);
    assert.equal(count.arrivedFrom("192.0.2.1"), undefined);
  }
});

test("connectionsMax counts those who have not left", () => {
  const count = new DoorCount({ ...none, connectionsMax: 2 }, 0);
  assert.equal(count.arrived(0), undefined);
  assert.equal(count.arrived(0), undefined);
  assert.equal(count.arrived(0), "connectionsMax");
  count.left();
  assert.equal(count.arrived(0), undefined);
  assert.equal(count.arrived(0), "connectionsMax");
});

test("connectsPerSecondMax holds the connections of one second, and fills evenly", () => {
  const count = new DoorCount({ ...none, connectsPerSecondMax: 10 }, 0);
  const letIn = (now: number): number => {
    let entered = 0;
    while (count.arrived(now) === undefined) entered += 1;
    return entered;
  };
  assert.equal(letIn(0), 10);
  assert.equal(letIn(99), 0);
  assert.equal(letIn(100), 1);
  assert.equal(letIn(600), 5);
  assert.equal(letIn(3_600_000), 10, "quiet hours are not saved up");
});

test("connectionsPerAddressMax counts each IPv4 address and each IPv6 network by itself", () => {
  const count = new DoorCount({ ...none, connectionsPerAddressMax: 1 }, 0);
  assert.equal(count.arrivedFrom("192.0.2.1"), undefined);
  assert.equal(count.arrivedFrom("192.0.2.1"), "connectionsPerAddressMax");
  assert.equal(count.arrivedFrom("192.0.2.2"), undefined);
  assert.equal(count.arrivedFrom("2001:db8::1"), undefined);
  assert.equal(count.arrivedFrom("2001:db8::2"), "connectionsPerAddressMax");
  assert.equal(count.arrivedFrom("2001:db8:0:1::2"), undefined);
  count.leftFrom("192.0.2.1");
  assert.equal(count.arrivedFrom("192.0.2.1"), undefined);
  assert.equal(count.arrivedFrom("192.0.2.1"), "connectionsPerAddressMax");
});
