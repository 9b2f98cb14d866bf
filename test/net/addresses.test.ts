import assert from "node:assert/strict";
import { test } from "node:test";
import { AddressList, isAddressOrNetwork, ownerOf, plainAddress } from "../../src/net/addresses.ts";

for (const [address, plain] of [
  ["192.0.2.1", "192.0.2.1"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["::FFFF:C000:201", "192.0.2.1"],
  ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
  ["::1", "::1"],
  ["", ""],
] as const) {
  test(`${address} is written as ${plain}`, () => assert.equal(plainAddress(address), plain));
}

for (const [address, owner] of [
  ["192.0.2.1", "192.0.2.1"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2"],
  ["2001:db8:1:2::6", "2001:db8:1:2"],
  ["2001:db8::6", "2001:db8:0:0"],
  ["::1", "0:0:0:0"],
  ["::", "0:0:0:0"],
  ["fe80::", "fe80:0:0:0"],
  ["fe80::1%eth0", "fe80:0:0:0"],
] as const) {
  test(`${address} belongs to ${owner}`, () => assert.equal(ownerOf(address), owner));
}

test("a list has the addresses and networks that it was made of, and no others", () => {
  const list = new AddressList(["10.0.0.0/8", "192.0.2.1", "fd00::/8", "::1"]);
  for (const address of ["10.255.0.1", "192.0.2.1", "fd12::1", "::1"]) assert.ok(list.has(address), address);
  for (const address of ["11.0.0.1", "192.0.2.2", "fc00::1", "::2", ""]) assert.ok(!list.has(address), address);
});

test("what is neither an address nor a network is known as such", () => {
  for (const text of [
    "",
    "localhost",
    "10.0.0.0/33",
    "10.0.0.0/",
    "10.0.0/8",
    "::/129",
    "::/-1",
    "::1/64/64",
    "fe80::%eth0",
  ]) {
    assert.ok(!isAddressOrNetwork(text), text);
    assert.throws(() => new AddressList([text]), RangeError);
  }
  for (const text of ["10.0.0.1", "10.0.0.0/8", "0.0.0.0/0", "::/0", "::1/128"])
    assert.ok(isAddressOrNetwork(text), text);
});
