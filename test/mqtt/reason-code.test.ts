import assert from "node:assert/strict";
import { test } from "node:test";
import { isFailure, ReasonCode, reasonCodeName } from "../../src/mqtt/reason-code.ts";

test("a Reason Code is named as the specification writes it", () => {
  assert.equal(reasonCodeName(ReasonCode.NotAuthorized), "Not authorized");
  assert.equal(reasonCodeName(ReasonCode.QoSNotSupported), "QoS not supported");
  assert.equal(reasonCodeName(ReasonCode.GrantedQoS1), "Granted QoS 1");
  assert.equal(reasonCodeName(ReasonCode.Success), "Success");
});

test("a byte that is no Reason Code is shown as it is", () => {
  assert.equal(reasonCodeName(0x03), "0x03");
  assert.equal(reasonCodeName(0xff), "0xff");
});

test("every Reason Code has a value and a name of its own", () => {
  const codes = Object.values(ReasonCode);
  assert.equal(new Set(codes).size, codes.length);
  assert.equal(new Set(codes.map(reasonCodeName)).size, codes.length);
});

test("a Reason Code of 0x80 or more is a failure, a smaller one is none", () => {
  assert.ok(isFailure(0x80));
  assert.ok(!isFailure(0x7f));
});
